\ The file system HFS Plus, also inside an HFS wrapper, and HFSX (Apple, Technical Note TN1150).
\
\ `\\` at the beginning of a path is the folder that the system boots from, `:tbxi` means a file by its
\ type.

0 instance value /block
0 instance value exact-case?            \ HFSX may tell A from a
8 instance buffer: volume-start         \ where the volume begins in the partition: the wrapper's part

\ A fork is where a file's bytes are: eight extents (first block, number of blocks); more of them are
\ in the extents file, under the file's number.
8 constant #extents
64 constant /extents
: extent@  ( i extents -- block count )  swap 3 << + dup unaligned-l@ swap 4+ unaligned-l@ ;
: block>position  ( block -- d )  /block um*  volume-start 2@ d+ ;
: on-volume  ( len d.position -- a )  volume-start 2@ d+ need ;
fload hfs-extents.fs
/extents instance buffer: catalog-fork
/extents instance buffer: extents-fork

\ ---- B-trees: nodes of one size. A node is a descriptor, records, and at its end the offsets of these
\ in two bytes each, the first one last. A record is the length of its key, the key, data.
512 constant /scratch
struct
   4 field >tree-id                     \ the file that the tree is
   4 field >tree-fork
   4 field >key-test                    \ ( key -- flag ) is it not greater than the one sought?
   4 field >node-size
   4 field >nodes                       \ how many there are
   4 field >root-node
   /scratch field >scratch              \ for what is not in one piece on the volume
constant /tree
/tree instance buffer: catalog
/tree instance buffer: extents

: tree-piece  ( offset n tree -- a n' )         \ up to n bytes of the tree's file
   { offset n tree ; some -- }
   offset /block u/mod  tree >tree-id @  tree >tree-fork @  file-extent 0= ?damaged
   blocks>bytes 2 pick - n umin to some         ( offset-in-block block )
   block>position rot 0 d+  some -rot need some ;
: tree-bytes  ( n offset tree -- a )
   { n offset tree ; done some -- }
   n /scratch u> ?damaged
   0 to done
   begin
      offset done +  n done -  tree tree-piece to some
      some n = if  exit  then
      tree >scratch done + some move
      done some + to done
   done n u>= until
   tree >scratch ;
: node-bytes  ( n offset node tree -- a )
   over over >nodes @ u>= ?damaged
   tuck >node-size @ * rot + swap tree-bytes ;

h# ff constant is-leaf
1 constant is-header
: node-kind  ( node tree -- kind )  2>r 1 8 2r> node-bytes c@ ;
: #records  ( node tree -- n )
   tuck 2>r 2 10 2r> node-bytes w@
   dup rot >node-size @ 2 >> u> ?damaged ;
: record-offset  ( i node tree -- offset )      \ in the tree's file
   { i# node tree -- }
   2  tree >node-size @ i# 1+ 2* -  node tree node-bytes w@
   dup 14 tree >node-size @ 8 - within 0= ?damaged
   tree >node-size @ node * + ;
: not-greater?  ( i node tree -- flag )
   dup >r record-offset  16 swap r@ tree-bytes  r> >key-test @ execute ;
: last-not-greater  ( node tree -- i | -1 )     \ keys ascend
   { node tree ; low high middle -- }
   -1 to low  node tree #records to high
   begin  low 1+ high < while
      low high + 2/ to middle
      middle node tree not-greater? if  middle to low  else  middle to high  then
   repeat  low ;
: child-node  ( i node tree -- node' )          \ the number behind the key
   dup >r record-offset  dup 2 swap r@ tree-bytes w@ + 2+
   4 swap r> tree-bytes unaligned-l@ ;
10 constant most-levels
\ The leaf with the last record that is not greater than the one sought, and its number in there.
: descend  ( tree -- node i true | false )
   { tree ; node i# -- }
   tree >root-node @ to node
   most-levels 0 do
      node tree last-not-greater to i#
      node tree node-kind is-leaf = if  node i# true unloop exit  then
      i# 0< if  false unloop exit  then
      i# node tree child-node to node
   loop  true ?damaged ;
: open-tree  ( test id fork tree -- )
   { tree -- }
   tree >tree-fork !  tree >tree-id !  tree >key-test !
   120 0 tree tree-bytes
   dup 8 + c@ is-header <> ?damaged
   dup 16 + unaligned-l@ tree >root-node !
   dup 32 + w@ tree >node-size !
   36 + unaligned-l@ tree >nodes !
   tree >node-size @ dup 512 u< swap dup 1- and 0<> or ?damaged
   tree >node-size @ tree >nodes @ um* nip ?damaged ;

\ ---- Extents that are not in the file's own record: keys are kind of fork, file, first block
variable sought-file
variable sought-block
: extent-key  ( a -- id block )  dup 4+ unaligned-l@ swap 8 + unaligned-l@ ;
: extent-not-greater?  ( key -- flag )
   dup extent-key drop sought-file @ = over 2+ c@ 0<> and if  drop false exit  then    \ not data
   extent-key  over sought-file @ = if  nip sought-block @ u<=  else  drop sought-file @ u<  then ;
: extents-tree  ( -- tree )
   extents >node-size @ 0= if
      ['] extent-not-greater? extents-id extents-fork extents open-tree
   then  extents ;
: overflow-extent  ( index id -- block n true | false )
   2dup sought-file ! sought-block !
   extents-tree descend 0= if  2drop false exit  then   ( index id node i )
   dup 0< if  2drop 2drop false exit  then
   swap extents record-offset  76 swap extents tree-bytes       ( index id key )
   tuck extent-key >r <> over 2+ c@ or if  r> drop 2drop false exit  then
   12 + r> swap in-extents ;
: (file-extent)  ( index id fork -- block n true | false )
   rot dup >r 0 rot in-extents if  rot r> 2drop true exit  then         ( id )
   dup extents-id = if  r> 2drop false  else  r> swap overflow-extent  then ;
' (file-extent) to file-extent

\ ---- The catalog: keys are folder, name
variable sought-folder
: catalog-not-greater?  ( key -- flag )         \ than the sought folder with an empty name
   dup 2+ unaligned-l@ sought-folder @ 2dup = if  2drop 6 + w@ 0=  else  u< nip  then ;
248 constant /record
/record instance buffer: record         \ data of the entry that was found
: leaf-behind  ( node -- node' | 0 )
   4 0 rot catalog node-bytes unaligned-l@
   dup if  dup catalog node-kind is-leaf <> ?damaged  then ;
: #leaf-records  ( node -- n )  catalog #records ;
: leaf-record  ( i node -- offset )  catalog record-offset ;
fload hfs-leaves.fs
: first-entry  ( -- )
   object-id sought-folder !
   catalog descend 0= ?damaged  0 max begin-leaves ;
: kind  ( -- n )  record w@ ;
: read-record  ( offset -- )            \ name and data
   8 over catalog tree-bytes  dup w@ swap 6 + w@  { offset /key #chars -- }
   #chars 255 u>  #chars 2* 6 + /key u> or  /key 1024 u> or ?damaged
   no-name
   #chars if
      #chars 2* offset 8 + catalog tree-bytes
      #chars 0 ?do  i over swap wa+ w@ +utf-16  loop  drop
   then
   /record offset /key + 2+ catalog tree-bytes record /record move ;
: parent-of  ( offset -- id )  6 swap catalog tree-bytes 2+ unaligned-l@ ;
: next-entry  ( -- found? )
   begin  next-record while
      dup parent-of dup object-id u> if  2drop false exit  then
      object-id = if
         read-record  kind is-folder-record is-file-record between if  true exit  then
      else  drop  then
   repeat  false ;
: entry-folder?  ( -- flag )  kind is-folder-record = ;
: entry-size  ( -- n )  record 92 + unaligned-l@ ;
: file-type  ( -- a len )  record 48 + 4 ;
: fits?  ( a len -- flag )
   over c@ [char] : = if
      1 /string file-type $=  entry-folder? 0= and exit
   then  exact-case? same-name? ;

\ ---- Objects
: link-text  ( -- a len )
   file-size /path u>= ?damaged
   0 extent file-size u< ?damaged  file-size -rot need  file-size ;
\ A hard link names a file in a folder that users do not see.
: hard-link?  ( -- flag )  record 48 + 8 " hlnkhfs+" $= ;
: find-entry  ( a len -- )
   first-entry
   begin  next-entry 0= if  no-file throw  then  2dup found-name $=  until  2drop ;
: inode-name  ( n -- a len )
   base @ >r decimal  <# u#s " iNode" holds u#>  r> base ! ;
: follow-hard-link  ( -- )
   record 44 + unaligned-l@
   root-id enter  " "(00000000)HFS+ Private Data" find-entry
   record 8 + @ enter  inode-name find-entry
   hard-link? entry-folder? or ?damaged ;
: take-file  ( -- )
   object-id { folder -- }
   hard-link? if  follow-hard-link  then
   record 88 + @ ?damaged               \ 4 GB or more
   entry-size to file-size  false to folder?
   record 8 + @ to object-id  record 104 + fork /extents move
   record 48 + 8 " slnkrhap" $= if
      link-text follow-link  folder enter  from-root? if  root-id enter  then
   then ;
: take-entry  ( -- )
   entry-folder? if  record 8 + @ enter  else  take-file  then ;

\ ---- The volume header, or that of the wrapper
: volume-header  ( -- a )  512 1024 0 on-volume ;
: unwrapped  ( a -- a' )
   dup w@ h# 4244 <> if  exit  then                     \ "BD"
   dup 124 + w@ h# 482b <> if  exit  then               \ plain HFS: hfs.fs
   dup 28 + w@ 512 um*  2 pick 126 + w@  3 roll 20 + @  um* d+  volume-start 2!
   volume-header ;
: hfsx?  ( a -- flag )  w@ h# 4858 = ;                  \ "HX"
: plus?  ( a -- flag )  dup w@ h# 482b = swap hfsx? or ;        \ "H+"
h# bc constant binary-compare           \ how keys of this catalog are compared
: use-header  ( a -- )
   dup 40 + @ dup to /block  dup 512 u< swap dup 1- and 0<> or ?damaged
   dup 208 + extents-fork /extents move
   dup 288 + catalog-fork /extents move
   80 + dup @ ?dup 0= if  dup 20 + @ ?dup 0= if  dup 12 + @  then then  to boot-folder  drop
   ['] catalog-not-greater? catalog-id catalog-fork catalog open-tree
   volume-header hfsx?  1 51 0 catalog node-bytes c@ binary-compare = and to exact-case? ;
: mount  ( -- ok? )
   volume-size 2048 0 d< if  false exit  then
   volume-header unwrapped dup plus? 0= if  drop false exit  then
   use-header true ;

fload file-system.fs
