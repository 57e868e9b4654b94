# linear, tree: r3 = EA; return the second word of the page's PTE, or 0 if it is not mapped.

        .globl  linear, tree
linear:
        rlwinm  r4, r3, 22, 14, 29      # page index * 4
        lis     r5, LINEAR@h
        lwzx    r3, r5, r4
        blr

tree:
        rlwinm  r4, r3, 14, 22, 29      # upper half of the page index * 4
        lis     r5, TREE@h
        lwzx    r5, r5, r4
        rlwinm  r4, r3, 22, 22, 29      # lower half * 4
        cmpwi   r5, 0
        mr      r3, r5
        beqlr                           # no leaf
        lwzx    r3, r5, r4
        blr
