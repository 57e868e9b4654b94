\ Driver of the copy engine (components/copier.py) as an FCode program: the node carries it, and the
\ firmware evaluates it when it probes.

fcode-version3

headerless
" reg" get-my-property if  0  else  decode-int nip nip  then  value base-address
: register  ( n -- a )  base-address + ;

\ Control register: 1 starts and is set while the engine is busy; 8: the bus has refused an access.
: busy?  ( -- flag )  h# c register rl@ 1 and 0<> ;
: failed?  ( -- flag )  h# c register rl@ 8 and 0<> ;

external
: open  ( -- true )  true ;
: close  ( -- )  ;

\ Copy memory without the processor; addresses are physical.
: copy  ( from to len -- ok? )
   8 register rl!  4 register rl!  0 register rl!
   1 h# c register rl!
   begin  busy? not  until
   failed? not ;

fcode-end
