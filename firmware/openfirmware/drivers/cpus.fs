\ Methods of /cpus: the unit address is the processor's number.

: open  ( -- true )  true ;
: close  ( -- )  ;
: decode-unit  ( a len -- number )  16 digits if  drop  else  -1  then ;
: encode-unit  ( number -- a len )  base @ >r hex (u.) r> base ! ;
