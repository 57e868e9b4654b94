\ What happens at each tick (interrupts.fs): keys are collected, ^C interrupts, alarms go off (IEEE 1275
\ 7.7, `alarm`). Alarms may be interrupted by ticks, but not by other alarms.

struct
   4 field >alarm-xt
   4 field >alarm-instance              \ my-self while it is executed
   4 field >alarm-period                \ in milliseconds; 0: the entry is free
   4 field >alarm-due
constant /alarm
8 constant most-alarms
128 buffer: alarms
variable in-alarm?                      \ they are being looked at, or executed
variable abort-asked?                   \ by user-abort in an alarm

: alarm-entry  ( n -- entry )  /alarm * alarms + ;
: same-alarm?  ( xt entry -- flag )
   tuck >alarm-xt @ = swap >alarm-instance @ my-self = and ;
: stop-alarm  ( xt -- )
   most-alarms 0 ?do
      i alarm-entry 2dup same-alarm? if  >alarm-period off  else  drop  then
   loop  drop ;
: free-alarm  ( -- entry )
   most-alarms 0 ?do
      i alarm-entry dup >alarm-period @ 0= if  unloop exit  then  drop
   loop  true " too many alarms" (abort") ;
: alarm  ( xt milliseconds -- )         \ 0 stops it
   over stop-alarm  dup 0= if  2drop exit  then
   free-alarm { xt period entry -- }
   xt entry >alarm-xt !  my-self entry >alarm-instance !
   get-msecs period + entry >alarm-due !
   period entry >alarm-period ! ;

: due?  ( entry -- flag )
   dup >alarm-period @ if  >alarm-due @ get-msecs - 0<=  else  drop false  then ;
: sound-alarm  ( entry -- )
   dup >alarm-instance @ dup if  ?instance  then  set-self
   >alarm-xt @  dup name>string culprit 2!  execute ;
\ One that fails does not go off again.
: go-off  ( entry -- )
   dup >alarm-period @ get-msecs + over >alarm-due !
   dup >r ['] sound-alarm catch
   ?dup if  nip  r@ >alarm-period off  .error cr  then  r> drop ;
: sound-alarms  ( -- )
   in-alarm? on  interrupts-off >r  msr-ee interrupts!
   most-alarms 0 ?do
      i alarm-entry dup due? if  i 1+ sounding !  go-off  sounding off  else  drop  then
   loop
   r> interrupts!  in-alarm? off ;
\ One that ^C interrupts does not either.
: stop-sounding  ( -- )
   sounding @ 1- dup most-alarms u< if  alarm-entry >alarm-period off  else  drop  then ;

: user-abort  ( -- )                    \ in an alarm: when it has ended
   sounding @ if  abort-asked? on  else  interrupted  then ;

\ Between two lines there is nothing to interrupt; but if the next line does not come, its ^C does, for
\ 50 ms, something has been overwritten.
variable #ignored
: ignored-break  ( -- )  1 #ignored +!  #ignored @ 50 u> if  restart  then ;
: (begin-ticks)  ( -- )
   #ignored off  in-alarm? off  sounding off  abort-asked? off  waiting? off  raw-keys? off  collecting? off ;
' (begin-ticks) to begin-ticks
\ The kernel calls this with interrupts off, and restores the stack pointers.
: tick  ( -- )
   my-self culprit 2@
   ['] collect-keys catch if  own-keys  then  collecting? off
   break? if
      abort-handler @ if  forget-typed stop-sounding interrupted  else  ignored-break  then
   then
   in-alarm? @ 0= abort-handler @ 0<> and if  sound-alarms  then
   culprit 2!
   abort-asked? @ if  abort-asked? off interrupted  then
   set-self ;
