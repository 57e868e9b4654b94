\ Words that make words, and words that compile (IEEE 1275 7.3.9, ANS 6.1).

0 value definition-start                \ what an error takes back, or 0

: ]  ( -- )  state on ;
: [  ( -- )  state off ; immediate

\ ---- Colon definitions
: ?defining  ( -- )  state @ 0= if  -14 throw  then ;
: begin-definition  ( -- )
   sp@ csp !  #locals off  leaves off  ] enter, ;
: ?interpreting  ( -- )  state @ if  -29 throw  then ;
: :  ( "name" -- )
   ?interpreting need-name  here to definition-start  0 name,  begin-definition ;
: :noname  ( -- xt )
   ?interpreting  here to definition-start  nameless,  latest-xt @  begin-definition ;
: ;  ( -- )
   ?compiling level @ if  -22 throw  then
   sp@ csp @ <> if  -22 throw  then
   leave-locals, exit,  #locals off
   state off  0 to definition-start  finish-word ; immediate
: recurse  ( -- )  ?defining latest-xt @ compile, ; immediate

\ ---- Data words
: constant  ( x "name" -- )  header ['] (variable) data-word, finish-word ;
: create  ( "name" -- )  header here 12 + ['] (variable) data-word, finish-word ;
: variable  ( "name" -- )  create 0 , ;
: 2variable  ( "name" -- )  create 0 , 0 , ;
: 2constant  ( x1 x2 "name" -- )
   header here 12 + ['] (2constant) data-word, finish-word , , ;
: value  ( x "name" -- )  header here 12 + ['] (value) data-word, finish-word , ;
: defer  ( "name" -- )  header here 12 + ['] (defer) data-word, finish-word ['] noop , ;
: buffer:  ( len "name" -- )  create aligned allot ;
: field  ( offset size "name" -- offset' )
   header over ['] (field) data-word, finish-word + ;
: struct  ( -- 0 )  0 ;
\ Of data it is another name for the same data: `to` and >body take both.
: alias  ( "new" "old" -- )
   need-name >ring ' dup >r >flags c@ 192 and name,
   r@ behaviour ?dup if  r> operand@ swap data-word,  else  r> jump,  then  finish-word ;
: does>  ( -- )
   ?defining  ['] (does) compile, exit, push, enter, ; immediate

: >body  ( xt -- a )  dup behaviour 0= if  -31 throw  then  operand@ ;
: instance-word?  ( xt -- flag )
   behaviour dup ['] (instance-value) = swap ['] (instance-defer) = or ;
: storable?  ( xt -- flag )
   dup instance-word? if  drop true exit  then
   behaviour dup ['] (value) =  over ['] (defer) = or  swap ['] (2value) = or ;
: ?storable  ( xt -- )  storable? 0= if  -32 throw  then ;
: behavior  ( defer-xt -- xt )  dup ?storable >body @ ;
: defer@  ( defer-xt -- xt )  behavior ;
: defer!  ( xt defer-xt -- )  dup ?storable >body ! ;

\ ---- Compiling
: literal  ( x -- )  ?defining literal, ; immediate
: 2literal  ( x1 x2 -- )  ?defining swap literal, literal, ; immediate
: [']  ( "name" -- )  ?defining ' literal, ; immediate
: [compile]  ( "name" -- )  ?defining ' compile, ; immediate
: postpone  ( "name" -- )
   ?defining ' dup immediate? if  compile,  else  literal, ['] compile, compile,  then ; immediate
: compile  ( "name" -- )  ?defining ' literal, ['] compile, compile, ; immediate
: sliteral  ( a len -- )
   ?defining ['] (") compile,  dup ,  place, align ; immediate

\ ---- Locals and values: `to name`
: local-fetch,  ( n -- )  local-offset h# 807d0000 or , push, ;          \ lwz r3, offset(r29)
: local-store,  ( n -- )  pop, local-offset h# 907d0000 or , ;           \ stw r3, offset(r29)
\ Store into what an xt denotes, now or when the definition is executed.
: instance!  ( x offset -- )  (my-self) @ dup 0= if  -68 throw  then  + ! ;
: store-word  ( xt -- store )
   dup instance-word? if  drop ['] instance!
   else  behaviour ['] (2value) = if  ['] 2!  else  ['] !  then  then ;
: store-into  ( x xt -- )
   dup ?storable  dup operand@ swap store-word  ( x operand store )
   state @ if  swap literal, compile,  else  execute  then ;
: to  ( x "name" -- )
   need-name
   state @ if  2dup find-local if  nip nip local-store, exit  then  then
   2dup culprit 2!
   find-name dup 0= if  -13 throw  then
   store-into ; immediate
: is  ( xt "name" -- )  ' store-into ; immediate
: action-of  ( "name" -- xt )
   ' state @ if  literal, ['] behavior compile,  else  behavior  then ; immediate
: ->  ( x "name" -- )
   need-name find-local 0= if  -13 throw  then  local-store, ; immediate

: add-local  ( a len -- )
   #locals @ most-locals = if  -19 throw  then
   dup 31 > if  -19 throw  then  #locals @ local-name pack drop  1 #locals +! ;
\ li r3, taken; li r4, size; the frame
: locals,  ( -- )
   #locals @ 0= if exit then
   #taken @ h# 38600000 or ,  #locals @ 2 << h# 38800000 or ,  ['] (locals) compile, ;
: need-local  ( "name" -- a len )  next-word dup 0= if  -16 throw  then ;     \ also on the next line
: skip-to  ( a len -- )
   begin  2dup need-local $=  until  2drop ;
2variable list-end                      \ the name that ends a list of locals
: list-end?  ( a len -- flag )  list-end 2@ $= ;
: ;-or-bar?  ( a len -- flag )  2dup " ;" $= >r " |" $= r> or ;
: locals-list  ( end-a end-len -- )
   ?defining  #locals @ if  -22 throw  then
   list-end 2!  #taken off  false       ( uninitialized? )
   begin  need-local 2dup list-end? 0= while
      2dup " --" $= if  2drop list-end 2@ skip-to drop  #taken @ #ordered ! locals, exit  then
      2dup ;-or-bar? if  2drop drop true  else
         add-local  dup 0= if  1 #taken +!  then
      then
   repeat
   3drop  #taken @ #ordered !  locals, ;
: {  ( "locals }" -- )  " }" locals-list ; immediate
: {:  ( "locals :}" -- )  " :}" locals-list ; immediate

\ (local) and locals| of ANS 13: the first name is the top item.
: (local)  ( a len -- )
   ?defining  #locals @ 0= if  #taken off #ordered off  then
   dup if  add-local 1 #taken +!  else  2drop locals,  then ;
: locals|  ( "names |" -- )
   begin  need-name 2dup " |" $= 0=  while  (local)  repeat
   drop 0 (local) ; immediate

\ ---- Strings
: "  ( "text<quote>" -- a len )
   parse-string state @ if  postpone sliteral  else  >ring  then ; immediate
: s"  ( "text<quote>" -- a len )
   [char] " parse state @ if  postpone sliteral  else  >ring  then ; immediate
: c"  ( "text<quote>" -- pstr )
   [char] " parse 255 min dup 1+ ring-room pack
   state @ if
      count dup 1+ >r here >r           \ as a counted string behind its length
      ['] (") compile,  r> drop r> , dup c, place, align  ['] drop compile,
   then ; immediate
: ."  ( "text<quote>" -- )
   parse-string state @ if  postpone sliteral ['] type compile,  else  type  then ; immediate
: .(  ( "text<paren>" -- )  [char] ) parse type ; immediate
: abort"  ( flag "text<quote>" -- )
   state @ if
      parse-string postpone sliteral ['] (abort") compile,
   else  parse-string >ring (abort")  then ; immediate

\ ---- Numbers and characters in the text
: number-in  ( base "number" -- n )
   base @ >r base ! need-name 2dup culprit 2! number? r> base !
   case  1 of endof  2 of drop endof  -24 throw  endcase
   state @ if  literal,  then ;
: h#  ( "number" -- n )  16 number-in ; immediate
: d#  ( "number" -- n )  10 number-in ; immediate
: o#  ( "number" -- n )  8 number-in ; immediate
: b#  ( "number" -- n )  2 number-in ; immediate
: char  ( "name" -- char )  ascii-name ;
: [char]  ( "name" -- char )  ?defining ascii-name literal, ; immediate
: ascii  ( "name" -- char )  ascii-name state @ if literal, then ; immediate
: control  ( "name" -- char )  ascii-name 31 and state @ if literal, then ; immediate

\ ---- Comments
: (  ( "text<paren>" -- )  [char] ) parse 2drop ; immediate
: \  ( "line" -- )  skip-line ; immediate

\ ---- Word lists
: wordlist-of  ( threads -- wid )
   align here >r  1- ,  list-link ,  0 ,
   r@ @ 1+ 0 do  0 ,  loop
   r> dup to list-link ;
: wordlist  ( -- wid )  8 wordlist-of ;
: >list-name  ( wid -- a )  8 + ;
: vocabulary  ( "name" -- )              \ it takes the first place, but not the only one
   create  latest-xt @ 8 wordlist-of >list-name !  does>  #order @ 1 = if  also  then  first-list ;

\ ---- Forgetting: everything in RAM from an address on.
: forgotten?  ( xt fence -- flag )  over dictionary-end u< -rot u>= and ;
: prune  ( fence list -- )
   dup @ 1+ 0 do
      2dup 12 + i na+                   ( fence list fence thread )
      begin  2dup @ dup if  swap forgotten?  else  nip  then  while
         dup @ >link @ over !
      repeat  2drop
   loop  2drop ;
: forget-from  ( fence -- )
   begin  list-link over forgotten?  while  list-link 4+ @ to list-link  repeat
   list-link begin  dup while  2dup prune 4+ @  repeat drop
   #order @ 0 ?do
      order i na+ @ over forgotten? if  only  forth-wordlist current ! leave  then
   loop
   current @ over forgotten? if  forth-wordlist current !  then
   to here ;
: header-start  ( xt -- a )  name>string drop ;
: forget  ( "name" -- )
   ' dup dictionary-end u< 0= if  -15 throw  then  header-start forget-from ;
: marker  ( "name" -- )
   here create , does> @ forget-from ;
