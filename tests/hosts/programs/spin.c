/* spin: never asks the kernel for anything. Registers must survive every interrupt. */
#include "user.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    asm volatile(
        "   lis     14, 0x1234\n"
        "   li      15, 99\n"
        "   mtctr   15\n"
        "   mtxer   15\n"
        "   cmpwi   1, 15, 99\n"
        "1: addi    16, 16, 1\n"
        "   cmpwi   5, 15, 98\n"
        "   bne-    1, 2f\n"            /* CR1 changed */
        "   mfctr   17\n"
        "   cmpwi   17, 99\n"
        "   bne-    2f\n"
        "   addis   17, 14, -0x1234\n"
        "   cmpwi   17, 0\n"
        "   beq+    1b\n"
        "2: .long   0"
        ::: "14", "15", "16", "17", "cr0", "cr1", "cr5", "ctr", "xer");
    return 0;
}
