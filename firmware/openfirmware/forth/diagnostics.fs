\ Diagnostics (IEEE 1275 7.4.8) and small words of the user interface.

variable mask                           \ bits that memory-test-suite looks at
: diagnostic-mode?  ( -- flag )  diag-switch? ;
: pattern-fails?  ( pattern a len -- flag )
   memory-bounds ?do
      dup i rl!  i rl@ over xor mask @ and if  drop true unloop exit  then
   4 +loop  drop false ;
\ Patterns of all kinds, and addresses as data; contents are lost.
: memory-test-suite  ( a len -- fail? )
   -4 and { a len -- }
   0 a len pattern-fails?  -1 a len pattern-fails? or
   h# 55555555 a len pattern-fails? or  h# aaaaaaaa a len pattern-fails? or
   a len bounds ?do  i i rl!  4 +loop
   a len bounds ?do  i rl@ i xor mask @ and if  drop true leave  then  4 +loop ;

: has-selftest?  ( phandle -- flag )  " selftest" rot find-method dup if  nip  then ;
: test-path  ( a len -- )
   2dup type ." : "
   " selftest" execute-device-method 0= if  ." cannot be tested" cr exit  then
   ?dup if  ." fails, error " .dec  else  ." passes"  then  cr ;
: test  ( "specifier" -- )
   need-name 2dup culprit 2!  2dup (find-node) dup 0= if  -66 throw  then
   has-selftest? 0= if  type ."  has no selftest" cr exit  then
   >ring test-path ;
: test-below  ( phandle -- )
   dup has-selftest? if  dup node-path >ring test-path  then
   >child @  begin  dup while  dup recurse >peer @  repeat  drop ;
: test-all  ( ["specifier"] -- )
   cr parse-name dup if
      2dup culprit 2!  (find-node) dup 0= if  -66 throw  then
   else  2drop root-node  then  test-below ;

\ ---- Nodes and methods
: show-props-below  ( phandle -- )
   dup cr show-node  dup >properties @
   begin  dup while
      dup .property  exit? if  2drop exit  then  >next-property @
   repeat  drop
   >child @  begin  dup while  dup recurse >peer @  repeat  drop ;
: show-props  ( ["specifier"] -- )
   cr parse-name dup if  (find-node) dup 0= if  -66 throw  then  else  2drop root-node  then
   show-props-below ;
: select-dev  ( specifier slen -- )      \ also opened: its methods can be tried
   need-dev dup set-self  >node @ select ;
: unselect-dev  ( -- )
   my-self ?dup if  close-dev  0 set-self  then  device-end ;

\ ---- The machine as a whole
: no-switch  ( -- )  true " this machine cannot switch itself off" (abort") ;
: shut-down  ( -- )  no-switch ;
: power-off  ( -- )  no-switch ;
: bye  ( -- )  reset-all ;
: install-console  ( -- )
   output-device output  input-device input ;
: init-nvram  ( -- )  set-defaults ;
: gos  ( n -- )  0 ?do  go  loop ;

\ Download Forth text up to ^D, then evaluate it.
: dl  ( -- )
   load-base
   begin  key dup 4 <> while  over c! 1+  repeat  drop
   load-base tuck - evaluate-script ;

\ ---- Source of FCode programs is Forth text too: what only the tokenizer heeds does nothing here.
: headers  ( -- ) ;
: headerless  ( -- ) ;
: external  ( -- ) ;
: fcode-version1  ( -- ) ;
: fcode-version2  ( -- ) ;
: fcode-version3  ( -- ) ;

\ ---- Replace the first call of a word in a definition in RAM (7.5.3.2)
: call-of  ( xt -- instruction )  h# 03fffffc and h# 48000003 or ;
: (patch)  ( new old xt -- )
   dup dictionary-end u< 0= if  -20 throw  then
   swap call-of swap                    ( new old-call a )
   begin  dup here u<  while
      2dup @ = if
         nip >r call-of r> tuck !  4 flush-code exit
      then  4+
   repeat
   2drop drop -13 throw ;
: patch  ( "new" "old" "name" -- )  ' ' ' (patch) ;

\ ---- showstack: the stack before each prompt
: showstack  ( -- )  show-stack? on ;
: noshowstack  ( -- )  show-stack? off ;

: help  ( ["name"] -- )
   parse-name dup if
      2dup culprit 2!  find-name dup 0= if  -13 throw  then  (see) exit
   then  2drop
   cr ." words  see NAME  sifting TEXT           what the dictionary has"
   cr ." dev PATH  ls  pwd  .properties  show-devs    the device tree"
   cr ." printenv  setenv NAME VALUE  set-default NAME  nvedit    configuration"
   cr ." boot [DEVICE] [ARGUMENTS]  load  go     programs"
   cr ." +bp -bp .bp  step steps hop  till return  .registers ctrace dis    a stopped program"
   cr ." debug NAME  tracing stepping  debug-off   the words of a definition, one by one"
   cr ." dump  l@ l!  hex decimal  .s            memory and numbers" ;
