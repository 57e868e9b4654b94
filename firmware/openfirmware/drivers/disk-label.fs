\ The support package `disk-label` (IEEE 1275 3.8.3; CHRP binding 11): partitions of a disk, and files
\ in them. The parent is a device with blocks. Its arguments are
\
\    [partition][,path] or path: `2`, `2,\boot\loader`, `,\\:tbxi`, `\boot\loader`
\
\ Partition 0 is the whole disk. Where a path has no partition in front of it, the first one counts
\ that has such a file, the active one before all others.

0 instance value deblocker
0 instance value file                   \ instance of a file system, or 0
0 instance value partition              \ its number
8 instance buffer: start                \ where it begins on the disk, a double number
8 instance buffer: length
8 instance buffer: position             \ of raw access

\ ---- For the deblocker: blocks of the parent
: read-blocks  ( a block# n -- n' )  " read-blocks" $call-parent ;
: write-blocks  ( a block# n -- n' )  " write-blocks" $call-parent ;
: block-size  ( -- n )  " block-size" $call-parent ;
: max-transfer  ( -- n )  " max-transfer" $call-parent ;
: disk-size  ( -- d )  " #blocks" $call-parent block-size um* ;

\ ---- Bytes of the partition, for file systems
: partition-size  ( -- d )  length 2@ ;
: offset  ( d.position -- d.position' )  start 2@ d+ ;
: past-end?  ( len d.position -- flag )  rot 0 d+ partition-size 2swap du< ;
: move-bytes  ( a len d.position name nlen -- actual )
   2>r offset " seek" deblocker $call-method drop
   2r> deblocker $call-method ;
: read-at  ( a len d.position -- )
   2 pick >r
   3dup past-end? if  r> drop unreadable throw  then
   " read" move-bytes  r> <> if  unreadable throw  then ;

\ ---- Partition tables. All have numbers from 1 on; 0 0 is "no such partition".
64 constant most-partitions
512 constant /sector
/sector buffer: sector
: sector!  ( d.position -- )  sector /sector 2swap read-at ;
: whole-disk  ( -- )  0 0 start 2!  disk-size length 2!  0 to partition ;
: sectors>bytes  ( first n size -- d.start d.length )
   >r swap r@ um* rot r> um* ;

\ Apple's: a block for each partition, behind the block that describes the disk (Inside Macintosh:
\ Devices, chapter 3).
0 instance value map-block              \ size of its blocks, or 0: there is none
: map-entry?  ( n size -- flag )
   um* sector!  sector w@ h# 504d = ;                   \ "PM"
: apple-map  ( -- )
   0 to map-block
   0 0 sector!
   sector w@ h# 4552 = if  sector 2+ w@  else  /sector  then    \ "ER"
   dup /sector 4096 between over /sector mod 0= and 0= if  drop /sector  then
   1 over map-entry? if  to map-block exit  then
   drop  1 /sector map-entry? if  /sector to map-block  then ;
: apple-partition  ( n -- d.start d.length )
   1 map-block map-entry? 0= ?damaged
   dup sector 4+ @ u> if  drop 0 0 0 0 exit  then
   map-block map-entry? 0= ?damaged
   sector 8 + @ sector 12 + @ map-block sectors>bytes ;

\ A PC's: four entries in the first sector; partitions from 5 on are a chain of such sectors in one
\ that is extended.
446 constant first-entry
: entry  ( n -- a )  1- 16 * first-entry + sector + ;
: entry-type  ( entry -- type )  4+ c@ ;
: entry-first  ( entry -- sector )  8 + le-l@ ;
: entry-length  ( entry -- n )  12 + le-l@ ;
: signed?  ( -- flag )  sector 510 + w@ h# 55aa = ;
: extended?  ( entry -- flag )  entry-type dup 5 = over 15 = or swap h# 85 = or ;
: pc-table?  ( -- flag )                \ a boot sector without a table ends in the same way
   0 0 sector!
   signed? 0= if  false exit  then
   0                                    ( entries in use )
   5 1 do
      i entry c@ 127 and if  drop unloop false exit  then
      i entry entry-type if
         i entry entry-first 0= if  drop unloop false exit  then  1+
      then
   loop  0<> ;
: first-extended  ( -- sector | 0 )
   5 1 do  i entry extended? if  i entry entry-first unloop exit  then  loop  0 ;
: chained-partition  ( n -- first length )      \ from 5 on
   first-extended dup { n first place ; here# passed -- }
   first 0= if  0 0 exit  then
   5 to here#  0 to passed
   begin
      place passed = ?damaged           \ a circle, as in fat.fs
      here# power-of-two? if  place to passed  then
      place /sector um* sector!  signed? 0= ?damaged
      here# n = if  1 entry dup entry-first place + swap entry-length exit  then
      here# 1+ to here#
      2 entry extended? 0= if  0 0 exit  then
      2 entry entry-first first + to place
   again ;
: pc-partition  ( n -- d.start d.length )
   0 0 sector!
   dup 4 u> if  chained-partition  else
      entry dup entry-type if  dup entry-first swap entry-length  else  drop 0 0  then
   then
   /sector sectors>bytes ;
: active-partition  ( -- n | 0 )
   map-block if  0 exit  then
   0 0 sector!
   5 1 do  i entry c@ 128 = if  i unloop exit  then  loop  0 ;

fload gpt.fs

\ Which of them the disk has is found out once, when it is opened.
0 instance value table?                 \ has it one at all?
: find-table  ( -- )
   apple-map  map-block if  true to table? exit  then
   pc-table? dup to table?  if  find-gpt  then ;
: (partition)  ( n -- d.start d.length )
   dup most-partitions u> table? 0= or if  drop 0 0 0 0 exit  then
   map-block if  apple-partition exit  then
   gpt-entries if  gpt-partition  else  pc-partition  then ;
: select-partition  ( n -- there? )
   whole-disk
   dup 0= if  drop true exit  then
   dup (partition)  2dup or 0= if  2drop 3drop false exit  then   ( n d.start d.length )
   2over 2over d+ disk-size 2swap du< if         \ what is behind the disk's end is not there
      2drop 2dup disk-size 2swap d-
      dup 0< if  2drop 3drop false exit  then
   then
   length 2! start 2!  to partition  true ;

\ ---- Files: the packages that have a property `file-system` are tried in turn
2variable path
: opened-by?  ( phandle -- flag )
   " file-system" 2 pick get-package-property if  drop false exit  then
   2drop path 2@ rot open-package dup to file 0<> ;
: open-file  ( -- opened? )
   packages-node >child @
   begin  dup while
      dup opened-by? if  drop true exit  then  >peer @
   repeat ;
: there?  ( n -- flag )  ['] select-partition catch if  drop false  then ;
: opened-in?  ( n -- flag )  there? dup if  drop open-file  then ;
: open-somewhere  ( -- opened? )
   table? if
      active-partition ?dup if  opened-in? if  true exit  then then
      most-partitions 1+ 1 do  i opened-in? if  true unloop exit  then  loop
   then
   0 opened-in? ;
\ The disk's arguments, which `bootpath` is made of, shall name the partition that was found.
: partition-text  ( -- a len )  base @ >r decimal partition (u.) r> base ! ;
: tell-partition  ( -- )
   partition-text  path 2@ nip over + 1+ alloc-mem     ( number nlen new )
   >r tuck r@ swap move                                ( nlen ) ( R: new )
   path 2@ nip if
      [char] , over r@ + c!  1+
      path 2@ 2 pick r@ + swap move  path 2@ nip +
   then
   my-parent >args @ free drop
   my-parent >args-length !  r> my-parent >args ! ;
: open-label  ( -- ok? )
   find-table
   my-args 2dup [char] , left-parse-string
   { a len rest rlen part plen ; n -- ok? }
   part plen 10 digits if  drop to n  else
      plen if  a to rest  len to rlen  then     \ no number in front: all of it is a path
      rlen 0<> to n                             \ -1: any partition
   then
   rest rlen path 2!
   n -1 = if
      open-somewhere dup if  tell-partition  then
   else
      n select-partition 0= if  no-partition throw  then
      rlen if  open-file  else  true  then
   then
   dup 0= open-error 0= and if  no-file-system throw  then ;

\ ---- Methods
: close-deblocker  ( -- )  deblocker close-package ;
: open  ( -- ok? )
   " " " deblocker" $open-package dup to deblocker 0= if  false exit  then
   whole-disk
   ['] open-label catch ?dup if  close-deblocker throw  then
   dup 0= if  close-deblocker  then ;
: close  ( -- )
   file ?dup if  close-package  then  close-deblocker ;
: size  ( -- d )
   file if  " size" file $call-method  else  partition-size  then ;
: seek  ( low high -- error? )
   file if  " seek" file $call-method exit  then
   2dup length 2@ 2swap du< if  2drop true exit  then
   position 2! false ;
: raw  ( a len name nlen -- actual )
   2>r  length 2@ position 2@ d-  if  drop -1  then  umin
   position 2@ 2r> move-bytes
   dup position 2@ rot 0 d+ position 2! ;
: read  ( a len -- actual )
   file if  " read" file $call-method  else  " read" raw  then ;
: write  ( a len -- actual )
   file if  -20 throw  then  " write" raw ;

\ Without a path, a program that fills a partition is loaded: a PC's of type 41 (CHRP binding 11.1.1),
\ PReP's of a GUID table, or the one that the arguments name.
: program-partition  ( -- n )
   gpt-entries if  gpt-program exit  then
   0 0 sector!
   5 1 do  i entry entry-type h# 41 = if  i unloop exit  then  loop  no-program throw ;
: load-raw  ( a -- len )
   partition 0= table? and map-block 0= and if
      program-partition there? 0= if  no-partition throw  then  tell-partition
   then
   0 0 sector!  sector elf? 0= if  no-program throw  then
   length 2@ if  no-room throw  then        ( a len )
   2dup ?room  tuck 0 0 read-at ;
: load  ( a -- len )
   file if  " load" file $call-method  else  load-raw  then ;

\ What partitions there are: number, size, kind.
: .kind  ( n -- )
   map-block if
      map-block map-entry? drop  sector 48 + 32 string-of .safely
   else gpt-entries if
      .gpt-name
   else
      0 0 sector!  dup 4 u<= if  entry entry-type .2  else  drop  then
   then then ;
: .partition  ( n -- )
   dup there? 0= if  drop exit  then
   dup .dec 4 to-column  length 2@ 1024 um/mod nip .dec ."  KB" 18 to-column
   whole-disk .kind cr ;
: dir  ( -- )
   file if  " dir" file $call-method exit  then
   table? 0= if  no-file-system throw  then
   most-partitions 1+ 1 do  i .partition  loop ;
