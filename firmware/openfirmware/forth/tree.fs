\ The device tree: nodes and properties (IEEE 1275 3.2, 5.3.5, 7.4.11).
\
\ A phandle is the address of a node. All nodes are in RAM: those of the machine come with the
\ variables, others are made in the heap's and the dictionary's memory.

1852793957 constant node-magic          \ "node"
struct
   4 field >magic
   4 field >parent
   4 field >child                       \ the first one
   4 field >peer                        \ the next one of its parent's
   4 field >properties                  \ the first one
   4 field >methods                     \ its word list
   4 field >instance-size               \ bytes of instance data
   4 field >instance-data               \ their initial values
   4 field >reserved
constant /node

struct
   4 field >next-property
   4 field >property-name               \ with a zero at its end
   4 field >property-name-length
   4 field >value                       \ address
   4 field >value-length
constant /property

0 value root-node
0 value aliases-node
0 value options-node
0 value chosen-node
0 value memory-node
0 value cpu-node
0 value packages-node
0 value console-node
0 value active-package                  \ ( -- phandle | 0 ) selected by dev, find-device, …

\ Is it the address of a node? Clients pass anything.
: node?  ( x -- flag )
   dup 3 and if  drop false exit  then
   dup h# 4000 firmware-end within 0= if  drop false exit  then
   @ node-magic = ;
: ?active  ( -- phandle )  active-package dup 0= if  -64 throw  then ;

: parent  ( phandle -- phandle' )  >parent @ ;
: child  ( phandle -- phandle' )  ?dup if  >child @  else  root-node  then ;
: peer  ( phandle -- phandle' )  ?dup if  >peer @  else  root-node  then ;

\ ---- Properties
: property-name  ( property -- a len )  dup >property-name @ swap >property-name-length @ ;
: property-value  ( property -- a len )  dup >value @ swap >value-length @ ;
: find-property  ( a len phandle -- property | 0 )
   >properties @
   begin  dup while
      3dup property-name $= if  nip nip exit  then
      >next-property @
   repeat  nip nip ;
: get-package-property  ( a len phandle -- value vlen false | true )
   find-property ?dup if  property-value false  else  true  then ;

\ A copy in the heap, with a zero behind it.
: copied  ( a len -- a' )  dup 1+ alloc-mem >r  2dup r@ swap move  nip r@ + 0 swap c!  r> ;
: append-property  ( property phandle -- )
   >properties
   begin  dup @ while  @ >next-property  repeat  ! ;
: new-property  ( a len phandle -- property )
   >r  /property alloc-mem dup /property erase
   -rot dup 3 pick >property-name-length !
   copied over >property-name !
   dup r> append-property ;
\ The value is copied; properties may be set as often as one likes: the room of a value that has
\ come from the heap is given back.
: free-value  ( property -- )
   >value @ dup heap-start heap-end within if  free  then  drop ;
: set-property  ( value vlen a len phandle -- )
   >r 2dup r@ find-property ?dup if
      nip nip r> drop                   ( value vlen property )
      >r tuck copied r@ free-value  r@ >value !  r> >value-length !
   else
      r> new-property
      >r tuck copied r@ >value !  r> >value-length !
   then ;
: property  ( value vlen a len -- )  ?active set-property ;
: (delete-property)  ( a len phandle -- )
   >properties
   begin  dup @ while                   ( a len link )
      3dup @ property-name $= if
         dup @ >next-property @ swap ! 2drop exit
      then
      @ >next-property
   repeat  3drop ;
: delete-property  ( a len -- )  ?active (delete-property) ;
\ The name after a name; "" begins, and is the end.
: next-property  ( prev plen phandle -- name nlen true | false )
   2 pick 0= 2 pick 0= or if
      nip nip >properties @
   else
      find-property dup 0= if  exit  then  >next-property @
   then
   dup if  property-name true  then ;

\ ---- Values (7.4.? encode-int and its kind). They are made at here, one behind the other.
: encode-int  ( n -- a len )  here swap , 4 ;
: encode-bytes  ( a len -- a' len )  here >r tuck place, r> swap align ;
: encode-string  ( a len -- a' len' )  here >r tuck place, 0 c,  r> swap 1+ align ;
: encode+  ( a1 len1 a2 len2 -- a len )
   { a1 len1 a2 len2 -- }
   a1 len1 + dictionary-start dictionary-end within 0= if  -9 throw  then
   a2 a1 len1 + len2 move               \ alignment may have left a gap
   a1 len1 len2 + ;
: decode-int  ( a len -- a' len' n )  over unaligned-l@ >r 4 /string r> ;
: decode-string  ( a len -- a' len' str slen )
   { a len ; n -- }
   len a len 0 scan nip - to n
   a len n 1+ len min /string  a n ;
: decode-bytes  ( a len n -- a' len' bytes n )  >r over -rot r@ /string rot r> ;
\ An address of the bus that the selected node is on: phys.hi comes first and ends on top.
: decode-cells  ( a len n -- a' len' phys.lo … phys.hi )
   dup 0= if  drop exit  then
   >r decode-int r> swap >r 1- recurse r> ;

\ The number in a property, or a default.
: integer-property  ( default a len phandle -- n )
   get-package-property if exit then
   4 < if  drop  else  nip unaligned-l@  then ;
: string-of  ( a len -- a len' )  dup if  2dup 0 scan nip -  then ;
: string-property  ( a len phandle -- str slen )
   get-package-property if  " "  else  string-of  then ;
: #address-cells  ( phandle -- n )  >r 2 " #address-cells" r> integer-property ;
: #size-cells  ( phandle -- n )  >r 1 " #size-cells" r> integer-property ;
: decode-phys  ( a len -- a' len' phys.lo … phys.hi )
   active-package dup if  >parent @  then
   dup if  #address-cells  else  drop 1  then  decode-cells ;
: encode-phys  ( phys.lo … phys.hi -- a len )
   encode-int  active-package dup if  >parent @  then  ?dup 0= if exit then
   #address-cells 1- 0 max 0 ?do  rot encode-int encode+  loop ;

\ ---- Names and paths
: node-name  ( phandle -- a len )  " name" rot string-property ;
256 buffer: path-text
variable #path
: +path  ( a len -- )
   dup #path @ + 255 > if  -18 throw  then
   tuck path-text #path @ + swap move  #path +! ;
: unit-address  ( phandle -- unit true | false )
   " reg" rot get-package-property if  false exit  then
   4 < if  drop false  else  unaligned-l@ true  then ;
: +hex  ( n -- )  base @ >r hex (u.) r> base ! +path ;
\ From the first address in `reg`; phys.hi is on top.
: unit-cells  ( phandle -- phys.lo … phys.hi )
   dup parent #address-cells >r
   " reg" rot get-package-property drop drop
   r> begin  dup while  1- 2dup na+ unaligned-l@ -rot  repeat  2drop ;
: node-unit  ( phandle -- phys.lo … phys.hi )       \ zeros if there is no `reg`
   dup unit-address if  drop unit-cells exit  then
   parent dup if  #address-cells  else  drop 1  then  1 max 0 do  0  loop ;
\ The parent's encode-unit makes the text.
: +unit  ( phandle -- )
   dup parent #address-cells 0= if  drop exit  then
   dup unit-address 0= if  drop exit  then
   " @" +path
   " encode-unit" 3 pick parent >methods @ (find) dup if
      >r drop unit-cells r> execute +path
   else
      drop +hex drop
   then ;
: (path)  ( phandle -- )
   dup parent ?dup if
      recurse  " /" +path  dup node-name +path  +unit
   else  drop  then ;
: node-path  ( phandle -- a len )
   #path off  dup root-node = if  drop " /" +path  else  (path)  then
   path-text #path @ ;
