\ The input source, and taking it apart (ANS 3.4.1, 6.1; IEEE 1275 7.3.4).
\
\ (source) holds address and length, >in the position. White space is every character up to the
\ blank, so that scripts with lines of any kind can be evaluated as one string.

: source  ( -- a len )  (source) 2@ swap ;
: source-id  ( -- 0|-1 )  (source-id) @ ;
: unread  ( -- a len )  source >in @ over min /string ;

\ Go on at an address in the source.
: read-to  ( a -- )  source drop - >in ! ;
\ The character that ended a text is used up.
: parse  ( char "text<char>" -- a len )
   >r unread over swap r> scan          ( start stop left )
   over read-to  if 1 >in +! then
   over - ;
: parse-name  ( "name" -- a len )
   unread skip-blanks over swap scan-blank      ( start stop left )
   over read-to  if 1 >in +! then
   over - ;
: parse-word  ( "name" -- a len )  parse-name ;

\ A name that must be there.
: need-name  ( "name" -- a len )  parse-name dup 0= if  -16 throw  then ;

258 buffer: word-buffer
: word  ( char "<chars>text<char>" -- pstr )
   dup bl = if  drop parse-name  else
      >r  begin  unread 0<> swap c@ r@ = and while  1 >in +!  repeat
      r> parse
   then
   255 min word-buffer pack
   bl over count + c! ;

: ascii-name  ( "name" -- char )  need-name drop c@ ;

\ A line ends with CR or LF; the blank that ended the word before may have been that.
: line-end?  ( char -- flag )  dup linefeed = swap carret = or ;
: skip-line  ( -- )
   >in @ if  source drop >in @ + 1- c@ line-end? if exit then  then
   unread
   begin  dup while  over c@ line-end? 0=  while  1 /string  repeat then
   drop read-to ;

\ ---- Strings that are read at the prompt live in a ring, so that several are valid at a time.
2048 constant /ring
/ring buffer: ring
variable ring-position
: ring-room  ( len -- a )
   dup /ring u> if  -18 throw  then
   ring-position @ over + /ring > if  ring-position off  then
   ring ring-position @ +  swap aligned ring-position +! ;
: >ring  ( a len -- a' len )  dup ring-room swap 2dup 2>r move 2r> ;

\ The strings of IEEE 1275 7.3.4.5: `"n` and such stand for a character, `"(0d 0a)` for bytes.
1024 constant /string-buffer
/string-buffer buffer: string-buffer
variable string-length
: +char  ( char -- )
   string-length @ /string-buffer >= if  -18 throw  then
   string-buffer string-length @ + c!  1 string-length +! ;
: +chars  ( a len -- )  bounds ?do i c@ +char loop ;
: digit  ( char base -- digit true | char false )
   >r dup lcc
   dup [char] 0 [char] 9 between if  48 -  else
      dup [char] a [char] z between if  87 -  else  drop r> drop false exit  then
   then
   dup r> < if  nip true  else  drop false  then ;
: +hex-bytes  ( a len -- )
   0 -rot 0 -rot                        ( value digits a len )
   bounds ?do
      i c@ 16 digit if
         rot 4 << or swap 1+            ( value digits )
         dup 2 = if  drop +char 0 0  then
      else  drop  then
   loop  2drop ;
: escape  ( char -- char' true | char false )
   case
      [char] n of  10 true  endof       [char] l of  10 true  endof
      [char] r of  13 true  endof       [char] t of  9 true  endof
      [char] f of  12 true  endof       [char] b of  8 true  endof
      [char] ! of  7 true  endof        [char] " of  [char] " true  endof
      dup false rot
   endcase ;
: parse-string  ( "text<quote>" -- a len )
   string-length off
   begin
      [char] " parse +chars
      unread 0= if  drop string-buffer string-length @ exit  then
      c@ dup [char] ( = if
         drop 1 >in +! [char] ) parse +hex-bytes
      else dup [char] ^ = if
         drop 1 >in +! unread if  c@ 31 and +char 1 >in +!  else  drop  then
      else escape if
         +char 1 >in +!
      else
         bl <= if  1 >in +!  then
         string-buffer string-length @ exit
      then then then
   again ;
