\ The line editor of the console (IEEE 1275 7.4.4.2): control keys, cursor keys, history.
\
\ The terminal only has to know backspace: what changed is printed again, and the cursor is moved
\ back over it.

0 value line                            \ where the line is
0 value line-room                       \ its most characters
variable #line-chars
variable cursor
variable line-done?
variable in-script?                     \ the line is one of a script (nvedit.fs)
variable last-key                       \ the one that ended such a line
256 buffer: yanked                      \ what ^K and its kind have erased
variable #yanked

: rest  ( -- a len )  line #line-chars @ cursor @ /string ;
: back  ( n -- )  0 max 0 ?do  bs emit  loop ;
: show-rest  ( erased -- )              \ print what is behind the cursor, blanks for what is gone
   >r rest type  r@ spaces  rest nip r> + back ;
: left  ( -- )  cursor @ if  -1 cursor +!  bs emit  then ;
: right  ( -- )  rest if  c@ emit 1 cursor +!  else  drop  then ;
: home  ( -- )  cursor @ back  cursor off ;
: end  ( -- )  rest type  #line-chars @ cursor ! ;
: keep-yanked  ( len -- )  255 min dup #yanked !  rest drop yanked rot move ;
: erase-at  ( len -- )                  \ characters from the cursor on
   rest nip umin dup 0= if  drop exit  then
   dup keep-yanked
   rest 2 pick /string  rest drop swap move
   dup negate #line-chars +!  show-rest ;
: insert  ( char -- )
   #line-chars @ line-room >= if  drop bell emit exit  then
   rest over 1+ swap move
   line cursor @ + c!  1 #line-chars +!
   rest drop c@ emit  1 cursor +!  0 show-rest ;
: insert-text  ( a len -- )  bounds ?do  i c@ insert  loop ;
: erase-line  ( -- )  home #line-chars @ erase-at ;
: rubout  ( -- )  cursor @ if  left 1 erase-at  then ;

\ ---- Words of the line
: at-blank?  ( -- flag )  rest if  c@ bl =  else  drop true  then ;
: word-right  ( -- )
   begin  rest nip at-blank? and  while  right  repeat
   begin  rest nip at-blank? 0= and  while  right  repeat ;
: before-blank?  ( -- flag )  line cursor @ + 1- c@ bl = ;
: word-left  ( -- )
   begin  cursor @ if  before-blank?  else  false  then  while  left  repeat
   begin  cursor @ if  before-blank? 0=  else  false  then  while  left  repeat ;
: erase-word-left  ( -- )  cursor @ word-left cursor @ - erase-at ;
: erase-word-right  ( -- )
   cursor @ word-right cursor @ over - swap     ( len from )
   cursor @ swap - 0 ?do  left  loop  erase-at ;

\ ---- History: the latest lines, counted, one after the other in a ring
8 constant /history
2048 buffer: history                    \ lines of 255 characters
variable history-next                   \ number of the next line
variable history-shown                  \ number of the one that is shown
: history-line  ( n -- pstr )  /history 1- and 256 * history + ;
: remember  ( -- )
   #line-chars @ if
      history-next @ 1- history-line count line #line-chars @ $= 0= if
         line #line-chars @ history-next @ history-line pack drop
         1 history-next +!
      then
   then ;
: recall  ( n -- )
   dup history-next @ /history - 0 max history-next @ between 0= if  drop bell emit exit  then
   dup history-shown !
   erase-line
   dup history-next @ < if  history-line count insert-text  else  drop  then ;
: older  ( -- )  history-shown @ 1- recall ;
: newer  ( -- )  history-shown @ 1+ recall ;

\ ---- Keys
: finish-line  ( -- )  end cr line-done? on ;
: redraw  ( -- )  cursor @ cr home line #line-chars @ type  #line-chars @ swap - back ;
: cursor-key  ( -- )                    \ behind ESC [ or ESC O
   key case
      [char] A of  older  endof         [char] B of  newer  endof
      [char] C of  right  endof         [char] D of  left  endof
      [char] H of  home  endof          [char] F of  end  endof
      [char] P of  1 erase-at  endof
      [char] 3 of  key drop 1 erase-at  endof
   endcase ;
: escape-key  ( -- )
   key case
      [char] [ of  cursor-key  endof    [char] O of  cursor-key  endof
      [char] b of  word-left  endof     [char] f of  word-right  endof
      [char] h of  erase-word-left  endof
      [char] d of  erase-word-right  endof
      127 of  erase-word-left  endof
   endcase ;
: control-key  ( char -- )
   case
      carret of  finish-line  endof     linefeed of  finish-line  endof
      control A of  home  endof         control E of  end  endof
      control B of  left  endof         control F of  right  endof
      control P of  older  endof        control N of  newer  endof
      control D of  1 erase-at  endof   bs of  rubout  endof
      control K of  rest nip erase-at  endof
      control U of  erase-line  endof   control W of  erase-word-left  endof
      control Y of  yanked #yanked @ insert-text  endof
      control L of  redraw  endof
      control Q of  key insert  endof
      27 of  escape-key  endof
   endcase ;
\ Keys that leave a line of a script: Return, ^C, ^N, ^O, ^P, and ^K where nothing is left to erase.
: leaves-line?  ( char -- flag )
   in-script? @ 0= if  drop false exit  then
   case
      carret of  true  endof            linefeed of  true  endof
      control C of  true  endof         control N of  true  endof
      control O of  true  endof         control P of  true  endof
      control K of  rest nip 0=  endof
      false swap
   endcase ;
: edit-key  ( char -- )
   dup leaves-line? if  last-key !  line-done? on exit  then
   dup control I = if  drop bl  then     \ the cursor moves by one
   dup bl < if  control-key exit  then
   dup 127 = if  drop rubout  else  insert  then ;
: edit-again  ( a len used -- len' )    \ edit a line that has text already
   #line-chars !  to line-room to line
   line #line-chars @ type  #line-chars @ cursor !
   line-done? off  history-next @ history-shown !
   begin  key edit-key  line-done? @ until  #line-chars @ ;
: edit-line  ( a len -- len' )  0 edit-again remember ;
