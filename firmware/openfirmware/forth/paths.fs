\ Device specifiers: /name@unit:args/name…, or an alias in front (IEEE 1275 4.3).

\ ---- Aliases
1024 constant /specifier
/specifier buffer: specifier            \ a path with its alias expanded
variable #specifier
: +specifier  ( a len -- )
   dup #specifier @ + /specifier > if  -18 throw  then
   tuck specifier #specifier @ + swap move  #specifier +! ;
\ The length of the first component's name: up to / or : or the end.
: part-length  ( a len -- plen )
   dup >r 0 ?do
      dup i + c@ dup [char] / = swap [char] : = or if  drop i unloop r> drop exit  then
   loop  drop r> ;
: alias-value  ( a len -- value vlen true | false )
   aliases-node get-package-property if  false  else  string-of true  then ;
: expand-once  ( a len -- a' len' expanded? )
   2dup part-length { a len part -- }
   part 0=  if  a len false exit  then
   a part alias-value 0= if  a len false exit  then
   >ring 2>r  a len part /string >ring  ( rest rlen ) ( R: value vlen )
   #specifier off  2r> +specifier +specifier
   specifier #specifier @ true ;
: expand-alias  ( a len -- a' len' )
   8 0 do  expand-once 0= if  leave  then  loop ;

\ ---- Components: name@unit:args
2variable component-name
2variable component-unit
2variable component-args
: split-component  ( a len -- )
   [char] : left-parse-string  2swap component-args 2!
   [char] @ left-parse-string  component-name 2!  component-unit 2! ;

\ Arguments that end with a comma are a partition: what follows is the path of a file, with `/` in it.
: file-path  ( rest rlen -- rest' rlen' )
   component-args 2@ dup 0= if  2drop exit  then
   2dup + 1- c@ [char] , <> if  2drop exit  then
   drop -rot + over - component-args 2!  " " ;

\ Units are compared as numbers, any case, leading zeros; where a bus has more than one address cell,
\ as its own decode-unit says.
: unit-number  ( a len -- n )  16 digits if  drop  else  -1  then ;
: decoded-unit  ( a len bus -- phys.hi )
   >r  " decode-unit" r@ >methods @ (find) dup if
      execute  r> #address-cells 1- 0 max 0 ?do  nip  loop
   else  drop r> drop unit-number  then ;
: unit-fits?  ( phandle -- flag )
   component-unit 2@ dup 0= if  2drop drop true exit  then
   2 pick parent decoded-unit
   swap unit-address if  =  else  drop false  then ;

\ A name fits also without the maker in front of its comma.
: name-fits?  ( phandle -- flag )
   component-name 2@ dup 0= if  2drop drop true exit  then
   rot node-name 2over 2over $= if  2drop 2drop true exit  then
   [char] , left-parse-string 2drop $= ;
: child-fits?  ( phandle -- flag )  dup name-fits? if  unit-fits?  else  drop false  then ;

\ The child that fits, or one of its descendants where components have been left out.
: find-child  ( phandle -- phandle' | 0 )
   dup >child @
   begin  dup while
      dup child-fits? if  nip exit  then  >peer @
   repeat  drop
   >child @
   begin  dup while
      dup recurse ?dup if  nip exit  then  >peer @
   repeat ;

\ Go down a path; `visit` ( phandle -- phandle' | 0 ) is executed at each node, the root too.
defer visit-node
: walk-components  ( a len phandle -- phandle' | 0 )
   begin  over 0<> over 0<> and while   ( a len phandle )
      >r [char] / left-parse-string  split-component file-path  r>
      component-name 2@ " .." $= if  parent  else
         component-name 2@ nip component-unit 2@ nip or if  find-child  then
      then
      dup if  visit-node  then
   repeat  nip nip ;
: walk  ( a len -- phandle | 0 )
   expand-alias
   dup if  over c@ [char] / =  else  false  then  if
      1 /string                         \ the root may have arguments too
      0 0 component-args 2!  0 0 component-unit 2!
      dup if  over c@ [char] : = if  1 /string component-args 2! " "  then  then
      root-node visit-node
   else
      active-package
   then
   walk-components ;
: (find-node)  ( a len -- phandle | 0 )
   ['] noop to visit-node  walk ;
\ Also a name of a support package, without a path.
: find-package  ( a len -- phandle true | false )
   2dup (find-node) ?dup if  nip nip true exit  then
   over c@ [char] / = if  2drop false exit  then
   split-component  packages-node find-child dup if  true  then ;
: locate-device  ( a len -- phandle error? )
   (find-node) dup 0= ;

\ ---- Selecting a node (7.4.11)
: package-first?  ( -- flag )           \ are the methods of the selected node found first?
   active-package 0<> #order @ 0<> and if  active-package >methods @ context @ =  else  false  then ;
: package-order  ( phandle -- )         \ its methods are found first, definitions go there
   package-first? if  previous  then
   dup to active-package
   ?dup if  >methods @ dup >order current !  else  forth-wordlist current !  then ;
: select  ( phandle -- )  package-order ;
: device-end  ( -- )  0 select ;
: push-package  ( phandle -- )  select ;
: find-device  ( a len -- )
   2dup culprit 2!
   " .." 2over $= if  2drop ?active parent dup 0= if -66 throw then select exit  then
   (find-node) dup 0= if  -66 throw  then  select ;
: dev  ( "specifier" -- )  need-name find-device ;
: cd  ( "specifier" -- )  dev ;
: ..  ( -- )  " .." find-device ;
: pwd  ( -- )  ?active node-path type space ;

\ ---- Showing
: show-node  ( phandle -- )  node-path type cr ;
: show-below  ( phandle -- )
   dup show-node
   exit? if  drop exit  then
   >child @  begin  dup while  dup recurse >peer @  repeat  drop ;
: show-devs  ( ["specifier"] -- )
   cr parse-name dup if  (find-node) dup 0= if  -66 throw  then  else  2drop root-node  then
   show-below ;
: ls  ( -- )
   cr active-package ?dup 0= if root-node then  >child @
   begin  dup while
      dup .8 space  dup node-name type  dup unit-address if  [char] @ emit
      base @ hex swap (u.) type base ! then cr
      >peer @
   repeat  drop ;

\ A value is text if it is printable strings that end with zeros.
: text-char?  ( char -- flag )  dup bl 127 within swap 0= or ;
: text?  ( a len -- flag )
   dup 0= if  2drop false exit  then
   2dup + 1- c@ if  2drop false exit  then
   over c@ 0= if  2drop false exit  then
   bounds ?do  i c@ text-char? 0= if  false unloop exit  then  loop  true ;
: .text  ( a len -- )
   begin  dup while
      decode-string type  dup if  ."  , "  then
   repeat  2drop ;
: .cells  ( a len -- )
   begin  dup 3 > while  decode-int .8 space  repeat
   bounds ?do  i c@ .2 space  loop ;
: .property  ( property -- )
   dup property-name type  24 to-column
   property-value 2dup text? if  .text  else  .cells  then cr ;
: .properties  ( -- )
   cr ?active >properties @
   begin  dup while
      dup .property  exit? if  drop exit  then
      >next-property @
   repeat  drop ;
: devalias  ( ["name" "specifier"] -- )
   parse-name dup 0= if
      2drop cr aliases-node >properties @
      begin  dup while  dup .property >next-property @  repeat  drop exit
   then
   >ring parse-name dup 0= if
      2drop alias-value if  type space  then
   else  >ring encode-string 2swap aliases-node set-property  then ;
