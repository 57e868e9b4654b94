\ Finding words: headers, word lists, search order (ANS 16, IEEE 1275 7.3.9.2).

0 value list-link                       \ the latest word list
0 value forth-wordlist                  \ ( -- wid )
variable current                        \ the word list that gets definitions
16 constant /order
64 buffer: order                        \ searched from the first to the last
variable #order

\ ---- Headers (kernel/dictionary.s)
: >flags  ( xt -- a )  3 - ;
: >link  ( xt -- a )  8 - ;
: name>string  ( xt -- a len )
   dup 4 - c@ tuck aligned 8 + - swap ;
: immediate?  ( xt -- flag )  >flags c@ 128 and 0<> ;
: compile-only?  ( xt -- flag )  >flags c@ 64 and 0<> ;

\ ---- Search
: context  ( -- a )  order ;            \ where the first list of the search order is
: search-wordlist  ( a len wid -- 0 | xt 1 | xt -1 )
   (find) dup if  dup immediate? if 1 else -1 then  then ;
: find-name  ( a len -- xt | 0 )
   dup 0= if  nip exit  then
   #order @ 0 ?do
      2dup order i na+ @ (find) ?dup if  nip nip unloop exit  then
   loop
   2drop 0 ;
: $find  ( a len -- xt true | a len false )
   2dup find-name dup if  nip nip true  then ;
: find  ( pstr -- pstr 0 | xt 1 | xt -1 )
   dup count find-name dup if
      nip dup immediate? if 1 else -1 then
   then ;
: '  ( "name" -- xt )
   need-name 2dup culprit 2! find-name dup 0= if  -13 throw  then ;

\ ---- Search order
: get-order  ( -- widn … wid1 n )
   #order @ 0 ?do  order #order @ i - 1- na+ @  loop  #order @ ;
: set-order  ( widn … wid1 n -- )
   dup -1 = if  drop forth-wordlist 1  then
   dup /order > if  -49 throw  then
   dup #order !  0 ?do  order i na+ !  loop ;
: get-current  ( -- wid )  current @ ;
: set-current  ( wid -- )  current ! ;
: definitions  ( -- )  #order @ 0= if  -50 throw  then  order @ current ! ;
: >order  ( wid -- )  >r get-order r> swap 1+ set-order ;
: previous  ( -- )  get-order dup 0= if  -50 throw  then  nip 1- set-order ;
: also  ( -- )  get-order dup 0= if  -50 throw  then  over swap 1+ set-order ;
: only  ( -- )  -1 set-order ;
: first-list  ( wid -- )  >r get-order ?dup if  nip  else  1  then  r> swap set-order ;
: forth  ( -- )  forth-wordlist first-list ;

\ ---- Going through word lists
\ Execute xt for each word of a list until it returns false.
: traverse-wordlist  ( … xt wid -- … )
   { visit list -- }
   list @ 1+ 0 ?do
      list 12 + i na+ @
      begin  dup while
         dup >link @ >r  visit execute  r> swap 0= if  drop unloop exit  then
      repeat  drop
   loop ;
