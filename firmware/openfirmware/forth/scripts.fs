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

\ ---- The script in a boot file; &lt; &gt; &amp; stand for characters.
: behind  ( a len tag tlen -- a' len' found? )
   dup >r search if  r> /string true  else  r> drop false  then ;
: script-part  ( a len -- a' len' )
   " <BOOT-SCRIPT>" behind 0= " boot file has no script" (abort")
   2dup " </BOOT-SCRIPT>" search 0= " boot script does not end" (abort")
   nip - ;
: entity  ( a len -- char size true | false )
   2dup 4 min " &lt;" $= if  2drop [char] < 4 true exit  then
   2dup 4 min " &gt;" $= if  2drop [char] > 4 true exit  then
   5 min " &amp;" $= if  [char] & 5 true  else  false  then ;
: unescaped  ( a len -- a' len' )       \ in new memory
   dup alloc-mem { from left start ; at -- }
   start to at
   begin  left while
      from left entity 0= if  from c@ 1  then   ( char size )
      dup from + to from  left swap - to left
      at c!  at 1+ to at
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
