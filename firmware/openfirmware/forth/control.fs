\ Control structures (IEEE 1275 7.3.8). Each unfinished one is two items on the stack while code is
\ compiled: an address and a tag, which must be the right one.
\
\ IEEE 1275 also wants them outside of definitions. The word that begins a structure at the prompt
\ begins a temporary definition; the one that ends the outermost structure ends and executes it.

1 constant origin-tag                   \ a branch that waits for its target
2 constant target-tag                   \ a place to come back to
3 constant loop-tag
4 constant case-tag
5 constant of-tag

: ?tag  ( tag expected -- )  <> if  -22 throw  then ;
: ?compiling  ( -- )  state @ 0= if  -22 throw  then ;

\ ---- Temporary definitions
variable level                          \ structures that are open in a temporary definition
32768 constant /temporary
0 value temporary-here                  \ first free byte of their room
0 value temporary-start                 \ where the present one begins
0 value saved-here
variable csp                            \ the stack when the definition was begun
variable leaves                         \ the latest `leave` of the innermost loop

: temporary-room  ( -- a )  dictionary-end /temporary - ;
: reset-temporary  ( -- )  temporary-room to temporary-here ;
: begin-temporary  ( -- )
   here to saved-here
   temporary-here to here  temporary-here to temporary-start
   dictionary-end to dictionary-limit
   sp@ csp !  state on  #locals off  leaves off
   enter, ;
: restore-here  ( -- )  saved-here to here  temporary-room to dictionary-limit ;
: end-temporary  ( -- )
   exit, state off
   temporary-start flush-from
   temporary-start  here to temporary-here  restore-here
   dup >r execute r> to temporary-here ;

: +level  ( -- )
   state @ 0= if  begin-temporary 1 level !  exit  then
   level @ if  1 level +!  then ;
: -level  ( -- )
   level @ 0= if  exit  then
   -1 level +!  level @ 0= if  end-temporary  then ;

\ ---- if else then
: (if)  ( -- origin tag )  pop-test, b-equal branch-ahead, origin-tag ;
: (then)  ( origin tag -- )  origin-tag ?tag resolve ;
: if  ( -- ) ( C: -- origin tag )  +level (if) ; immediate
: ahead  ( -- ) ( C: -- origin tag )  +level b-always branch-ahead, origin-tag ; immediate
: then  ( -- ) ( C: origin tag -- )  ?compiling (then) -level ; immediate
: else  ( -- ) ( C: origin tag -- origin' tag )
   ?compiling b-always branch-ahead, origin-tag 2swap (then) ; immediate

\ ---- begin until again while repeat
: begin  ( -- ) ( C: -- target tag )  +level here target-tag ; immediate
: until  ( -- ) ( C: target tag -- )
   ?compiling target-tag ?tag pop-test, b-equal branch-back, -level ; immediate
: (again)  ( target tag -- )  target-tag ?tag b-always branch-back, ;
: again  ( -- ) ( C: target tag -- )  ?compiling (again) -level ; immediate
: while  ( -- ) ( C: target tag -- origin tag target tag )
   ?compiling dup target-tag ?tag +level (if) 2swap ; immediate
: repeat  ( -- ) ( C: origin tag target tag -- )
   ?compiling (again) (then) level @ if  -1 level +!  then  -level ; immediate
: cs-pick  ( … u -- … )  2* 1+ dup >r pick r> pick ;
: cs-roll  ( … u -- … )  2* 1+ dup >r roll r> roll ;

\ ---- do loop. A loop has four items: the outer loop's leaves, the branch of a ?do that skips it or
\ 0, the place to come back to, a tag. Until the loop ends, the branches of `leave` are a chain:
\ each cell holds the address of the one before it.
: begin-loop  ( origin|0 -- leaves origin place tag )
   leaves @ swap here loop-tag  leaves off ;
: resolve-leaves  ( -- )
   leaves @ begin  dup while  dup @ swap b-always over ! resolve  repeat  drop ;
: end-loop  ( leaves origin place tag xt -- )
   swap loop-tag ?tag  compile,  b-unequal branch-back,
   resolve-leaves  ?dup if resolve then  leaves ! ;
: do  ( -- ) ( C: -- loop )  +level ['] (do) compile, 0 begin-loop ; immediate
: ?do  ( -- ) ( C: -- loop )
   +level ['] (?do) compile, b-equal branch-ahead, begin-loop ; immediate
: loop  ( -- ) ( C: loop -- )  ?compiling ['] (loop) end-loop -level ; immediate
: +loop  ( -- ) ( C: loop -- )  ?compiling ['] (+loop) end-loop -level ; immediate
: leave  ( -- )  ?compiling ['] unloop compile, leaves @ here leaves ! , ; immediate
: ?leave  ( flag -- )
   ?compiling (if) 2>r ['] unloop compile, leaves @ here leaves ! , 2r> (then) ; immediate

\ ---- case of endof endcase
: case  ( x -- x ) ( C: -- 0 tag )  +level 0 case-tag ; immediate
: of  ( x1 x2 -- x1 | ) ( C: -- origin tag )
   ?compiling ['] (of) compile, b-unequal branch-ahead, of-tag ; immediate
: ?of  ( x flag -- x ) ( C: -- origin tag )
   ?compiling pop-test, b-equal branch-ahead, of-tag ; immediate
: endof  ( -- ) ( C: case … origin tag -- origin' case … )
   ?compiling of-tag ?tag >r
   dup case-tag ?tag  b-always branch-ahead, -rot swap 1+ swap
   r> resolve ; immediate
: endcase  ( x -- ) ( C: origin … n tag -- )
   ?compiling case-tag ?tag ['] drop compile,
   begin  dup while  swap resolve 1-  repeat  drop  -level ; immediate

\ ---- Locals in a definition
: forget-locals  ( -- )  #locals off ;
: leave-locals,  ( -- )
   #locals @ ?dup if  2 << h# 38800000 or , ['] (unlocals) compile,  then ;     \ li r4, size
\ Outside of a definition `exit` ends the input.
: exit  ( -- )
   state @ if  leave-locals, exit,  else  source nip >in !  then ; immediate
