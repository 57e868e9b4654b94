\ The source debugger (IEEE 1275 7.5.3.3): `debug name` stops whenever `name` is executed, and shows the stack
\ and the next word of its definition before each is executed.
\
\ The processor stops by itself (kernel/interrupts.s): at an address (IABR), or after an instruction
\ (MSR[SE]). So a word is debugged as it is, in the ROM too, with everything that it does to the return stack.

\ ---- What the debugger waits for: `debug-phase`, 0 for nothing
1 constant at-entry                     \ of the word: IABR
2 constant in-element                   \ the end of an instruction of the definition
3 constant in-call                      \ the end of a word that it calls: IABR
4 constant past-return                  \ … of which an inner execution has ended: one instruction

0 value debugged                        \ the word, or 0
-1 value step?                          \ wait for a key at each word, …
variable continue?                      \ … except for the rest of this one

\ The part of a definition that is executed: where it is, what comes behind it; the word that it calls, and
\ the return stack then.
variable element
variable element-end
variable callee
variable call-rp
variable down?                          \ debug the called word too

\ Words that are being executed, each called by the one before.
struct
   4 field >level-xt
   4 field >level-end
   4 field >level-element-end           \ of its caller
   4 field >level-rp
constant /level
8 constant most-levels
128 buffer: levels
variable #levels
: this-level  ( -- a )  #levels @ 1- /level * levels + ;

\ ---- What has been interrupted: the frame of kernel/interrupts.s
: frame-lr  ( -- a )  interrupt-frame @ 48 + ;
: frame-pc  ( -- a )  interrupt-frame @ 60 + @ ;
: frame-msr  ( -- a )  interrupt-frame @ 64 + ;
: frame-ds  ( -- a )  interrupt-frame @ 72 + ;
: frame-rp  ( -- rp )  interrupt-frame @ 76 + ;

\ ---- Waiting
: wait-at  ( a phase -- )  debug-phase !  3 or iabr! ;
: wait-step  ( phase -- )  debug-phase !  frame-msr @ msr-se or frame-msr ! ;
: wait-call  ( -- )  element-end @ in-call wait-at ;
: wait-for  ( xt | 0 -- )
   #levels off  down? off  continue? off
   ?dup if  at-entry wait-at  else  debug-phase off  0 iabr!  then ;
: wait-entry  ( -- )  debugged wait-for ;
\ Only what a line executes is debugged. A prompt in the middle of a word leaves everything as it is.
: (arm-debugger)  ( armed? -- )  entered @ if  drop  else  debugged and wait-for  then ;
' (arm-debugger) to arm-debugger

\ ---- Levels
: in-this?  ( a -- flag )  this-level >level-xt @ this-level >level-end @ within ;
: begin-level  ( xt -- )                \ the processor is at its begin
   1 #levels +!
   dup this-level >level-xt !  dup word-end this-level >level-end !
   element-end @ this-level >level-element-end !  call-rp @ this-level >level-rp !
   dup element !  8 + element-end !  in-element wait-step ;
: end-level  ( -- )
   this-level >level-element-end @ element-end !  this-level >level-rp @ call-rp !
   this-level >level-xt @ callee !
   -1 #levels +! ;

\ ---- Keys
: .keys  ( -- )
   cr ." space: next   d: down, into the word   u: up, to the end of this one   c: continue, only show"
   cr ." f: Forth, until `resume`   g: go without debugger   s: see   $: type a string   q: quit" ;
: calls  ( a -- xt | 0 )                \ whom the `bla` at an address calls
   @ dup 26 >> 18 = over 3 and 3 = and if  branch-target  else  drop 0  then ;
: .element  ( -- )                      \ the stack, and what comes
   cr ." ( " .s ." ) "
   frame-pc dup element !  see-step drop
   element @ calls ['] (does) = if  drop  element @ 4+  then  element-end ! ;
/tib buffer: kept-tib
variable kept-stack                     \ the data stack at `resume`
variable /kept-stack
: forth-prompt  ( … -- … )
   tib kept-tib /tib move  interrupt-frame @ >r
   1 entered +!  ['] prompt-loop catch  ticks-off  -1 entered +!
   r> interrupt-frame !  kept-tib tib /tib move
   dup resume-prompt <> if  throw  then
   s0 /kept-stack @ - sp!
   kept-stack @ sp@ 4+ /kept-stack @ move
   kept-stack @ /kept-stack @ free-mem ;
: resume  ( -- )
   entered @ 0= #levels @ 0= or " nothing is being debugged" (abort")
   depth /n* dup /kept-stack !  alloc-mem kept-stack !
   sp@ kept-stack @ /kept-stack @ move
   resume-prompt throw ;
: debug-key  ( -- )                     \ until one lets the word go on
   begin
      key lcc case
         bl of  exit  endof             carret of  exit  endof
         [char] d of  down? on exit  endof
         [char] u of  end-level exit  endof
         [char] c of  continue? on exit  endof
         [char] g of  0 to debugged  #levels off exit  endof
         [char] f of  forth-prompt .element  endof
         [char] s of  this-level >level-xt @ (see) .element  endof
         [char] $ of  depth 1 > if  cr 2dup type-safely  then  .element  endof
         [char] q of  interrupted  endof
         >r .keys .element r>
      endcase
   again ;

\ ---- Stops
: at-element  ( -- )
   down? off  .element
   #levels @ >r  step? continue? @ 0= and if  debug-key  then
   #levels @ r> = if  in-element wait-step exit  then
   #levels @ if  wait-call  else  wait-entry  then ;
\ Has the element called a word, and is the processor at its begin?
: called  ( -- xt | 0 )
   frame-lr @ 4 - dup element @ element-end @ within if  calls  else  drop 0  then
   dup frame-pc <> if  drop 0  then ;
: begin-call  ( xt -- )
   frame-rp call-rp !  dup callee !
   dup colon? down? @ and  #levels @ most-levels < and  down? off
   if  begin-level  else  drop wait-call  then ;
: end-word  ( -- )
   end-level  #levels @ if  frame-pc in-this? if  at-element exit  then  then  wait-entry ;
: stepped  ( -- )                       \ an instruction has been executed
   frame-pc element @ 1+ element-end @ within if  in-element wait-step exit  then
   called ?dup if  begin-call exit  then
   frame-pc in-this? if  at-element  else  end-word  then ;
\ Is it the end of this call, or of one by an inner execution of the same definition?
: returned  ( -- )
   callee @ colon?  frame-rp call-rp @ u<  and if  past-return wait-step  else  at-element  then ;
\ The kernel calls this. What is left on the data stack is the word's.
: debug-stop  ( -- )
   frame-msr @ msr-se invert and frame-msr !
   debug-phase @ case
      at-entry of  cr ." : " frame-pc .name  frame-pc begin-level  endof
      in-element of  stepped  endof
      in-call of  returned  endof
      past-return of  wait-call  endof
   endcase
   sp@ frame-ds ! ;

\ ---- What the user types
: debug-off  ( -- )  0 to debugged  false (arm-debugger) ;
: (debug  ( xt -- )
   dup colon? 0= " only a word made by : can be debugged" (abort")
   to debugged  true (arm-debugger) ;
: debug  ( "name" -- )  ' (debug ;
: stepping  ( -- )  -1 to step? ;             \ a key lets the next word be executed
: tracing  ( -- )  0 to step? ;               \ words are only shown
