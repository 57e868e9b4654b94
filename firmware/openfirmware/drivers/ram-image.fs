\ An image that is in memory already, put there by whoever started the machine. The argument is its
\ address, in hexadecimal; load-base without one.

: open  ( -- true )  true ;
: close  ( -- )  ;
: load  ( a -- len )
   my-args dup if  16 digits 0= if  -24 throw  then  drop  else  2drop load-base  then
   dup image-length                     ( a from len )
   >r swap r@ move r> ;
