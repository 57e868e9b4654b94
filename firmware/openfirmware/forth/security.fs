\ Security (IEEE 1275 7.4.6). In mode `command` only `boot` without arguments and `go` are executed
\ without a password, in mode `full` only `go`. `login` opens the prompt, `logout` closes it.

8 constant /password
/password buffer: typed-password
variable #typed
variable locked?
: security-mode  ( -- a len )  " security-mode" config-text ;
: security-password  ( -- a len )  " security-password" config-text ;
: security-#badlogins  ( -- n )  " security-#badlogins" config-text 10 digits if  drop  else  0  then ;
: secure?  ( -- flag )  security-mode " none" $= 0=  security-password nip 0<> and ;

\ What is typed is not shown.
: read-password  ( -- a len )
   #typed off
   begin  key dup carret <> over linefeed <> and while
      dup 127 = over bs = or if
         drop #typed @ 1- 0 max #typed !
      else
         #typed @ /password < if  typed-password #typed @ + c!  1 #typed +!  else  drop  then
      then
   repeat  drop cr
   typed-password #typed @ ;
: count-bad-login  ( -- )
   security-#badlogins 1+ ['] (.) 10 in-base " security-#badlogins" $setenv ;
: login?  ( -- flag )
   ." Password: " read-password security-password $= dup 0= if
      count-bad-login  ." Wrong password" cr
   then ;
: password  ( -- )
   ." New password (8 characters at most): " read-password >ring
   ." The same again: " read-password
   2over $= if  " security-password" $setenv  else  2drop ." They differ, nothing is changed" cr  then ;

\ ---- A line while the prompt is closed
: login  ( -- )  login? if  locked? off  then ;
: logout  ( -- )  secure? locked? ! ;
: .locked  ( -- )  ." Type boot, go (continue) or login" cr ;
: boot-line  ( a len -- )               \ the arguments need the password, in mode `full` boot does too
   -trailing nip 0=  security-mode " command" $= and
   if  " boot" evaluate exit  then
   login? if  source evaluate  then ;
: locked-line  ( -- )
   query #out off
   parse-name
   2dup " go" same-text? if  2drop go exit  then
   2dup " login" same-text? if  2drop login exit  then
   2dup " boot" same-text? if  2drop unread skip-blanks boot-line exit  then
   nip if  .locked  then ;
: prompt-line  ( -- )  locked? @ if  locked-line  else  interpret-line  then ;
: start-security  ( -- )
   ['] prompt-line to do-line  logout  locked? @ if  cr .locked  then ;
