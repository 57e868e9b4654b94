\ Console by devices: stdin and stdout (IEEE 1275 7.4.5). Until they are open, and while they are the
\ console's own instance, characters go straight to its driver.

: console-keys  ( -- )  ['] console-key to (key)  ['] console-key? to (key?) ;
' console-keys to own-keys
variable stdout
4 buffer: one-char
4 buffer: one-key

: +args  ( ihandle -- )
   dup >args-length @ if  " :" +path  dup >args @ over >args-length @ +path  then  drop ;
: instance-path  ( ihandle -- a len )   \ of the device: what was interposed does not show
   plain-instance dup >node @ node-path 2drop  +args  path-text #path @ ;
\ All instances from the root's on, those that were interposed with % before their names.
: +instances  ( ihandle -- )
   dup >parent-instance @ ?dup if  recurse  then
   dup >node @ parent if
      " /" +path  dup >interposed? @ if  " %" +path  then
      dup >node @ dup node-name +path +unit
   then  +args ;
: interposed-path  ( ihandle -- a len )
   #path off  +instances  #path @ 0= if  " /" +path  then  path-text #path @ ;
: stdout-emit  ( char -- )  one-char c!  one-char 1 " write" stdout @ $call-method drop ;
: stdin-key?  ( -- flag )  one-key 1 " read" stdin @ $call-method 0> ;
: stdin-key  ( -- char )  one-key c@ ;  \ the one that stdin-key? has read
: set-chosen  ( x a len -- )  2>r encode-int 2r> chosen-node set-property ;
: output  ( a len -- )
   need-dev
   dup stdout !  dup " stdout" set-chosen
   >node @ console-node = if  ['] console-emit  else  ['] stdout-emit  then  to (emit) ;
\ A keyboard driver may watch for an abort sequence itself (3.7.6).
: ?call-stdin  ( a len -- )
   stdin @ dup instance? if  3dup has-method? if  $call-method exit  then  then  3drop ;
: input  ( a len -- )
   need-dev
   " remove-abort" ?call-stdin
   dup stdin !  dup " stdin" set-chosen
   " install-abort" ?call-stdin
   >node @ console-node = if
      own-keys
   else
      ['] stdin-key to (key)  ['] stdin-key? to (key?)
   then ;
: io  ( a len -- )  2dup output input ;
