\ Registers of a program that has stopped (PowerPC binding 7.3). `to %r3` changes one: a client continues
\ with it. Without a client, they are the firmware's own at its latest fault.
\
\ saved-state: r0 to r31, cr, lr, ctr, xer, srr0, srr1, dar, dsisr, vector, code (kernel/client.s).

saved-state
cell-register %r0   cell-register %r1   cell-register %r2   cell-register %r3
cell-register %r4   cell-register %r5   cell-register %r6   cell-register %r7
cell-register %r8   cell-register %r9   cell-register %r10   cell-register %r11
cell-register %r12   cell-register %r13   cell-register %r14   cell-register %r15
cell-register %r16   cell-register %r17   cell-register %r18   cell-register %r19
cell-register %r20   cell-register %r21   cell-register %r22   cell-register %r23
cell-register %r24   cell-register %r25   cell-register %r26   cell-register %r27
cell-register %r28   cell-register %r29   cell-register %r30   cell-register %r31
cell-register %cr   cell-register %lr   cell-register %ctr   cell-register %xer
cell-register %pc   cell-register %msr   cell-register %dar   cell-register %dsisr
drop
saved-state 172 +
cell-register %sprg0   cell-register %sprg1   cell-register %sprg2   cell-register %sprg3
drop
alias %srr0 %pc
alias %srr1 %msr

\ Two cells each: a double-precision number as it is in memory, its upper half on top.
saved-fprs
pair-register %f0   pair-register %f1   pair-register %f2   pair-register %f3
pair-register %f4   pair-register %f5   pair-register %f6   pair-register %f7
pair-register %f8   pair-register %f9   pair-register %f10   pair-register %f11
pair-register %f12   pair-register %f13   pair-register %f14   pair-register %f15
pair-register %f16   pair-register %f17   pair-register %f18   pair-register %f19
pair-register %f20   pair-register %f21   pair-register %f22   pair-register %f23
pair-register %f24   pair-register %f25   pair-register %f26   pair-register %f27
pair-register %f28   pair-register %f29   pair-register %f30   pair-register %f31
pair-register %fpscr
drop

: .register  ( x a len -- )  type space .8 2 spaces ;
: .register-name  ( n char -- )  emit dup .dec 10 < if space then space ;
: .registers  ( -- )
   32 0 do
      i 3 and 0= if cr then
      i [char] r .register-name  saved-state i na+ @ .8 2 spaces
   loop
   cr %pc " pc  " .register  %msr " msr " .register  %lr " lr  " .register  %ctr " ctr " .register
   cr %cr " cr  " .register  %xer " xer " .register  %dar " dar " .register
   %dsisr " dsisr" .register ;
: .fregisters  ( -- )
   32 0 do
      i 1 and 0= if cr then
      i [char] f .register-name  saved-fprs i 3 << + 2@ .8 .8 2 spaces
   loop
   cr %fpscr drop " fpscr" .register ;

\ ---- Who called: return addresses that the latest THROW found on the return stack
: after-call?  ( a -- flag )
   dup code-address? 0= if  drop false exit  then
   4 - ['] @ catch if  drop false exit  then
   dup 26 >> 18 = swap 1 and and 0<> ;
: firmware-trace  ( -- )
   /trace 0 do
      trace-buffer i na+ @
      dup after-call? if  cr dup .8 space 4 - .adr  else  drop  then
   loop ;

\ Of a client: where it is, its link register, and what the frames on its stack hold (System V ABI: the
\ word above the back chain).
32 constant most-frames
: .call  ( a -- )  cr dup .8 space .adr ;
: client-trace  ( -- )
   %pc .call  %lr .call
   %r1 most-frames 0 do
      @ dup 0= if  leave  then
      dup 4+ @ .call
   loop  drop ;
: ctrace  ( -- )
   state-valid @ if
      ['] client-trace catch drop       \ a stack may be damaged
   else  firmware-trace  then ;
