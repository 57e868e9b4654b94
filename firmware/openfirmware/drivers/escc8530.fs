\ The 8530 as console (Zilog SCC): channel A, control register at `escc-base`, data 16 bytes on.

: escc-control  ( -- a )  escc-base ;
: escc-data  ( -- a )  escc-base 16 + ;
: escc-write  ( value register -- )  escc-control rb! escc-control rb! ;
: escc-ready?  ( mask -- flag )  escc-control rb@ and 0<> ;             \ RR0
: escc-emit  ( char -- )  begin  4 escc-ready?  until  escc-data rb! ;
: escc-key?  ( -- flag )  1 escc-ready? ;
: escc-key  ( -- char )  begin  escc-key?  until  escc-data rb@ ;
: escc-init  ( -- )
   escc-control rb@ drop                \ the next write is to WR0
   h# 80 9 escc-write                   \ reset channel A
   h# 44 4 escc-write                   \ clock / 16, 1 stop bit, no parity
   h# c1 3 escc-write                   \ 8 data bits, receiver on
   h# 68 5 escc-write ;                 \ 8 data bits, transmitter on
: install-console  ( -- )
   escc-init
   ['] escc-emit to (emit)  ['] escc-key to (key)  ['] escc-key? to (key?) ;
