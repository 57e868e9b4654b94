\ Methods of a PCI bus (PCI binding 2.2.1): a unit address is three cells, its text "device[,function]".
\ phys.hi has the device number in bits 15 to 11, the function in bits 10 to 8.

: open  ( -- true )  true ;
: close  ( -- )  ;
: decode-unit  ( a len -- phys.lo phys.mid phys.hi )
   [char] , left-parse-string           ( function-text device-text )
   16 digits if  drop  else  0  then  11 <<  -rot
   16 digits if  drop  else  0  then  8 << or
   0 swap 0 swap ;
: encode-unit  ( phys.lo phys.mid phys.hi -- a len )
   nip nip  base @ >r hex
   dup 8 >> 7 and  swap 11 >> 31 and    ( function device )
   <#  over if  swap u#s drop [char] , hold  else  nip  then  u#s u#>
   r> base ! ;

\ Configuration space, by phys.hi and with the value as a number: the bus is little-endian.
h# f2800000 constant configuration-address
h# f2c00000 constant configuration-data
: config-select  ( phys.hi -- )
   h# fffffc and h# 80000000 or lbflip configuration-address rl! ;
: config-l@  ( phys.hi -- l )  config-select configuration-data rl@ lbflip ;
: config-l!  ( l phys.hi -- )  config-select lbflip configuration-data rl! ;

\ The tree says which address each device gets: put it into the base address register, and let the
\ device answer there (command register, bit 1).
: assign  ( phandle -- )
   " assigned-addresses" rot get-package-property if  exit  then
   20 < if  drop exit  then
   dup 8 + unaligned-l@ over unaligned-l@ config-l!
   unaligned-l@ h# ffff00 and 4 +  dup config-l@ 2 or  swap config-l! ;
: probe  ( phandle -- )
   >child @  begin  dup while  dup assign >peer @  repeat  drop ;
