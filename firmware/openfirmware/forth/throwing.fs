\ Errors. `abort` and friends are THROWs (ANS 9.6.2); the prompt prints what was thrown.

2variable abort-message                 \ text of the latest abort"
2variable culprit                       \ the word that was being interpreted

: abort  ( -- )  -1 throw ;
: (abort")  ( flag a len -- )
   rot if  abort-message 2! -2 throw  then  2drop ;

\ A table of messages: code, then a counted string. 0 ends it.
create messages
-3 , ," stack overflow"
-4 , ," stack underflow"
-5 , ," return stack overflow"
-6 , ," return stack underflow"
-8 , ," dictionary overflow"
-9 , ," invalid memory address"
-10 , ," division by zero"
-11 , ," result out of range"
-12 , ," wrong type of argument"
-13 , ," unknown word"
-14 , ," only for use in a definition"
-15 , ," invalid forget"
-16 , ," a name must follow"
-17 , ," number is too long to print"
-18 , ," string is too long"
-19 , ," name is too long"
-20 , ," cannot be written"
-21 , ," not supported"
-22 , ," unbalanced control structure"
-23 , ," misaligned address"
-24 , ," invalid number"
-25 , ," unbalanced return stack"
-26 , ," loop parameters are missing"
-28 , ," interrupted"
-29 , ," must not be nested in a definition"
-31 , ," has no body"
-32 , ," not a value"
-39 , ," unexpected end of input"
-49 , ," too many word lists in the search order"
-50 , ," the search order is empty"
-59 , ," not enough memory"
-60 , ," not memory from alloc-mem"
-61 , ," no such configuration variable"
-62 , ," no program is loaded"
-63 , ," must be true or false"
-64 , ," no device is selected"
-65 , ," no such method"
-66 , ," no such device"
-67 , ," cannot be opened"
-68 , ," no instance"
-70 , ," bad FCode"
-71 , ," no such file"
-72 , ," the file system or partition table is damaged"
-73 , ," a feature of the file system that is not supported"
-74 , ," the disk cannot be read"
-75 , ," no known file system"
-76 , ," no such partition"
-77 , ," is a folder"
-78 , ," is not a folder"
-79 , ," no program in this partition"
-80 , ," no disk in the drive"
-81 , ," an FCode that this firmware does not have"
-258 , ," no device answers"
-259 , ," data access exception"
-260 , ," no code at this address"
-261 , ," external interrupt"
-263 , ," illegal instruction or trap"
-264 , ," floating point is off"
-265 , ," decrementer interrupt"
-268 , ," system call"
-269 , ," trace exception"
-271 , ," performance monitor interrupt"
-275 , ," instruction breakpoint"
-276 , ," system management interrupt"
-279 , ," thermal interrupt"
0 ,

\ Text for a code, if there is one.
: message  ( code -- a len true | false )
   >r messages
   begin  dup @ while
      dup @ r@ = if  r> drop cell+ count true exit  then
      cell+ count + aligned
   repeat
   r> 2drop false ;
