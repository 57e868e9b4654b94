\ The client interface (IEEE 1275 6, PowerPC binding 6).
\
\ A client passes an array: name of a service, number of arguments, number of returns, arguments,
\ room for returns. The arguments come to the stack with the first one on top, the returns are taken
\ from it in the same way. Each service is a word of the list below.

vocabulary client-list
in-vocabulary client-list

: text  ( cstr -- a len )  dup cstrlen ;
: copy-out  ( len buf a n -- n )        \ at most len bytes of n; a zero behind if there is room
   { len buf a n -- }
   a buf n len umin move
   n len u< if  0 buf n + c!  then
   n ;

\ ---- Is there such a service, such a method?
: test  ( name -- missing? )  text client-list (find) 0= ;
: test-method  ( name phandle -- missing? )
   dup node? 0= if  2drop true exit  then
   swap text rot find-method dup if nip then  0= ;

\ ---- Device tree
: peer  ( phandle -- phandle' )  dup if  dup node? 0= if  drop 0 exit  then  then  peer ;
: child  ( phandle -- phandle' )  dup if  dup node? 0= if  drop 0 exit  then  then  child ;
: parent  ( phandle -- phandle' )  dup node? if  parent  else  drop 0  then ;
: instance-to-package  ( ihandle -- phandle )
   dup instance? if  ihandle>phandle  else  drop -1  then ;
: client-property  ( name phandle -- property | 0 )
   dup node? 0= if  2drop 0 exit  then  swap text rot find-property ;
: getproplen  ( name phandle -- len )
   client-property dup if  >value-length @  else  drop -1  then ;
: getprop  ( len buf name phandle -- size )
   client-property dup if
      property-value                    ( len buf value vlen )
      dup >r 3 roll umin rot swap move r>       \ the whole size is returned
   else  drop 2drop -1  then ;
: nextprop  ( buf prev phandle -- 1 | 0 | -1 )
   dup node? 0= if  3drop -1 exit  then
   over if  over c@ 0=  else  true  then  if
      nip >properties @
   else
      client-property dup 0= if  2drop -1 exit  then  >next-property @
   then                                 ( buf property )
   dup if
      property-name 31 min rot 2dup + 0 swap c! swap move 1
   else  drop 0 swap c! 0  then ;
: setprop  ( len buf name phandle -- size )
   dup node? 0= if  2drop 2drop -1 exit  then
   3 pick >r >r >r swap r> text r> set-property r> ;
: canon  ( len buf specifier -- len' )
   text (find-node) dup if  node-path copy-out  else  drop 2drop -1  then ;
: finddevice  ( specifier -- phandle | -1 )  text (find-node) dup 0= if  drop -1  then ;
: package-to-path  ( len buf phandle -- len' )
   dup node? if  node-path copy-out  else  drop 2drop -1  then ;
: instance-to-path  ( len buf ihandle -- len' )
   dup instance? if  instance-path copy-out  else  drop 2drop -1  then ;
: instance-to-interposed-path  ( len buf ihandle -- len' )
   dup instance? if  interposed-path copy-out  else  drop 2drop -1  then ;

\ ---- Devices
: open  ( specifier -- ihandle | 0 )  text open-dev ;
: close  ( ihandle -- )
   dup instance? over stdin @ <> and over stdout @ <> and if  close-dev  else  drop  then ;
: (call-method)  ( … ihandle method -- … )  text rot $call-method ;
: call-method  ( … ihandle method -- … 0 | code )  ['] (call-method) catch ;
: read  ( len buf ihandle -- actual )  >r swap " read" r> $call-method ;
: write  ( len buf ihandle -- actual )  >r swap " write" r> $call-method ;
: seek  ( low high ihandle -- status )  " seek" rot $call-method ;

\ ---- Memory
: claim  ( align size virt -- base | -1 )
   swap rot ['] claim catch if  3drop -1  then ;
: release  ( size virt -- )  swap release ;

\ ---- Control
: boot  ( specifier -- )  text boot-text ;
: enter  ( -- )  nested-prompt ;
: exit  ( -- )  leave-client throw ;
: (interpret)  ( … text -- … )  text evaluate-script ;
: interpret  ( … text -- … 0 | code )
   ['] (interpret) catch dup if  nip undo-definition  then ;
: chain  ( len args entry size virt -- )
   rot >r release r> chain-entry ;
: set-callback  ( new -- old )  set-callback-address ;
: set-symbol-lookup  ( v2s s2v -- old-v2s old-s2v )  set-symbols ;
: milliseconds  ( -- ms )  get-msecs ;
: quiesce  ( -- )  ;                    \ no device of ours interrupts or writes to memory
: restart  ( -- )  reset-all ;

in-vocabulary forth

\ ---- From the kernel
32 constant most-arguments
: (client-service)  ( array -- )
   { array ; xt arguments returns base -- }
   array @ dup cstrlen client-list (find) dup 0= if  -21 throw  then  to xt
   array 4+ @ to arguments  array 8 + @ to returns
   arguments most-arguments u> returns most-arguments u> or if  -12 throw  then
   depth to base
   arguments 0 ?do  array 12 + arguments 1- i - na+ @  loop
   xt execute
   returns 0 ?do
      depth base > if  else  0  then  array 12 + arguments i + na+ !
   loop
   begin  depth base >  while  drop  repeat ;
: client-service  ( array -- result )
   ['] (client-service) catch  dup leave-client = if  throw  then
   if  drop true  else  false  then ;
