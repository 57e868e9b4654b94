\ Interrupts at the prompt: the decrementer's tick (kernel/interrupts.s, alarms.fs).
\
\ ^C leads to the innermost `interruptible`, past every CATCH of what it executes. Between two lines there
\ is none: the tick only collects keys. While a client runs, and in its calls, there are no ticks.

h# 8000 constant msr-ee
h# 2000 constant msr-fp
: ticks-off  ( -- )  interrupts-off drop ; compile-only
: ticks-on  ( -- )                      \ the first comes at once
   abort-handler @ if  0 dec!  msr-ee interrupts!  then ;

\ What an earlier line has made of the MSR does not hinder the next one. Only floating point stays.
: own-msr  ( -- )  msr@ msr-fp and msr-forth or msr! ;

defer begin-ticks                       \ ( -- ) what a tick has left is forgotten
: (interruptible)  ( … xt -- … )
   handler @ abort-handler !  begin-ticks ticks-on  execute  abort-handler off ;
: interruptible  ( … xt -- … 0 | … x code )
   abort-handler @ >r  ['] (interruptible) catch  r> abort-handler ! ;
: interrupted  ( -- )  abort-handler @ ?dup if  handler !  -28 throw  then ;
