\ The state of a program: what it starts with (PowerPC binding 8.2), and how it continues.

\ MSR of a client: floating point on, vectors in RAM; with or without translation. The image may say
\ which (elf.fs), else the configuration variable does.
h# 3032 constant virtual-msr
h# 3002 constant real-msr
: real-mode?  ( -- flag )  " real-mode?" config-flag ;
: client-msr  ( -- msr )
   program-mode case
      0 of  virtual-msr  endof
      1 of  real-msr  endof
      real-mode? if  real-msr  else  virtual-msr  then  swap
   endcase ;

\ What an earlier client has put at the vectors in RAM is gone (kernel/reset.s has the same).
: own-vectors  ( -- )
   h# 1800 h# 100 do
      rom-start h# 03fffffc and h# 48000002 or i or  i !  i 4 flush-code
   h# 100 +loop ;
\ The client gets a stack of its own, the client interface in r5, its arguments in r6 and r7.
: init-state  ( r3 r4 r6 r7 entry -- )
   own-vectors
   saved-state 192 erase  saved-fprs 264 erase
   own-environment saved-environment /environment move
   to %pc  to %r7  to %r6  to %r4  to %r3
   client-stack to %r1  client-interface to %r5  client-returned to %lr
   h# 7fffffff saved-state 188 + !       \ decrementer
   client-msr to %msr  state-valid on ;
: bootargs  ( -- a len )  " bootargs" chosen-node string-property ;
: prepare-program  ( entry -- )
   0 to program-entry  >r 0 0 bootargs r> init-state ;
: run-client  ( -- )  resume-client drop ;
