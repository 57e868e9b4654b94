\ Methods of /memory (PowerPC binding 5.2): physical memory.

: open  ( -- true )  true ;
: close  ( -- )  ;
: claim  ( [phys] size align -- base )  dup if  0 -rot  then  claim ;
: release  ( phys size -- )  release ;
