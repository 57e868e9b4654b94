\ A channel of an 8530 (Zilog SCC): control register at `reg-base`, data 16 bytes on.

: escc-control  ( -- a )  reg-base ;
: escc-data  ( -- a )  reg-base 16 + ;
: escc-write  ( value register -- )  escc-control rb! escc-control rb! ;
: escc-ready?  ( mask -- flag )  escc-control rb@ and 0<> ;             \ RR0
: escc-emit  ( char -- )  begin  4 escc-ready?  until  escc-data rb! ;
: escc-key?  ( -- flag )  1 escc-ready? ;
: escc-key  ( -- char )  escc-data rb@ ;                              \ the one that has come
: escc-init  ( -- )
   escc-control rb@ drop                \ the next write is to WR0
   h# 80 9 escc-write                   \ reset channel A
   h# 44 4 escc-write                   \ clock / 16, 1 stop bit, no parity
   h# c1 3 escc-write                   \ 8 data bits, receiver on
   h# 68 5 escc-write ;                 \ 8 data bits, transmitter on

: open  ( -- true )  true ;
: close  ( -- )  ;
: write  ( a len -- actual )  tuck bounds ?do  i c@ escc-emit  loop ;
\ What has come; 0 if nothing has.
: read  ( a len -- actual )
   from-ring? if  read-typed exit  then
   { a len ; count -- }
   0 to count
   begin  count len <  escc-key? and  while  escc-key a count + c!  count 1+ to count  repeat
   count ;
