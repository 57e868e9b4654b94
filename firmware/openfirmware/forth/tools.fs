\ Looking around: words, dump, see, symbols (IEEE 1275 7.5, 7.6; ANS 15).

\ ---- Pages of output. Only a terminal that says how many lines it has waits for a key.
0 value lines/page
: exit?  ( -- stop? )
   lines/page 0= if  false exit  then
   #line @ lines/page < if  false exit  then
   ." More [<space>,<cr>,q] ?" key  (cr 24 spaces (cr
   dup carret = if  lines/page 1-  else  0  then  #line !
   [char] q = ;

: .name  ( xt -- )  name>string type space ;
: name-column  ( xt -- )
   dup name>string nip #out @ + 78 > if cr then  .name ;
: show-name  ( xt -- more? )  name-column exit? 0= ;
: words  ( -- )
   #order @ if  cr ['] show-name order @ traverse-wordlist  then ;

2variable sought
: contains?  ( xt -- flag )  name>string sought 2@ search nip nip ;
: show-sifted  ( xt -- more? )  dup contains? if  show-name  else  drop true  then ;
: sifting  ( "text" -- )
   need-name sought 2!  #order @ 0 ?do  ['] show-sifted order i na+ @ traverse-wordlist  loop ;

: .list  ( wid -- )
   dup forth-wordlist = if  drop ." forth "  else
      dup >list-name @ ?dup if  .name drop  else  .8 space  then
   then ;
: order  ( -- )
   get-order 0 ?do  .list  loop  ."   definitions: " current @ .list ;

\ ---- Memory
: printable  ( char -- char' )  dup bl 127 within 0= if  drop [char] .  then ;
: dump-line  ( a -- )
   dup .8 ." : "
   16 0 do  i 8 = if space then  dup i + c@ .2 space  loop
   16 0 do  dup i + c@ printable emit  loop  drop ;
: dump  ( a len -- )
   over + swap -16 and
   begin  2dup u> while  cr dup dump-line  16 +  exit? if  2drop exit  then  repeat
   2drop ;

\ ---- Which word is an address in? The one with the greatest xt up to it.
variable nearest
variable wanted
: nearer  ( xt -- true )
   dup wanted @ u<= if  dup nearest @ u> if  nearest !  else  drop  then  else  drop  then  true ;
: word-at  ( a -- xt | 0 )
   wanted ! nearest off
   list-link begin  dup while  ['] nearer over traverse-wordlist  4+ @  repeat  drop
   nearest @  dup if  wanted @ over - 16384 u> if  drop 0  then  then ;
\ Where the next word begins; what an xt's code and data are before.
: closer  ( xt -- true )
   header-start dup wanted @ u>  over nearest @ u<  and if  nearest !  else  drop  then  true ;
: word-end  ( xt -- a )
   dup wanted !  dup dictionary-end u< if  here  else  -1  then  nearest !  drop
   list-link begin  dup while  ['] closer over traverse-wordlist  4+ @  repeat  drop
   nearest @ ;
\ Which word has its data at an address? Only what is defined in RAM has it behind its code.
: data-at?  ( xt a -- flag )  over behaviour if  swap operand@ =  else  2drop false  then ;
: not-data-of  ( xt -- more? )
   dup wanted @ data-at? if  nearest ! false  else  drop true  then ;
: body>  ( a -- xt )
   dup 12 - 2dup swap data-at? if  nip exit  then  drop
   wanted !  nearest off
   list-link begin  dup nearest @ 0= and while  ['] not-data-of over traverse-wordlist 4+ @  repeat
   drop  nearest @ dup 0= if  -31 throw  then ;
: code-address?  ( a -- flag )
   dup 3 and if  drop false exit  then
   dup rom-start u>=  swap dictionary-start here between or ;
\ Symbols: the names of the firmware's words, until a client brings its own (7.6.2, client.fs).
defer sym>value                         \ ( a len -- a len false | n true )
defer value>sym                         \ ( n -- n false | offset a len true )
: word>value  ( a len -- a len false | n true )
   2dup find-name ?dup if  nip nip true  else  false  then ;
: value>word  ( n -- n false | offset a len true )
   dup word-at dup 0= if  exit  then  tuck - swap name>string true ;
' word>value to sym>value
' value>word to value>sym
: .adr  ( a -- )
   dup value>sym if                     ( a offset name len )
      type nip ?dup if  ." +" .h  else  space  then
   else  drop .8 space  then ;
: sym  ( "name" -- n )  need-name 2dup culprit 2! sym>value 0= if  -13 throw  then ;

\ ---- see
: see-string  ( a -- a' )
   [char] " emit space dup 4+ over @ type  [char] " emit space
   dup @ aligned + 4+ ;
: literal?  ( a -- n next true | a false )        \ li or lis-ori, then a push
   dup @ 16 >> h# 3860 = over 4+ @ h# 947efffc = and if
      dup 2+ <w@ swap 8 + true exit
   then
   dup @ 16 >> h# 3c60 = over 4+ @ 16 >> h# 6063 = and over 8 + @ h# 947efffc = and if
      dup operand@ swap 12 + true exit
   then  false ;
\ A number, or the word that it is the xt of.
: see-literal  ( n -- )
   dup code-address? if
      dup word-at over = if  ." ['] " .name exit  then
   then  . ;
: see-branch  ( a name len -- a' )
   type  dup @ dup 26 >> 18 = if  6 << 6 >>a 1- 3 invert and  else  16 << 16 >>a -4 and  then
   over + ." ->" .8 space 4+ ;
\ Behind an exit: the end, or more of the definition? A header or a definition without a name is none.
0 value see-end
: ended?  ( a -- flag )
   dup see-end u>= if  drop true  else  @ dup 0= swap h# 7c0802a6 = or  then ;
\ Locals have no names any more: a number from the first in memory on (kernel/inner.s).
: upper-half?  ( a x -- flag )  swap w@ = ;
: .local  ( a -- )  2+ w@ 2 >> 1- ." local" .dec space ;
: see-local  ( a -- a' true | a false )
   dup h# 3860 upper-half? over 4+ h# 3880 upper-half? and if   \ (locals)
      ." { " dup 2+ w@ .dec ."  of " dup 6 + w@ 2 >> .dec ."  } " 12 + true exit
   then
   dup h# 3880 upper-half? if  ." (unlocals) " 8 + true exit  then
   dup h# 807d upper-half? if  dup .local 8 + true exit  then
   dup 8 + h# 907d upper-half? if  ." to " dup 8 + .local 12 + true exit  then
   false ;
\ One element of a definition; false at its end.
: see-step  ( a -- a' more? )
   dup code-address? 0= if  false exit  then
   dup @ h# 80010000 = if
      16 + dup ended? if  ." ;" false  else  ." exit " true  then exit
   then
   literal? if  swap see-literal true exit  then
   see-local if  true exit  then
   dup @ h# 807e0000 = over 4+ @ h# 3bde0004 = and over 8 + @ h# 2c030000 = and if
      12 + " if " see-branch true exit
   then
   dup @ dup 3 and 3 = swap 26 >> 18 = and if
      dup @ branch-target
      dup ['] (does) = if  drop ." does> "  32 + true exit  then    \ exit, push, enter
      dup .name
      ['] (") = if  4+ see-string  else  4+  then  true exit
   then
   dup @ 16 >> h# 4182 = if  " while-equal " see-branch true exit  then
   dup @ 16 >> h# 4082 = if  " until-equal " see-branch true exit  then
   dup @ h# fc000003 and h# 48000000 = if  " else " see-branch true exit  then
   dup @ .8 space 4+ true ;
: colon?  ( xt -- flag )  dup @ h# 7c0802a6 = swap 4+ @ h# 9401fffc = and ;
: see-colon  ( xt -- )
   dup word-end to see-end
   ." : " dup .name
   begin  exit? if  drop exit  then
      8 over colon? and +  see-step
   while  #out @ 60 > if  cr 3 spaces  then  repeat  drop ;
: see-data  ( xt behaviour -- )
   dup .name
   case
      ['] (value) of  dup .name ." is " operand@ @ .  endof
      ['] (defer) of  dup .name ." is " operand@ @ .name  endof
      ['] (variable) of  dup .name ." is " operand@ u.  endof
      swap .name ." with " swap operand@ u. 0
   endcase ;
: (see)  ( xt -- )
   cr
   dup behaviour ?dup if  see-data exit  then
   dup colon? if  dup see-colon immediate? if ."  immediate" then  exit  then
   dup @ 26 >> 18 = if  ." alias " dup .name @ branch-target .name exit  then
   ." code " .name ;
: see  ( "name" -- )  ' (see) ;

\ ---- Who calls a word: each `bla` to it
0 value rom-end
: call-to  ( xt -- instruction )  h# 03fffffc and h# 48000003 or ;
: .callers  ( instruction begin end -- )
   swap do
      dup i @ = if
         i word-at ?dup if  name-column  then
         exit? if  leave  then
      then
   4 +loop  drop ;
: .calls  ( xt -- )
   cr call-to
   dup dictionary-start here aligned 2dup < if  .callers  else  3drop  then
   rom-start rom-end .callers ;
