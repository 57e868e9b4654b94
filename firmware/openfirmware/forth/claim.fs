\ Memory of programs: claim and release, and the properties that tell about it (PowerPC binding 5.2).
\
\ Two lists hold what nobody has claimed, of physical memory and of virtual addresses, as pairs (begin,
\ end) in ascending order behind their number. `ranges` is the list that is at work.

64 constant most-ranges
516 constant /ranges
/ranges buffer: physical-ranges
/ranges buffer: virtual-ranges
0 value ranges
: #ranges  ( -- a )  ranges ;
: range  ( n -- a )  3 << ranges + 4+ ;
: range@  ( n -- begin end )  range dup @ swap 4+ @ ;
: range!  ( begin end n -- )  range tuck 4+ ! ! ;
: remove-range  ( n -- )
   dup 1+ range over range  #ranges @ 3 pick - 1- 3 << move  drop  -1 #ranges +! ;
: insert-range  ( begin end n -- )
   #ranges @ most-ranges >= if  -59 throw  then
   dup range over 1+ range  #ranges @ 3 pick - 3 << move
   1 #ranges +!  range! ;

\ ---- Properties that are made of them: pairs (begin, size)
512 buffer: physical-available
512 buffer: virtual-available
8 buffer: memory-reg-value
: set-value  ( value vlen a len phandle -- )            \ without a copy
   >r 2dup r@ find-property dup 0= if  drop 2dup r@ new-property  then
   nip nip r> drop  >r  r@ >value-length !  r> >value ! ;
: available-of  ( list value phandle -- )
   { value node -- }  to ranges
   #ranges @ 0 ?do
      i range@ over -  i 3 << value + tuck 4+ ! !
   loop
   value #ranges @ 3 << " available" node set-value ;
: update-available  ( -- )
   ranges
   physical-ranges physical-available memory-node available-of
   virtual-ranges virtual-available cpu-node available-of
   to ranges ;
: update-translations  ( -- )
   translations-list dup
   begin  dup 4+ @ while  16 +  repeat  over -
   " translations" cpu-node set-value ;

\ ---- Claiming: exactly there, or the highest place that is aligned; whole pages
: page-down  ( a -- a' )  -4096 and ;
: page-up  ( a -- a' )  4095 + page-down ;
: whole-pages  ( size -- size' )  page-up dup 0= if  -59 throw  then ;
: pages-of  ( begin end -- begin' end' )  page-up swap page-down swap ;
: claim-at  ( begin end n -- )          \ take a part of a range
   dup range@ { begin end n low high -- }
   begin low = if
      end high = if  n remove-range  else  end high n range!  then
   else
      low begin n range!
      end high <> if  end high n 1+ insert-range  then
   then ;
: range-with  ( begin end -- n true | false )
   2dup u>= if  2drop false exit  then
   #ranges @ 0 ?do
      2dup i range@ rot u>= -rot swap u<= and if  2drop i true unloop exit  then
   loop  2drop false ;
: take  ( begin end list -- ok? )
   to ranges  2dup range-with if  claim-at true  else  2drop false  then ;
: power-up  ( n -- n' )  1 begin  2dup u> while  2*  dup 0= if  -59 throw  then  repeat nip ;
: fits-below  ( size mask low high -- begin true | false )
   { size mask low high ; begin -- }
   high low u<= if  false exit  then
   high low - size u< if  false exit  then
   high size - mask and to begin
   begin low u>= dup if  begin swap  then ;
: fits-in  ( size mask low high list -- begin true | false )    \ the highest place in a part of a list
   to ranges  { size mask low high -- }
   #ranges @ 0 ?do
      size mask  #ranges @ 1- i - range@  high umin swap low umax swap  fits-below
      if  true unloop exit  then
   loop  false ;
: mask-of  ( align -- mask )  4096 umax power-up negate ;
\ Give back a part or all; what is free already is left as it is. A page that begins before the part
\ stays.
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
: give  ( begin end list -- )
   to ranges  page-up swap page-up swap  release-range merge-ranges ;

\ ---- Of one kind: the methods of /memory and of the MMU. Virtual addresses end below the ROM, and
\ those of the devices are not to be had.
: claim-of  ( [addr] size align list -- base )
   { list -- }
   over 0= if  -59 throw  then
   ?dup if                              ( size align )
      mask-of swap whole-pages swap 2dup 0 -1 list fits-in 0= if  -59 throw  then     ( size mask base )
      nip tuck + over swap              ( base base end )
   else                                 ( addr size )
      over + over swap                  ( addr addr end )
   then
   pages-of list take 0= if  -59 throw  then  update-available ;
: claim-physical  ( [phys] size align -- base )  physical-ranges claim-of ;
: claim-virtual  ( [virt] size align -- base )  virtual-ranges claim-of ;
: release-physical  ( phys size -- )
   over + memory-size @ umin  swap firmware-end umax swap
   physical-ranges give update-available ;
: release-virtual  ( virt size -- )
   over + rom-start umin  swap firmware-end umax swap
   virtual-ranges give update-available ;

\ ---- Of both, mapped 1:1: the client's service, and the firmware's own use
: claim-exactly  ( begin end -- ok? )
   pages-of  2dup physical-ranges to ranges range-with 0= if  2drop false exit  then  drop
   2dup virtual-ranges to ranges range-with 0= if  2drop false exit  then  drop
   2dup physical-ranges take drop  virtual-ranges take drop  update-available true ;
: claim-highest  ( size align -- begin true | false )
   mask-of swap whole-pages swap { size mask ; n -- }
   physical-ranges @ to n
   begin  n while
      n 1- to n  physical-ranges to ranges
      size mask n range@ virtual-ranges fits-in if
         dup dup size + claim-exactly exit
      then
   repeat  false ;
: claim  ( virt size align -- base )
   over 0= if  -59 throw  then
   dup if  rot drop claim-highest 0= if  -59 throw  then
   else
      drop over + over swap claim-exactly 0= if  -59 throw  then
   then ;
: release  ( virt size -- )  2dup release-physical release-virtual ;

\ ---- At the start: memory from 1 MB on is free; virtual addresses, too, where no device is.
: claim-init  ( -- )
   1 physical-ranges !  physical-ranges to ranges  firmware-end memory-size @ 0 range!
   1 virtual-ranges !  virtual-ranges to ranges  firmware-end rom-start 0 range!
   translations-list
   begin  dup 4+ @ while
      dup @ memory-size @ u>= if
         dup @ over 4+ @ over + range-with if
            over @ 2 pick 4+ @ over + rot claim-at
         then
      then  16 +
   repeat  drop
   memory-reg-value off  memory-size @ memory-reg-value 4+ !
   memory-reg-value 8 " reg" memory-node set-value
   update-available update-translations ;
