\ The FCode evaluator (IEEE 1275 5.2.3, 5.3.3.1): byte-load.
\
\ A program is a header and a stream of tokens. A token is a number: one byte, or two if the first is
\ 1 to 15. Below 800 they are standard (fcode-table, from fcodes.py), from 800 on the program's own.
\ What a token means is executed or, inside of a definition, compiled; tokens whose words are immediate
\ are always executed. A standard token whose word is not there is its name, at an odd address.

0 value fcode-table                     \ xts of the standard tokens, names, or 0
0 value fcode-position                  \ address of the next byte
0 value fcode-spread                    \ distance of two bytes
0 value fcode-fetch                     \ xt that reads a byte
0 value fcode-table-own                 \ xts of the program's tokens
variable fcode-wide?                    \ offsets have 16 bits
variable fcode-done?

h# 800 constant own-tokens              \ their number, and the first of them

: fcode-byte  ( -- byte )
   fcode-position fcode-fetch execute  fcode-position fcode-spread + to fcode-position ;
: fcode-word  ( -- w )  fcode-byte 8 << fcode-byte or ;
: fcode-cell  ( -- n )  fcode-word 16 << fcode-word or ;
: fcode-number  ( -- fcode# )
   fcode-byte dup 1 16 within if  8 << fcode-byte or  then ;
: fcode-offset  ( -- offset )
   fcode-wide? @ if  fcode-word dup h# 8000 and if  h# 10000 -  then
   else  fcode-byte dup h# 80 and if  h# 100 -  then  then ;
2048 buffer: fcode-text
: fcode-string  ( -- a len )
   fcode-byte dup 0 ?do  fcode-byte fcode-text i + c!  loop  fcode-text swap ;

: ferror  ( -- )  -70 throw ;
: own-slot  ( fcode# -- a )  own-tokens - fcode-table-own swap na+ ;
: fcode>xt  ( fcode# -- xt )
   dup own-tokens < if  fcode-table swap na+  else  own-slot  then
   @ dup 0= if  drop ['] ferror exit  then
   dup 1 and if  1- count culprit 2!  -81 throw  then ;
: own-slot!  ( xt fcode# -- )
   dup own-tokens dup 2* within 0= if  -70 throw  then  own-slot ! ;
: set-token  ( xt immediate? fcode# -- )  nip own-slot! ;
: get-token  ( fcode# -- xt immediate? )  fcode>xt dup immediate? ;

\ ---- Header: start byte, format, checksum, length. A false checksum is only reported.
: check-sum  ( length -- sum )
   fcode-position >r
   8 - 0 max 0 swap 0 ?do  fcode-byte +  loop  h# ffff and
   r> to fcode-position ;
: fcode-header  ( -- )
   fcode-byte drop  fcode-word fcode-cell { sum length -- }
   length 8 u< length h# 100000 u> or if  -70 throw  then
   length check-sum sum <> if  ." FCode checksum is wrong" cr  then ;
: start1  ( -- )  1 to fcode-spread fcode-wide? on fcode-header ;
: start0  ( -- )  0 to fcode-spread fcode-wide? on fcode-header ;
: start2  ( -- )  2 to fcode-spread fcode-wide? on fcode-header ;
: start4  ( -- )  4 to fcode-spread fcode-wide? on fcode-header ;
: version1  ( -- )  1 to fcode-spread fcode-wide? off fcode-header ;
: offset16  ( -- )  fcode-wide? on ;
: end0  ( -- )  fcode-done? on ; immediate
: end1  ( -- )  fcode-done? on ; immediate

\ ---- Literals
: ?literal  ( x -- x | )  state @ if  literal,  then ;
: b(lit)  ( -- n )  fcode-cell ?literal ; immediate
: b(')  ( -- xt )  fcode-number fcode>xt ?literal ; immediate
: b(")  ( -- a len )
   fcode-string state @ if  postpone sliteral  else  >ring  then ; immediate
: b(to)  ( x -- )
   fcode-number fcode>xt store-into ; immediate

\ ---- Control structures. Offsets only tell the direction: where to is known from b(<mark) and
\ b(>resolve). One that comes back looks below the origin of a `while`.
: place-first  ( … -- … )  dup origin-tag = if  2swap  then ;
: b(<mark)  ( -- )  postpone begin ; immediate
: b(>resolve)  ( -- )  postpone then ; immediate
: bbranch  ( -- )
   fcode-offset dup 0= if  -70 throw  then
   0< if  place-first postpone again
   else  ?compiling +level b-always branch-ahead, origin-tag 2swap
   then ; immediate
: b?branch  ( flag -- )
   fcode-offset dup 0= if  -70 throw  then
   0< if  place-first postpone until  else  postpone if  then ; immediate
: b(do)  ( limit start -- )  fcode-offset drop postpone do ; immediate
: b(?do)  ( limit start -- )  fcode-offset drop postpone ?do ; immediate
: b(loop)  ( -- )  fcode-offset drop postpone loop ; immediate
: b(+loop)  ( n -- )  fcode-offset drop postpone +loop ; immediate
: b(leave)  ( -- )  postpone leave ; immediate
: b(case)  ( x -- x )  postpone case ; immediate
: b(of)  ( x1 x2 -- x1 | )  fcode-offset drop postpone of ; immediate
: b(endof)  ( -- )  fcode-offset drop postpone endof ; immediate
: b(endcase)  ( x -- )  postpone endcase ; immediate

\ ---- Definitions. A token number is given to a header, with a name or without; what it is comes next.
: named  ( a len -- )  here to definition-start  0 name,  latest-xt @ fcode-number own-slot! ;
: new-token  ( -- )
   here to definition-start  nameless,  latest-xt @ fcode-number own-slot! ;
: external-token  ( -- )  fcode-string named ;
: named-token  ( -- )
   fcode-string fcode-debug? if  named  else  2drop new-token  then ;
: begun  ( -- )  0 to definition-start ;
: b(:)  ( -- )  begin-definition ;
: b(;)  ( -- )  postpone ; ; immediate
: b(constant)  ( x -- )  begun constant, ;
: b(value)  ( x -- )  begun value, ;
: b(variable)  ( -- )  begun variable, ;
: b(create)  ( -- )  begun create, ;
: b(defer)  ( -- )  begun defer, ;
: b(buffer:)  ( len -- )  begun buffer, ;
: b(field)  ( offset size -- offset' )  begun field, ;
: b(code)  ( -- )  ferror ;

\ ---- The evaluator. As with text, nothing of it is on the stacks while a token is executed.
: evaluate-fcode  ( -- )
   interpreter-rp @ >r  rp@ interpreter-rp !
   begin  fcode-done? @ 0=  while
      fcode-number fcode>xt
      state @ if  dup immediate? 0= if  compile, ['] noop  then  then
      execute  ?return-stack
   repeat
   interpreter-rp @ rp!  r> interpreter-rp ! ;
: start-token?  ( byte -- flag )  dup h# f0 h# f4 within swap h# fd = or ;
: (byte-load)  ( a -- )
   to fcode-position  1 to fcode-spread  fcode-wide? on  fcode-done? off
   fcode-position fcode-fetch execute start-token? 0= if  -70 throw  then
   evaluate-fcode
   state @ if  -22 throw  then ;
: byte-load  ( a xt -- )                \ xt reads a byte; 1 means rb@
   fcode-position >r fcode-spread >r fcode-fetch >r fcode-table-own >r
   fcode-wide? @ >r fcode-done? @ >r
   dup 1 = if  drop ['] rb@  then  to fcode-fetch
   own-tokens /n* alloc-mem to fcode-table-own
   fcode-table-own own-tokens /n* erase
   ['] (byte-load) catch  dup if  nip undo-definition  then
   fcode-table-own own-tokens /n* free-mem
   r> fcode-done? ! r> fcode-wide? !
   r> to fcode-table-own r> to fcode-fetch r> to fcode-spread r> to fcode-position
   throw ;
: fcode-revision  ( -- n )  h# 30000 ;
