\ The support package `deblocker` (IEEE 1275 3.8.3): bytes of a parent that has blocks.

0 instance value block                  \ one block in memory
0 instance value /block
-1 instance value block-number          \ which one, or -1
8 instance buffer: position             \ of the next byte, a double number

: parent-blocks  ( a block# n -- n' )  " read-blocks" $call-parent ;
: in-block  ( -- offset block# )        \ where the position is
   position 2@ dup /block u>= if  2drop 0 -1  else  /block um/mod  then ;
: +position  ( n -- )  position 2@ rot 0 d+ position 2! ;
: fetch-block  ( block# -- ok? )
   dup block-number = if  drop true exit  then
   -1 to block-number
   block over 1 parent-blocks 1 = if  to block-number true  else  drop false  then ;
: whole-blocks  ( len -- n )            \ how many can be moved at once
   /block u/mod nip  " max-transfer" $call-parent /block u/mod nip 1 max umin ;

\ Both move as much as one step can, 0 where the device ends.
: read-step  ( a len -- n )
   in-block { a len offset number ; n -- }
   offset 0=  len /block u>= and if
      a number len whole-blocks parent-blocks /block * exit
   then
   number fetch-block 0= if  0 exit  then
   len /block offset - umin to n
   block offset + a n move  n ;
: parent-writes  ( a block# n -- n' )  " write-blocks" $call-parent ;
: write-step  ( a len -- n )
   in-block { a len offset number ; n -- }
   offset 0=  len /block u>= and if
      -1 to block-number                \ it may be among those that are written
      a number len whole-blocks parent-writes /block * exit
   then
   number fetch-block 0= if  0 exit  then
   len /block offset - umin to n
   a block offset + n move
   block number 1 parent-writes 1 = if  n  else  -1 to block-number 0  then ;
: all-steps  ( a len step -- actual )
   { a len step ; done -- }
   0 to done
   begin  done len u< while
      a done +  len done -  step execute
      dup 0= if  drop done exit  then
      dup +position  done + to done
   repeat  done ;

: open  ( -- ok? )
   " block-size" $call-parent dup to /block
   dup 0= if  exit  then
   alloc-mem to block  true ;
: close  ( -- )  block /block free-mem ;
: seek  ( low high -- error? )  position 2! false ;
: read  ( a len -- actual )  ['] read-step all-steps ;
: write  ( a len -- actual )  ['] write-step all-steps ;
