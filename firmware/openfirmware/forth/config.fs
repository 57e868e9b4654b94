\ Configuration variables and NVRAM (IEEE 1275 7.4.4).
\
\ A variable is a string property of /options. NVRAM holds those that differ from their defaults as
\ "name=value" texts in a partition `common` (CHRP binding 8): signature, checksum, length in blocks of
\ 16 bytes, name, then the texts, each with a zero behind; an empty one is the last.

\ ---- The table: kind, counted name, counted default (options.py)
0 constant text-kind
1 constant flag-kind
2 constant number-kind
3 constant address-kind
4 constant mode-kind
: entry-name  ( entry -- a len )  4+ count ;
: entry-default  ( entry -- a len )  4+ count + aligned count ;
: next-entry  ( entry -- entry' )  4+ count + aligned count + aligned ;
: find-entry  ( a len -- entry true | false )
   config-table
   begin  dup @ -1 <> while
      3dup entry-name $= if  nip nip true exit  then  next-entry
   repeat  3drop false ;
: ?entry  ( a len -- entry )
   2dup culprit 2!  find-entry 0= if  -61 throw  then ;

\ ---- Values
: config-text  ( a len -- value vlen )  options-node string-property ;
: config-flag  ( a len -- flag )  config-text " true" $= ;
: boot-device  ( -- a len )  " boot-device" config-text ;
: boot-file  ( -- a len )  " boot-file" config-text ;
: boot-command  ( -- a len )  " boot-command" config-text ;
: auto-boot?  ( -- flag )  " auto-boot?" config-flag ;
: use-nvramrc?  ( -- flag )  " use-nvramrc?" config-flag ;
: nvramrc  ( -- a len )  " nvramrc" config-text ;
: diag-device  ( -- a len )  " diag-device" config-text ;
: diag-file  ( -- a len )  " diag-file" config-text ;
: oem-logo?  ( -- flag )  " oem-logo?" config-flag ;
: selftest-#megs  ( -- n )  " selftest-#megs" config-text 10 digits if  drop  else  0  then ;
: diag-switch?  ( -- flag )  " diag-switch?" config-flag ;
: input-device  ( -- a len )  " input-device" config-text ;
: output-device  ( -- a len )  " output-device" config-text ;
: oem-banner  ( -- a len )  " oem-banner" config-text ;
: oem-banner?  ( -- flag )  " oem-banner?" config-flag ;
: fcode-debug?  ( -- flag )  " fcode-debug?" config-flag ;
: load-base  ( -- a )
   " load-base" config-text 16 digits if  drop  else  h# 400000  then ;

\ ---- NVRAM, byte by byte; 0 bytes where there is none
16 constant /partition-header
h# 70 constant common-signature
: nvram@  ( offset -- byte )  nvram-stride * nvram-base + rb@ ;
: nvram!  ( byte offset -- )
   2dup nvram@ = if  2drop exit  then  nvram-stride * nvram-base + rb! ;
create partition-name  99 c, 111 c, 109 c, 109 c, 111 c, 110 c, 0 c, 0 c, 0 c, 0 c, 0 c, 0 c,
\ Sum of the header without its second byte; a carry is added again.
: +carry  ( sum byte -- sum' )  +  dup 8 >> + 255 and ;
: header-sum  ( -- sum )
   0 nvram@  /partition-header 2 do  i nvram@ +carry  loop ;
: partition?  ( -- flag )
   nvram-size 0= if  false exit  then
   0 nvram@ common-signature =  1 nvram@ header-sum = and ;
variable nvram-position
: put-byte  ( byte -- )
   nvram-position @ nvram-size >= if  -59 throw  then
   nvram-position @ nvram!  1 nvram-position +! ;
: put-text  ( a len -- )  bounds ?do  i c@ put-byte  loop ;
: changed?  ( entry -- flag )  dup entry-name config-text rot entry-default $= 0= ;
: texts-size  ( -- n )
   1 config-table
   begin  dup @ -1 <> while
      dup changed? if
         dup entry-name config-text nip over entry-name nip + 2+ rot + swap
      then  next-entry
   repeat  drop ;
: save-config  ( -- )
   nvram-size 0= if exit then
   texts-size /partition-header + nvram-size > if  -59 throw  then
   /partition-header nvram-position !
   config-table
   begin  dup @ -1 <> while
      dup changed? if
         dup entry-name put-text  [char] = put-byte
         dup entry-name config-text put-text  0 put-byte
      then  next-entry
   repeat  drop
   0 put-byte
   common-signature 0 nvram!  nvram-size 4 >> dup 8 >> 2 nvram!  255 and 3 nvram!
   12 0 do  partition-name i + c@ 4 i + nvram!  loop
   header-sum 1 nvram! ;

\ ---- Changing
: same-text?  ( a1 len1 a2 len2 -- flag )      \ case does not count
   rot over <> if  3drop false exit  then
   0 ?do
      over i + c@ lcc  over i + c@ lcc <> if  2drop false unloop exit  then
   loop  2drop true ;
: integer?  ( a len base -- flag )
   >r  over c@ [char] - = over 1 > and if  1 /string  then
   r> digits  dup if  nip nip  then ;
: zero-ended  ( a len -- a' len+1 )
   dup 1+ ring-room >r  2dup r@ swap move  nip  r@ over + 0 swap c!  r> swap 1+ ;
: ?mode  ( a len -- a len )             \ security-mode; without a password there is no way back
   2dup " none" $= 0= >r 2dup " command" $= 0= >r 2dup " full" $= 0= r> r> and and
   if  -12 throw  then ;
\ Not asked when NVRAM is read, where the password may come later.
: ?password  ( a len kind -- a len )
   mode-kind <> if  exit  then
   2dup " none" $= if  exit  then
   " security-password" config-text nip 0= " set a password first" (abort") ;
: ?value  ( a len kind -- a' len' )     \ as it is kept; a throw if it cannot be
   case
      flag-kind of
         2dup " true" same-text? if  2drop " true" exit  then
         2dup " false" same-text? if  2drop " false" exit  then
         2drop -63 throw
      endof
      number-kind of  2dup 10 integer? 0= if  -24 throw  then  endof
      address-kind of  2dup 16 integer? 0= if  -24 throw  then  endof
      mode-kind of  ?mode  endof
   endcase ;
: put-option  ( a len name nlen -- )  2>r zero-ended 2r> options-node set-property ;
: $setenv  ( value vlen name nlen -- )
   2dup ?entry >r  2swap r@ @ ?value r@ @ ?password 2swap put-option  r> drop  save-config ;
\ The rest of the line without blanks at its ends; it is used up.
: rest-of-line  ( -- a len )  unread skip-blanks -trailing  source nip >in ! ;
: setenv  ( "name" "value" -- )  need-name >ring rest-of-line 2swap $setenv ;
: to-default  ( entry -- )  dup entry-default rot entry-name put-option ;
: set-default  ( "name" -- )  need-name ?entry to-default save-config ;
\ The password stays, and the script can be had again by nvrecover.
2variable lost-script
: protected?  ( entry -- flag )  entry-name 9 min " security-" $= ;
: set-defaults  ( -- )
   nvramrc dup if  tuck copied swap lost-script 2!  else  2drop  then
   config-table begin  dup @ -1 <> while
      dup protected? 0= if  dup to-default  then  next-entry
   repeat drop  save-config ;
: reset-nvram  ( -- )  set-defaults ;

\ ---- Showing
: show-entry  ( entry -- )
   dup entry-name type  18 to-column
   dup entry-name " security-password" $= if  drop cr exit  then
   dup entry-name config-text type  46 to-column  entry-default type cr ;
: printenv  ( ["name"] -- )
   cr parse-name dup if  ?entry show-entry exit  then  2drop
   config-table begin  dup @ -1 <> while
      dup show-entry exit? if  drop exit  then  next-entry
   repeat drop ;

\ ---- At the start: what NVRAM has replaces the defaults
1024 buffer: config-line
: read-text  ( position -- position' a len )
   config-line swap                     ( to position )
   begin  dup nvram-size < if  dup nvram@  else  0  then  dup while
      2 pick config-line - 1023 < if  2 pick c!  swap 1+ swap  else  drop  then
      1+
   repeat  drop 1+ swap config-line tuck - ;
: load-config  ( -- )
   partition? 0= if exit then
   /partition-header
   begin  read-text dup while
      [char] = left-parse-string        ( position value vlen name nlen )
      2dup find-entry if                ( position value vlen name nlen entry )
         @ -rot 2>r  ['] ?value catch   \ another program may have written it
         if  3drop 2r> 2drop  else  2r> put-option  then
      else  2drop 2drop  then
   repeat  2drop drop ;
