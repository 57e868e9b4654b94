\ A disk on an ATA channel at `reg-base`, registers 16 bytes apart, programmed input and output
\ (ATA/ATAPI-4, chapters 8 and 9). It is looked for when it is opened.

0 instance value label                  \ instance of the package disk-label
0 instance value sectors                \ of the disk
0 instance value sectors/block          \ that it gives or takes at a time

: register  ( n -- a )  4 << reg-base + ;
: data  ( -- a )  0 register ;
: command!  ( command -- )  7 register rb! ;
: status@  ( -- status )  7 register rb@ ;
h# 80 constant bsy
h# 08 constant drq
h# 01 constant err
h# e0 constant block-addresses          \ device 0; an address is the number of a sector
h# c4 constant read-multiple
h# c5 constant write-multiple
h# c6 constant set-multiple
h# ec constant identify

512 constant /sector
256 constant most-sectors               \ of one command
: deadline  ( -- d )  timebase timebase-frequency 0 d+ ;       \ in a second
: wait  ( -- status )
   deadline
   begin  status@ dup bsy and while
      drop  2dup timebase du< if  2drop err exit  then
   repeat  nip nip ;
: ready?  ( -- flag )  wait drq err or and drq = ;
: address!  ( sector n -- )
   2 register rb!
   lbsplit 15 and block-addresses or 6 register rb!
   5 register rb!  4 register rb!  3 register rb! ;

\ One command for up to 256 sectors; how many have been moved.
: next-block  ( n done -- n' )  - sectors/block umin ;
: read-some  ( a sector n -- done )
   { a sector n ; done some -- }
   sector n address!  read-multiple command!  0 to done
   begin  n done next-block dup to some  while
      ready? 0= if  done exit  then
      data  done /sector * a +  some /sector * 2 >> port>memory
      done some + to done
   repeat  done ;
: write-some  ( a sector n -- done )
   { a sector n ; done some -- }
   sector n address!  write-multiple command!  0 to done
   begin  n done next-block dup to some  while
      ready? 0= if  done exit  then
      done /sector * a +  data  some /sector * 2 >> memory>port
      done some + to done
   repeat
   wait err and if  0  else  done  then ;
: blocks  ( a block# n xt -- done )
   { a block n xt ; done some -- }
   block sectors u> if  0 exit  then
   n sectors block - umin to n  0 to done
   begin  n done - most-sectors umin dup to some  while
      done /sector * a +  done block +  some xt execute
      dup done + to done  some <> if  done exit  then
   repeat  done ;

\ ---- Methods of a block device (IEEE 1275 3.7.3, 3.8.3)
: block-size  ( -- n )  /sector ;
: #blocks  ( -- n )  sectors ;
: max-transfer  ( -- n )  most-sectors /sector * ;
: read-blocks  ( a block# n -- done )  ['] read-some blocks ;
: write-blocks  ( a block# n -- done )  ['] write-some blocks ;
: dma-alloc  ( size -- virt )  " dma-alloc" $call-parent ;
: dma-free  ( virt size -- )  " dma-free" $call-parent ;

/sector buffer: identity                \ what the disk says about itself
: identify-disk  ( -- )
   block-addresses 6 register rb!
   status@ dup 0= swap 255 = or if  no-disk throw  then
   identify command!  ready? 0= if  no-disk throw  then
   data identity /sector 2 >> port>memory
   identity 120 + le-l@ to sectors      \ words 60 and 61
   identity 94 + c@ dup to sectors/block        \ word 47
   2 register rb!  set-multiple command!  wait err and if  no-disk throw  then ;
: open  ( -- ok? )
   identify-disk
   my-args " disk-label" $open-package dup to label  0<> ;
: close  ( -- )  label close-package ;

\ The partition, or the file, that the arguments name.
: seek  ( low high -- error? )  " seek" label $call-method ;
: read  ( a len -- actual )  " read" label $call-method ;
: write  ( a len -- actual )  " write" label $call-method ;
: size  ( -- d )  " size" label $call-method ;
: load  ( a -- len )  " load" label $call-method ;
: dir  ( -- )  " dir" label $call-method ;
