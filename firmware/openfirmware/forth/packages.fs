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
   4 field >growing?                    \ its package is being made
   16 field >spare
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
\ An instance knows phys.hi of its unit; the cells below are its node's.
: my-unit  ( -- phys.lo … phys.hi )  ?my-self >r  r@ >node @ node-unit drop  r> >unit @ ;
: my-phys  ( -- phys.lo … phys.hi )  my-self if  my-unit  else  ?active node-unit  then ;
: my-address  ( -- phys.lo … )  my-phys drop ;
: my-space  ( -- phys.hi )
   my-self if  ?my-self >unit @  else  ?active unit-address 0= if 0 then  then ;
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
: make-record  ( args alen parent phandle len -- ihandle )
   dup alloc-mem >r  r@ swap erase
   instance-magic r@ >instance-magic !
   dup r@ >node !
   dup >instance-data @ r@ /instance + 2 pick >instance-size @ move
   unit-address 0= if 0 then  r@ >unit !
   r@ >parent-instance !
   dup r@ >args-length !  copied r@ >args !
   r> ;
: make-instance  ( args alen parent phandle -- ihandle )
   dup >instance-size @ /instance + make-record ;
\ A package that is being made has an instance too (5.3.4.1), with room for data to come.
8192 constant /growing
: growing-instance  ( parent phandle -- ihandle )
   >r >r 0 0 r> r> dup >instance-size @ /growing max /instance + make-record
   dup >growing? on ;
: growing?  ( -- flag )
   my-self dup if  dup >growing? @ swap >node @ active-package = and  then ;
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
   begin  dup instance? while  dup >parent-instance @ swap close-instance  repeat  drop ;

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

: need-dev  ( a len -- ihandle )
   2dup open-dev dup 0= if  drop culprit 2! -67 throw  then  nip nip ;

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
   my-self r@ growing-instance set-self
   r> select ;
: finish-device  ( -- )
   growing? if  my-self my-parent set-self drop-instance  then
   ?active parent select ;
: set-args  ( args alen unit ulen -- )  \ what the new device's my-args and my-unit are
   growing? 0= if  -68 throw  then
   ?active parent decoded-unit my-self >unit !
   tuck copied swap  my-self >args @ free drop
   my-self >args-length !  my-self >args ! ;
: device-name  ( a len -- )  encode-string " name" property ;
: device-type  ( a len -- )  encode-string " device_type" property ;
: model  ( a len -- )  encode-string " model" property ;
: reg  ( phys.lo … phys.hi size -- )
   >r encode-phys  ?active parent dup if  #size-cells  else  drop 1  then
   ?dup if
      1- 0 ?do  0 encode-int encode+  loop  r> encode-int encode+
   else  r> drop  then  " reg" property ;
\ Legacy properties, and methods of the parent (annex H, 5.3.7).
: intr  ( level vector -- )
   >r encode-int r> encode-int encode+ " intr" property ;
: driver  ( a len -- )  device-name ;
: map-low  ( phys.lo … size -- virt )  my-space swap " map-in" $call-parent ;
: free-virtual  ( virt size -- )  " map-out" $call-parent ;
: dma-alloc  ( size -- virt )  " dma-alloc" $call-parent ;
: parse-2int  ( a len -- low high )     \ "high,low", hexadecimal
   [char] , left-parse-string  16 digits if  drop  else  0  then  -rot
   16 digits if  drop  else  0  then  swap ;
: suspend-fcode  ( -- ) ;
: begin-package  ( args alen unit ulen path plen -- )
   2dup need-dev set-self  find-device new-device set-args ;
: end-package  ( -- )
   finish-device device-end  my-self ?dup if  close-dev  0 set-self  then ;
