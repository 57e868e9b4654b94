\ What all file systems share: reading a volume, names of files, paths.
\
\ A file system is a support package whose parent is a disk-label instance. Positions on a volume are
\ bytes, as double numbers. Nothing on a disk is believed: a read beyond the volume is a THROW, every
\ search has an end.

-59 constant no-room
-71 constant no-file
-72 constant damaged
-73 constant unsupported                \ `culprit` names what
-74 constant unreadable
-75 constant no-file-system
-76 constant no-partition
-77 constant is-folder
-78 constant not-folder
-79 constant no-program
-80 constant no-disk

: ?damaged  ( flag -- )  if  damaged throw  then ;
: refuse  ( a len -- )  culprit 2!  unsupported throw ;
: power-of-two?  ( n -- flag )  dup 0<> swap dup 1- and 0= and ;

\ Is there memory for what is loaded?
: ?room  ( a len -- )
   over firmware-end u< if  no-room throw  then
   over memory-size @ u>= if  2drop exit  then          \ mapped by whoever loads it
   swap memory-size @ swap - u> if  no-room throw  then ;

\ ---- Windows: pieces of volumes in memory. What lies in one is not read again.
4 constant #windows
2048 constant /window
1536 constant most-needed               \ what can be asked for at a time
512 constant /sector                    \ windows begin at such a multiple
struct
   4 field >window-owner                \ ihandle of the file system
   8 field >window-start                \ position on the volume
   4 field >window-length
   /window field >window-data
constant /window-record
/window-record 4 * buffer: windows
variable latest-window                  \ number of the one that was used last
: window  ( n -- window )  /window-record * windows + ;
: forget-windows  ( -- )  #windows 0 do  0 i window >window-owner !  loop ;
: volume-size  ( -- d )  " partition-size" $call-parent ;
: volume-read  ( a len d.position -- )  " read-at" $call-parent ;
\ Where a range is in a window, if all of it is there.
: in-window  ( len d.position window -- a true | false )
   dup >window-owner @ my-self <> if  2drop 2drop false exit  then
   >r r@ >window-start 2@ d-            ( len d.offset ) ( R: window )
   if  2drop r> drop false exit  then   ( len offset )
   tuck + r@ >window-length @ u> if  drop r> drop false exit  then
   r> >window-data + true ;
: fill-window  ( d.position window -- )
   >r  0 r@ >window-owner !
   swap /sector negate and swap         ( d.start )
   2dup r@ >window-start 2!
   volume-size 2over d-                 ( d.start d.left )
   dup 0< ?damaged
   if  drop /window  else  /window umin  then   ( d.start length )
   dup r@ >window-length !
   r@ >window-data swap 2swap volume-read
   my-self r> >window-owner ! ;
: need-in  ( len d.position n -- a true | len d.position false )
   >r 3dup r@ window in-window if
      r> latest-window !  >r 3drop r> true
   else  r> drop false  then ;
: need  ( len d.position -- a )         \ the address of bytes of the volume
   2 pick most-needed u> ?damaged
   latest-window @ need-in if  exit  then
   #windows 0 do  i need-in if  unloop exit  then  loop
   latest-window @ 1+ #windows 1- and >r
   2dup r@ window fill-window
   r> need-in 0= ?damaged ;

\ ---- Names: `found-name` is that of a directory entry, in UTF-8
1024 constant /name
/name buffer: name-text
variable #name
: found-name  ( -- a len )  name-text #name @ ;
: no-name  ( -- )  #name off ;
: +name  ( byte -- )  #name @ /name < if  found-name + c! 1 #name +!  else  drop  then ;
: +names  ( a len -- )
   /name #name @ - umin  >r  found-name + r@ move  r> #name +! ;
: +tail  ( x shift -- x )  over swap >> 63 and 128 or +name ;
: +utf-8  ( code -- )
   dup 128 u< if  +name exit  then
   dup h# 800 u< if  dup 6 >> h# c0 or +name  0 +tail drop exit  then
   dup h# 10000 u< if  dup 12 >> h# e0 or +name  6 +tail 0 +tail drop exit  then
   dup 18 >> 7 and h# f0 or +name  12 +tail 6 +tail 0 +tail drop ;
\ UTF-16: the units of a surrogate pair are one character.
variable high-surrogate
: +utf-16  ( unit -- )
   dup h# d800 h# dbff between if  high-surrogate ! exit  then
   dup h# dc00 h# dfff between if
      h# 3ff and  high-surrogate @ h# 3ff and 10 << or h# 10000 +
   then  +utf-8 ;
: same-name?  ( a len case-sensitive? -- flag )         \ as `found-name`?
   if  found-name $=  else  found-name same-text?  then ;
: .safely  ( a len -- )                 \ control characters are not for the terminal
   bounds ?do  i c@ dup bl < over 127 = or if  drop [char] ?  then  emit  loop ;

\ ---- Paths. What of a path is still to be walked; a symbolic link puts its text in front.
1024 constant /path
/path buffer: path-room
/path buffer: link-room
2variable path-left
variable #links
8 constant most-links
: separator-here?  ( char -- flag )  dup [char] \ = swap [char] / = or ;
: set-path  ( a len -- )
   dup /path u> if  -18 throw  then
   tuck path-room swap move  path-room swap path-left 2!  #links off ;
: skip-separators  ( a len -- a' len' )
   begin  dup while  over c@ separator-here? while  1 /string  repeat then ;
: next-component  ( -- a len )          \ empty at the end
   path-left 2@ skip-separators
   2dup begin  dup while  over c@ separator-here? 0= while  1 /string  repeat then
   2dup path-left 2!  nip - ;
: follow-link  ( a len -- )
   1 #links +!  #links @ most-links > if  no-file throw  then
   dup path-left 2@ nip + 1+ /path u> if  -18 throw  then
   { a len -- }
   a link-room len move  [char] / link-room len + c!
   path-left 2@ dup >r link-room len + 1+ swap move
   link-room path-room r> len + 1+ dup >r move
   path-room r> path-left 2! ;
: from-root?  ( -- flag )               \ what is left begins at the root
   path-left 2@ if  c@ separator-here?  else  drop false  then ;
