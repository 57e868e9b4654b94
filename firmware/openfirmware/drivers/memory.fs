\ Methods of /memory (PowerPC binding 5.2): physical memory.

: open  ( -- true )  true ;
: close  ( -- )  ;
: claim  ( [phys] size align -- base )  claim-physical ;
: release  ( phys size -- )  release-physical ;
