\ ELF executables (System V ABI, PowerPC supplement; PowerPC binding 10.2).
\
\ Nothing in the file is believed: every part must lie in it before it is used.

0 value load-size                       \ length of the image at load-base
0 value program-entry                   \ of the program that is ready to go, or 0
-1 value program-mode                   \ 0: wants translation, 1: wants real mode, -1: neither

: elf?  ( a -- flag )  unaligned-l@ h# 7f454c46 = ;
: elf-entry  ( image -- a )  24 + @ ;
: elf-phoff  ( image -- n )  28 + @ ;
: elf-phentsize  ( image -- n )  42 + w@ ;
: elf-phnum  ( image -- n )  44 + w@ ;
: program-header  ( n image -- a )  tuck elf-phentsize * over elf-phoff + + ;
: p-load?  ( header -- flag )  @ 1 = ;
: p-offset  ( header -- n )  4+ @ ;
: p-virtual  ( header -- a )  8 + @ ;
: p-physical  ( header -- a )  dup 12 + @ dup -1 = if  drop p-virtual  else  nip  then ;
: p-filesz  ( header -- n )  16 + @ ;
: p-memsz  ( header -- n )  20 + @ ;

\ ---- How long is an image whose length is not given?
: image-size  ( image -- len )
   dup elf? 0= if  drop 0 exit  then
   { image ; end -- }
   image elf-phoff image elf-phnum image elf-phentsize * + to end
   image elf-phnum 0 ?do
      i image program-header dup p-offset swap p-filesz + end umax to end
   loop
   image 32 + @ image 46 + w@ image 48 + w@ * + end umax  memory-size @ image - umin ;

\ ---- Checks
: ?elf  ( flag a len -- )  (abort") ;
: inside?  ( offset len size -- flag )  2 pick over u> if  3drop false exit  then  2 pick - u<= nip ;
: check-elf  ( image size -- )
   { image size -- }
   size 52 u< " program is too short" ?elf
   image elf? 0= " program is not ELF" ?elf
   image 4+ c@ 1 <> image 5 + c@ 2 <> or " program is not 32 bits, big-endian" ?elf
   image 16 + w@ 2 <> image 18 + w@ 20 <> or " program is not a PowerPC executable" ?elf
   image elf-phentsize 32 <> image elf-phnum 0= or " program headers are damaged" ?elf
   image elf-phoff image elf-phnum 32 * size inside? 0= " program headers are damaged" ?elf
   image elf-phoff 3 and " program headers are damaged" ?elf
   image elf-phnum 0 ?do
      i image program-header dup p-load? if
         dup p-offset over p-filesz size inside? 0= " segment is not in the file" ?elf
         dup p-filesz over p-memsz u> " segment is longer in the file than in memory" ?elf
         dup p-physical over p-memsz + over p-physical u< " segment is too large" ?elf
      then  drop
   loop ;

\ ---- Loading. `moved` is added to the physical addresses of the file.
0 value moved
: program-range  ( image -- low high )
   { image ; low high -- }
   -1 to low  0 to high
   image elf-phnum 0 ?do
      i image program-header dup p-load? if
         dup p-physical low umin to low
         dup p-physical over p-memsz + high umax to high
      then  drop
   loop
   low high ;
16777216 constant moved-program         \ a program that is linked to our place goes here
: place-program  ( low high -- )
   over - { low size -- }
   0 to moved
   low low size + claim-exactly if  exit  then
   moved-program dup size + claim-exactly if  moved-program low - to moved  exit  then
   size h# 100000 claim-highest 0= if  -59 throw  then  low - to moved ;
: load-segments  ( image -- )
   { image -- }
   image elf-phnum 0 ?do
      i image program-header dup p-load? if
         dup p-offset image +  over p-physical moved +  2 pick p-filesz move
         dup p-physical moved + over p-filesz +
         over p-memsz 2 pick p-filesz - erase
         dup p-physical moved + over p-memsz flush-code
      then  drop
   loop ;
: physical-entry  ( image -- a )
   { image ; entry -- }
   image elf-entry to entry
   image elf-phnum 0 ?do
      i image program-header dup p-load? if
         entry over p-virtual - over p-memsz u< if
            dup p-virtual entry swap - swap p-physical + moved + unloop exit
         then
      then  drop
   loop
   entry moved + ;
\ A note "PowerPC" of type 1275 (PowerPC binding 8.2.1) begins with the mode; its addresses are about
\ the place of the firmware, which is always the same.
: read-note  ( a len -- )
   28 < if  drop exit  then
   dup @ 8 <>  over 8 + @ h# 1275 <> or if  drop exit  then
   dup 12 + 7 " PowerPC" $= if  20 + @ dup if  -1 = if  -1  else  1  then  then  to program-mode
   else  drop  then ;
: read-notes  ( image size -- )
   { image size -- }
   -1 to program-mode
   image elf-phnum 0 ?do
      i image program-header dup @ 4 = if
         dup p-offset over p-filesz size inside?  over p-offset 3 and 0= and if
            dup p-offset image + over p-filesz read-note
         then
      then  drop
   loop ;
: load-elf  ( image size -- )
   2dup check-elf  2dup read-notes
   over + { image end -- }
   image program-range  2dup u>= " program has nothing to load" ?elf
   image end claim-exactly >r           \ the program must not land on its own image
   ['] place-program catch
   r> if  image end over - release  then
   throw
   image load-segments
   image physical-entry to program-entry ;
