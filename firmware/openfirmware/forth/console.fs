\ Input from the console, and the words that every console driver defers to.

defer (key)                             \ ( -- char ) wait for a character
defer (key?)                            \ ( -- flag ) has one come?
: key  ( -- char )  (key) ;
: key?  ( -- flag )  (key?) ;

\ ---- A line of input
: erase-last  ( -- )  bs emit space bs emit ;
: (accept)  ( a len -- len' )
   { a most ; length -- }
   0 to length
   begin
      key case
         carret of  cr length exit  endof
         linefeed of  cr length exit  endof
         bs of  length if  length 1- to length erase-last  then  endof
         127 of  length if  length 1- to length erase-last  then  endof
         dup bl < 0= length most < and if
            dup a length + c!  length 1+ to length  dup emit
         then
      endcase
   again ;
