\ Text to numbers (IEEE 1275 7.3.5.3, ANS 3.4.1.3).

: >number  ( ud a len -- ud' a' len' )
   begin  dup while
      over c@ base @ digit 0= if  drop exit  then
      >r 2swap                          ( a len ud ) ( R: digit )
      base @ * swap base @ um* rot +    ( a len ud*base )
      r> 0 d+ 2swap 1 /string
   repeat ;

\ Digits in groups that `.` or `,` separate: 1.0000, 100,000,000.
: separator?  ( char -- flag )  dup [char] . = swap [char] , = or ;
: (digits)  ( a len -- ud true | false )
   dup 0= if  2drop false exit  then
   over c@ separator? if  2drop false exit  then
   2dup + 1- c@ separator? if  2drop false exit  then
   0 0 2swap
   begin  >number dup while
      over c@ separator? 0= if  2drop 2drop false exit  then
      1 /string
   repeat
   2drop true ;
: digits  ( a len base -- ud true | false )
   base @ >r base ! (digits) r> base ! ;

\ A sign and a base before the digits: -, 0x, $ # % (ANS, which has the sign behind them), and 'c' for a
\ character.
: minus?  ( a len -- a' len' flag )     \ a sign before something else
   over c@ [char] - = over 1 > and dup >r if  1 /string  then  r> ;
: ?dnegate  ( d true | false, negative? -- d' true | false )
   over and if  >r dnegate r>  then ;
: signed-digits  ( a len base -- d true | false )
   >r minus? r> swap >r  digits r> ?dnegate ;
: unsigned  ( a len -- ud true | false )
   dup 3 = if
      over c@ [char] ' = if  2dup + 1- c@ [char] ' = if  drop 1+ c@ 0 true exit  then then
   then
   dup 2 > if
      over dup c@ [char] 0 = swap 1+ c@ lcc [char] x = and if  2 /string 16 digits exit  then
   then
   dup 1 > if
      over c@ case
         [char] $ of  1 /string 16 signed-digits exit  endof
         [char] # of  1 /string 10 signed-digits exit  endof
         [char] % of  1 /string 2 signed-digits exit  endof
      endcase
   then
   (digits) ;
: signed  ( a len -- d true | false )
   minus? >r  unsigned r> ?dnegate ;

\ What the interpreter takes for a number: one cell, or two if the last character is a point.
: number?  ( a len -- n 1 | d 2 | 0 )
   dup 0= if  nip exit  then
   2dup + 1- c@ [char] . = over 1 > and if
      1- signed if  2  else  0  then  exit
   then
   signed if  drop 1  else  0  then ;
: $number  ( a len -- true | n false )
   number? case  1 of  false  endof  2 of  drop false  endof  true swap endcase ;
