\ Interrupts while the prompt executes a line: the decrementer's tick (kernel/interrupts.s, alarms.fs).
\
\ ^C leads to the innermost `interruptible`, past every CATCH of what it executes. Nothing else of the
\ firmware is interrupted: while a client runs, and in its calls, there are no ticks.

h# 8000 constant msr-ee
: interrupts-off  ( -- msr )  msr@ dup msr-ee invert and msr! ;
: interrupts-on  ( -- )  msr@ msr-ee or msr! ;
: ticks-off  ( -- )  interrupts-off drop ;
: ticks-on  ( -- )                      \ the first comes at once
   abort-handler @ if  0 dec!  interrupts-on  then ;

defer begin-ticks                       \ ( -- ) what a tick has left is forgotten
: (interruptible)  ( … xt -- … )
   handler @ abort-handler !  begin-ticks ticks-on  execute  ticks-off ;
: interruptible  ( … xt -- … 0 | … x code )
   abort-handler @ >r  ['] (interruptible) catch  r> abort-handler ! ;
: interrupted  ( -- )  abort-handler @ handler !  -28 throw ;
