\ The methods of a file system, made of words that its own file defines before this one is loaded:
\
\    mount ( -- ok? )           is the volume of this kind?
\    root ( -- )                the current object is the folder that a path begins in
\    folder? ( -- flag )        what the current object is
\    file-size ( -- n )         its length in bytes
\    extent ( offset -- d.position n )  where a part of it is on the volume: n bytes in one piece;
\                               0: none there. Position -1: zeros that are not on the disk
\    first-entry ( -- )         go through the current folder:
\    next-entry ( -- found? )   `found-name` is the name of the next entry
\    fits? ( a len -- flag )    does a name mean this entry?
\    take-entry ( -- )          it becomes the current object
\    entry-folder? ( -- flag )  entry-size ( -- n )
\
\ `file-system.fs` is compiled into each package.

0 instance value file-position

: lookup  ( a len -- found? )
   first-entry
   begin  next-entry while
      2dup fits? if  2drop take-entry true exit  then
   repeat  2drop false ;
: walk-path  ( -- )
   root
   begin  next-component dup while
      folder? 0= if  not-folder throw  then
      lookup 0= if  no-file throw  then
   repeat  2drop ;

: open  ( -- ok? )
   forget-windows                       \ an instance that was here before may have left some
   mount dup if  my-args set-path walk-path  then ;
: close  ( -- ) ;
: size  ( -- d )  file-size 0 ;
: seek  ( low high -- error? )
   0<> over file-size u> or if  drop true exit  then  to file-position false ;

\ Pieces that lie one behind the other are read at once.
: follows  ( offset n d.position -- n' )        \ what is right behind n bytes there, or 0
   2 pick 0 d+ 2>r  + extent  -rot 2r> d= and ;
: piece  ( offset most -- d.position n )
   { offset most ; low high n -- }
   offset extent to n to high to low
   n 0= ?damaged
   begin  n most u< dup if  drop offset n low high follows  then  dup while
      n + to n
   repeat  drop
   low high  n most umin ;
: read-piece  ( a d.position n -- )
   { a low high n -- }
   low high and -1 = if  a n erase  else  a n low high volume-read  then ;
: read  ( a len -- actual )
   folder? if  is-folder throw  then
   file-size file-position - umin  { a len ; n done -- }
   0 to done
   begin  done len u< while
      a done +  file-position len done - piece  dup to n  read-piece
      done n + to done  file-position n + to file-position
   repeat  done ;
: load  ( a -- len )
   folder? if  is-folder throw  then
   dup file-size ?room
   0 to file-position  file-size read ;

\ ---- dir
: .size  ( -- )  entry-size 11 u.r space ;
: .entry  ( -- )
   entry-folder? if  ."           - "  else  ['] .size 10 in-base  then
   found-name .safely  entry-folder? if  [char] \ emit  then  cr ;
: dir  ( -- )
   folder? 0= if  not-folder throw  then
   first-entry
   begin  next-entry while
      .entry  exit? if  exit  then
   repeat ;
