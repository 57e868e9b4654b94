\ The list of translations, from which the fault handler fills the hash table (kernel/pages.s).
\ An entry is virtual address, size, physical address, mode (WIMGxPP); the first that fits counts.

: translation  ( virt -- entry | 0 )
   translations-list
   begin  dup 4+ @ while
      2dup @ - over 4+ @ u< if  nip exit  then
      16 +
   repeat  2drop 0 ;
: list-length  ( -- len )               \ with the entry that ends it
   translations-list  begin  dup 4+ @ while  16 +  repeat  16 + translations-list - ;
: entry!  ( virt size phys mode entry -- )  >r  r@ 12 + !  r@ 8 + !  r@ 4+ !  r> ! ;
: insert-entry  ( virt size phys mode -- )
   list-length translations-list + 16 + translations-end > if  -59 throw  then
   translations-list dup 16 + list-length move
   translations-list entry! ;
: remove-entry  ( entry -- )
   dup 16 + swap  over translations-list list-length + swap -  move ;
: forget-pages  ( virt size -- )  bounds ?do  i unmap-page  4096 +loop ;
: ?ours  ( virt size -- )               \ the firmware's own mappings stay
   over firmware-end u<  -rot + rom-start u> or if  -9 throw  then ;
: default-mode  ( phys -- mode )  memory-size @ u< if  h# 12  else  h# 2a  then ;
: map-range  ( phys virt size mode -- )
   2 pick 2 pick ?ours
   dup -1 = if  drop 2 pick default-mode  then
   { phys virt size mode -- }
   virt size phys mode insert-entry  virt size forget-pages  update-translations ;
: unmap-range  ( virt size -- )
   2dup ?ours
   over translation dup 0= if  3drop exit  then
   { virt size entry ; low length phys mode -- }
   entry @ to low  entry 4+ @ to length  entry 8 + @ to phys  entry 12 + @ to mode
   entry remove-entry
   low virt u< if  low virt low - phys mode insert-entry  then
   virt size + low length + u< if
      virt size +  low length + virt size + -  phys virt + size + low -  mode insert-entry
   then
   virt size forget-pages update-translations ;
