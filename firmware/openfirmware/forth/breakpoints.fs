\ Breakpoints and steps of a client program (IEEE 1275 7.6.4 to 7.6.6).
\
\ A breakpoint is a trap instruction, in memory only while the program runs. A step is a trace exception
\ (MSR[SE]). Both come back to the prompt as THROWs, with the program's registers in saved-state.

-263 constant program-exception         \ THROW codes (kernel/vectors.s)
-269 constant trace-exception
h# 7fe00008 constant trap-instruction
h# 400 constant msr-se

struct
   4 field >bp-address
   4 field >bp-instruction              \ while the trap is in its place
   4 field >bp-temporary?               \ removed at the next stop
constant /breakpoint
32 constant most-breakpoints
384 buffer: breakpoints
variable #breakpoints
: breakpoint  ( n -- a )  /breakpoint * breakpoints + ;
: breakpoint-at  ( a -- n true | false )
   #breakpoints @ 0 ?do
      dup i breakpoint >bp-address @ = if  drop i true unloop exit  then
   loop  drop false ;
: add-breakpoint  ( a temporary? -- )
   over 3 and " a breakpoint must be at an instruction" (abort")
   over dup @ swap !                    \ must be memory that can be written
   over breakpoint-at if  drop 2drop exit  then
   #breakpoints @ most-breakpoints = " too many breakpoints" (abort")
   #breakpoints @ breakpoint  tuck >bp-temporary? !  >bp-address !
   1 #breakpoints +! ;
: remove-breakpoint  ( n -- )
   -1 #breakpoints +!
   #breakpoints @ breakpoint swap breakpoint /breakpoint move ;
: drop-temporary  ( -- )
   0 begin  dup #breakpoints @ < while
      dup breakpoint >bp-temporary? @ if  dup remove-breakpoint  else  1+  then
   repeat  drop ;

: +bp  ( a -- )  false add-breakpoint ;
: -bp  ( a -- )  breakpoint-at if  remove-breakpoint  then ;
: --bp  ( -- )  #breakpoints @ if  #breakpoints @ 1- remove-breakpoint  then ;
: bpoff  ( -- )  #breakpoints off ;
: .bp  ( -- )
   #breakpoints @ 0 ?do
      cr i breakpoint >bp-address @ dup .8 space .adr
   loop ;

: instruction!  ( instruction a -- )  tuck ! 4 flush-code ;
: plant-breakpoints  ( -- )
   #breakpoints @ 0 ?do
      i breakpoint dup >bp-address @ @ over >bp-instruction !
      trap-instruction swap >bp-address @ instruction!
   loop ;
: lift-breakpoints  ( -- )
   #breakpoints @ 0 ?do
      i breakpoint dup >bp-instruction @ swap >bp-address @ instruction!
   loop ;

\ ---- Running. A code says how it ended: 0 for a return.
: ?program  ( -- )  state-valid @ 0= if  -62 throw  then ;
: run-to-stop  ( -- code )
   plant-breakpoints  ['] run-client catch  ticks-on  lift-breakpoints ;
: run-one  ( -- code )
   %msr msr-se or to %msr  ['] run-client catch  ticks-on  %msr msr-se invert and to %msr ;
\ A call of the client interface is one step.
: run-step  ( -- code )
   run-one
   dup trace-exception = %pc client-interface = and if
      drop  %lr true add-breakpoint  run-to-stop
   then ;

: .instruction  ( -- )  cr %pc dis-line ;
defer .step                             \ ( -- ) after each step
defer .breakpoint                       \ ( -- ) at each breakpoint
' .instruction to .step
' .instruction to .breakpoint

: at-breakpoint?  ( code -- flag )
   program-exception = if  %pc breakpoint-at dup if  nip  then  else  false  then ;
\ What a stop means; other codes are errors, of which the prompt tells.
: stopped  ( code -- )
   dup at-breakpoint? >r  drop-temporary
   dup 0= over leave-client = or if  r> 2drop state-valid off forget-client exit  then
   dup trace-exception = if  r> 2drop .step exit  then
   r> if  drop .breakpoint exit  then
   throw ;
: continue-program  ( -- )
   ?program
   %pc breakpoint-at if
      drop run-step  dup trace-exception <>  over at-breakpoint? 0= and if  stopped exit  then
      drop drop-temporary
   then
   run-to-stop stopped ;

: step  ( -- )  ?program run-step stopped ;
: steps  ( n -- )  0 ?do  state-valid @ if  step  then  loop ;
: till  ( a -- )  ?program true add-breakpoint continue-program ;
: call?  ( instruction -- flag )        \ a branch with LK
   dup 1 and  swap 26 >> dup 16 = over 18 = or swap 19 = or  and 0<> ;
: hop  ( -- )  ?program  %pc @ call? if  %pc 4+ till  else  step  then ;
: hops  ( n -- )  0 ?do  state-valid @ if  hop  then  loop ;
: skip  ( -- )  ?program  %pc 4+ to %pc  .step ;
: returnl  ( -- )  %lr till ;           \ from a routine that has not saved LR
: return  ( -- )  %r1 @ 4+ @ till ;     \ LR is in the caller's frame (System V ABI)
\ The end of a loop is the next branch back, to here or before; calls do not count.
: loops?  ( a -- flag )
   dup @ dup call? if  2drop false exit  then
   dup 26 >> case
      16 of  16 << 16 >>a -4 and  endof
      18 of  6 << 6 >>a -4 and  endof
      nip 0 swap
   endcase                              ( a distance )
   dup 0< -rot + %pc u<= and ;
: finish-loop  ( -- )
   ?program  %pc
   begin  dup loops? 0= while  4+  repeat
   4+ till ;
