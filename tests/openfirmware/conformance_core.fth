\ More of CORE and CORE EXT: names, numbers, parsing, the input source, words that define.

\ ---- CORE, CORE EXT: names, numbers, text
HEX
T{ : !"#$%&'()*+,-./0123456789:;<=>? 1 ; -> }T
T{ : @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^ 2 ; -> }T
T{ : _`abcdefghijklmnopqrstuvwxyz{|} 3 ; -> }T
T{ : _`abcdefghijklmnopqrstuvwxyz{|~ 4 ; -> }T
T{ !"#$%&'()*+,-./0123456789:;<=>? -> 1 }T  T{ @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^ -> 2 }T
T{ _`abcdefghijklmnopqrstuvwxyz{|} -> 3 }T  T{ _`abcdefghijklmnopqrstuvwxyz{|~ -> 4 }T
T{ _`ABCDEFGHIJKLMNOPQRSTUVWXYZ{|~ -> 4 }T
DECIMAL
T{ #1289 #-1289 $12eF $-2cBa %10010110 %-10010110 -> 1289 -1289 4847 -11450 150 -150 }T
T{ #12346789. #-12346789. $aBcDeF. $-AbCdEf. -> 12346789. -12346789. 11259375. -11259375. }T
T{ %10010110. %-10010110. 'z' 'Z' ''' '\' -> 150. -150. 122 90 39 92 }T
HEX T{ #1289 $7F %111 'A' BASE @ -> 509 7F 7 41 10 }T DECIMAL
T{ 2 BASE ! $FF #-10. DECIMAL -> 255 -10. }T
T{ : pnum 16 BASE ! S" 1F" EVALUATE DECIMAL ; pnum -> 31 }T
T{ -0 -> 0 }T
: gp1 <# 41 HOLD 42 HOLD 0 0 #> ;  T{ gp1 S" *)" COMPARE -> 0 }T
: digit-of ( n base -- char ) BASE @ >R BASE ! 0 <# # #> R> BASE ! DROP C@ ;
T{ 10 36 digit-of 35 36 digit-of 9 10 digit-of 15 16 digit-of -> 65 90 57 70 }T
: all-digits ( -- flag ) <TRUE> 36 10 DO I 36 digit-of I 55 + = AND LOOP 10 0 DO I 36 digit-of I 48 + = AND LOOP ;
T{ all-digits -> <TRUE> }T
T{ HEX <# -1 -1 #S #> S" FFFFFFFFFFFFFFFF" COMPARE DECIMAL -> 0 }T
: gn ( base c-addr u -- ud u ) ROT BASE @ >R BASE ! 0 0 2SWAP >NUMBER NIP R> BASE ! ;
T{ 10 S" 0" gn 10 S" 2" gn 10 S" " gn 10 S" -" gn 10 S" ." gn
-> 0 0 0 2 0 0 0 0 0 0 0 1 0 0 1 }T
T{ 16 S" fF" gn 2 S" 2" gn 16 S" G" gn 36 S" g" gn -> 255 0 0 0 0 1 0 0 1 16 0 0 }T
T{ 36 S" 1Z141Z3" gn NIP NIP 10 S" 18446744073709551615" gn -> 0 -1 -1 0 }T
T{ 10 S" 12,34" gn -> 12 0 3 }T
CREATE name-buffer 3 C, CHAR d C, CHAR u C, CHAR p C, 0 C,
T{ name-buffer FIND -> ' DUP -1 }T
CREATE none 0 C,  CREATE strange 5 C, CHAR $ C, CHAR $ C, CHAR Q C, CHAR $ C, CHAR $ C,
T{ none FIND -> none 0 }T  T{ strange FIND -> strange 0 }T
T{ C" if" FIND NIP C" DUP" FIND NIP -> 1 -1 }T
T{ BL WORD   abc COUNT S" abc" COMPARE -> 0 }T
T{ CHAR x WORD xxabcx COUNT S" abc" COMPARE -> 0 }T
T{ BL WORD
COUNT NIP -> 0 }T
T{ CHAR | PARSE 1234| EVALUATE -> 1234 }T
T{ CHAR ^ PARSE  23 45 ^ DUP >R EVALUATE R> -> 23 45 7 }T
T{ CHAR A PARSE A NIP -> 0 }T
T{ CHAR Z PARSE
NIP -> 0 }T
: pa1 [CHAR] $ PARSE DUP >R PAD SWAP MOVE PAD R> ;
T{ pa1 3456
EVALUATE -> 3456 }T
T{ PARSE-NAME abcd S" abcd" COMPARE -> 0 }T
T{ PARSE-NAME      abcde   S" abcde" COMPARE -> 0 }T
T{ PARSE-NAME
NIP -> 0 }T
T{ PARSE-NAME     
NIP -> 0 }T
: pn= PARSE-NAME PARSE-NAME COMPARE 0= ;
T{ pn= abcd abcd -> <TRUE> }T  T{ pn=   abcd      abcd   
-> <TRUE> }T  T{ pn= abcd abcde
-> <FALSE> }T
T{ pn= 
-> <TRUE> }T
T{ pn=    
-> <TRUE> }T
T{ ( A comment)1234 -> 1234 }T
T{ : cm ( A comment)1234 ; cm -> 1234 }T
T{ S" a b" SWAP C@ -> 3 97 }T  T{ : s"2 S" A" S" BC" ; s"2 COMPARE -> -1 }T
T{ S" First" S" Second" 2SWAP NIP >R NIP R> -> 6 5 }T
T{ : ev S" 10 20" EVALUATE ; ev + -> 30 }T
T{ : mk1 S" CREATE made 7 ," EVALUATE ; mk1 made @ -> 7 }T
T{ S\" S\q 5 6\q EVALUATE +" EVALUATE -> 11 }T
T{ S" 1 >IN @ 2" EVALUATE -> 1 8 2 }T
T{ : skip SOURCE >IN ! DROP ; 5 skip 6 7
-> 5 }T
T{ S" SOURCE" EVALUATE NIP -> 6 }T
T{ S" SOURCE-ID" EVALUATE SOURCE-ID -> -1 0 }T
VARIABLE si-inc 0 si-inc !
: si1 si-inc @ >IN +! 15 si-inc ! ;
: s$ S" SAVE-INPUT si1 RESTORE-INPUT 12345" ;
T{ s$ EVALUATE si-inc @ -> 0 2345 15 }T
VARIABLE siv -1 siv !
: never CR ." never executed" 77 ;
T{ 11111 SAVE-INPUT siv @ [IF] 0 siv ! RESTORE-INPUT never [ELSE] 22222 [THEN] -> 11111 0 22222 }T
\ Another line cannot be restored; nothing changes.
: n>mem ( x1 .. xn n a -- ) 2DUP ! 1 CELLS + SWAP 0 ?DO TUCK ! CELL+ LOOP DROP ;
: mem>n ( a -- x1 .. xn n ) DUP @ DUP >R CELLS + R@ 0 ?DO DUP @ SWAP -1 CELLS + LOOP DROP R> ;
CREATE saved 16 CELLS ALLOT
SAVE-INPUT saved n>mem   123 DROP
T{ saved mem>n RESTORE-INPUT -> <TRUE> }T
T{ S" saved mem>n RESTORE-INPUT" EVALUATE -> <TRUE> }T
: rfl REFILL SOURCE NIP ;
T{ rfl
-> <TRUE> 15 }T
T{ S" REFILL" EVALUATE -> <FALSE> }T
\ ---- definitions
T{ VARIABLE iw4 IMMEDIATE 234 iw4 ! iw4 @ : iw5 iw4 [ @ ] LITERAL ; iw5 -> 234 234 }T
T{ :NONAME [ 345 ] iw4 [ ! ] ; DROP iw4 @ -> 345 }T
T{ CREATE iw6 456 , IMMEDIATE :NONAME iw6 [ @ iw4 ! ] ; DROP iw4 @ -> 456 }T
: iw7 CREATE , DOES> @ 1+ ; 222 iw7 iw8 IMMEDIATE
T{ : iw9 iw8 LITERAL ; iw9 -> 223 }T
: iw10 CREATE , IMMEDIATE DOES> @ 1+ ; T{ 333 iw10 iw11 iw11 : iw12 iw11 LITERAL ; iw12 -> 334 334 }T
T{ : iw13 1 ; IMMEDIATE IMMEDIATE : iw14 iw13 LITERAL ; iw14 -> 1 }T
: mk2con DOES> 2@ ;
T{ CREATE 2k 3 , 2k , mk2con 2k -> ' 2k >BODY 3 }T
: mkd CREATE , DOES> @ ; 
T{ 5 mkd five 6 mkd six five six ' five >BODY @ -> 5 6 5 }T
T{ :NONAME DUP IF DUP >R 1- RECURSE R> THEN ; CONSTANT rn1 3 rn1 EXECUTE -> 0 1 2 3 }T
:NONAME ( n -- n1 ) DUP 0= IF EXIT THEN CASE 1 OF 11 RECURSE ENDOF
   2 OF 22 RECURSE ENDOF 3 OF 33 RECURSE ENDOF DROP ABS RECURSE EXIT ENDCASE ; CONSTANT rn2
: ack ( m n -- u ) OVER 0= IF NIP 1+ EXIT THEN SWAP 1- SWAP DUP 0= IF 1+ RECURSE EXIT THEN
   1- OVER 1+ SWAP RECURSE RECURSE ;
T{ 0 0 ack 3 0 ack 2 4 ack -> 1 5 11 }T
T{ : q1 DUP + ; : q2 ['] q1 COMPILE, ; IMMEDIATE : q3 q2 ; 123 q3 -> 246 }T
T{ :NONAME DUP + ; CONSTANT dup+ : q dup+ COMPILE, ; : as1 [ q ] ; 123 as1 -> 246 }T
T{ : gp2 POSTPONE DUP ; IMMEDIATE : gp3 gp2 + ; 5 gp3 -> 10 }T
T{ : lit5 5 POSTPONE LITERAL ; IMMEDIATE : use5 lit5 ; use5 -> 5 }T
T{ : pstr POSTPONE S" ; IMMEDIATE : us pstr text" ; us NIP -> 4 }T
: my-if POSTPONE IF ; IMMEDIATE : my-else POSTPONE ELSE ; IMMEDIATE : my-then POSTPONE THEN ; IMMEDIATE
T{ : mi my-if 1 my-else 2 my-then ; 0 mi 1 mi -> 2 1 }T
: ?do-twice POSTPONE 2 POSTPONE 0 POSTPONE DO ; IMMEDIATE : end-twice POSTPONE LOOP ; IMMEDIATE
T{ : tw ?do-twice I end-twice ; tw -> 0 1 }T
T{ : bad-lv 10 0 DO I 5 = IF LEAVE THEN I LOOP ; bad-lv -> 0 1 2 3 4 }T
T{ : uns1 DUP 0 > IF 9 SWAP BEGIN 1+ DUP 3 > IF EXIT THEN REPEAT ; -6 uns1 1 uns1 -> -6 9 4 }T
T{ HERE 5 ALLOT -5 ALLOT HERE = HERE 0 ALLOT HERE = -> <TRUE> <TRUE> }T
VARIABLE u0
T{ UNUSED u0 ! 0 , UNUSED CELL+ u0 @ = -> <TRUE> }T
T{ UNUSED u0 ! 0 C, UNUSED CHAR+ u0 @ = -> <TRUE> }T
T{ UNUSED u0 ! 0 C, UNUSED CHAR+ u0 @ = ALIGN -> <TRUE> }T
T{ MARKER ma? : ma0 1 ; MARKER ma1 : ma1w 2 ; ma1 [DEFINED] ma0 [UNDEFINED] ma1w [UNDEFINED] ma1 ma?
[UNDEFINED] ma0 [UNDEFINED] ma? -> <TRUE> <TRUE> <TRUE> <TRUE> <TRUE> }T
T{ DEFER df1 : is1 IS df1 ; : ac1 ACTION-OF df1 ; ' + IS df1 1 2 df1 ac1 ' + = -> 3 <TRUE> }T
T{ ' - is1 1 2 df1 ' df1 DEFER@ ' - = -> -1 <TRUE> }T
T{ ' * ' df1 DEFER! 2 3 df1 ACTION-OF df1 ' * = -> 6 <TRUE> }T
T{ : df! DEFER! ; ' + ' df1 df! 4 5 df1 -> 9 }T
T{ 8 BUFFER: b1 8 BUFFER: b2 b1 DUP ALIGNED = b1 8 0 FILL b1 @ b2 b1 8 + U< 0= -> <TRUE> 0 <TRUE> }T
T{ 0. <# S" Test" HOLDS #> S" Test" COMPARE -> 0 }T
T{ 1234. <# #S S" -x-" HOLDS #> S" -x-1234" COMPARE -> 0 }T
T{ : case3 CASE DUP 5 < ?OF 111 SWAP ENDOF DUP 9 < ?OF 222 SWAP ENDOF 333 SWAP ENDCASE ;
   3 case3 7 case3 9 case3 -> 111 3 222 7 333 }T
: ss S\" \a\b\e\f\l\m\q\r\t\v\x0F0\x1Fa\xaBx\z\"\\" ;
T{ ss NIP -> 20 }T
: sc ss DROP + C@ ;
T{ 0 sc 1 sc 2 sc 3 sc 4 sc 5 sc 6 sc 7 sc -> 7 8 27 12 10 13 10 34 }T
T{ 8 sc 9 sc 10 sc 11 sc 12 sc 13 sc 14 sc 15 sc -> 13 9 11 15 48 31 97 171 }T
T{ 16 sc 17 sc 18 sc 19 sc -> 120 0 34 92 }T
T{ S\" \nOne line...\nanotherLine\n" -TRAILING NIP -> 25 }T
T{ TRUE FALSE NIP -> 0 }T  T{ 1 2 TUCK -> 2 1 2 }T  T{ 0 0 U> MAX-UINT 0 U> -> <FALSE> <TRUE> }T
T{ 1 0 <> 0 0 <> -> <TRUE> <FALSE> }T
T{ 2 1 4 WITHIN 4 1 4 WITHIN 1 1 4 WITHIN 0 4 1 WITHIN -> <TRUE> <FALSE> <TRUE> <TRUE> }T
T{ MIN-INT 0 MAX-INT WITHIN MAX-INT MIN-INT 0 WITHIN 0 MIN-INT MAX-INT WITHIN -> <FALSE> <FALSE> <TRUE> }T
T{ : pic 1 2 3 2 PICK ; pic -> 1 2 3 1 }T  T{ 1 2 3 0 ROLL 1 2 3 1 ROLL -> 1 2 3 1 3 2 }T
T{ : c"t C" 123" ; c"t COUNT EVALUATE -> 123 }T
T{ PAD 10 BL FILL PAD 5 CHAR x FILL PAD 3 + C@ PAD 6 + C@ -> 120 32 }T
T{ PAD 10 ERASE PAD @ -> 0 }T
T{ : rr 1 2 2>R 2R@ 2R> ; rr -> 1 2 1 2 }T
T{ : rs 2>R R> R> ; 1 2 rs -> 2 1 }T
CREATE mv 1 C, 2 C, 3 C, 4 C, : mv@ mv C@ mv 1+ C@ mv 2 + C@ mv 3 + C@ ;
T{ mv mv 1+ 3 MOVE mv@ -> 1 1 2 3 }T  T{ mv 1+ mv 3 MOVE mv@ -> 1 2 3 3 }T
T{ mv mv 1+ 3 CMOVE mv@ -> 1 1 1 1 }T
: bump 7 0 DO I 3 = IF 3 ELSE 1 THEN +LOOP ;  T{ bump -> }T
: usd DO I OVER +LOOP DROP ;
T{ 5 : lp2 0 5 0 DO 1+ 2 +LOOP ; lp2 -> 5 3 }T
T{ : jj 2 0 DO 2 0 DO J 10 * I + LOOP LOOP ; jj -> 0 1 10 11 }T
T{ : ex 5 0 DO I DUP 2 = IF UNLOOP EXIT THEN LOOP 99 ; ex -> 0 1 2 }T
T{ -7 2 / -7 2 MOD 7 -2 / 7 -2 MOD -7 -2 / -> -4 1 -4 -1 3 }T
T{ MIN-INT 1 / MAX-INT -1 / MIN-INT 2 / -> MIN-INT MAX-INT NEGATE MIN-INT 2/ }T
T{ MIN-INT -2 / MAX-INT 1+ 2 MOD -1 -1 / 0 -1 /MOD -> MIN-INT 2/ NEGATE 0 1 0 0 }T
T{ -7 2 /MOD -> 1 -4 }T  T{ -7 3 2 */ 7 -3 2 */MOD -> -11 1 -11 }T
T{ -1 2/ MIN-INT 2/ -> -1 MIN-INT 1 RSHIFT MIN-INT OR }T
T{ 10 S>D 3 SM/REM -10 S>D 3 SM/REM 10 S>D -3 SM/REM -> 1 3 -1 -3 1 -3 }T
T{ -10 S>D 3 FM/MOD 10 S>D -3 FM/MOD -10 S>D -3 FM/MOD -> 2 -4 -2 -4 -1 3 }T
T{ MAX-UINT MAX-UINT UM* MAX-UINT UM/MOD 0 0 1 UM/MOD -> 0 MAX-UINT 0 0 }T
T{ ' ABORT 0<> -> <TRUE> }T
T{ STATE @ : st STATE @ ; IMMEDIATE : st2 st LITERAL ; st2 -> 0 <TRUE> }T
T{ 12345 DEPTH OVER 9 < 34 AND + 3 + >IN ! -> 12345 2345 345 45 5 }T
T{ 1071 462 ?DUP 0= 42 AND >IN +! TUCK MOD 12 >IN ! greatest common divisor -> 21 }T
