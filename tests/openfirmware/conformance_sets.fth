\ More of DOUBLE, STRING, SEARCH, TOOLS, LOCALS, MEMORY, EXCEPTION, FACILITY; and ENVIRONMENT?.

\ ---- DOUBLE
T{ 1. 2. D+ 1. -2. D- -1. DABS -1. DNEGATE -> 3. 3. 1. 1. }T
T{ MAX-UINT MAX-INT 2CONSTANT MAX-2INT 0 MIN-INT 2CONSTANT MIN-2INT -> }T
MAX-2INT 2/ 2CONSTANT HI-2INT MIN-2INT 2/ 2CONSTANT LO-2INT
T{ MAX-2INT 1. D+ MIN-2INT 1. D- -> MIN-2INT MAX-2INT }T
T{ MAX-2INT MIN-2INT D< MIN-2INT MAX-2INT D< MAX-2INT 2DUP D= -> <FALSE> <TRUE> <TRUE> }T
T{ 0. 0. D< -1. 1. D< 0 1 1 0 D< 1 -1 0 -1 D< 0 -1 1 -1 D< -> <FALSE> <TRUE> <FALSE> <FALSE> <TRUE> }T
T{ 1. -1. DU< -1. 1. DU< 0 1 -1 0 DU< -> <TRUE> <FALSE> <FALSE> }T
T{ MAX-2INT 2DUP DMAX MIN-2INT MAX-2INT DMIN -> MAX-2INT MIN-2INT }T
T{ MAX-2INT D2/ MIN-2INT D2/ -1. D2/ 1. D2* -1. D2* -> MAX-UINT MAX-INT 1 RSHIFT 0 MIN-INT 2/ -1. 2. -2. }T
T{ MIN-2INT D2/ D2* MIN-2INT D0< MAX-2INT D0< 0. D0= 0 1 D0= -> MIN-2INT <TRUE> <FALSE> <TRUE> <FALSE> }T
T{ 5. 5 M+ MAX-2INT -1 M+ 1. -2 M+ -> 10. MAX-UINT 1- MAX-INT -1. }T
T{ 5. 7 11 M*/ 5. -7 11 M*/ -5. 7 11 M*/ -5. -7 11 M*/ -> 3. -4. -4. 3. }T
T{ MAX-2INT 8 16 M*/ MIN-2INT 8 16 M*/ -> MAX-2INT D2/ MIN-2INT D2/ }T
T{ MAX-2INT MAX-INT MAX-INT M*/ MIN-2INT MAX-INT MAX-INT M*/ MAX-2INT -1 1 M*/ -> MAX-2INT MIN-2INT MAX-2INT DNEGATE }T
T{ MIN-2INT 1 1 M*/ 1. MAX-INT 1 M*/ -> MIN-2INT MAX-INT S>D }T
T{ MAX-2INT 5 5 M*/ -7. 1 2 M*/ -8. 1 2 M*/ -> MAX-2INT -4. -4. }T
T{ 1. 2. 3. 2ROT 1. 2. 2SWAP -> 2. 3. 1. 2. 1. }T
T{ 2VARIABLE 2v1 1. 2v1 2! 2v1 2@ : 2cd 2CONSTANT ; 3. 2cd 2c3 2c3 -> 1. 3. }T
T{ : 2l [ 123. ] 2LITERAL ; 2l : 2l2 POSTPONE 2LITERAL ; IMMEDIATE 2l -> 123. 123. }T
T{ 1. 2VALUE t2 t2 2. TO t2 t2 : 2set TO t2 ; 3. 2set t2 : 2get t2 ; 2get -> 1. 2. 3. 3. }T
T{ 1 2 2VALUE t2v 5 VALUE t1v : set2 TO t2v TO t1v ; 1 2 3 set2 t2v t1v -> 2 3 1 }T
: d$ ( d -- a u ) TUCK DABS <# #S ROT SIGN #> ;
T{ MAX-2INT d$ S" 9223372036854775807" COMPARE MIN-2INT d$ S" -9223372036854775808" COMPARE -> 0 0 }T
T{ 1234. D>S -1234. D>S -> 1234 -1234 }T
\ ---- STRING
T{ : s1 S" abcdefghijklmnopqrstuvwxyz" ; s1 5 /STRING s1 SWAP 5 + SWAP 5 - COMPARE s1 10 /STRING -10 /STRING s1 COMPARE -> 0 0 }T
T{ s1 s1 SEARCH NIP NIP s1 S" xyz" SEARCH >R NIP R> s1 S" abd" SEARCH >R NIP R> -> <TRUE> 3 <TRUE> 26 <FALSE> }T
T{ s1 S" ABC" SEARCH NIP NIP S" ABC" S" abc" COMPARE S" abc" S" ABC" COMPARE -> <FALSE> -1 1 }T
T{ s1 S" " SEARCH >R NIP R> S" " s1 SEARCH >R NIP R> S" " S" " SEARCH NIP NIP -> 26 <TRUE> 0 <FALSE> <TRUE> }T
T{ S" " S" " COMPARE S" " s1 COMPARE s1 S" " COMPARE -> 0 -1 1 }T
T{ S" abc  " -TRAILING NIP S"   " -TRAILING NIP S" " -TRAILING NIP S"  a b" -TRAILING NIP -> 3 0 0 4 }T
T{ : s6 [ s1 3 /STRING ] SLITERAL ; s6 NIP -> 23 }T
T{ s1 PAD SWAP CMOVE PAD 26 s1 COMPARE PAD PAD 10 + 20 CMOVE> PAD 10 + 20 s1 DROP 20 COMPARE -> 0 0 }T
T{ PAD 5 CHAR a FILL PAD 5 BLANK PAD C@ PAD 0 CHAR q FILL PAD C@ -> 32 32 }T
\ ---- SEARCH
ONLY FORTH DEFINITIONS  VARIABLE wid1  VARIABLE wid2
T{ FORTH-WORDLIST wid1 ! -> }T
T{ WORDLIST wid2 ! -> }T
T{ GET-CURRENT wid1 @ = wid2 @ SET-CURRENT GET-CURRENT wid2 @ = wid1 @ SET-CURRENT -> <TRUE> <TRUE> }T
T{ : alsowid2 ALSO GET-ORDER wid2 @ ROT DROP SWAP SET-ORDER ; alsowid2 -> }T
T{ DEFINITIONS GET-CURRENT wid2 @ = : so-word 1234 ; wid1 @ SET-CURRENT so-word PREVIOUS [UNDEFINED] so-word -> <TRUE> 1234 <TRUE> }T
T{ S" so-word" wid2 @ SEARCH-WORDLIST NIP S" so-word" wid1 @ SEARCH-WORDLIST -> -1 0 }T
T{ S" DUP" wid1 @ SEARCH-WORDLIST -> ' DUP -1 }T  T{ S" IF" wid1 @ SEARCH-WORDLIST NIP -> 1 }T
: order# GET-ORDER DUP >R 0 ?DO DROP LOOP R> ;
T{ order# ALSO order# PREVIOUS order# -> 1 2 1 }T
T{ ONLY order# FORTH order# ALSO FORTH order# ONLY FORTH -> 1 1 2 }T
: no-order 0 SET-ORDER S" DUP" FORTH-WORDLIST SEARCH-WORDLIST order# ONLY ;
T{ no-order NIP -> ' DUP 0 }T
T{ alsowid2 DEFINITIONS : DUP 55 ; FORTH DEFINITIONS PREVIOUS ONLY FORTH 1 DUP -> 1 1 }T
T{ alsowid2 C" DUP" FIND NIP 0 DUP PREVIOUS 7 DUP -> -1 0 55 7 7 }T
ONLY FORTH DEFINITIONS
VOCABULARY VOC1 ALSO VOC1 DEFINITIONS : IN-VOC1 9 ; PREVIOUS DEFINITIONS
T{ [UNDEFINED] IN-VOC1 ALSO VOC1 IN-VOC1 PREVIOUS [UNDEFINED] IN-VOC1 -> <TRUE> 9 <TRUE> }T
\ ---- TOOLS
: pt1 AHEAD 1111 2222 THEN 3333 ;  T{ pt1 -> 3333 }T
: ?repeat 2 CS-PICK POSTPONE UNTIL ; IMMEDIATE
VARIABLE pt4
: <= > 0= ;
: ?repeat0 0 CS-PICK POSTPONE UNTIL ; IMMEDIATE
T{ : pt6 pt4 ! BEGIN -1 pt4 +! pt4 @ 4 > 0= ?repeat0 111 pt4 @ 3 > 0= ?repeat0 222 pt4 @ 2 > 0= UNTIL ; 6 pt6
-> 111 111 222 111 222 }T
T{ : pt7 IF 1 AHEAD [ 1 CS-ROLL ] THEN 2 THEN 3 ; 0 pt7 1 pt7 -> 2 3 1 3 }T
: pt10 BEGIN DUP 0> IF [ 1 CS-ROLL ] 1- AGAIN THEN DROP 77 ;
T{ 3 pt10 -> 77 }T
: pt12 AHEAD BEGIN 1+ DUP EXIT [ 1 CS-ROLL ] THEN AGAIN ;
T{ 5 pt12 -> 6 6 }T
: t-else POSTPONE AHEAD 1 CS-ROLL POSTPONE THEN ; IMMEDIATE
T{ : pt13 IF 1 t-else 2 THEN ; 0 pt13 1 pt13 -> 2 1 }T
T{ 1 2 3 : nr 3 N>R 4 NR> ; nr -> 4 1 2 3 3 }T
T{ : nr0 0 N>R NR> ; nr0 -> 0 }T
T{ : syn1 1234 ; SYNONYM new1 syn1 new1 -> 1234 }T
T{ : syn2 2345 ; IMMEDIATE SYNONYM new2 syn2 : use2 new2 LITERAL ; use2 -> 2345 }T
T{ 5 VALUE v5 SYNONYM v5s v5 v5s 6 TO v5 v5s 7 TO v5s v5 -> 5 6 7 }T
T{ DEFER dd SYNONYM dds dd ' 1+ IS dds 4 dd ACTION-OF dds ' 1+ = -> 5 <TRUE> }T
T{ CREATE cc 8 , SYNONYM ccs cc ' ccs >BODY @ -> 8 }T
T{ SYNONYM my>r >R SYNONYM myr> R> : mr my>r 1 myr> ; 5 mr -> 1 5 }T
T{ SYNONYM myif IF SYNONYM mythen THEN : mm myif 1 mythen 2 ; 0 mm 1 mm -> 2 1 2 }T
WORDLIST CONSTANT trav  GET-CURRENT trav SET-CURRENT : tw1 1 ; : tw2 2 ; : tw3 3 ; IMMEDIATE SET-CURRENT
: count-nt ( n nt -- n' flag ) DROP 1+ TRUE ;
T{ 0 ' count-nt trav TRAVERSE-WORDLIST -> 3 }T
: stop-nt DROP 1+ FALSE ;  T{ 0 ' stop-nt trav TRAVERSE-WORDLIST -> 1 }T
: sum-nt ( n nt -- n' flag ) NAME>INTERPRET EXECUTE + TRUE ;  T{ 0 ' sum-nt trav TRAVERSE-WORDLIST -> 6 }T
: len-nt NAME>STRING NIP + TRUE ;  T{ 0 ' len-nt trav TRAVERSE-WORDLIST -> 9 }T
: is-nt ( nt a u -- flag ) ROT NAME>STRING 2SWAP COMPARE 0= ;
: find-nt ( nt0 nt -- nt' flag ) DUP S" tw3" is-nt IF NIP FALSE ELSE DROP TRUE THEN ;
T{ 0 ' find-nt trav TRAVERSE-WORDLIST NAME>COMPILE EXECUTE -> 3 }T
: find-nt2 ( nt0 nt -- nt' flag ) DUP S" tw2" is-nt IF NIP FALSE ELSE DROP TRUE THEN ;
T{ : cnt [ 0 ' find-nt2 trav TRAVERSE-WORDLIST NAME>COMPILE EXECUTE ] ; cnt -> 2 }T
T{ [DEFINED] [DEFINED] [UNDEFINED] $$no$$ [IF] 1 [ELSE] 2 [THEN] -> <TRUE> 1 }T
T{ <TRUE> [IF] 1 <FALSE> [IF] 2 [ELSE] 3 [THEN] 4 [ELSE] 5 [IF] 6 [ELSE] 7 [THEN] [THEN] -> 1 3 4 }T
T{ : tt S" 5 [IF] 10 [ELSE] 20 [THEN] 30" EVALUATE ; tt -> 10 30 }T
T{ : [t] <TRUE> ; IMMEDIATE : cif [t] [IF] 1 [ELSE] 2 [THEN] ; cif -> 1 }T
\ ---- LOCALS
T{ : l1 {: a b | c d -- e f :} 1 TO c a b c ; 5 6 l1 -> 5 6 1 }T
T{ : l2 {: :} 5 ; l2 : l3 {: | a :} 3 TO a a ; l3 : l4 {: -- x y :} 4 ; l4 -> 5 3 4 }T
T{ : l5 LOCALS| a b | a b ; 1 2 l5 -> 2 1 }T
T{ : l6 {: dup a :} dup a ; 1 2 l6 -> 1 2 }T
T{ : l7 {: a :} 3 0 DO a I + LOOP a ; 10 l7 -> 10 11 12 10 }T
T{ : l8 {: a b :} a >R b R> ; 1 2 l8 -> 2 1 }T
T{ : l10 {: n :} n 0> IF n 1- RECURSE n + ELSE 0 THEN ; 10 l10 -> 55 }T
T{ : l11 {: a
b | c
-- d
:} b a c DROP ; 1 2 l11 -> 2 1 }T
T{ : l12 {: a b c d e f g h :} h g f e d c b a ; 1 2 3 4 5 6 7 8 l12 -> 8 7 6 5 4 3 2 1 }T
T{ : l13 S" xa" (LOCAL) S" xb" (LOCAL) 0 0 (LOCAL) ; IMMEDIATE : l14 l13 xa xb ; 1 2 l14 -> 2 1 }T
T{ : l16 {: a :} a CASE 1 OF 10 ENDOF 2 OF 20 ENDOF 30 SWAP ENDCASE a ; 1 l16 2 l16 3 l16 -> 10 1 20 2 30 3 }T
T{ : l17 {: n :} BEGIN n WHILE n DUP 1- TO n REPEAT n ; 3 l17 -> 3 2 1 0 }T
T{ : l18 {: a-name-that-has-thirty-one-char :} a-name-that-has-thirty-one-char ; 7 l18 -> 7 }T
\ ---- MEMORY, EXCEPTION, FACILITY
VARIABLE ad
T{ 100 ALLOCATE SWAP ad ! ad @ DUP ALIGNED = -> 0 <TRUE> }T
T{ ad @ 100 CHAR m FILL ad @ 200 RESIZE SWAP ad ! ad @ C@ ad @ 99 + C@ -> 0 109 109 }T
T{ ad @ 28 RESIZE SWAP ad ! ad @ 27 + C@ ad @ -1 RESIZE 0= SWAP ad @ = ad @ FREE -> 0 109 <FALSE> <TRUE> 0 }T
T{ -1 ALLOCATE NIP 0= -> <FALSE> }T
: t1 9 ; : c1 1 2 3 ['] t1 CATCH ;  T{ c1 -> 1 2 3 9 0 }T
: t6 ABORT" message" ; : c6 ['] t6 CATCH ; T{ 0 c6 1 c6 >R DROP R> -> 0 -2 }T
T{ S" 0 THROW 1" ' EVALUATE CATCH -> 1 0 }T
: t20 -1 THROW ;  : c20 ['] t20 CATCH 0 ['] t20 CATCH ; T{ c20 -> -1 0 -1 }T
T{ :NONAME S" 1 2 $$undef$$" EVALUATE ; CATCH -> -13 }T
T{ :NONAME S" : bad-def ] ; DROP 1 THROW" EVALUATE ; CATCH 0= -> <FALSE> }T
T{ SOURCE-ID >IN @ 0> -> 0 <TRUE> }T
BEGIN-STRUCTURE p1 FIELD: p.x FIELD: p.y CFIELD: p.c 3 +FIELD p.n END-STRUCTURE
T{ p1 0 p.x 0 p.y 0 p.c 0 p.n -> 12 0 4 8 9 }T
BEGIN-STRUCTURE p2 p1 +FIELD p.a CFIELD: p.b FIELD: p.d END-STRUCTURE T{ 0 p.b 0 p.d p2 -> 12 16 20 }T
\ ---- ENVIRONMENT?
T{ S" MAX-UD" ENVIRONMENT? -> MAX-UINT MAX-UINT <TRUE> }T
T{ S" SEARCH-ORDER" ENVIRONMENT? S" NOT-THERE" ENVIRONMENT? -> <TRUE> <TRUE> <FALSE> }T
T{ S" MEMORY-ALLOC" ENVIRONMENT? S" LOCALS-EXT" ENVIRONMENT? S" STRING-EXT" ENVIRONMENT? -> <TRUE> <TRUE> <TRUE> <TRUE> <TRUE> <TRUE> }T
T{ S" ADDRESS-UNIT-BITS" ENVIRONMENT? S" /PAD" ENVIRONMENT? DROP 84 < -> 8 <TRUE> <FALSE> }T
