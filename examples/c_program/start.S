/* The beginning: a stack, then main(). */
        .globl  _start, finished
_start: lis     1, stack_top@ha
        addi    1, 1, stack_top@l
        bl      main
finished:
        b       finished
