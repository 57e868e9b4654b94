\ From the kernel to the prompt.

: .size  ( bytes -- )
   dup 20 >> ?dup if  nip .dec ."  MB"  else  10 >> .dec ."  KB"  then ;
: banner  ( -- )
   cr ." pteg Open Firmware, " memory-size @ .size ."  of memory" cr ;
: open-chosen  ( specifier slen name nlen -- )
   2>r open-dev 2r> set-chosen ;
: cold  ( -- )
   hex  only definitions
   dictionary-start to here  temporary-room to dictionary-limit  reset-temporary
   heap-init
   console-init  ['] console-emit to (emit)  ['] console-key to (key)
   ['] console-key? to (key?)  ['] edit-line to accept
   claim-init
   " console" io
   " /memory" " memory" open-chosen
   " cpu" " mmu" open-chosen  " cpu" " cpu" open-chosen
   banner
   quit ;
