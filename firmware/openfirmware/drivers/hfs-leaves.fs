\ The records of the leaves of an HFS or HFS Plus catalog, one after the other.
\
\ The file system defines before: leaf-behind ( node -- node' ), #leaf-records ( node -- n ), leaf-record
\ ( i node -- offset ).

0 instance value leaf
0 instance value record#
0 instance value leaves                 \ that have been passed
0 instance value passed                 \ one of them: coming back there is a circle, as in fat.fs
: begin-leaves  ( node i -- )           \ the next record is i
   1- to record#  dup to leaf to passed  0 to leaves ;
: next-leaf  ( -- there? )
   leaf leaf-behind dup to leaf  0= if  false exit  then
   leaf passed = ?damaged
   leaves 1+ dup to leaves  dup 1- and 0= if  leaf to passed  then
   -1 to record#  true ;
: next-record  ( -- offset true | false )
   leaf 0= if  false exit  then
   begin
      record# 1+ to record#
      record# leaf #leaf-records >=
   while
      next-leaf 0= if  false exit  then
   repeat
   record# leaf leaf-record true ;
1 constant is-folder-record
2 constant is-file-record
