\ The ext2 file system, ext3 and ext4 without their journal (D. Poirier, The Second Extended File
\ System). Numbers are little-endian. Other features that change where data are are refused by name.

0 instance value /block
0 instance value blocks
0 instance value inodes
0 instance value inodes/group
0 instance value /inode
0 instance value groups-start           \ block of the group descriptors
0 instance value /group                 \ size of a descriptor

\ The current object: its inode, the part of it that counts
0 instance value inode
0 instance value mode
0 instance value file-size
0 instance value extents?               \ where its blocks are is a tree of extents
60 instance buffer: pointers            \ to blocks: 12 direct ones, then 1, 2, 3 levels of blocks of pointers
2 constant root-inode

: block>position  ( block -- d )  dup blocks u>= ?damaged  /block um* ;
: in-block  ( len offset block -- a )  block>position rot 0 d+ need ;

\ ---- The superblock
create features                         \ that are refused: bit, counted name
0 , ," compression"     3 , ," journal_dev"   2 , ," needs_recovery"  4 , ," meta_bg"
8 , ," mmp"             10 , ," ea_inode"     12 , ," dirdata"        14 , ," large_dir"
15 , ," inline_data"    16 , ," encrypt"      17 , ," casefold"
-1 ,
\ Kinds in directory entries, extents, 64bit, flex_bg, metadata_csum_seed.
h# 22c2 constant known-features
h# 80 constant 64bit
: ?features  ( incompatible -- )
   { bits -- }
   features
   begin  dup @ -1 <> while
      1 over @ << bits and if  4+ count refuse  then
      4+ count + aligned
   repeat  drop
   bits known-features invert and if  " an unknown one" refuse  then ;
: superblock  ( -- a )  512 1024 0 need ;
: mount  ( -- ok? )
   volume-size 2048 0 d< if  false exit  then
   superblock 56 + le-w@ h# ef53 <> if  false exit  then
   superblock { super -- }
   super 24 + le-l@ dup 6 u> ?damaged  1024 swap << to /block
   super 4+ le-l@ to blocks   super le-l@ to inodes
   super 40 + le-l@ dup to inodes/group 0= ?damaged
   super 20 + le-l@ 1+ to groups-start
   32 to /group
   super 76 + le-l@ 0= if  128 to /inode true exit  then
   super 88 + le-w@ to /inode
   /inode 128 u< /inode dup 1- and 0<> or  /inode /block u> or ?damaged
   super 96 + le-l@ dup ?features
   64bit and if
      super 336 + le-l@ ?damaged        \ 2 to the 32nd blocks or more
      super 254 + le-w@ to /group
      /group 64 u< /group dup 1- and 0<> or  /group /block u> or ?damaged
   then  true ;

\ ---- Inodes
: inode-at  ( inode -- a )
   1- dup inodes u>= ?damaged
   inodes/group u/mod                   ( index group )
   /group * /block u/mod groups-start +    ( index offset block )
   32 -rot in-block 8 + le-l@           ( index table )
   swap /inode um*  rot block>position d+  128 -rot need ;
h# 4000 constant is-directory
h# 8000 constant is-file
h# a000 constant is-link
h# 80000 constant has-extents
: kind  ( -- n )  mode h# f000 and ;
: folder?  ( -- flag )  kind is-directory = ;
: enter  ( inode -- )
   dup to inode  inode-at
   dup le-w@ to mode
   dup 32 + le-l@ has-extents and 0<> to extents?
   kind is-file = if  dup 108 + le-l@ ?damaged  then   \ 4 GB or more
   dup 4+ le-l@ to file-size
   40 + pointers 60 move ;
: root  ( -- )  root-inode enter ;

fload ext4-extents.fs

\ ---- Blocks of a file. Each level of pointers multiplies what one of them stands for.
: pointers/block  ( -- n )  /block 2 >> ;
: pointer-in  ( index block -- block' )  dup if  4 rot 2 << rot in-block le-l@  else  nip  then ;
: through  ( index block span -- block' )       \ span: blocks below each pointer
   begin  dup while
      >r swap r@ u/mod                  ( block rest index ) ( R: span )
      rot pointer-in                    ( rest block' )
      r> dup 1 = if  drop 0  else  pointers/block u/mod nip  then
   repeat  drop nip ;
: pointer  ( n -- block )  2 << pointers + le-l@ ;
: file-block  ( index -- block | 0 )
   extents? if  extent-block exit  then
   dup 12 u< if  pointer exit  then  12 -
   dup pointers/block u< if  12 pointer 1 through exit  then  pointers/block -
   dup pointers/block dup * u< if  13 pointer pointers/block through exit  then
   pointers/block dup * -
   14 pointer pointers/block dup * through ;
: extent  ( offset -- d.position n )
   dup file-size u>= if  drop 0 0 0 exit  then
   /block u/mod file-block              ( offset block )
   over /block swap - >r
   ?dup if  block>position rot 0 d+  else  drop -1 -1  then  r> ;

\ ---- Directories
h# 100000 constant largest-directory
0 instance value entry-offset           \ of the next one
0 instance value entry-inode
0 instance value directory
: first-entry  ( -- )
   file-size largest-directory u> ?damaged
   0 to entry-offset  inode to directory ;
: entry-at  ( n offset -- a )           \ n bytes of the object, which lie in one block
   extent 0= ?damaged  2dup and -1 = ?damaged  need ;
\ An entry: inode, length, length of the name, kind, name; 0 is the inode of one that is free.
: read-entry  ( -- )
   8 entry-offset entry-at dup 4+ le-w@ over 6 + c@ { a length #chars -- }
   a le-l@ to entry-inode
   length 8 u<  length 3 and or  #chars 8 + length u> or ?damaged
   entry-offset /block 1- and length + /block u> ?damaged
   no-name
   #chars if  #chars entry-offset 8 + entry-at #chars +names  then
   entry-offset length + to entry-offset ;
: next-entry  ( -- found? )
   begin  entry-offset file-size u< while
      read-entry  entry-inode if  true exit  then
   repeat  false ;
: fits?  ( a len -- flag )  found-name $= ;
: entry-folder?  ( -- flag )  entry-inode inode-at le-w@ h# f000 and is-directory = ;
: entry-size  ( -- n )  entry-inode inode-at 4+ le-l@ ;

\ A short symbolic link is in the inode, in place of the pointers.
: link-text  ( -- a len )
   file-size /path u>= ?damaged
   file-size 60 u< if  pointers  else  file-size 0 entry-at  then  file-size ;
: take-entry  ( -- )
   entry-inode enter
   kind is-link = if
      link-text follow-link
      from-root? if  root  else  directory enter  then
   then ;

fload file-system.fs
