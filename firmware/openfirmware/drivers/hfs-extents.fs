\ What HFS and HFS Plus have in common: allocation blocks, extents, objects.
\
\ The file system defines before: #extents in a record, extent@, /extents (their size), block>position.

0 instance value boot-folder
2 constant root-id
3 constant extents-id                   \ numbers of files (CNIDs)
4 constant catalog-id

\ The current object
/extents instance buffer: fork          \ where its bytes are
0 instance value object-id
0 instance value file-size
0 instance value folder?

h# 40000000 constant largest-piece      \ so that a length in bytes is a positive number
: blocks>bytes  ( n -- len )  /block um* if  drop largest-piece  else  largest-piece umin  then ;
\ The block of a file at an index, by extents that begin with the block `low` of it; n: how many lie
\ one behind the other from there on.
: in-extents  ( index low extents -- block n true | false )
   { index low extents ; first count -- }
   index low u< if  false exit  then
   index low - to index
   #extents 0 do
      i extents extent@ to count to first
      index count u< if  first index +  count index -  true unloop exit  then
      index count - to index
   loop  false ;
defer file-extent                       \ ( index id extents -- block n true | false )

: extent  ( offset -- d.position n )
   dup file-size u>= if  drop 0 0 0 exit  then
   /block u/mod object-id fork file-extent 0= ?damaged   ( offset-in-block block n )
   blocks>bytes 2 pick - >r  block>position rot 0 d+ r> ;
: enter  ( folder -- )
   dup 0= if  no-file throw  then
   to object-id  true to folder?  0 to file-size ;
: root  ( -- )
   path-left 2@ 2 min " \\" $= if  boot-folder  else  root-id  then  enter ;
