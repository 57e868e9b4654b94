\ Cases of the ANS Forth word sets, typed at the console as any suite is: T{ words -> results }T.

decimal
variable start-depth  variable actual-depth  create actual-results 128 allot  variable failures
: wrong  ( -- )  1 failures +!  cr ." WRONG: " source type cr ;
: T{  ( -- )  depth start-depth ! ;
: ->  ( … -- )
   depth start-depth @ - dup actual-depth !
   0 max 0 ?do  actual-results i cells + !  loop ;
: drop-rest  ( … -- )  begin depth start-depth @ > while drop repeat ;
: }T  ( … -- )
   depth start-depth @ - actual-depth @ = dup if
      actual-depth @ 0 max 0 ?do  swap actual-results i cells + @ = and  loop
   then
   0= if  wrong  then  drop-rest ;
0 constant 0S  0 invert constant 1S  1S 1 rshift constant MAX-INT  MAX-INT invert constant MIN-INT
1S constant MAX-UINT  true constant <true>  false constant <false>
MAX-INT 1 rshift constant MID-INT
