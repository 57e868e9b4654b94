\ Cases of the ANS Forth word sets in the order of its chapters.

\ ---- CORE: what booleans and shifts rest on
T{ 0S 0S and -> 0S }T  T{ 0S 1S or -> 1S }T  T{ 1S 1S xor -> 0S }T
T{ 1S 1 rshift 2* -> 1S 1 invert and }T  T{ MIN-INT 2/ 1 rshift MIN-INT and -> 0S }T
T{ 1 0 lshift -> 1 }T  T{ MIN-INT 31 rshift -> 1 }T  T{ MIN-INT 1 rshift MIN-INT and -> 0 }T
T{ MIN-INT MAX-INT < -> <true> }T  T{ MAX-INT MIN-INT > -> <true> }T
T{ MAX-UINT 0 u< -> <false> }T  T{ 0 MAX-INT u< -> <true> }T  T{ MAX-INT MAX-UINT u< -> <true> }T
T{ MIN-INT 0= -> <false> }T  T{ MIN-INT 0< -> <true> }T  T{ MAX-INT 0< -> <false> }T
T{ MIN-INT MIN-INT min -> MIN-INT }T  T{ MIN-INT MAX-INT max -> MAX-INT }T

\ ---- CORE: multiplication and division
T{ MIN-INT s>d -> MIN-INT -1 }T  T{ 3 MIN-INT m* -> MIN-INT -2 }T
T{ MIN-INT MIN-INT m* -> 0 MIN-INT 1 rshift }T
T{ MID-INT 1+ 2 um* -> MID-INT 1+ 2* 0 }T  T{ MAX-UINT MAX-UINT um* -> 1 1 invert }T
T{ MAX-INT 0 MAX-INT fm/mod -> 0 1 }T  T{ MIN-INT s>d MIN-INT fm/mod -> 0 1 }T
T{ 7 s>d -3 fm/mod -> -2 -3 }T  T{ -7 s>d 3 sm/rem -> -1 -2 }T
T{ MIN-INT MAX-INT m* MIN-INT fm/mod -> 0 MAX-INT }T
T{ MAX-UINT MAX-UINT um* MAX-UINT um/mod -> 0 MAX-UINT }T
T{ MAX-INT 2 MAX-INT */ -> 2 }T  T{ MIN-INT 2 MIN-INT */mod -> 0 2 }T

\ ---- CORE: loops, with steps of any sign and size
: gd1 do i loop ;
T{ 4 1 gd1 -> 1 2 3 }T  T{ 2 -1 gd1 -> -1 0 1 }T  T{ MID-INT 1+ MID-INT gd1 -> MID-INT }T
: gd2 do i -1 +loop ;
T{ 1 4 gd2 -> 4 3 2 1 }T  T{ -1 2 gd2 -> 2 1 0 -1 }T
variable gditerations  variable gdincrement
: gd7 ( limit start increment -- ) gdincrement ! 0 gditerations !
  do 1 gditerations +! i gditerations @ 6 = if leave then gdincrement @ +loop gditerations @ ;
T{ 4 4 -1 gd7 -> 4 1 }T
T{ 1 4 -1 gd7 -> 4 3 2 1 4 }T
T{ 4 1 -1 gd7 -> 1 0 -1 -2 -3 -4 6 }T
T{ 4 1 0 gd7 -> 1 1 1 1 1 1 6 }T
T{ 0 0 0 gd7 -> 0 0 0 0 0 0 6 }T
T{ 1 4 0 gd7 -> 4 4 4 4 4 4 6 }T
T{ 1 4 1 gd7 -> 4 5 6 7 8 9 6 }T
T{ 4 1 1 gd7 -> 1 2 3 3 }T
T{ 4 4 1 gd7 -> 4 5 6 7 8 9 6 }T
T{ 2 -1 -1 gd7 -> -1 -2 -3 -4 -5 -6 6 }T
T{ -1 2 -1 gd7 -> 2 1 0 -1 4 }T
T{ 2 -1 0 gd7 -> -1 -1 -1 -1 -1 -1 6 }T
: gd9 ( step limit start -- count ) 0 gditerations !
do 1 gditerations +! dup +loop drop gditerations @ ;
T{ MAX-UINT 8 rshift 1+ MAX-UINT 0 gd9 -> 256 }T
T{ MAX-UINT 8 rshift 1+ negate 0 MAX-UINT gd9 -> 256 }T
T{ MAX-INT 8 rshift 1+ MAX-INT MIN-INT gd9 -> 512 }T
T{ MAX-INT 8 rshift 1+ negate MIN-INT MAX-INT gd9 -> 512 }T
: pl1 20 1 do i 18 = if i leave else 1 then 2 +loop ;
T{ pl1 -> 1 1 1 1 1 1 1 1 1 1 }T
: unl 3 0 do 3 0 do i 1 = j 1 = and if i j unloop unloop exit then loop loop 99 ;
T{ unl -> 1 1 }T

\ ---- CORE: control structures, nested and with several WHILEs
: gi4 begin dup 2 > while dup 5 < while dup 1+ repeat 123 else 345 then ;
T{ 1 gi4 -> 1 345 }T  T{ 5 gi4 -> 5 123 }T  T{ 3 gi4 -> 3 4 5 123 }T
: pt1 dup if dup 1 = if drop 11 else 22 then else 33 then ;
T{ 0 pt1 -> 0 33 }T  T{ 1 pt1 -> 11 }T  T{ 2 pt1 -> 2 22 }T
: melse if 1 else 2 else 3 else 4 else 5 then ;
T{ 0 melse -> 2 4 }T  T{ -1 melse -> 1 3 5 }T
\ ---- CORE: definitions that define
: does1 does> @ 1 + ;  : does2 does> @ 2 + ;
T{ create cr1 1 , cr1 @ -> 1 }T  T{ does1 cr1 -> 2 }T  T{ does2 cr1 -> 3 }T
: weird: create does> 1 + does> 2 + ;
T{ weird: w1 -> }T  T{ ' w1 >body -> here }T  T{ w1 -> here 1 + }T  T{ w1 -> here 2 + }T
T{ : gt1 123 ; ' gt1 execute -> 123 }T
T{ : gt2 ['] gt1 ; immediate gt2 execute -> 123 }T
T{ : gt3 gt2 literal ; gt3 ' gt1 = -> <true> }T
T{ : gt6 345 ; immediate : gt7 postpone gt6 ; gt7 -> 345 }T
T{ : gt8 state @ ; immediate gt8 -> 0 }T  T{ : gt9 gt8 literal ; gt9 0= -> <false> }T

\ ---- CORE: text, also across lines
T{ : gc4 s" XY" ; gc4 swap drop -> 2 }T  T{ gc4 drop dup c@ swap char+ c@ -> 88 89 }T
T{ : gs1 s" source" 2dup evaluate >r swap >r = r> r> = ; gs1 -> <true> <true> }T
: ge1 s" 123" ; immediate  : ge2 s" 123 1+" ; immediate  : ge3 s" : ge4 345 ;" ;
T{ ge1 evaluate -> 123 }T  T{ ge2 evaluate -> 124 }T  T{ ge3 evaluate ge4 -> 345 }T
variable scans  : rescan? -1 scans +! scans @ if 0 >in ! then ;
T{ 2 scans !
345 rescan?
-> 345 345 }T
: gs2 5 scans ! s" 123 rescan?" evaluate ;
T{ gs2 -> 123 123 123 123 123 }T
T{ : gs3 word count swap c@ ; bl gs3 hello -> 5 104 }T  T{ char " gs3 goodbye" -> 7 103 }T
T{ 1 ( comment ) 2 \ 3
-> 1 2 }T
T{ s\" a\n\x41\"\\" nip -> 5 }T  T{ s\" \e\z\q" drop c@ -> 27 }T

\ ---- CORE: numbers
T{ #10 $10 %10 'z' #-5 $-f -> 10 16 2 122 -5 -15 }T  T{ 12. -1. -> 12 0 -1 -1 }T
T{ hex 0f decimal -> 15 }T  T{ 36 base ! zz decimal -> 1295 }T
T{ 0 0 s" 0" >number nip rot rot -> 0 0 0 }T  T{ 0. s" 4294967296" >number nip -> 0 1 0 }T
T{ 0. s" 1z" >number nip rot rot -> 1 1 0 }T
: s= compare 0= ;
T{ <# 1 0 #s #> s" 1" s= -> <true> }T  T{ <# 49 hold 50 hold 0 0 #> s" 21" s= -> <true> }T
T{ hex <# MAX-UINT MAX-UINT #s #> decimal s" FFFFFFFFFFFFFFFF" s= -> <true> }T
T{ <# -1 sign 0 sign 0 0 #> s" -" s= -> <true> }T
T{ 0 <# s" abc" holds 0 #> s" abc" s= -> <true> }T

\ ---- CORE EXT
T{ : cs1 case 1 of 111 endof 2 of 222 endof 3 of 333 endof 999 swap endcase ; 1 cs1 4 cs1
-> 111 999 }T
: cs2 >r case -1 of case r@ 1 of 100 endof 2 of 200 endof >r -300 r> endcase endof
  -2 of case r@ 1 of -99 endof >r -199 r> endcase endof >r 299 r> endcase r> drop ;
T{ -1 1 cs2 -> 100 }T  T{ -1 2 cs2 -> 200 }T  T{ -1 3 cs2 -> -300 }T
T{ -2 1 cs2 -> -99 }T  T{ -2 2 cs2 -> -199 }T  T{ 0 2 cs2 -> 299 }T
T{ variable nn1 variable nn2 :noname 1234 ; nn1 ! :noname 9876 ; nn2 ! nn1 @ execute nn2 @ execute
-> 1234 9876 }T
T{ 111 value v1 -999 value v2 v1 v2 -> 111 -999 }T  T{ 222 to v1 v1 -> 222 }T
T{ : vd1 v1 ; : vd2 to v2 ; vd1 -333 vd2 v2 -> 222 -333 }T
T{ : qd ?do i loop ; 789 789 qd -> }T  T{ -9876 -9876 qd -> }T  T{ 5 0 qd -> 0 1 2 3 4 }T
: qd4 ?do i -1 +loop ;  T{ 4 4 qd4 -> }T  T{ 1 4 qd4 -> 4 3 2 1 }T
T{ : pp2 postpone if ; immediate : pp3 pp2 1 else 2 then ; 0 pp3 1 pp3 -> 2 1 }T
T{ defer d2 :noname 5 ; is d2 d2 action-of d2 execute -> 5 5 }T
T{ 0 1 2 within 1 1 2 within 2 1 2 within -> <false> <true> <false> }T
T{ MIN-INT MAX-INT 0 within MAX-UINT 0 MAX-UINT within -> <true> <false> }T
T{ 8 buffer: bf bf aligned bf = -> <true> }T  T{ : rl 1 2 3 4 3 roll ; rl -> 2 3 4 1 }T
T{ marker keep : kept 1 ; keep [undefined] kept -> <true> }T
: si1 >in @ 0< ; : si2 save-input n>r 0 nr> restore-input ;
T{ si2 -> 0 <false> }T

\ ---- EXCEPTION
: t1 9 ; : c1 1 2 3 ['] t1 catch ; T{ c1 -> 1 2 3 9 0 }T
: t2 8 0 throw ; : c2 1 2 ['] t2 catch ; T{ c2 -> 1 2 8 0 }T
: t3 7 8 9 99 throw ; : c3 1 2 ['] t3 catch ; T{ c3 -> 1 2 99 }T
: t4 1- dup 0> if recurse else 999 throw -222 then ;
: c4 3 4 5 10 ['] t4 catch -111 ; T{ c4 -> 3 4 5 0 999 -111 }T
: t5 2drop 2drop 9999 throw ; : c5 1 2 3 4 ['] t5 catch depth >r drop 2drop 2drop r> ;
T{ c5 start-depth @ - -> 5 }T
: t7 s" 333 $$qweqweqwert$$ 334" evaluate 335 ;
: t8 s" 222 t7 223" evaluate 224 ;
: t9 s" 111 112 t8 113" evaluate 114 ;
: c7 s" t9" ['] evaluate catch nip nip ; T{ c7 -> -13 }T
: t10 throw ; : c10 dup ['] t10 catch nip ; T{ 5 c10 nip -> 5 }T
: code-of ( xt -- code ) catch >r drop-rest r> ;
T{ :noname abort ; code-of -> -1 }T  T{ :noname 1 abort" text" ; code-of -> -2 }T
T{ :noname 1 0 / ; code-of -> -10 }T  T{ :noname h# deadbee0 @ ; code-of -> -9 }T
T{ :noname s" undefined-word" evaluate ; code-of -> -13 }T
T{ :noname s" '" evaluate ; code-of -> -16 }T  T{ :noname -4095 throw ; code-of -> -4095 }T
T{ :noname s" : u1 [ then" evaluate ; code-of 0= state off -> <false> }T
T{ :noname s" to dup" evaluate ; code-of -> -32 }T  T{ :noname 5 free throw ; code-of -> -60 }T
: deep dup if 1- ['] recurse drop dup >r recurse r> drop then ;
: over-deep 1 drop recurse 1 drop ; T{ ' over-deep code-of -> -5 }T

\ ---- DOUBLE
T{ 0. 0. d- -> 0. }T  T{ MAX-UINT MAX-INT 1. d+ -> 0 MIN-INT }T  T{ 0 MIN-INT 2dup d- -> 0. }T
T{ 0 MIN-INT d2/ nip -> MIN-INT 2/ }T  T{ MAX-UINT MAX-INT d2* -> -2 -1 }T
T{ 0 MIN-INT MAX-UINT MAX-INT d< -> <true> }T
T{ 1 0 0 1 d< -> <true> }T
T{ -1. 0. d< -> <true> }T
T{ 1. 2. dmin 1. 2. dmax -> 1. 2. }T  T{ 5. 7 11 m*/ -> 3. }T  T{ 5. -7 11 m*/ -> -4. }T
T{ MAX-UINT MAX-INT 100 100 m*/ -> MAX-UINT MAX-INT }T  T{ 10 1 -3 m+ -> 7 1 }T
T{ 1 2 2constant c12 c12 -> 1 2 }T  T{ 2variable vv 5 6 vv 2! vv 2@ -> 5 6 }T
T{ 1. 2. 3. 2rot -> 2. 3. 1. }T  T{ 1 2 2value tv tv 3 4 to tv tv -> 1 2 3 4 }T
T{ : dl [ 7. ] 2literal ; dl -> 7. }T  T{ -1. d0< 0. d0= 1. d>s -> <true> <true> 1 }T

\ ---- STRING
T{ s" abc" s" abc" compare s" ab" s" abc" compare s" b" s" abc" compare -> 0 -1 1 }T
T{ s" abcdef" s" cd" search >r nip r> -> 4 <true> }T  T{ s" abc" s" x" search nip nip -> <false> }T
T{ s" abc" 0 0 search rot drop -> 3 <true> }T  T{ s" ab  " -trailing nip -> 2 }T
T{ s" abc" 1 /string s" bc" compare -> 0 }T  T{ s" abc" 3 /string nip -> 0 }T
T{ : sl [ s" xy" ] sliteral ; sl nip -> 2 }T  T{ pad 3 blank pad c@ -> 32 }T
create sbuf 80 allot
: sub  ( a len -- a len' n )  sbuf 80 substitute ;
T{ s" Bill" s" hi" replaces s" Bob" s" ho" replaces -> }T
T{ s" %hi%, %ho%!" sub >r s" Bill, Bob!" s= r> -> <true> 2 }T
T{ s" a%%b" sub >r s" a%b" s= r> s" " sub >r nip r> -> <true> 0 0 0 }T
T{ s" %none% %hi%" sub >r s" %none% Bill" s= r> -> <true> 1 }T
T{ s" open %hi" sub >r s" open %hi" s= r> s" %" sub >r s" %" s= r> -> <true> 0 <true> 0 }T
T{ s" Joanna" s" hi" replaces s" <%hi%>" sub >r s" <Joanna>" s= r> -> <true> 1 }T
T{ s" " s" hi" replaces s" <%hi%>" sub >r s" <>" s= r> -> <true> 1 }T
T{ s" 12345" sbuf 5 substitute nip nip s" 123456" sbuf 5 substitute nip nip 0< -> 0 <true> }T
T{ s" 5% of %x%" sbuf unescape s" 5%% of %%x%%" s= -> <true> }T
T{ s" 5% of %x%" sbuf unescape pad 80 substitute >r s" 5% of %x%" s= r> -> <true> 0 }T
T{ s" abc" pad swap cmove> pad 1+ c@ -> 98 }T

\ ---- SEARCH
wordlist constant wl1  wordlist constant wl2
T{ : in-both 1 ; wl1 set-current : in-both 2 ; forth-wordlist set-current in-both -> 1 }T
T{ get-order wl1 swap 1+ set-order in-both -> 2 }T  T{ previous in-both -> 1 }T
T{ s" in-both" wl1 search-wordlist nip s" in-both" wl2 search-wordlist -> -1 0 }T
T{ s" if" forth-wordlist search-wordlist nip -> 1 }T
T{ also wl1 context ! definitions get-current wl1 = -> <true> }T
: only-here 5 ;
T{ previous definitions [undefined] only-here -> <true> }T
T{ -1 set-order forth definitions 1 -> 1 }T

\ ---- TOOLS, also across lines
T{ <true> [if] 111 [else] 222 [then] -> 111 }T  T{ <false> [if] 111 [else] 222 [then] -> 222 }T
T{ <true> [if] 1 \ code [else]
[else] 2 [then] -> 1 }T
T{ <false> [if]
  1 [if] 2
  [else] 3 [then]
[else] 4
[then] -> 4 }T
T{ 1 2 3 3 n>r 4 nr> -> 4 1 2 3 3 }T  T{ : ax ahead 1 [ 2 ] literal then 3 ; ax -> 3 }T
T{ : cp 0 swap begin dup while swap 1+ swap 2/ repeat drop ; 16 cp -> 5 }T
T{ [defined] dup [undefined] not-there -> <true> <true> }T

\ ---- LOCALS
T{ : lt1 { a b -- } b a ; 1 2 lt1 -> 2 1 }T
T{ : lt2 { a b | c d -- } a to c b to d d c ; 1 2 lt2 -> 2 1 }T
T{ : lt3 {: a b | c :} b a a to c c ; 1 2 lt3 -> 2 1 1 }T
T{ : lt4 { n -- } n if n 1- recurse n then ; 3 lt4 -> 1 2 3 }T
T{ : lt5 { a -- } 3 0 do a i + to a loop a ; 10 lt5 -> 13 }T
T{ : lt6 { a -- } a 5 > if 1 exit then 2 ; 6 lt6 4 lt6 -> 1 2 }T
T{ : lt7 { a -- } a ['] throw catch a ; 7 lt7 nip nip -> 7 }T
T{ : lt8 locals| a b | a b ; 1 2 lt8 -> 2 1 }T

\ ---- Control structures outside of definitions (IEEE 1275 7.3.8)
T{ 1 if 5 else 6 then -> 5 }T  T{ 3 0 do i loop -> 0 1 2 }T
T{ 0 begin 1+ dup 3 = until -> 3 }T
T{ 2 case 1 of 11 endof 2 of 22 endof endcase -> 22 }T
T{ 2 0 do 2 0 do
  i j + loop
loop -> 0 1 1 2 }T
T{ 0 if s" no" evaluate else 1 if 8 then then -> 8 }T

\ ---- Conditions over several lines, in capitals
S" /NONESUCH" ENVIRONMENT? [IF]
   [IF] 1 [ELSE] 2 [THEN]
[ELSE]
   3
[THEN] CONSTANT FROM-IF
T{ FROM-IF -> 3 }T
TRUE [IF] 4 [ELSE] nonsense [IF] 5 [ELSE] 6 [THEN]
   nonsense [THEN] CONSTANT FROM-ELSE
T{ FROM-ELSE -> 4 }T
T{ : lt1 {: Alpha | BETA :} alpha to Beta beta ; 7 lt1 -> 7 }T

\ ---- Environment
T{ s" /COUNTED-STRING" environment? -> 255 <true> }T
T{ s" MAX-N" environment? -> MAX-INT <true> }T
T{ s" MAX-U" environment? -> MAX-UINT <true> }T  T{ s" FLOORED" environment? -> <true> <true> }T
T{ s" MAX-D" environment? -> MAX-UINT MAX-INT <true> }T
T{ s" MAX-CHAR" environment? -> 255 <true> }T
T{ s" STACK-CELLS" environment? swap 31 > -> <true> <true> }T
T{ s" RETURN-STACK-CELLS" environment? swap 23 > -> <true> <true> }T
T{ s" /PAD" environment? swap 83 > s" /HOLD" environment? swap 65 >
-> <true> <true> <true> <true> }T
T{ s" WORDLISTS" environment? swap 7 > s" #LOCALS" environment? swap 7 >
-> <true> <true> <true> <true> }T
