\ Images that are no ELF files: Forth text, boot scripts of CHRP, FCode (PowerPC binding 10, CHRP
\ binding 11).

: forth-text?  ( a len -- flag )  2 < if  drop false  else  unaligned-w@ h# 5c20 =  then ;
: chrp-text?  ( a len -- flag )  11 min " <CHRP-BOOT>" $= ;
: fcode-image?  ( a len -- flag )  8 < if  drop false  else  c@ start-token?  then ;

\ How long is an image whose length is not given? A text ends with a zero.
: bounded  ( image len -- len' )  over memory-size @ swap - umin nip ;
: image-length  ( image -- len )
   dup elf? if  image-size exit  then
   dup 16 fcode-image? if  dup 4+ unaligned-l@ bounded exit  then
   dup 16 forth-text? over 16 chrp-text? or if  dup cstrlen bounded exit  then
   drop 0 ;

\ ---- The script in a boot file
: behind  ( a len tag tlen -- a' len' found? )
   dup >r search if  r> /string true  else  r> drop false  then ;
: script-part  ( a len -- a' len' )
   " <BOOT-SCRIPT>" behind 0= " boot file has no script" (abort")
   2dup " </BOOT-SCRIPT>" search 0= " boot script does not end" (abort")
   nip - ;
\ `&name;` stands for a character, or for a part of `bootpath`, which says where the boot file is.
: bootpath  ( -- a len )  " bootpath" chosen-node string-property ;
: boot-device-part  ( -- a len )  bootpath [char] : left-parse-string 2nip ;
: boot-arguments  ( -- a len )  bootpath [char] : left-parse-string 2drop ;
: boot-partition  ( -- a len )  boot-arguments [char] , left-parse-string 2nip ;
: boot-file-part  ( -- a len )  boot-arguments [char] , left-parse-string 2drop ;
: entity-text  ( name nlen -- a len true | false )
   2dup " lt" $= if  2drop " <" true exit  then
   2dup " gt" $= if  2drop " >" true exit  then
   2dup " amp" $= if  2drop " &" true exit  then
   2dup " device" $= if  2drop boot-device-part true exit  then
   2dup " partition" $= if  2drop boot-partition true exit  then
   2dup " filename" $= if  2drop boot-file-part true exit  then
   " full-path" $= if  bootpath true  else  false  then ;
12 constant /entity                     \ the longest, with & and ;
: entity  ( a len -- text tlen size true | false )
   over c@ [char] & <> if  2drop false exit  then
   /entity min 1 /string  2dup [char] ; scan nip        ( a len left )
   dup 0= if  3drop false exit  then
   - tuck entity-text if  rot 2+ true  else  drop false  then ;
: longest  ( a len -- n )               \ what a text can become
   dup -rot bounds ?do  i c@ [char] & = if  256 +  then  loop ;
: unescaped  ( a len -- a' len' )       \ in new memory
   2dup longest alloc-mem { from left start ; at -- }
   start to at
   begin  left while
      from left entity 0= if  from 1 1  then    ( text tlen size )
      dup from + to from  left swap - to left
      at swap dup >r move  at r> + to at
   repeat
   start at start - ;
: run-script  ( a len -- )
   script-part dup >r unescaped         ( text tlen ) ( R: room )
   over >r ['] evaluate-script catch
   r> r> free-mem  throw ;

: start-image  ( image len -- started? )        \ false: it is none of these
   2dup forth-text? if  evaluate-script true exit  then
   2dup chrp-text? if  run-script true exit  then
   2dup fcode-image? if  drop 1 byte-load true exit  then
   2drop false ;
