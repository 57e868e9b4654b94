\ Memory of programs: claim and release, and the properties that tell about it (PowerPC binding 5.2).
\
\ `free-list` holds the ranges that are not claimed, as pairs (begin, end) in ascending order.
\ What is claimed is mapped 1:1: physical and virtual addresses are the same.

64 constant most-ranges
512 buffer: free-list
variable #ranges
512 buffer: available-value             \ the same as pairs (begin, size): the property
8 buffer: memory-reg-value
: range  ( n -- a )  3 << free-list + ;
: range@  ( n -- begin end )  range dup @ swap 4+ @ ;
: range!  ( begin end n -- )  range tuck 4+ ! ! ;
: remove-range  ( n -- )
   dup 1+ range over range  #ranges @ 3 pick - 1- 3 << move  drop  -1 #ranges +! ;
: insert-range  ( begin end n -- )
   #ranges @ most-ranges >= if  -59 throw  then
   dup range over 1+ range  #ranges @ 3 pick - 3 << move
   1 #ranges +!  range! ;

\ ---- Properties that are made of it
: set-value  ( value vlen a len phandle -- )            \ without a copy
   >r 2dup r@ find-property dup 0= if  drop 2dup r@ new-property  then
   nip nip r> drop  >r  r@ >value-length !  r> >value ! ;
: update-available  ( -- )
   #ranges @ 0 ?do
      i range@ over -  i 3 << available-value + tuck 4+ ! !
   loop
   available-value #ranges @ 3 << " available" memory-node set-value ;
: update-translations  ( -- )
   translations-list dup
   begin  dup 4+ @ while  16 +  repeat  over -
   " translations" cpu-node set-value ;
: claim-init  ( -- )
   1 #ranges !  firmware-end memory-size @ 0 range!
   memory-reg-value off  memory-size @ memory-reg-value 4+ !
   memory-reg-value 8 " reg" memory-node set-value
   update-available update-translations ;

\ ---- Claiming: exactly there, or the highest place that is aligned
: claim-at  ( begin end n -- )          \ take a part of a range
   dup range@ { begin end n low high -- }
   begin low = if
      end high = if  n remove-range  else  end high n range!  then
   else
      low begin n range!
      end high <> if  end high n 1+ insert-range  then
   then
   update-available ;
: claim-exactly  ( begin end -- ok? )
   2dup u>= if  2drop false exit  then
   #ranges @ 0 ?do
      2dup i range@ rot u>= -rot swap u<= and if  i claim-at true unloop exit  then
   loop  2drop false ;
: power-up  ( n -- n' )  1 begin  2dup u> while  2*  repeat nip ;
: fits-below  ( size mask low high -- begin true | false )
   { size mask low high ; begin -- }
   high low - size u< if  false exit  then
   high size - mask and to begin
   begin low u>= dup if  begin swap  then ;
: claim-highest  ( size align -- begin true | false )
   4096 max power-up negate { size mask -- }
   #ranges @ 0 ?do
      #ranges @ 1- i -                  ( n )
      size mask 2 pick range@ fits-below if     ( n begin )
         dup size + over swap 3 roll claim-at  true unloop exit
      then  drop
   loop  false ;
: claim  ( virt size align -- base )
   over 0= if  -59 throw  then
   dup if  rot drop claim-highest 0= if  -59 throw  then
   else
      drop over + over swap claim-exactly 0= if  -59 throw  then
   then ;

\ Give back a part or all; what is not ours to give, or free already, is left as it is.
: release-range  ( begin end -- )
   2dup u>= if  2drop exit  then
   0 begin  dup #ranges @ < while  2 pick over range@ drop u> while  1+  repeat then
   insert-range ;
: merge-ranges  ( -- )
   0 begin  dup 1+ #ranges @ < while
      dup range@ nip over 1+ range@ drop u>= if
         dup range@ nip over 1+ range@ nip umax over range 4+ !
         dup 1+ remove-range
      else  1+  then
   repeat  drop ;
: release  ( virt size -- )
   over + memory-size @ umin  swap firmware-end umax swap
   release-range merge-ranges update-available ;
