\ Packages and instances: opening, closing, calling methods (IEEE 1275 3.1, 5.3.3, 5.3.4).
\
\ An ihandle is the address of an instance record, which comes from the heap.

1768846196 constant instance-magic      \ "inst"
struct
   4 field >instance-magic
   4 field >node
   4 field >parent-instance
   4 field >args                        \ address, length
   4 field >args-length
   4 field >unit
   4 field >interposed?
   20 field >spare
constant /instance                      \ instance data are behind it

: my-self  ( -- ihandle )  (my-self) @ ;
: set-self  ( ihandle -- )  (my-self) ! ;
: instance?  ( x -- flag )
   dup 3 and if  drop false exit  then
   dup heap-start heap-end within 0= if  drop false exit  then
   @ instance-magic = ;
: ?instance  ( ihandle -- ihandle )  dup instance? 0= if  -68 throw  then ;
: ?my-self  ( -- ihandle )  my-self ?instance ;
\ A package that has been put in between (interpose) does not show.
: plain-instance  ( ihandle -- ihandle' )
   begin  dup >interposed? @ while  >parent-instance @  repeat ;
: ihandle>phandle  ( ihandle -- phandle )  ?instance plain-instance >node @ ;
: my-parent  ( -- ihandle )  ?my-self >parent-instance @ ;
: my-args  ( -- a len )  ?my-self dup >args @ swap >args-length @ ;
: my-unit  ( -- unit )  ?my-self >unit @ ;
: my-address  ( -- phys )  ?active unit-address 0= if 0 then ;
: my-package  ( -- phandle )  ?my-self >node @ ;
: my-property  ( a len -- value vlen false | true )  my-package get-package-property ;
: get-my-property  ( a len -- value vlen false | true )
   my-self if  my-package  else  ?active  then  get-package-property ;
\ In this instance's node or the nearest above it.
: get-inherited-property  ( a len -- value vlen false | true )
   my-self if  my-package  else  ?active  then
   begin  dup while
      >r 2dup r@ get-package-property 0= if  2swap 2drop r> drop false exit  then
      r> parent
   repeat  3drop true ;

\ ---- Methods
: find-method  ( a len phandle -- xt true | false )
   >methods @ (find) dup if  true  then ;
: call-package  ( … xt ihandle -- … )
   ?instance  my-self >r  set-self  execute  r> set-self ;
: $call-method  ( … a len ihandle -- … )
   ?instance >r  2dup culprit 2!
   r@ >node @ find-method 0= if  r> drop -65 throw  then
   r> call-package ;
: $call-parent  ( … a len -- … )  my-parent $call-method ;
: has-method?  ( a len ihandle -- flag )  >node @ find-method dup if nip then ;

\ ---- Instances
: make-instance  ( args alen parent phandle -- ihandle )
   dup >instance-size @ /instance + alloc-mem >r
   r@ over >instance-size @ /instance + erase
   instance-magic r@ >instance-magic !
   dup r@ >node !
   dup >instance-data @ r@ /instance + 2 pick >instance-size @ move
   unit-address 0= if 0 then  r@ >unit !
   r@ >parent-instance !
   dup r@ >args-length !  copied r@ >args !
   r> ;
: drop-instance  ( ihandle -- )
   dup >args @ free drop  0 over >instance-magic !  free drop ;
\ A missing or failing `open` is a failure; my-self is the caller's again whatever happens.
0 value open-error                      \ ( -- code ) why the latest one failed, if it has said so
2variable open-culprit                  \ what that is about
: open-instance  ( ihandle -- ok? )
   " open" rot ['] $call-method catch ?dup if
      to open-error  culprit 2@ open-culprit 2!  3drop false exit
   then
   0<> ;
: close-instance  ( ihandle -- )
   dup >r " close" rot ['] $call-method catch if  3drop  then  r> drop-instance ;
: close-dev  ( ihandle -- )
   ?instance
   begin  dup while  dup >parent-instance @ swap close-instance  repeat  drop ;

0 value opening                         \ the instance of the node above
\ In `open`, `interpose` puts an instance of another package between this node and those below.
0 value interposed-node
2variable interposed-args
: interpose  ( args alen phandle -- )
   dup node? 0= if  -12 throw  then  to interposed-node  >ring interposed-args 2! ;
: open-interposed  ( -- ok? )
   interposed-node ?dup 0= if  true exit  then
   0 to interposed-node
   interposed-args 2@ opening 3 roll make-instance      ( ihandle )
   dup >interposed? on
   dup open-instance if  to opening true  else  drop-instance false  then ;
: open-node  ( phandle -- phandle | 0 )
   component-args 2@ opening 3 pick make-instance       ( phandle ihandle )
   component-unit 2@ dup if  unit-number over >unit !  else  2drop  then
   0 to interposed-node
   dup open-instance 0= if  drop-instance drop 0 exit  then
   to opening  open-interposed 0= if  drop 0  then ;
: (open-dev)  ( a len -- ihandle | 0 )
   0 to opening  ['] open-node to visit-node
   ['] walk catch if  2drop 0  then
   if  opening  else  opening ?dup if close-dev then  0  then ;
: open-dev  ( a len -- ihandle | 0 )
   0 to open-error
   opening >r  ['] visit-node behavior >r
   tuck copied tuck swap                ( copy copy len )
   (open-dev)  swap free drop
   r> to visit-node  r> to opening ;

\ ---- Support packages: the opener is the parent
: open-package  ( args alen phandle -- ihandle | 0 )
   my-self swap make-instance
   dup open-instance 0= if  drop-instance 0  then ;
: $open-package  ( args alen name nlen -- ihandle | 0 )
   find-package if  open-package  else  2drop 0  then ;
: close-package  ( ihandle -- )  ?instance close-instance ;
: execute-device-method  ( … path plen name nlen -- … false | … true )
   2>r open-dev dup 0= if  2r> 2drop exit  then
   2r> rot dup >r ['] $call-method catch
   if  2drop drop r> close-dev false  else  r> close-dev true  then ;
: apply  ( … "method" "specifier" -- … )
   need-name >ring need-name >ring 2swap execute-device-method 0= if  -65 throw  then ;

\ ---- Making nodes (5.3.4.1, 7.4.11.2)
: link-node  ( node parent -- )
   2dup swap >parent !
   >child  begin  dup @ while  @ >peer  repeat  ! ;
: new-device  ( -- )
   align here >r /node allot  r@ /node erase
   node-magic r@ >magic !
   4 wordlist-of r@ >methods !
   r@ active-package ?dup 0= if root-node then link-node
   r> select ;
: finish-device  ( -- )  ?active parent select ;
: device-name  ( a len -- )  encode-string " name" property ;
: device-type  ( a len -- )  encode-string " device_type" property ;
: model  ( a len -- )  encode-string " model" property ;
: reg  ( phys size -- )  >r encode-int r> encode-int encode+ " reg" property ;
\ Legacy properties, and methods of the parent (annex H, 5.3.7).
: intr  ( level vector -- )
   >r encode-int r> encode-int encode+ " intr" property ;
: driver  ( a len -- )  device-name ;
: map-low  ( phys.lo … size -- virt )  " map-in" $call-parent ;
: free-virtual  ( virt size -- )  " map-out" $call-parent ;
: dma-alloc  ( size -- virt )  " dma-alloc" $call-parent ;
: parse-2int  ( a len -- low high )     \ "high,low", hexadecimal
   [char] , left-parse-string  16 digits if  drop  else  0  then  -rot
   16 digits if  drop  else  0  then  swap ;
: suspend-fcode  ( -- ) ;
: begin-package  ( args alen reg rlen path plen -- )
   find-device 2drop 2drop new-device ;
: end-package  ( -- )  finish-device device-end ;
