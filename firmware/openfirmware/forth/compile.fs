\ The compiler: the dictionary grows by code and data (kernel/inner.s shows what code looks like).

0 value here                            \ ( -- a ) first free byte of the dictionary
0 value dictionary-limit                \ here must stay below

\ Room that a line may need for code without asking.
: allot  ( n -- )
   here + dup dictionary-start dictionary-limit between 0= if  -8 throw  then
   to here ;
: unused  ( -- n )  dictionary-limit here - ;
: ,  ( x -- )  here 4 allot ! ;
: c,  ( x -- )  here 1 allot c! ;
: w,  ( x -- )  here 2 allot w! ;
: l,  ( x -- )  , ;
: align  ( -- )  here aligned here - allot ;
: place,  ( a len -- )  here swap dup allot move ;

\ ---- Instructions
hex
: jump,  ( xt -- )  03fffffc and 48000002 or , ;
: compile,  ( xt -- )  03fffffc and 48000003 or , ;
: enter,  ( -- )  7c0802a6 ,  9401fffc , ;
: push,  ( -- )  947efffc , ;
: pop,  ( -- )  807e0000 ,  3bde0004 , ;
: pop-test,  ( -- )  pop, 2c030000 , ;
: load,  ( n -- )  lwsplit 3c600000 or ,  60630000 or , ;
: literal,  ( n -- )
   dup -8000 7fff between if  ffff and 38600000 or ,  else  load,  then  push, ;
: exit,  ( -- )  80010000 ,  38210004 ,  7c0803a6 ,  4e800020 , ;

\ Branches: the opcode has the condition; the distance is filled in when it is known.
48000000 constant b-always              \ ( -- opcode )
41820000 constant b-equal
40820000 constant b-unequal
: distance-bits  ( distance opcode -- bits )
   b-always = if  03fffffc and exit  then
   dup -8000 7fff between 0= if  -11 throw  then  fffc and ;
: branch-back,  ( destination opcode -- )
   tuck >r here - r> distance-bits or , ;
: branch-ahead,  ( opcode -- origin )  here swap , ;
: resolve  ( origin -- )
   here over - over @ dup fc000000 and 48000000 = if  drop b-always  then
   distance-bits over @ or swap ! ;
decimal

\ ---- Headers
: name,  ( a len flags -- )
   >r dup 0= if  -16 throw  then  dup 63 > if  -19 throw  then
   align tuck place, align  0 ,  c, r> c, 0 w,
   here latest-xt ! ;
: nameless,  ( -- )  align 0 , 0 , here latest-xt ! ;
: set-flag  ( flag -- )  latest-xt @ >flags dup c@ rot or swap c! ;
\ Once: a word that was linked twice would be the one before itself.
: reveal  ( -- )
   latest-xt @ >flags c@ 32 and if exit then
   latest-xt @ name>string dup if
      current @ >thread  dup @ latest-xt @ >link !  latest-xt @ swap !  32 set-flag
   else  2drop  then ;
: flush-from  ( a -- )  here over - flush-code ;
: immediate  ( -- )  128 set-flag ;
: compile-only  ( -- )  64 set-flag ;

\ ---- Data words: operand, behaviour
: data-word,  ( operand behaviour -- )  swap load, jump, ;
: header  ( "name" -- )  need-name 0 name, ;
: finish-word  ( -- )  latest-xt @ flush-from reveal ;
: operand@  ( xt -- x )  dup 2+ w@ 16 << swap 6 + w@ or ;
: operand!  ( x xt -- )
   >r lwsplit r@ 2+ w!  r@ 6 + w!  r> 8 flush-code ;
\ Which behaviour a data word has: the target of its branch.
: branch-target  ( instruction -- a )  h# 03fffffc and dup h# 02000000 and if  h# fc000000 or  then ;
: behaviour  ( xt -- xt' | 0 )
   dup w@ h# 3c60 =  over 4+ w@ h# 6063 = and if
      8 + @ dup 26 >> 18 = if  branch-target exit  then
   then  drop 0 ;

\ ---- Locals of the definition that is being compiled
16 constant most-locals
512 buffer: local-names                 \ counted strings of 32 bytes
variable #locals
variable #taken                         \ those that come from the stack
variable #ordered                       \ of these, those whose last name is the top item
: local-name  ( n -- pstr )  32 * local-names + ;
\ Offset from the frame: those from the stack are laid down last to first.
: local-offset  ( n -- offset )
   dup #ordered @ < if  #ordered @ 1- swap -  then  1+ 2 << ;
: find-local  ( a len -- n true | false )
   #locals @ 0 ?do
      2dup i local-name count same-text? if  2drop i true unloop exit  then
   loop  2drop false ;
