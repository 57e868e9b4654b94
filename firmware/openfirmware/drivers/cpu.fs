\ Methods of the processor, which is also the MMU (PowerPC binding 5.1.5): what is mapped is the list
\ of translations; the hash table is filled from it. A client that has taken over the MMU is asked.

: open  ( -- true )  true ;
: close  ( -- )  ;

: claim  ( [virt] size align -- base )  claim-virtual ;
: release  ( virt size -- )  release-virtual ;
: map  ( phys virt size mode -- )  client-translates? if  client-map  else  map-range  then ;
: unmap  ( virt size -- )  client-translates? if  client-unmap  else  unmap-range  then ;
: (translate)  ( virt -- false | phys mode true )
   dup translation dup if
      tuck @ - over 8 + @ + swap 12 + @ true
   else  nip  then ;
: translate  ( virt -- false | phys mode true )
   client-translates? if
      ['] client-translate catch if  drop false  else  swap true  then
   else  (translate)  then ;
: modify  ( virt size mode -- )
   >r over (translate) 0= if  -9 throw  then  drop   ( virt size phys ) ( R: mode )
   -rot r> map ;
