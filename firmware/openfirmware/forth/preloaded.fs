\ A program that is in memory already, announced by fw_cfg (QEMU, docs/specs/fw_cfg): whoever started
\ the machine has named it. Integers of fw_cfg are little-endian.

7 constant fw-kernel-address
8 constant fw-kernel-size
9 constant fw-kernel-arguments
12 constant fw-boot-device              \ "m": the program in memory

: fw-select  ( item -- )  fw-cfg-base rw! ;
: fw-byte  ( -- byte )  fw-cfg-base 2+ rb@ ;
: fw-number  ( item -- n )  fw-select  fw-byte fw-byte fw-byte fw-byte bljoin ;
: preloaded?  ( -- flag )
   fw-cfg-base 0= if  false exit  then
   fw-boot-device fw-select fw-byte [char] m = ;
: start-preloaded  ( -- )
   preloaded? 0= if exit then
   fw-kernel-address fw-number fw-kernel-size fw-number fw-kernel-arguments fw-number
   { entry size arguments -- }
   arguments size -  arguments dup cstrlen 1+ +  claim-exactly
   0= " program is in the firmware's memory" (abort")
   arguments dup cstrlen " bootargs" set-chosen-string
   0 0 bootargs entry start-client ;
