\ The script editor, and aliases that NVRAM keeps (IEEE 1275 7.4.4.2, 7.4.4.3).
\
\ nvedit edits a copy of nvramrc, line by line with the keys of the command line. Return splits the
\ line and goes to its second part, ^O splits it and stays, ^N and ^P go down and up, ^K at the end
\ of a line joins it with the next, ^C ends. nvstore puts the copy into NVRAM.

4096 constant /script
1024 constant /script-line
0 value script                          \ the copy, or 0
variable #script
variable script-at                      \ where the line that is edited begins
variable script-number                  \ its number
: script-text  ( -- a len )  script #script @ ;
: line-behind  ( offset -- a len )      \ a line, without its end
   script-text rot /string 2dup linefeed scan nip - ;
: script-line  ( -- a len )  script-at @ line-behind ;
: script-tail  ( -- a len )             \ what follows the line, with its end
   script-line + script-text + over - ;
: replace-line  ( a len -- )            \ the line has this text now
   dup script-line nip - #script @ + /script > if  -18 throw  then
   script-tail 2 pick script-at @ + script + swap move
   dup script-line nip - #script +!
   script script-at @ + swap move ;
: last-line?  ( -- flag )  script-tail nip 0= ;
: next-line  ( -- )
   last-line? if  bell emit exit  then
   script-line nip 1+ script-at +!  1 script-number +! ;
: previous-line  ( -- )
   script-at @ 0= if  bell emit exit  then
   -1 script-number +!  -1 script-at +!
   begin  script-at @ if  script script-at @ + 1- c@ linefeed <>  else  false  then  while
      -1 script-at +!
   repeat ;
: join-line  ( -- )
   last-line? if  exit  then
   script-tail over 1+ -rot 1- move  -1 #script +! ;

0 value edited                          \ buffer of the line
: split-line  ( -- )                    \ at the cursor
   edited #line-chars @ cursor @ /string drop  dup 1+ #line-chars @ cursor @ - move
   linefeed edited cursor @ + c!  edited #line-chars @ 1+ replace-line ;
: edit-script-line  ( -- key )
   (cr script-number @ .dec ." : "
   script-line /script-line 1- umin tuck edited swap move
   edited /script-line 1- rot edit-again drop  cr
   edited #line-chars @ replace-line
   last-key @ ;
: edit-lines  ( -- )
   begin
      edit-script-line case
         3 of  exit  endof              \ ^C
         carret of  split-line next-line  endof
         linefeed of  split-line next-line  endof
         15 of  split-line  endof       \ ^O
         11 of  join-line  endof        \ ^K
         14 of  next-line  endof        \ ^N
         16 of  previous-line  endof    \ ^P
      endcase
   again ;
: begin-script  ( a len -- )            \ a copy to be edited
   dup /script u> if  -18 throw  then
   script 0= if  /script alloc-mem to script  then
   dup #script !  script swap move ;
: edit-script  ( -- )
   script-at off  1 script-number !
   /script-line alloc-mem to edited
   in-script? on  raw-keys? on  ['] edit-lines catch  in-script? off  raw-keys? off
   edited /script-line free-mem  throw ;
: drop-script  ( -- )  script if  script /script free-mem  0 to script  then ;

: nvedit  ( -- )  script 0= if  nvramrc begin-script  then  cr edit-script ;
: nvstore  ( -- )
   script 0= if exit then
   script-text " nvramrc" $setenv  drop-script ;
: nvquit  ( -- )
   script 0= if exit then
   script-text nvramrc $= 0= if
      ." Discard the changes? (y/n) " key dup emit lcc [char] y <> if exit then
   then  drop-script ;
: nvrun  ( -- )  script if  script-text  else  nvramrc  then  evaluate-script ;
: nvrecover  ( -- )                     \ what set-defaults has taken away
   lost-script 2@ dup 0= if  2drop exit  then
   begin-script  cr edit-script ;

\ ---- Aliases in nvramrc: lines `devalias name path`
: alias-line?  ( a len -- flag )        \ is the script's line one for this name?
   script-line first-word " devalias" $= if
      skip-blanks first-word 2swap 2drop $=
   else  2drop 2drop false  then ;
: delete-line  ( -- )
   " " replace-line
   last-line? if
      script-at @ if  -1 #script +!  then
   else  join-line  then ;
: find-alias-line  ( a len -- found? )
   script-at off
   begin
      2dup alias-line? if  2drop true exit  then
      last-line? if  2drop false exit  then
      script-line nip 1+ script-at +!
   again ;
: ?not-editing  ( -- )  script " nvramrc is being edited: nvstore or nvquit first" (abort") ;
: with-script  ( … xt -- … )            \ change a copy of nvramrc, then store it
   ?not-editing  nvramrc begin-script
   catch ?dup if  drop-script throw  then  nvstore ;
: (nvunalias)  ( a len -- )  find-alias-line if  delete-line  then ;
: (nvalias)  ( name nlen path plen -- )
   2over (nvunalias)                    \ the new line is the first
   script-at off
   string-length off  " devalias " +chars  2swap +chars  bl +char  +chars
   script-line nip if  linefeed +char  else
      last-line? 0= if  linefeed +char  then
   then
   script-line +chars
   string-buffer string-length @ >ring replace-line ;
: set-alias  ( name nlen path plen -- )  encode-string 2swap aliases-node set-property ;
: $nvalias  ( name nlen path plen -- )
   2over 2over ['] (nvalias) with-script
   set-alias  " true" " use-nvramrc?" $setenv ;
: nvalias  ( "name" "path" -- )  need-name >ring need-name >ring $nvalias ;
: $nvunalias  ( a len -- )
   2dup ['] (nvunalias) with-script  aliases-node (delete-property) ;
: nvunalias  ( "name" -- )  need-name >ring $nvunalias ;
