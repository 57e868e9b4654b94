\ From the kernel to the prompt.

: .size  ( bytes -- )
   dup 20 >> ?dup if  nip .dec ."  MB"  else  10 >> .dec ."  KB"  then ;
variable banner-done?                   \ by nvramrc, or it wants none
: suppress-banner  ( -- )  banner-done? on ;
: banner  ( -- )
   banner-done? on
   oem-banner? if  cr oem-banner type cr exit  then
   cr ." pteg Open Firmware, " memory-size @ .size ."  of memory" cr ;
: open-chosen  ( specifier slen name nlen -- )
   2>r open-dev 2r> set-chosen ;
\ Whatever fails at the start, the prompt comes.
\ ^C interrupts it.
: reported  ( xt -- )  interruptible ?dup if  nip  undo-definition .error cr  then ;

\ A node may have a method `probe`, which prepares the devices below it, and an FCode program.
: load-fcode  ( phandle -- )
   dup " pteg,fcode" rot get-package-property if  drop exit  then
   drop { phandle program ; above own -- }
   phandle parent node-path open-dev to above
   above phandle growing-instance to own
   phandle select  own set-self
   program ['] rb@ ['] byte-load catch ?dup if  nip nip undo-definition .error cr  then
   0 set-self  own drop-instance  device-end
   above if  above close-dev  then ;
: probe-below  ( phandle -- )
   dup " probe" 2 pick find-method if  execute  else  drop  then
   dup load-fcode
   >child @  begin  dup while  dup recurse >peer @  repeat  drop ;
: probe-all  ( -- )  root-node probe-below ;
: console?  ( a len -- flag )  (find-node) console-node = ;
: configured-io  ( -- )
   output-device 2dup console? if  2drop  else  output  then
   input-device 2dup console? if  2drop  else  input  then ;
: boot-now  ( -- )  boot-command evaluate-script ;
: cold  ( -- )
   hex  only definitions
   dictionary-start to here  temporary-room to dictionary-limit  reset-temporary
   heap-init
   console-init  ['] console-emit to (emit)  own-keys  ['] edit-line to (accept)
   claim-init
   load-config
   use-nvramrc? if  ['] nvrun reported  then
   probe-all  mask on
   " console" io
   ['] configured-io reported
   " /memory" " memory" open-chosen
   " cpu" " mmu" open-chosen  " cpu" " cpu" open-chosen
   banner-done? @ 0= if  banner  then
   variables-lost? @ if  ." The firmware's variables were overwritten: it has started again." cr  then
   ['] start-preloaded reported
   auto-boot? if  ['] boot-now reported  then
   start-security quit ;
