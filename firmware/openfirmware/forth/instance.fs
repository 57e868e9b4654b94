\ Instance data (IEEE 1275 5.3.4.3): `instance` makes the next variable, value, defer or buffer: one of
\ which every instance has its own, with the initial value that it had in the package.
\
\ The operand of such a word is an offset from the instance. The package keeps the initial values in a
\ block of its own, which grows with each word.

variable instance-next                  \ the next data word is an instance's
: instance  ( -- )  ?active drop  instance-next on ;

\ Room for n bytes in the package's block; its offset from an instance.
: instance-room  ( n -- offset )
   aligned ?active { n package ; old size -- }
   package >instance-size @ to size   package >instance-data @ to old
   growing? size n + /growing > and if  -59 throw  then
   size n + alloc-mem
   old if  old over size move  then
   old heap-start heap-end within if  old size free-mem  then   \ others are in the ROM
   dup size + n erase
   package >instance-data !   size n + package >instance-size !
   size /instance + ;
: initial!  ( x offset -- )
   growing? if  2dup my-self + !  then
   /instance - ?active >instance-data @ + ! ;

\ ---- Data words with and without `instance`: what comes behind a header
: own?  ( -- flag )  instance-next @  instance-next off ;
: constant,  ( x -- )  ['] (variable) data-word, finish-word ;
: create,  ( -- )  here 12 + ['] (variable) data-word, finish-word ;
: value,  ( x -- )
   own? if
      4 instance-room tuck initial!  ['] (instance-value) data-word, finish-word
   else  here 12 + ['] (value) data-word, finish-word ,  then ;
: variable,  ( -- )
   own? if  4 instance-room ['] (instance-variable) data-word, finish-word
   else  create, 0 ,  then ;
: defer,  ( -- )
   own? if
      4 instance-room ['] noop over initial!  ['] (instance-defer) data-word, finish-word
   else  here 12 + ['] (defer) data-word, finish-word ['] noop ,  then ;
: buffer,  ( len -- )
   own? if  instance-room ['] (instance-variable) data-word, finish-word
   else  create, aligned allot  then ;
: field,  ( offset size -- offset' )  over ['] (field) data-word, finish-word + ;

: value  ( x "name" -- )  header value, ;
: variable  ( "name" -- )  header variable, ;
: defer  ( "name" -- )  header defer, ;
: buffer:  ( len "name" -- )  header buffer, ;
