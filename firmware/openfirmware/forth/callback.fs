\ Functions of a client that the firmware calls (IEEE 1275 6.3.2.6, 7.4.9; PowerPC binding 8.5).
\
\ They take the same array as the client interface: name, number of arguments, number of returns,
\ arguments, returns. The first return says whether there was an error.

0 value callback-address                \ of set-callback
0 value sym>value-address               \ of set-symbol-lookup
0 value value>sym-address
0 value client-translates?              \ the client has a callback `translate`: the MMU is its own
8 constant most-returns
20 constant most-callback-arguments
96 buffer: callback-name
256 buffer: callback-text

: callback-array  ( argn … arg1 nargs nreturns a len -- array )
   { arguments returns a len ; array -- }
   arguments most-callback-arguments u> len 95 u> or if  -12 throw  then
   arguments most-returns + 3 + /n* alloc-mem to array
   a callback-name len move  0 callback-name len + c!
   callback-name array !  arguments array 4+ !  returns array 8 + !
   arguments 0 ?do  array 12 + i na+ !  loop
   array 12 + arguments na+ most-returns /n* erase
   array ;
: free-array  ( array -- )  0 free-mem ;
: array-returns  ( array -- a n )       \ where they are; how many there are
   dup 12 + over 4+ @ na+  swap 8 + @ most-returns umin ;
: (call-function)  ( array function -- array )
   dup 0= over 3 and or if  -12 throw  then
   over swap call-client if  -21 throw  then ;
: call-function  ( argn … arg1 nargs nreturns a len function -- array )
   >r callback-array r>
   over >r ['] (call-function) catch    ( array 0 | x x code ) ( R: array )
   ?dup if  nip nip r> free-array throw  then  r> drop ;

: $callback  ( argn … arg1 nargs a len -- retn … ret2 n )
   callback-address 0= " client has no callback" (abort")
   most-returns -rot callback-address call-function
   dup array-returns { array returns count -- }
   count 0= if  array free-array  0 exit  then
   returns @ ?dup if  array free-array throw  then
   count 1 ?do  returns count i - na+ @  loop
   count 1-  array free-array ;
: zero-ended-text  ( a len -- cstr )
   255 umin >r callback-text r@ move  0 callback-text r> + c!  callback-text ;
: callback  ( "service" "arguments" -- )
   need-name >ring  unread skip-blanks  source nip >in !
   zero-ended-text -rot 1 -rot $callback  0 ?do  drop  loop ;
: sync  ( -- )  0 " sync" $callback  0 ?do  drop  loop ;

\ ---- The client's symbols
: client-sym>value  ( a len -- a len false | n true )
   2dup zero-ended-text 1 2 " sym-to-value" sym>value-address call-function
   dup array-returns drop               ( a len array returns )
   dup @ if  drop free-array false exit  then
   4+ @ swap free-array nip nip true ;
: client-value>sym  ( n -- n false | offset a len true )
   dup 1 2 " value-to-sym" value>sym-address call-function
   dup array-returns drop               ( n array returns )
   dup @ -1 = over 4+ @ 0= or if  drop free-array false exit  then
   2@ rot free-array                    ( n cstr offset )
   rot drop swap dup cstrlen true ;
: set-symbols  ( v2s s2v -- old-v2s old-s2v )
   value>sym-address sym>value-address 2swap
   dup to sym>value-address  if  ['] client-sym>value  else  ['] word>value  then  to sym>value
   dup to value>sym-address  if  ['] client-value>sym  else  ['] value>word  then  to value>sym ;

\ ---- The MMU of a client (PowerPC binding 8.5.2). It is asked once whether it has these callbacks.
: client-translate  ( virt -- mode real )  1 " translate" $callback  2 <> if  -12 throw  then ;
: client-map  ( phys virt size mode -- )
   swap 2swap swap 4 " map" $callback  0 ?do  drop  loop ;
: client-unmap  ( virt size -- )  swap 2 " unmap" $callback  0 ?do  drop  loop ;
: set-callback-address  ( new -- old )
   callback-address swap to callback-address
   0 to client-translates?
   callback-address if
      client-mode @ h# 10 and if
         callback-address ['] client-translate catch
         if  drop  else  2drop true to client-translates?  then
      then
   then ;

: forget-client  ( -- )                 \ it has ended
   0 to callback-address  0 to client-translates?  0 0 set-symbols 2drop ;
