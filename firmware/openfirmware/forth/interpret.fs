\ The outer interpreter: lines become actions (ANS 3.4; IEEE 1275 7.3.9.1).

\ What a word of the source does now: an xt that the interpreter executes.
: compile-number  ( n 1 | d 2 -- xt )
   1 = if  literal,  else  swap literal, literal,  then  ['] noop ;
: word-action  ( a len -- … xt )
   2dup culprit 2!
   state @ #locals @ and if
      2dup find-local if  nip nip local-fetch, ['] noop exit  then
   then
   2dup find-name ?dup if
      nip nip
      state @ if
         dup immediate? if exit then  compile, ['] noop
      else
         dup compile-only? if  -14 throw  then
      then  exit
   then
   number? dup 0= if  -13 throw  then
   state @ if  compile-number exit  then
   drop ['] noop ;

\ Nothing of this loop is on the stacks while a word is executed, so that >r and r> work between
\ words too; the interpreter's own return address is below interpreter-rp.
: ?return-stack  ( -- )  rp@ 4+ interpreter-rp @ u> if  -6 throw  then ;
: interpret  ( -- )
   interpreter-rp @ >r  rp@ interpreter-rp !
   begin  parse-name dup while  word-action execute  ?return-stack  repeat
   2drop
   interpreter-rp @ rp!  r> interpreter-rp ! ;

\ ---- Other input sources
: with-source  ( … a len id xt -- … )
   (source) 2@ 2>r  >in @ >r  source-id >r
   >r (source-id) ! swap (source) 2! >in off
   r> catch
   r> (source-id) !  r> >in !  2r> (source) 2!
   throw ;
: evaluate  ( … a len -- … )  -1 ['] interpret with-source ;
: eval  ( … a len -- … )  evaluate ;
\ A text that has to be complete: it may not end in the middle of a definition.
: evaluate-script  ( … a len -- … )  evaluate  state @ if  -22 throw  then ;

\ ---- Error messages
\ What an error is about may itself be wrong: an address that is none, a length of gigabytes.
: type-safely  ( a len -- )  80 umin ['] type catch if  2drop  then ;
: .culprit  ( -- )  culprit 2@ dup if  type-safely ." , "  else  2drop  then ;
\ Where, if the processor has found it: the frame has the code that was made of its exception.
: .fault  ( code -- )
   dup exception-frame 164 + dup @ swap off <> if  drop exit  then
   case
      -9 of  ."  at " exception-frame 152 + @ .8  endof         \ DAR
      -23 of  ."  at " exception-frame 152 + @ .8  endof
      dup -256 <= if  ."  at " exception-frame 144 + @ .8  then  \ SRR0
   endcase ;
: .error  ( code -- )
   #out @ if cr then
   dup -1 = if  drop exit  then
   dup -2 = if  drop abort-message 2@ type-safely  exit  then
   .culprit
   dup message if  type .fault  else  ." error " .dec  then
   [char] . emit ;

\ ---- The prompt
: undo-definition  ( -- )
   state off
   level @ if  level off  restore-here  then
   definition-start if  definition-start to here  0 to definition-start  then
   #order @ 0= if  only  then
   #locals off  reset-temporary ;
variable show-stack?
: .stack  ( -- )                         \ it may be long: ^C ends it
   ['] .s interruptible if  show-stack? off  then  cr ;
: .prompt  ( -- )
   #out @ if cr then
   depth 2048 u> if  clear  then        \ somebody has moved the stack pointer
   show-stack? @ if  .stack  then
   depth .dec ."  > " ;
defer arm-debugger                      \ ( armed? -- ) it waits for its word, or for nothing (debug.fs)
: interpret-line  ( -- )
   query  #out off  true arm-debugger  interpret ;
defer do-line                           \ ( -- ) what is done with a line: interpret-line, or less
' interpret-line to do-line
\ Two codes are no errors: they lead out of a prompt that a client has opened (program.fs).
-4096 constant leave-client             \ a client ends
-4097 constant resume-prompt            \ `go`
variable entered                        \ prompts that clients have opened
: leaves-prompt?  ( code -- flag )
   entered @ if  dup leave-client = swap resume-prompt = or  else  drop false  then ;
\ Whatever keeps lines from being read, ^C apart, is mended: the input device, then everything.
: mend-prompt  ( -- )
   unread-lines @ if  own-keys  then
   unread-lines @ 3 = if  restart  then
   1 unread-lines +!  own-msr  msr-ee interrupts! ;
: prompt-loop  ( -- )
   begin
      mend-prompt  .prompt #line off
      ['] do-line interruptible  false arm-debugger  ?dup if
         nip dup leaves-prompt? if  throw  then
         dup -28 = if  unread-lines off  then
         undo-definition .error cr clear
      else
         state @ if  ."  compiled"  else  ."  ok"  then  cr
      then
   again ;
: quit  ( R: … -- )
   ticks-off  abort-handler off  entered off
   r0 rp!  handler off  false arm-debugger  undo-definition  interpreter-rp off  prompt-loop ;
