\ Where the blocks of a file are on ext4: a tree whose root is in the inode (Linux, Documentation/filesystems/
\ ext4/ifork.rst). A node is a header, then entries of 12 bytes in ascending order:
\
\    header     magic, number of entries, room, levels below; 2 bytes each
\    leaf       first block of the file, number (2), upper half of the place (2), place
\    others     first block of the file, node, upper half of it (2)

h# f30a constant extent-magic
5 constant most-levels
32768 constant longest                  \ an extent with more has room, but no data yet

: node-bytes  ( len offset node -- a )          \ node: its block, or 0 for the root
   ?dup if  in-block  else  nip pointers +  then ;
: /node  ( node -- n )  if  /block  else  60  then ;
: node-header  ( node -- n levels )
   >r 12 0 r@ node-bytes
   dup le-w@ extent-magic <> ?damaged
   dup 2+ le-w@ swap 6 + le-w@                  ( n levels )
   over 1+ 12 * r> /node u> ?damaged ;
: node-entry  ( i node -- a )  >r 1+ 12 * 12 swap r> node-bytes ;
\ The last entry that does not begin behind a block.
: entry-of  ( index n node -- i | -1 )
   { index n node ; low middle -- }
   -1 to low
   begin  low 1+ n < while
      low n + 2/ to middle
      middle node node-entry le-l@ index u<= if  middle to low  else  middle to n  then
   repeat  low ;
: in-extent  ( index entry -- block | 0 )
   tuck le-l@ -  over 4+ le-w@          ( entry offset length )
   dup longest u> >r over u<= r> or if  2drop 0 exit  then
   over 6 + le-w@ ?damaged              \ 2 to the 32nd blocks or more
   swap 8 + le-l@ + ;
: extent-block  ( index -- block | 0 )
   { index ; node levels i# -- }
   0 to node
   most-levels 1+ 0 do
      node node-header to levels
      index swap node entry-of to i#
      i# 0< if  0 unloop exit  then
      i# node node-entry
      levels 0= if  index swap in-extent unloop exit  then
      dup 8 + le-w@ ?damaged
      4+ le-l@ dup to node  0= ?damaged
   loop  true ?damaged ;
