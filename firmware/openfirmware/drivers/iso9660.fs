\ The file system ISO 9660 (ECMA-119), with the names of Rock Ridge (IEEE P1282) or of Joliet. Numbers
\ are there in both byte orders.

0 instance value /block
0 instance value joliet?
0 instance value rock-ridge?
0 instance value skipped                \ bytes in front of Rock Ridge's entries
34 instance buffer: root-record

\ The current object
0 instance value first-block
0 instance value file-size
0 instance value folder?

: block>position  ( block -- d )  /block um* ;

\ ---- Volume descriptors: one in each 2 KB from 32 KB on; the primary one, and Joliet's
16 constant first-descriptor
32 constant behind-descriptors
: descriptor  ( n -- a )  11 << 190 swap 0 need ;
: joliet-descriptor?  ( a -- flag )
   dup c@ 2 =  over 88 + w@ h# 252f =  and      \ "%/" and one of three letters
   swap 90 + c@ dup [char] @ = over [char] C = or swap [char] E = or and ;
: use-descriptor  ( a -- )
   dup 130 + w@ to /block
   156 + root-record 34 move ;
: descriptor?  ( a -- flag )  1+ 5 " CD001" $= ;
: find-descriptor  ( test -- found? )
   { test -- }
   behind-descriptors first-descriptor do
      i descriptor
      dup descriptor? 0=  over c@ 255 = or if  drop leave  then
      dup test execute if  use-descriptor true unloop exit  then  drop
   loop  false ;
: primary?  ( a -- flag )  c@ 1 = ;

\ ---- Directory records
: >extent  ( record -- block )  dup 6 + unaligned-l@ swap 1+ c@ + ;   \ behind extended attributes
: >size  ( record -- n )  14 + unaligned-l@ ;
: >flags  ( record -- n )  25 + c@ ;
: >name  ( record -- a len )  dup 33 + swap 32 + c@ ;
2 constant is-directory
h# 80 constant goes-on                  \ a file in several pieces
: enter  ( record -- )
   dup >flags goes-on and if  " a file in several pieces" refuse  then
   dup 26 + w@ if  " interleaved files" refuse  then
   dup >extent to first-block  dup >size to file-size
   >flags is-directory and 0<> to folder? ;
: root  ( -- )  root-record enter ;
: extent  ( offset -- d.position n )
   dup file-size u>= if  drop 0 0 0 exit  then
   first-block block>position 2 pick 0 d+  rot file-size swap - ;

\ ---- Going through a directory: records do not cross sectors of 2 KB
h# 100000 constant largest-directory
0 instance value entry-offset
256 instance buffer: record
: first-entry  ( -- )
   file-size largest-directory u> ?damaged  0 to entry-offset ;
: bytes-at  ( n offset -- a )  extent 0= ?damaged need ;
: next-record  ( -- found? )
   begin  entry-offset file-size u< while
      1 entry-offset bytes-at c@ dup if ( length )
         dup 34 u< ?damaged
         dup entry-offset bytes-at  record 2 pick move
         record 32 + c@ 33 + over u> ?damaged
         entry-offset + to entry-offset  true exit
      then
      drop  entry-offset 2048 + -2048 and to entry-offset
   repeat  false ;

\ ---- Rock Ridge: entries behind a record's name, and in continuation areas
h# 4e4d constant nm                     \ name
h# 4345 constant ce                     \ continuation
h# 434c constant cl                     \ the folder is elsewhere: it would be too deep here
h# 534c constant sl                     \ symbolic link: flags, then components of its text
8 constant most-areas
variable continuation                   \ its block; 0: none
variable continuation-offset
variable continuation-length
variable relocated                      \ block of the folder, or 0
\ A component is flags, length, text. One that is not whole goes on in the next.
/path buffer: link-text
variable #link                          \ 0: the entry is no link
variable open-component                 \ is the last one not whole?
: +link  ( a len -- )
   dup #link @ + /path >= if  -18 throw  then
   tuck link-text #link @ + swap move  #link +! ;
: +component  ( a -- )
   #link @ 0<> open-component @ 0= and if  " /" +link  then
   dup c@ dup 1 and open-component !
   dup 2 and if  " ." +link  then
   dup 4 and if  " .." +link  then
   8 and if  #link @ 0= if  " /" +link  then  then      \ the root
   2+ dup 1- c@ +link ;
: +components  ( a len -- )
   begin  dup 2 u>= while
      over 1+ c@ 2+ 2dup u< if  3drop exit  then
      2 pick +component  /string
   repeat  2drop ;
: susp-entry  ( a -- )
   dup w@ case
      nm of  dup 4+ c@ 6 and 0= if  dup 5 + over 2+ c@ 5 - 0 max +names  then  endof
      ce of
         dup 8 + unaligned-l@ continuation !
         dup 16 + unaligned-l@ continuation-offset !
         dup 24 + unaligned-l@ continuation-length !
      endof
      cl of  dup 8 + unaligned-l@ relocated !  endof
      sl of  dup 5 + over 2+ c@ 5 - 0 max +components  endof
   endcase  drop ;
: susp-area  ( a len -- )
   begin  dup 4 u>= while
      over 2+ c@ 2dup u< over 4 u< or if  3drop exit  then      ( a len n )
      2 pick susp-entry  /string
   repeat  2drop ;
: system-use  ( -- a len )
   record >name + 1+ -2 and  record dup c@ + over - 0 max ;
: +continuation  ( -- )
   continuation-length @ dup most-needed u> ?damaged
   continuation @ block>position continuation-offset @ 0 d+  2 pick -rot need swap
   continuation off  susp-area ;
: rock-ridge  ( -- )
   continuation off  open-component off
   system-use skipped /string 0 max susp-area
   most-areas 0 do
      continuation @ 0= if  leave  then  +continuation
   loop ;
\ The first record of the root says whether there are such entries.
: find-rock-ridge  ( -- )
   0 to skipped  root first-entry next-record 0= if  exit  then
   system-use 7 u< if  drop exit  then
   dup unaligned-l@ h# 53500701 =  over 4+ w@ h# beef = and if
      true to rock-ridge?  6 + c@ to skipped
   else  drop  then ;

\ ---- Names
: +joliet  ( a len -- )
   bounds ?do  i w@ dup [char] ; = if  drop leave  then  +utf-16  2 +loop ;
: +plain  ( a len -- )
   [char] ; left-parse-string 2swap 2drop
   dup if  2dup + 1- c@ [char] . = +  then  +names ;
: special?  ( a len -- flag )  1 = if  c@ 2 u<  else  drop false  then ;
: next-entry  ( -- found? )
   next-record dup 0= if  exit  then
   no-name  relocated off  #link off
   record >name special? if  record 33 + c@ 1+ 0 do  [char] . +name  loop exit  then
   rock-ridge? if  rock-ridge  then
   #name @ 0= if  record >name joliet? if  +joliet  else  +plain  then  then ;
: fits?  ( a len -- flag )  rock-ridge? same-name? ;
: entry-folder?  ( -- flag )  record >flags is-directory and relocated @ or 0<> ;
: entry-size  ( -- n )  record >size ;
: take-relocated  ( block -- )
   to first-block  true to folder?  2048 to file-size
   first-entry next-record 0= ?damaged  record enter ;
: take-link  ( -- )                     \ the folder that it is in stays the current one
   link-text #link @ follow-link  from-root? if  root  then ;
: take-entry  ( -- )
   #link @ if  take-link exit  then
   relocated @ ?dup if  take-relocated  else  record enter  then ;

: mount  ( -- ok? )
   volume-size h# 9000 0 d< if  false exit  then
   ['] primary? find-descriptor 0= if  false exit  then
   /block dup 512 = over 1024 = or swap 2048 = or 0= ?damaged
   find-rock-ridge
   rock-ridge? 0= if  ['] joliet-descriptor? find-descriptor to joliet?  then
   true ;

fload file-system.fs
