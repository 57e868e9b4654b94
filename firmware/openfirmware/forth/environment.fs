\ Queries about the system (ANS 3.2.6).

create environment-table
," ADDRESS-UNIT-BITS"   8 ,
," MAX-CHAR"            255 ,
," MAX-N"               0x7fffffff ,
," MAX-U"               -1 ,
," /COUNTED-STRING"     255 ,
," /HOLD"               128 ,
," /PAD"                84 ,
," FLOORED"             -1 ,
," STACK-CELLS"         2048 ,
," RETURN-STACK-CELLS"  5120 ,
," WORDLISTS"           16 ,
," #LOCALS"             16 ,
," CORE"                -1 ,
," CORE-EXT"            -1 ,
," DOUBLE"              -1 ,
," DOUBLE-EXT"          -1 ,
," EXCEPTION"           -1 ,
," EXCEPTION-EXT"       -1 ,
," STRING"              -1 ,
," SEARCH-ORDER"        -1 ,
," SEARCH-ORDER-EXT"    -1 ,
," STRING-EXT"          -1 ,
," LOCALS"              -1 ,
," LOCALS-EXT"          -1 ,
," MEMORY-ALLOC"        -1 ,
," MEMORY-ALLOC-EXT"    -1 ,
0 ,

: environment?  ( a len -- x true | d true | false )
   2dup s" MAX-D" $= if  2drop -1 h# 7fffffff true exit  then
   2dup s" MAX-UD" $= if  2drop -1 -1 true exit  then
   environment-table
   begin  dup c@ while
      3dup count $= if  nip nip count + aligned @ true exit  then
      count + aligned 4+
   repeat  3drop false ;
