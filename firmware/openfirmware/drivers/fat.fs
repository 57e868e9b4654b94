\ The FAT file system: FAT12, FAT16, FAT32, with long names (Microsoft, FAT: General Overview of
\ On-Disk Format 1.03; VFAT's long names as there). Numbers are little-endian.

0 instance value /fat-sector
0 instance value /cluster
0 instance value clusters               \ the last one has the number clusters + 1
0 instance value fat-bits
0 instance value fat-start              \ sectors
0 instance value root-start
0 instance value /root                  \ bytes of the root directory of FAT12 and FAT16
0 instance value root-cluster           \ FAT32
0 instance value data-start

\ The current object
0 instance value first-cluster          \ 0: the root directory of FAT12 and FAT16
0 instance value file-size
0 instance value folder?
\ How far the chain of its clusters has been followed
0 instance value chain-index
0 instance value chain-cluster          \ 0: its end, or it has not been
0 instance value passed                 \ a cluster before

: sector>position  ( sector -- d )  /fat-sector um* ;

\ ---- The boot sector
: boot-sector  ( -- a )  512 0 0 need ;
: plausible?  ( a -- flag )
   dup 510 + w@ h# 55aa <> if  drop false exit  then
   dup c@ dup h# eb = swap h# e9 = or 0= if  drop false exit  then
   dup 11 + le-w@ dup power-of-two? swap 512 4096 between and 0= if  drop false exit  then
   dup 13 + c@ power-of-two? 0= if  drop false exit  then
   dup 14 + le-w@ 0= if  drop false exit  then
   dup 16 + c@ 1 4 between 0= if  drop false exit  then
   21 + c@ dup h# f0 = swap h# f8 >= or ;
: fat-sectors  ( a -- n )  dup 22 + le-w@ ?dup if  nip  else  36 + le-l@  then ;
: all-sectors  ( a -- n )  dup 19 + le-w@ ?dup if  nip  else  32 + le-l@  then ;
: mount  ( -- ok? )
   volume-size 512 0 d< if  false exit  then
   boot-sector plausible? 0= if  false exit  then
   boot-sector { boot ; fats -- }
   boot 11 + le-w@ to /fat-sector
   boot 13 + c@ /fat-sector * to /cluster
   boot 14 + le-w@ to fat-start
   boot fat-sectors boot 16 + c@ um* ?damaged to fats
   fat-start fats + to root-start
   boot 17 + le-w@ 32 * to /root
   /root /fat-sector + 1- /fat-sector u/mod nip root-start + to data-start
   boot all-sectors data-start 2dup u< ?damaged
   - boot 13 + c@ u/mod nip to clusters
   boot 44 + le-l@ to root-cluster
   clusters 4085 u< if  12  else  clusters 65525 u< if  16  else  32  then then  to fat-bits
   clusters h# 0ffffff5 u> ?damaged
   true ;

\ ---- Chains of clusters
: in-fat  ( len offset -- a )  0 fat-start sector>position d+ need ;
: fat12-entry  ( cluster -- x )
   2 over dup u2/ + in-fat le-w@  swap 1 and if  4 >>  else  h# fff and  then ;
: fat16-entry  ( cluster -- x )  2 swap 2* in-fat le-w@ ;
: fat32-entry  ( cluster -- x )  4 swap 2 << in-fat le-l@ h# 0fffffff and ;
: fat-entry  ( cluster -- x )
   fat-bits 12 = if  fat12-entry exit  then
   fat-bits 16 = if  fat16-entry  else  fat32-entry  then ;
: cluster?  ( x -- flag )  2 - clusters u< ;
\ A chain that comes back to a cluster that it has passed is a circle. The cluster at each power of two
\ is remembered, until the next (R. Brent, An Improved Monte Carlo Factorization Algorithm).
: start-chain  ( -- )
   0 to chain-index  0 to passed  first-cluster dup cluster? and to chain-cluster ;
: next-in-chain  ( -- )
   chain-cluster fat-entry  dup cluster? and to chain-cluster
   chain-cluster 0<>  chain-cluster passed = and ?damaged
   chain-index 1+ dup to chain-index  power-of-two? if  chain-cluster to passed  then ;
\ The cluster at an index in the chain, or 0 if the chain is shorter.
: chained  ( index -- cluster | 0 )
   dup chain-index u< chain-cluster 0= or if  start-chain  then
   begin  dup chain-index <>  chain-cluster 0<> and while  next-in-chain  repeat
   drop chain-cluster ;
: root-directory?  ( -- flag )  folder? first-cluster 0= and ;
: extent  ( offset -- d.position n )
   root-directory? if
      dup /root u>= if  drop 0 0 0 exit  then
      dup 0 root-start sector>position d+  rot /root swap - exit
   then
   /cluster u/mod                       ( offset-in-cluster index )
   chained dup 0= if  nip 0 0 exit  then
   2 - /cluster um*  data-start sector>position d+  ( offset d.cluster )
   2 pick 0 d+  rot /cluster swap - ;

\ ---- Objects
: root  ( -- )
   fat-bits 32 = if  root-cluster  else  0  then  to first-cluster
   true to folder?  0 to file-size  0 to chain-cluster ;

\ ---- Directories. An entry has 32 bytes; a long name is in the entries before.
h# 10 constant is-directory
h# 08 constant is-label
h# 0f constant is-long-name
65536 constant most-entries
0 instance value entry-index            \ the next one
32 instance buffer: entry               \ the one that was found
: next-raw  ( -- a true | false )
   entry-index most-entries u>= if  false exit  then
   entry-index 32 * extent 0= if  2drop false exit  then
   32 -rot need  entry-index 1+ to entry-index  true ;

\ The parts of a long name come last to first, 13 UTF-16 units each, with a checksum of the short one.
20 constant most-parts
13 constant /part
most-parts 13 * 2 * buffer: long-units
variable next-part                      \ the number of the part before which the name is complete; 0: it is
variable #parts                         \ 0: there is no long name
variable long-sum
create unit-offsets  1 c, 3 c, 5 c, 7 c, 9 c, 14 c, 16 c, 18 c, 20 c, 22 c, 24 c, 28 c, 30 c,
: short-sum  ( a -- sum )
   0 swap 11 bounds ?do  dup 1 and 7 << swap u2/ + i c@ + 255 and  loop ;
: first-part  ( a n -- )
   dup 1 most-parts between 0= if  2drop #parts off exit  then
   dup #parts ! 1+ next-part !  13 + c@ long-sum ! ;
: long-part  ( a -- )
   dup c@ dup 63 and swap 64 and if  2dup first-part  then   ( a n )
   #parts @ 0= if  2drop exit  then
   dup next-part @ 1- <> 2 pick 13 + c@ long-sum @ <> or  over 0= or if  2drop #parts off exit  then
   dup next-part !
   1- /part * 2* long-units + swap      ( to a )
   13 0 do  dup unit-offsets i + c@ + le-w@  2 pick i wa+ w!  loop  2drop ;
: long-name?  ( -- flag )               \ does a complete one belong to the entry?
   #parts @ 0<>  next-part @ 1 = and  entry short-sum long-sum @ = and ;
: +long-name  ( -- )
   #parts @ /part * 0 ?do
      long-units i wa+ w@ dup 0= if  drop leave  then  +utf-16
   loop ;
: +short  ( a len lower? -- )           \ without the blanks at its end
   { a len lower? -- }
   a len -trailing bounds ?do  i c@ lower? if  lcc  then  +name  loop ;
: +short-name  ( -- )
   entry 8 entry 12 + c@ 8 and +short
   entry 8 + 3 -trailing nip if
      [char] . +name  entry 8 + 3 entry 12 + c@ 16 and +short
   then ;

: first-entry  ( -- )  0 to entry-index ;
: found  ( a -- )
   entry 32 move  long-name? 0= if  #parts off  then
   no-name  #parts @ if  +long-name  else  +short-name  then ;
: next-entry  ( -- found? )
   #parts off
   begin  next-raw while                ( a )
      dup c@ 0= if  drop false exit  then
      dup c@ h# e5 = if  drop #parts off  else
         dup 11 + c@ 63 and is-long-name = if  long-part  else
            dup 11 + c@ is-label and 0= if  found true exit  then  drop #parts off
         then
      then
   repeat  false ;
\ A file has two names.
: fits?  ( a len -- flag )
   2dup found-name same-text? if  2drop true exit  then
   no-name +short-name  found-name same-text? ;
: entry-folder?  ( -- flag )  entry 11 + c@ is-directory and 0<> ;
: entry-size  ( -- n )  entry 28 + le-l@ ;
: entry-cluster  ( -- cluster )
   entry 26 + le-w@  fat-bits 32 = if  entry 20 + le-w@ 16 << or  then ;
: take-entry  ( -- )
   entry-cluster to first-cluster  entry-folder? to folder?  entry-size to file-size
   0 to chain-cluster
   folder? first-cluster 0= and if  root  then ;       \ `..` of a folder in the root

fload file-system.fs
