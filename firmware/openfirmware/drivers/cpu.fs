\ Methods of the processor, which is also the MMU (PowerPC binding 5.1.5): what is mapped is the list
\ of translations; the hash table is filled from it.

: open  ( -- true )  true ;
: close  ( -- )  ;

\ Virtual addresses are claimed as physical ones are: both are the same.
: claim  ( [virt] size align -- base )  dup if  0 -rot  then  claim ;
: release  ( virt size -- )  release ;
: map  ( phys virt size mode -- )  map-range ;
: unmap  ( virt size -- )  unmap-range ;
: modify  ( virt size mode -- )
   >r over translation dup 0= if  -9 throw  then  8 + @   ( virt size phys ) ( R: mode )
   -rot r> map-range ;
: translate  ( virt -- false | phys mode true )
   dup translation dup if
      tuck @ - over 8 + @ + swap 12 + @ true
   else  nip  then ;
