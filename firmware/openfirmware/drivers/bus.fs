\ Methods of a node that others are below: its addresses are those of memory.

: open  ( -- true )  true ;
: close  ( -- )  ;
: decode-unit  ( a len -- phys )  16 digits if  drop  else  -1  then ;
: encode-unit  ( phys -- a len )  base @ >r hex (u.) r> base ! ;
: map-in  ( phys size -- virt )  drop ;
: map-out  ( virt size -- )  2drop ;
: dma-alloc  ( size -- virt )  0 swap 4096 claim ;
: dma-free  ( virt size -- )  release ;
: dma-map-in  ( virt size cacheable? -- phys )  2drop ;
: dma-map-out  ( virt phys size -- )  3drop ;
