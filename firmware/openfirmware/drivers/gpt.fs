\ A GUID partition table (UEFI specification 2.10, chapter 5): a header in sector 1, then an array of entries.
\ A PC's table in sector 0 protects it: a partition of type EE. Numbers are little-endian.

0 instance value gpt-entries            \ 0: there is no such table
0 instance value /gpt-entry
0 instance value gpt-start              \ sector of the first
h# ee constant protective

: protected?  ( -- flag )
   0 0 sector!
   5 1 do  i entry entry-type protective = if  true unloop exit  then  loop  false ;
: find-gpt  ( -- )
   0 to gpt-entries
   protected? 0= if exit then
   /sector 0 sector!
   sector 8 " EFI PART" $= 0= if exit then
   sector 72 + le-l@ to gpt-start  sector 76 + le-l@ ?damaged
   sector 84 + le-l@ to /gpt-entry
   /gpt-entry 128 /sector between 0=  /gpt-entry dup 1- and 0<> or ?damaged
   sector 80 + le-l@ to gpt-entries ;
: gpt-entry  ( n -- a )
   1- /gpt-entry um* /sector um/mod     ( offset sector )
   gpt-start + /sector um* sector!  sector + ;
: used?  ( entry -- flag )              \ its type is not 0
   dup @ over 4+ @ or  over 8 + @ or  swap 12 + @ or  0<> ;
: gpt-partition  ( n -- d.start d.length )
   dup gpt-entries u> if  drop 0 0 0 0 exit  then
   gpt-entry dup used? 0= if  drop 0 0 0 0 exit  then
   dup 36 + le-l@  over 44 + le-l@  or ?damaged         \ 2 TB or more
   dup 32 + le-l@ swap 40 + le-l@                       ( first last )
   2dup u> ?damaged  over - 1+  /sector sectors>bytes ;
: .gpt-name  ( n -- )
   gpt-entry 56 + no-name
   36 0 do
      dup le-w@ dup 0= if  drop leave  then  +utf-16  2+
   loop  drop  found-name .safely ;

\ The partition for a program that starts the machine: PReP, 9E1A2D38-C612-4316-AA26-8B49521E5A8B.
create prep-type
h# 382d1a9e ,  h# 12c61643 ,  h# aa268b49 ,  h# 521e5a8b ,
: gpt-program  ( -- n )
   gpt-entries most-partitions umin 1+ 1 ?do
      i gpt-entry 16 prep-type 16 $= if  i unloop exit  then
   loop  no-program throw ;
