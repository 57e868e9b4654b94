\ Words that are made of the others: CORE EXT, DOUBLE, STRING, TOOLS, FACILITY (ANS), and small ones
\ of IEEE 1275.

\ ---- Conditions in the text (ANS 15.6.2). What is skipped is read word by word.
: skip-branch  ( else? -- )                     \ to the [then], or to the [else] that belongs here
   1                                            ( else? depth )
   begin  next-word dup while
      2dup " [if]" same-text? if  2drop 1+  else
         2dup " [then]" same-text? if  2drop 1-  else
            " [else]" same-text? if  over over 1 = and if  1-  then  then
         then
      then
      dup 0= if  2drop exit  then
   repeat  2drop 2drop ;
: [if]  ( flag -- )  0= if  true skip-branch  then ; immediate
: [else]  ( -- )  false skip-branch ; immediate
: [then]  ( -- ) ; immediate
: [defined]  ( "name" -- flag )  need-name find-name 0<> ; immediate
: [undefined]  ( "name" -- flag )  need-name find-name 0= ; immediate

\ ---- Strings with C's escapes (ANS 6.2.2266)
: next-char  ( -- char )  unread 0= if  -18 throw  then  c@ 1 >in +! ;
: +escape  ( -- )
   next-char case
      [char] a of  7 +char  endof       [char] b of  8 +char  endof
      [char] e of  27 +char  endof      [char] f of  12 +char  endof
      [char] l of  10 +char  endof      [char] n of  10 +char  endof
      [char] q of  34 +char  endof      [char] r of  13 +char  endof
      [char] t of  9 +char  endof       [char] v of  11 +char  endof
      [char] z of  0 +char  endof
      [char] m of  13 +char 10 +char  endof
      [char] x of
         unread drop 2 +hex-bytes  2 >in +!
      endof
      dup +char
   endcase ;
: s\"  ( "text<quote>" -- a len )
   string-length off
   begin
      next-char case
         [char] " of
            string-buffer string-length @
            state @ if  postpone sliteral  else  >ring  then  exit
         endof
         [char] \ of  +escape  endof
         dup +char
      endcase
   again ; immediate

\ ---- More about words
: synonym  ( "new" "old" -- )  alias ;
: name>interpret  ( nt -- xt )  ;
: name>compile  ( nt -- x xt )  dup immediate? if  ['] execute  else  ['] compile,  then ;
: 2value  ( x1 x2 "name" -- )  header here 12 + ['] (2value) data-word, finish-word , , ;
: convert  ( ud a -- ud' a' )  1+ 65535 >number drop ;

\ ---- Structures (ANS 10.6.2)
: begin-structure  ( "name" -- a 0 )
   header here 12 + ['] (value) data-word, finish-word here 0 , 0 ;
: end-structure  ( a size -- )  swap ! ;
: +field  ( offset size "name" -- offset' )  field ;
: field:  ( offset "name" -- offset' )  aligned 4 field ;
: cfield:  ( offset "name" -- offset' )  1 field ;

\ ---- Access that reports instead of failing (IEEE 1275 7.3.3.2)
: peek  ( a xt -- x true | false )
   catch if  drop false  else  true  then ;
: poke  ( x a xt -- ok? )
   catch if  2drop false  else  true  then ;
: cpeek  ( a -- byte true | false )  ['] rb@ peek ;
: wpeek  ( a -- w true | false )  ['] rw@ peek ;
: lpeek  ( a -- l true | false )  ['] rl@ peek ;
: cpoke  ( byte a -- ok? )  ['] rb! poke ;
: wpoke  ( w a -- ok? )  ['] rw! poke ;
: lpoke  ( l a -- ok? )  ['] rl! poke ;

\ ---- Time (IEEE 1275 7.3.? : get-msecs, ms)
: ticks>ms  ( d -- ms )  timebase-frequency 1000 / >r  r@ ud/mod drop nip r> drop ;
: get-msecs  ( -- ms )  timebase ticks>ms ;
: ms  ( n -- )
   timebase-frequency 1000 / um*  timebase d+   ( end )
   begin  2dup timebase 2swap du< 0= until  2drop ;
