\ Constants, common variables, and stack and arithmetic words that are made of primitives.

decimal

-1 constant true                        \ ( -- -1 )
0 constant false                        \ ( -- 0 )
32 constant bl                          \ ( -- char )
7 constant bell                         \ ( -- char )
8 constant bs                           \ ( -- char )
13 constant carret                      \ ( -- char )
10 constant linefeed                    \ ( -- char )
-1 constant -1
0 constant 0
1 constant 1
2 constant 2
3 constant 3

variable state                          \ true while a definition is compiled (ANS 6.1.2250)
variable base                           \ of numbers that are read and printed

: hex  ( -- )  16 base ! ;
: decimal  ( -- )  10 base ! ;
: octal  ( -- )  8 base ! ;
: binary  ( -- )  2 base ! ;

\ ---- Stack (IEEE 1275 7.3.1)
: 3dup  ( a b c -- a b c a b c )  2 pick 2 pick 2 pick ;
: 3drop  ( a b c -- )  2drop drop ;
: 2rot  ( d1 d2 d3 -- d2 d3 d1 )  5 roll 5 roll ;
: 2nip  ( d1 d2 -- d2 )  2swap 2drop ;
: 2tuck  ( d1 d2 -- d2 d1 d2 )  2swap 2over ;

\ ---- Arithmetic (7.3.2)
: cell+  ( a -- a' )  4+ ;
: char+  ( a -- a' )  1+ ;
: chars  ( n -- n )  ;
: cells  ( n -- n' )  2 << ;
: aligned  ( n -- n' )  3 + -4 and ;
: even  ( n -- n' )  1+ -2 and ;
: bounds  ( a len -- end a )  over + swap ;
: s>d  ( n -- d )  dup 0< ;
: dabs  ( d -- ud )  dup 0< if dnegate then ;
: d0=  ( d -- flag )  or 0= ;
: d0<  ( d -- flag )  nip 0< ;
: d>s  ( d -- n )  drop ;
: m+  ( d n -- d' )  s>d d+ ;
: dmin  ( d1 d2 -- d )  2over 2over d< if 2drop else 2nip then ;
: dmax  ( d1 d2 -- d )  2over 2over d< if 2nip else 2drop then ;

\ Symmetric and floored division of a double number (ANS 6.1.2214, 6.1.1561).
: sm/rem  ( d n -- remainder quotient )
   2dup xor >r  over >r                 \ signs of the quotient, of the remainder
   abs >r dabs r> um/mod
   swap r> 0< if negate then
   swap r> 0< if negate then ;
: fm/mod  ( d n -- remainder quotient )
   dup >r sm/rem
   over dup 0<> swap r@ xor 0< and if  1- swap r@ + swap  then
   r> drop ;
: */mod  ( n1 n2 n3 -- remainder quotient )  >r m* r> fm/mod ;
: */  ( n1 n2 n3 -- quotient )  */mod nip ;

\ d * n / +n through a triple-cell product (ANS 8.6.1.1820).
: m*/  ( d n +n -- d' )
   { low high n divisor ; negative? -- }
   high n xor 0< to negative?
   low high dabs to high to low  n abs to n
   low n um*  high n um*                ( p0 p1 q0 q1 ) \ d*n = p0 + (p1 + q0) << 32 + q1 << 64
   rot 0 d+                             ( t0 t1 t2 )
   divisor um/mod -rot                  ( q1 t0 r )
   divisor um/mod rot                   ( r q0 q1 )
   negative? if
      rot if  1 m+  then  dnegate       \ rounded down
   else  rot drop  then ;

\ ---- Sizes (7.3.3.1)
1 constant /c  2 constant /w  4 constant /l  4 constant /n
: /c*  ( n -- n )  ;
: /w*  ( n -- n' )  2* ;
: /l*  ( n -- n' )  2 << ;
: /n*  ( n -- n' )  2 << ;
: ca+  ( a index -- a' )  + ;
: wa+  ( a index -- a' )  2* + ;
: la+  ( a index -- a' )  2 << + ;
: na+  ( a index -- a' )  2 << + ;
: ca1+  ( a -- a' )  1+ ;
: wa1+  ( a -- a' )  2+ ;
: la1+  ( a -- a' )  4+ ;
: na1+  ( a -- a' )  4+ ;

\ ---- Parts of cells (7.3.2.2)
: bwjoin  ( low high -- w )  255 and 8 << swap 255 and or ;
: wljoin  ( low high -- l )  16 << swap 65535 and or ;
: bljoin  ( b0 b1 b2 b3 -- l )  bwjoin >r bwjoin r> wljoin ;
: wbsplit  ( w -- low high )  dup 255 and swap 8 >> 255 and ;
: lwsplit  ( l -- low high )  dup 65535 and swap 16 >> ;
: lbsplit  ( l -- b0 b1 b2 b3 )  lwsplit >r wbsplit r> wbsplit ;
: wbflip  ( w -- w' )  wbsplit swap bwjoin ;
: lwflip  ( l -- l' )  lwsplit swap wljoin ;
: lbflip  ( l -- l' )  lbsplit swap 2swap swap bljoin ;
: memory-bounds  ( a len -- end a )     \ a negative length is a mistake: no memory has 2 GB
   dup 0< if  -11 throw  then  bounds ;
: wbflips  ( a len -- )  memory-bounds ?do  i w@ wbflip i w!  2 +loop ;
: lwflips  ( a len -- )  memory-bounds ?do  i l@ lwflip i l!  4 +loop ;
: lbflips  ( a len -- )  memory-bounds ?do  i l@ lbflip i l!  4 +loop ;

\ ---- Memory (7.3.3)
: on  ( a -- )  true swap ! ;
: off  ( a -- )  false swap ! ;
: erase  ( a len -- )  0 fill ;
: blank  ( a len -- )  bl fill ;
: filll  ( a len x -- )  -rot memory-bounds ?do  dup i l!  4 +loop  drop ;
: unaligned-w@  ( a -- w )  dup 1+ c@ swap c@ bwjoin ;
: unaligned-l@  ( a -- l )  dup 2+ unaligned-w@ swap unaligned-w@ wljoin ;
: unaligned-w!  ( w a -- )  >r wbsplit r@ c! r> 1+ c! ;
: unaligned-l!  ( l a -- )  >r lwsplit r@ unaligned-w! r> 2+ unaligned-w! ;

\ ---- Characters and strings
: upc  ( char -- char' )  dup [char] a [char] z between if 32 - then ;
: lcc  ( char -- char' )  dup [char] A [char] Z between if 32 + then ;
: count  ( pstr -- a len )  dup 1+ swap c@ ;
: pack  ( a len pstr -- pstr )  >r 255 umin dup r@ c!  r@ 1+ swap move  r> ;
: /string  ( a len n -- a' len' )  tuck - >r + r> ;
: $=  ( a1 len1 a2 len2 -- equal? )
   rot over <> if  3drop false exit  then  comp 0= ;
: same-text?  ( a1 len1 a2 len2 -- equal? )     \ whatever the case of letters
   rot over <> if  3drop false exit  then
   0 ?do  over i + c@ lcc  over i + c@ lcc <> if  2drop false unloop exit  then  loop
   2drop true ;
: compare  ( a1 len1 a2 len2 -- -1|0|1 )
   rot 2dup - >r min comp               \ the common part decides, then the length
   ?dup if  r> drop exit  then
   r> dup if  0> if -1 else 1 then  then ;
: -trailing  ( a len -- a len' )
   begin  dup while  2dup + 1- c@ bl =  while  1-  repeat then ;
: search  ( a1 len1 a2 len2 -- a3 len3 true | a1 len1 false )
   { a1 len1 a2 len2 -- }
   len1 len2 - 1+ 0 max 0 ?do
      a1 i + a2 len2 comp 0= if  a1 len1 i /string true unloop exit  then
   loop
   a1 len1 false ;
: left-parse-string  ( a len char -- rest rlen part plen )
   >r 2dup r> scan                      \ from the character on
   dup if  2swap 2 pick - >r >r 1 /string r> r>  else  2swap  then ;
