\ From the kernel to the prompt.

: .size  ( bytes -- )
   dup 20 >> ?dup if  nip .dec ."  MB"  else  10 >> .dec ."  KB"  then ;
: banner  ( -- )
   cr ." pteg Open Firmware, " memory-size @ .size ."  of memory" cr ;
: cold  ( -- )
   only definitions
   dictionary-start to here  temporary-room to dictionary-limit  reset-temporary
   heap-init
   install-console  ['] edit-line to accept
   banner
   hex
   quit ;
