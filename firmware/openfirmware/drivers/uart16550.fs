\ The 16550 as console (National Semiconductor PC16550D). Its place is `uart-base`.

: uart-register  ( n -- a )  uart-base + ;
: uart-ready?  ( mask -- flag )  5 uart-register rb@ and 0<> ;          \ LSR
: uart-emit  ( char -- )  begin  32 uart-ready?  until  0 uart-register rb! ;
: uart-key?  ( -- flag )  1 uart-ready? ;
: uart-key  ( -- char )  begin  uart-key?  until  0 uart-register rb@ ;
: uart-init  ( -- )
   0 1 uart-register rb!                \ IER: no interrupts
   h# 80 3 uart-register rb!            \ LCR: divisor latch, 1 = 115200 baud
   1 0 uart-register rb!  0 1 uart-register rb!
   3 3 uart-register rb!                \ LCR: 8 data bits, no parity, 1 stop bit
   7 2 uart-register rb! ;              \ FCR: FIFOs on and empty
: install-console  ( -- )
   uart-init
   ['] uart-emit to (emit)  ['] uart-key to (key)  ['] uart-key? to (key?) ;
