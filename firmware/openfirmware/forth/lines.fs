\ Lines from the console as input (ANS 6.1.0695, 6.2.2125; IEEE 1275 7.3.4.6).

256 constant /tib
/tib buffer: tib
variable #tib
variable span
defer (accept)                          \ ( a len -- len' )
: accept  ( a len -- len' )  (accept) ;
: expect  ( a len -- )  accept span ! ;
variable unread-lines                   \ prompts in a row that have failed before they had a line
variable line-number                    \ lines read so far
: query  ( -- )
   tib /tib accept #tib !
   unread-lines off  1 line-number +!
   #tib @ tib (source) 2! >in off  (source-id) off ;
: refill  ( -- flag )
   source-id if  false exit  then
   query true ;

\ A word of the text, over line ends; an empty string at the very end.
: next-word  ( -- a len )
   begin  parse-name dup 0=  while  refill 0= if exit then  2drop  repeat ;

\ The console shows a line once: an earlier one cannot be restored (ANS 6.2.2182, 6.2.2148).
: save-input  ( -- a len in id line 5 )  source >in @ source-id line-number @ 5 ;
: restore-input  ( a len in id line 5 -- failed? )
   { a len in id line count -- }
   a len source rot = -rot = and  id source-id = and  line line-number @ = and
   dup if  in >in !  then  0= ;
