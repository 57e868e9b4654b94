\ /packages can be opened, so that its packages can be found by path.

: open  ( -- true )  true ;
: close  ( -- )  ;
