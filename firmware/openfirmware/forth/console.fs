\ Keys from the console, and the words that every console driver defers to.
\
\ What has been typed waits in a ring: `key` takes from it, a tick (alarms.fs) fills it too, while a word
\ is executed. With the ring full, the console waits.

defer (key)                             \ ( -- char ) of the device: the one that has come
defer (key?)                            \ ( -- flag ) has one come?

1024 constant /typed
1024 buffer: typed
variable typed-in                       \ numbers of characters
variable typed-out
variable #breaks                        \ ^Cs in the ring
variable waiting?                       \ for a key
variable sounding                       \ number of the alarm that is executed (alarms.fs), or 0
variable raw-keys?                      \ ^C is a key like others
3 constant break-key                    \ ^C

: #ahead  ( -- n )  typed-in @ typed-out @ - ;
: typed?  ( -- flag )  #ahead 0<> ;
: typed-room?  ( -- flag )  #ahead /typed < ;
: typed-char  ( n -- a )  /typed 1- and typed + ;
defer own-keys                          \ ( -- ) keys come from the console's own driver
variable collecting?
: collect-keys  ( -- )                  \ with interrupts off
   collecting? on
   #ahead /typed u> if  typed-in @ typed-out !  then            \ a program's work
   #breaks @ #ahead u> if  #breaks off  then
   begin  typed-room? if  (key?)  else  false  then  while
      (key)  dup break-key = if  1 #breaks +!  then
      typed-in @ typed-char c!  1 typed-in +!
   repeat
   collecting? off ;
: take-typed  ( -- char )               \ only if there is one
   typed-out @ typed-char c@  1 typed-out +!
   dup break-key = if  interrupts-off  -1 #breaks +!  interrupts!  then ;
: forget-typed  ( -- )                  \ the first ^C and what is before it
   begin  typed? if  take-typed break-key =  else  true  then  until ;
\ ^C interrupts a word that does not wait for a key; one that waits gets it in its turn, unless an alarm
\ keeps it from it.
: break?  ( -- flag )  #breaks @ 0<>  waiting? @ raw-keys? @ or 0= sounding @ or  and ;

: key?  ( -- flag )
   interrupts-off >r  ['] collect-keys catch  r> interrupts! throw  typed? ;
: key  ( -- char )
   waiting? on  begin  #ahead 1- /typed u< if  true  else  key?  then  until
   take-typed  waiting? off
   dup break-key = raw-keys? @ 0= and if  0 0 culprit 2!  interrupted  then ;
\ The method `read` of the console takes what has come from the ring too.
variable stdin                          \ ihandle
: from-ring?  ( -- flag )  (my-self) @ stdin @ =  collecting? @ 0=  and ;
: read-typed  ( a len -- actual )
   key? drop
   #ahead min 0 max  dup >r
   bounds ?do  take-typed i c!  loop  r> ;
