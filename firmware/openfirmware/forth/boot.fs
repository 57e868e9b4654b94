\ Starting programs: load, init-program, go, boot (IEEE 1275 7.4.3).

: set-chosen-string  ( a len name nlen -- )  2>r encode-string 2r> chosen-node set-property ;

\ ---- load
\ Errors name the device, unless it has told what in there is not supported.
: disk-error?  ( code -- flag )  no-disk no-file between ;
: ?opened  ( ihandle a len -- ihandle )
   2 pick if  2drop exit  then
   culprit 2!
   open-error disk-error? 0= if  -67 throw  then
   open-error unsupported = if  open-culprit 2@ culprit 2!  then
   open-error throw ;
: open-named  ( a len -- ihandle )  2dup open-dev -rot ?opened ;
: call-named  ( … method mlen ihandle a len -- … )      \ and close it
   { ihandle a len -- }
   ihandle ['] $call-method catch  ihandle close-dev
   dup unsupported <> if  a len culprit 2!  then  throw ;
: load-from  ( specifier len -- )
   2dup open-named >r
   r@ instance-path " bootpath" set-chosen-string
   0 to program-entry
   2>r load-base " load" 2r> r> -rot call-named to load-size ;
: dir  ( "specifier" -- )
   need-name cr  2dup open-named -rot 2>r " dir" rot 2r> call-named ;
\ The first word is a device if it begins with / or is an alias; the rest are arguments.
: device-word?  ( a len -- flag )
   dup 0= if  2drop false exit  then
   over c@ [char] / = if  2drop true exit  then
   over swap part-length alias-value dup if  nip nip  then ;
: first-word  ( a len -- rest rlen word wlen )
   2dup scan-blank  2swap 2 pick - ;
\ Without a device in front, those of boot-device are tried in turn; diag-device for diagnostics.
: load-default  ( -- )
   0 diag-switch? if  diag-device  else  boot-device  then                        ( code a len )
   begin  skip-blanks dup while
      first-word  ['] load-from catch   ( code rest rlen 0 | code rest rlen x x error )
      dup 0= if  2drop 2drop exit  then
      nip nip >r rot drop r> -rot       \ the latest failure counts
   repeat
   2drop  dup 0= if  drop -67  then  throw ;
: init-program  ( -- )
   load-size 0= if  load-base image-length to load-size  then
   load-size 0= " there is no program in memory" (abort")
   state-valid off
   load-base load-size start-image 0= if
      load-base load-size load-elf  program-entry prepare-program
   then ;
: load-text  ( a len -- )
   2dup first-word 2dup device-word? if
      2swap skip-blanks " bootargs" set-chosen-string  2swap 2drop load-from
   else
      2drop 2drop  dup 0= if  2drop diag-switch? if  diag-file  else  boot-file  then  then
      " bootargs" set-chosen-string  load-default
   then
   init-program ;
: load  ( ["specifier"] ["arguments"] -- )  rest-of-line load-text ;

\ ---- go: a program that has been loaded starts, one that has stopped continues
: go  ( -- )
   entered @ if  resume-prompt throw  then
   program-entry ?dup if  prepare-program  then
   continue-program ;
: start-client  ( r3 r4 r6 r7 entry -- )  init-state continue-program ;
: chain-entry  ( len args entry -- )  >r swap 0 0 2swap r> start-client ;
: boot-text  ( a len -- )               \ a script has been executed already
   load-text  state-valid @ if  continue-program  then ;
: boot  ( ["specifier"] ["arguments"] -- )  rest-of-line boot-text ;

\ ---- A client asks for the prompt (`enter`); `go` continues.
: nested-prompt  ( -- )
   1 entered +!  dec@ >r  ['] prompt-loop catch  ticks-off r> dec!  -1 entered +!
   dup resume-prompt = if  drop  else  throw  then ;
