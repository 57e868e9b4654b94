\ Substitution in strings (Forth 2012 17.6.2: REPLACES, SUBSTITUTE, UNESCAPE): %name% becomes its text.

struct
   4 field >next-substitution
   4 field >name-length
   4 field >text-length
   0 field >substitution-name           \ the name, the text
constant /substitution
variable substitutions

: substitution-name  ( node -- a len )  dup >substitution-name swap >name-length @ ;
: substitution-text  ( node -- a len )  dup substitution-name + swap >text-length @ ;
: find-substitution  ( a len -- link )  \ the cell that points to it, or to nothing
   substitutions
   begin  dup @ while                   ( a len link )
      3dup @ substitution-name $= if  nip nip exit  then  @
   repeat  nip nip ;
: drop-substitution  ( link -- )
   dup @ dup if
      dup substitution-text + over - >r  tuck @ swap !  r> free-mem
   else  2drop  then ;
: replaces  ( text-a text-len name-a name-len -- )
   2dup find-substitution drop-substitution
   { text text# name name# ; node }
   /substitution name# + text# +  alloc-mem to node
   name# node >name-length !  text# node >text-length !
   name node substitution-name move  text node substitution-text move
   substitutions @ node !  node substitutions ! ;

variable result                         \ where it is, …
variable result-room                    \ … how much room there is, and how much is left
variable result-left
: +result  ( a len -- )                 \ what has no room is counted only
   dup result-left @ <= if  2dup result @ result-room @ result-left @ - + swap move  then
   negate result-left +!  drop ;
: next-name  ( a len -- name-a name-len rest-a rest-len true | a len false )     \ behind a %
   2dup [char] % scan  dup 0= if  2drop false exit  then
   2swap 2 pick -  2swap 1 /string  true ;
: substitute-name  ( a len -- #substitutions )
   dup 0= if  2drop " %" +result 0 exit  then
   2dup find-substitution @ ?dup if  nip nip substitution-text +result 1 exit  then
   " %" +result  +result  " %" +result 0 ;
\ n = number of substitutions, or negative: too little room.
: substitute  ( a len result room -- result len' n )
   dup result-room !  result-left !  result !  0 -rot  ( n a len )
   begin  dup while
      2dup [char] % scan  2swap 2 pick - +result        \ up to a %
      dup if
         1 /string next-name if
            2>r substitute-name + 2r>
         else  " %" +result +result  0 0  then
      then
   repeat  2drop
   result @ swap  result-room @ result-left @ -
   result-left @ 0< if  2drop 0 -78  else  swap  then ;
: unescape  ( a len result -- result len' )     \ each % becomes two
   dup { result end }
   bounds ?do
      i c@ end c!  end 1+ to end
      i c@ [char] % = if  [char] % end c!  end 1+ to end  then
   loop
   result end over - ;
