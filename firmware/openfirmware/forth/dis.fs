\ The disassembler (IEEE 1275 7.6.3.3): dis, +dis. Its table is dis_table.py's: mask, match, length of
\ the row, counted name, options, and for each operand its kind, place of its first bit from the right,
\ width.

1 constant option-oe   2 constant option-rc   4 constant option-lk   8 constant option-aa
16 constant option-same

0 value dis-address
variable dis-word
: row-name  ( row -- a len )  12 + count ;
: row-options  ( row -- a )  row-name + aligned ;
: row-operands  ( row -- a )  row-options 1+ ;
: next-row  ( row -- row' )  dup 8 + @ + ;
: same-registers?  ( -- flag )  dis-word @ dup 21 >> swap 11 >> xor 31 and 0= ;
: row-fits?  ( row -- flag )
   dup @ dis-word @ and over 4+ @ <> if  drop false exit  then
   row-options c@ option-same and if  same-registers?  else  true  then ;
: find-row  ( -- row | 0 )
   instruction-table
   begin  dup @ while  dup row-fits? if exit then  next-row  repeat  drop 0 ;

\ ---- Operands
\ The highest bit of a field is bit `place` from the right, counted from 1.
: operand-field  ( operand -- u )
   dup 1+ c@ swap 2+ c@ tuck - dis-word @ swap >>  1 rot << 1- and ;
: sign-extended  ( u width -- n )  32 swap - tuck << swap >>a ;
: .hex  ( u -- )  ." 0x" base @ >r hex (u.) type r> base ! ;
: .condition  ( u -- )
   dup 2 >> ?dup if  ." 4*cr" .dec ." +"  then
   3 and case
      0 of  ." lt"  endof  1 of  ." gt"  endof  2 of  ." eq"  endof  3 of  ." so"  endof
   endcase ;
: .target  ( operand -- )
   dup operand-field over 2+ c@ sign-extended 2 <<  nip
   dis-word @ 2 and 0= if  dis-address +  then  .hex ;
: .base  ( u -- )  ?dup if  ." r" .dec  else  ." 0"  then ;
: .operand  ( operand -- )
   dup operand-field                    ( operand u )
   over c@ case
      1 of  ." r" .dec  endof           2 of  ." f" .dec  endof
      3 of  ." cr" .dec  endof          4 of  .condition  endof
      5 of  .dec  endof
      6 of  over 2+ c@ sign-extended .dec  endof
      7 of  drop dup .target  endof
      8 of  dup 5 >> swap 31 and 5 << or .dec  endof
      9 of  ?dup 0= if 32 then .dec  endof
      10 of  .base  endof
      11 of  ." (" .base ." )"  endof
   endcase  drop ;
: .operands  ( row -- )
   row-operands
   begin  dup c@ while
      dup .operand  3 +
      dup c@ dup 0<> swap 11 <> and if  ." ,"  then
   repeat  drop ;

\ ---- A line
: option?  ( row option bits -- flag )  dis-word @ and 0<>  -rot swap row-options c@ and 0<> and ;
: .mnemonic  ( row -- len )
   dup row-name dup >r type
   dup option-oe h# 400 option? if  ." o" r> 1+ >r  then
   dup option-rc 1 option? if  ." ." r> 1+ >r  then
   dup option-lk 1 option? if  ." l" r> 1+ >r  then
   option-aa 2 option? if  ." a" r> 1+ >r  then
   r> ;
: .instruction-at  ( a -- )
   dup to dis-address  @ dis-word !
   find-row ?dup 0= if  ." .long   0x" dis-word @ .8 exit  then
   dup .mnemonic
   over row-operands c@ if  7 swap - 0 max 1+ spaces  .operands  else  2drop  then ;
: dis-line  ( a -- )
   dup .8 space  dup @ .8 2 spaces  .instruction-at ;

0 value dis-next
: dis-lines  ( a -- )
   -4 and  16 0 do
      cr dup dis-line 4+  dup to dis-next
      exit? if  leave  then
   loop  drop ;
: dis  ( a -- )  dis-lines ;
: +dis  ( -- )  dis-next dis-lines ;
