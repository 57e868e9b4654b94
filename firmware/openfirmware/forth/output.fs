\ Output: characters, strings, numbers (IEEE 1275 7.3.4.4, 7.3.5.2).

defer (emit)                            \ ( char -- ) to the console

variable #out                           \ characters on this line
variable #line                          \ lines since the last prompt

: emit  ( char -- )
   dup (emit)
   dup linefeed = if  drop 1 #line +! exit  then
   dup carret = if  drop #out off exit  then
   dup bs = if  drop #out @ 1- 0 max #out ! exit  then
   bl < 0= if  1 #out +!  then ;
: type  ( a len -- )  bounds ?do  i c@ emit  loop ;
: cr  ( -- )  carret emit linefeed emit ;
: (cr  ( -- )  carret emit ;
: space  ( -- )  bl emit ;
: spaces  ( n -- )  0 max 0 ?do space loop ;
10 constant newline                     \ ( -- char )
\ The terminal's own: ANSI X3.64.
: .escape  ( -- )  27 emit [char] [ emit ;
: page  ( -- )  .escape ." 2J" .escape ." H" ;
: to-column  ( n -- )  #out @ - 1 max spaces ;

\ ---- Pictured numbers: digits are made from right to left, below `pad`.
128 buffer: (hold)
variable hld
84 buffer: pad

: <#  ( -- )  (hold) 128 + hld ! ;
: hold  ( char -- )
   hld @ 1-  dup (hold) u< if  -17 throw  then
   dup hld ! c! ;
: holds  ( a len -- )  begin dup while 1- 2dup + c@ hold repeat 2drop ;
: sign  ( n -- )  0< if [char] - hold then ;
: >digit  ( n -- char )  dup 9 > if  39 +  then  48 + ;

\ ud / u, both quotient cells.
: ud/mod  ( ud u -- remainder ud' )
   >r 0 r@ um/mod r> swap >r um/mod r> ;
: next-digit  ( ud -- ud' char )  base @ ud/mod rot >digit ;
: #  ( ud -- ud' )  next-digit upc hold ;       \ ANS 3.2.1.2 wants capital letters
: #s  ( ud -- 0 0 )  begin  # 2dup or 0= until ;
: #>  ( ud -- a len )  2drop hld @  (hold) 128 + over - ;
\ The words of IEEE 1275, and all that prints a number, have small ones.
: small#  ( ud -- ud' )  next-digit hold ;
: u#  ( u -- u' )  0 small# drop ;
: u#s  ( u -- 0 )  begin  u# dup 0= until ;
: u#>  ( u -- a len )  0 #> ;

: (u.)  ( u -- a len )  <# u#s u#> ;
: (.)  ( n -- a len )  dup abs <# u#s swap sign u#> ;
: (d.)  ( d -- a len )  tuck dabs <#  begin  small# 2dup or 0= until  rot sign #> ;
: u.  ( u -- )  (u.) type space ;
: .  ( n -- )  (.) type space ;
: s.  ( n -- )  . ;
: d.  ( d -- )  (d.) type space ;
: type-right  ( a len width -- )  over - spaces type ;
: u.r  ( u width -- )  >r (u.) r> type-right ;
: .r  ( n width -- )  >r (.) r> type-right ;
: d.r  ( d width -- )  >r (d.) r> type-right ;
: ?  ( a -- )  @ . ;

\ Execute with another base; it comes back whatever happens.
: in-base  ( … xt base -- … )
   base @ >r base ! catch r> base ! throw ;
: .d  ( n -- )  ['] . 10 in-base ;
: .h  ( n -- )  ['] u. 16 in-base ;
: (.8)  ( u -- )  <# u# u# u# u# u# u# u# u# u#> type ;
: .8  ( u -- )  ['] (.8) 16 in-base ;
: (.2)  ( u -- )  <# u# u# u#> type ;
: .2  ( u -- )  ['] (.2) 16 in-base ;
: .dec  ( n -- ) \ in decimal, no blank behind
   base @ >r decimal (.) type r> base ! ;

: at-xy  ( column line -- )  .escape 1+ .dec [char] ; emit 1+ .dec [char] H emit ;

: .s  ( … -- … )
   depth 0 ?do  depth i - 1- pick .  loop ;
