# pte_install: r3 = PTE, r4 and r5 = its words. pte_remove: r3 = PTE, r4 = EA. (PEM 7.6.3.2)

        .globl  pte_install, pte_remove
pte_install:
        stw     r5, 4(r3)
        eieio                   # the second word before V = 1
        stw     r4, 0(r3)
        sync                    # table searches see it from here
        blr

pte_remove:
        lwz     r6, 0(r3)
        clrlwi  r6, r6, 1
        stw     r6, 0(r3)       # V = 0
        sync                    # no search finds it any more
        tlbie   r4
        eieio                   # tlbie before tlbsync
        tlbsync
        sync                    # no TLB has it any more
        blr
