\ Memory by request: alloc-mem, free-mem (IEEE 1275 7.3.3.3), allocate, free, resize (ANS 14).
\
\ The heap is a chain of blocks from its start to its end, each with a cell before it: its length,
\ with bit 0 set while it is in use. Neighbours that are free become one when memory is sought.

: block-size  ( block -- len )  @ -2 and ;
: used?  ( block -- flag )  @ 1 and ;
: next-block  ( block -- block' )  dup block-size + 4+ ;
0 value rover                           \ no block before it is free
: heap-init  ( -- )
   heap-end heap-start - 4 - heap-start !  heap-start to rover ;

\ Join a free block with the free ones behind it.
: join  ( block -- )
   begin
      dup next-block dup heap-end <> if  dup used? 0=  else  false  then
   while
      block-size 4+ over +!
   repeat  2drop ;
: split  ( len block -- )
   dup block-size 2 pick - 8 < if  nip  else
      dup block-size 2 pick - 4 -  >r           ( len block ) ( R: rest )
      2dup + 4+ r> swap !  tuck !
   then
   1 over +! drop ;
: skip-used  ( block -- block' )        \ to the first that is free, or to the end
   begin  dup heap-end <> while  dup @ dup 1 and while  1- + 4+  repeat  drop  then ;
: allocate  ( len -- a error )
   dup 0< if  -59 exit  then
   aligned 4 max rover skip-used
   begin  dup heap-end <> while
      dup join
      2dup block-size <= if
         tuck split
         dup rover = if  dup next-block to rover  then
         4+ 0 exit
      then
      next-block skip-used
   repeat  2drop 0 -59 ;

\ Only an address that allocate has returned is a block.
: block-of  ( a -- block true | false )
   4 - heap-start
   begin  dup heap-end <> while
      2dup = if  drop dup used? if  true  else  drop false  then exit  then
      next-block
   repeat  2drop false ;
: free  ( a -- error )
   block-of if  dup rover umin to rover  -1 swap +! 0  else  -60  then ;
: resize  ( a len -- a' error )
   over block-of 0= if  drop -60 exit  then
   over allocate ?dup if  >r 3drop r> exit  then  ( a len block a' )
   >r block-size min over r@ rot move  free drop r> 0 ;
: alloc-mem  ( len -- a )  allocate throw ;
: free-mem  ( a len -- )  drop free throw ;
