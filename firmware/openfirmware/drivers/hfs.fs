\ The file system HFS, which came before HFS Plus (Inside Macintosh: Files, chapter 2).
\
\ `\\` at the beginning of a path is the folder that the system boots from, `:tbxi` means a file by its
\ type. Volumes of this kind are small: a folder is found by going through the whole catalog.

0 instance value /block                 \ allocation blocks
0 instance value first-block            \ sector of the first one
512 constant /node                      \ of a B-tree, as of every HFS volume

\ Where a file's bytes are: three extents (first block, number of blocks; two bytes each). More of them
\ are in the extents file, under the file's number.
3 constant #extents
12 constant /extents
: extent@  ( i extents -- block count )  swap 2 << + dup w@ swap 2+ w@ ;
: block>position  ( block -- d )  /block um*  first-block 512 um*  d+ ;
fload hfs-extents.fs
/extents instance buffer: catalog-extents
/extents instance buffer: overflow-extents

\ ---- B-trees. A node is a descriptor, records, and at its end the offsets of these in two bytes each,
\ the first one last. The leaves are a chain; keys ascend.
: tree-extents  ( id -- extents )  extents-id = if  overflow-extents  else  catalog-extents  then ;
: node-bytes  ( len offset node id -- a )
   { len offset node id -- }
   node h# 400000 u>=  len offset + /node u>  or ?damaged
   node /node * /block u/mod            ( offset-in-block index )
   id dup tree-extents file-extent 0= ?damaged  drop
   block>position rot offset + 0 d+  len -rot need ;
: first-leaf  ( id -- node )
   >r  2 32 0 r@ node-bytes w@ /node <> ?damaged
   4 24 0 r> node-bytes unaligned-l@ ;
: node-behind  ( node id -- node' | 0 )  2>r 4 0 2r> node-bytes unaligned-l@ ;
: #records  ( node id -- n )  2>r 2 10 2r> node-bytes w@  dup /node 2 >> u> ?damaged ;
: record-offset  ( i node id -- offset )
   2>r  1+ 2* /node swap -  2 swap 2r> node-bytes w@ ;
: record-bytes  ( len i node id -- a )
   2dup 2>r record-offset 2r> node-bytes ;

\ ---- Extents that are not in the file's own record. A record: length of the key, kind of fork, file,
\ first block; the extents.
65536 constant most-leaves
: overflow-extent  ( index id -- block n true | false )
   { index id ; node leaves -- }
   extents-id first-leaf to node  0 to leaves
   begin  node while
      node extents-id #records 0 ?do
         20 i node extents-id record-bytes
         dup 2+ unaligned-l@ id =  over 1+ c@ 0=  and if
            index over 6 + w@ rot 8 + in-extents if  true unloop exit  then
         else  drop  then
      loop
      node extents-id node-behind to node
      leaves 1+ dup to leaves  most-leaves u> ?damaged
   repeat  false ;
: (file-extent)  ( index id extents -- block n true | false )
   2 pick 0 rot in-extents if  2swap 2drop true exit  then
   dup extents-id = if  2drop false  else  overflow-extent  then ;
' (file-extent) to file-extent

\ ---- The catalog: keys are folder, name
86 constant /record                     \ of a file; a folder's is shorter
/record instance buffer: record         \ data of the entry that was found
: leaf-behind  ( node -- node' | 0 )  catalog-id node-behind ;
: #leaf-records  ( node -- n )  catalog-id #records ;
: leaf-record  ( i node -- offset )  catalog-id record-offset ;
fload hfs-leaves.fs
0 instance value folder                 \ whose entries are sought
: first-entry  ( -- )  object-id to folder  catalog-id first-leaf 0 begin-leaves ;
: leaf-bytes  ( len offset -- a )  leaf catalog-id node-bytes ;
: +mac-name  ( a len -- )               \ other alphabets than ASCII are not known
   bounds ?do  i c@ dup 127 > if  drop [char] ?  then  +name  loop ;
: read-record  ( offset -- )            \ name and data
   7 over leaf-bytes  dup c@ swap 6 + c@  { offset /key #chars -- }
   #chars 6 + /key u> ?damaged
   no-name  #chars if  #chars offset 7 + leaf-bytes  #chars +mac-name  then
   offset /key + 2+ -2 and to offset
   1 offset leaf-bytes c@ is-file-record = if  /record  else  10  then  ( len )
   dup offset leaf-bytes record rot move ;
: kind  ( -- n )  record c@ ;
: next-entry  ( -- found? )
   begin  next-record while
      6 over leaf-bytes 2+ unaligned-l@     ( offset folder' )
      dup folder u> if  2drop false exit  then
      folder = if
         read-record  kind is-folder-record is-file-record between if  true exit  then
      else  drop  then
   repeat  false ;
: entry-folder?  ( -- flag )  kind is-folder-record = ;
: entry-size  ( -- n )  record 26 + unaligned-l@ ;
: file-type  ( -- a len )  record 4+ 4 ;
: fits?  ( a len -- flag )
   over c@ [char] : = if
      1 /string file-type $=  entry-folder? 0= and exit
   then  false same-name? ;

\ ---- Objects
: take-entry  ( -- )
   entry-folder? if  record 6 + unaligned-l@ enter exit  then
   record 20 + unaligned-l@ to object-id
   entry-size to file-size  false to folder?
   record 74 + fork /extents move ;

\ ---- The volume: its header is the master directory block. One with HFS Plus inside is not ours.
: mount  ( -- ok? )
   volume-size 2048 0 d< if  false exit  then
   162 1024 0 need { header -- }
   header w@ h# 4244 <>  header 124 + w@ h# 482b =  or if  false exit  then     \ "BD", "H+"
   header 20 + unaligned-l@ dup to /block  dup 0= swap 511 and 0<> or ?damaged
   header 28 + w@ to first-block
   header 92 + unaligned-l@ to boot-folder
   header 134 + overflow-extents /extents move
   header 150 + catalog-extents /extents move
   true ;

fload file-system.fs
