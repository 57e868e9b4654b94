# linear, tree: r3 = EA of the segment; return in r3 the second word of the page's PTE, or 0 if it is not
# mapped. LINEAR and TREE are physical addresses; translation is off. You may use r0 and r3 to r12, and CR.

        .globl  linear, tree
linear:
        blr

tree:
        blr
