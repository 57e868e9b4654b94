\ A 16550 serial port (National Semiconductor PC16550D) at `reg-base`.

: uart-register  ( n -- a )  reg-base + ;
: uart-ready?  ( mask -- flag )  5 uart-register rb@ and 0<> ;          \ LSR
: uart-emit  ( char -- )  begin  32 uart-ready?  until  0 uart-register rb! ;
: uart-key?  ( -- flag )  1 uart-ready? ;
: uart-key  ( -- char )  0 uart-register rb@ ;                       \ the one that has come
: uart-init  ( -- )
   0 1 uart-register rb!                \ IER: no interrupts
   h# 80 3 uart-register rb!            \ LCR: divisor latch, 1 = 115200 baud
   1 0 uart-register rb!  0 1 uart-register rb!
   3 3 uart-register rb!                \ LCR: 8 data bits, no parity, 1 stop bit
   7 2 uart-register rb! ;              \ FCR: FIFOs on and empty

: open  ( -- true )  true ;
: close  ( -- )  ;
: write  ( a len -- actual )  tuck bounds ?do  i c@ uart-emit  loop ;
\ What has come; 0 if nothing has.
: read  ( a len -- actual )
   from-ring? if  read-typed exit  then
   { a len ; count -- }
   0 to count
   begin  count len <  uart-key? and  while  uart-key a count + c!  count 1+ to count  repeat
   count ;
