# pte_install: r3 = physical address of a PTE that is invalid, r4 and r5 = its new words (V = 1).
# pte_remove: r3 = physical address of a PTE, r4 = the effective address that it maps.
# Memory is mapped where it is. You may use r0 and r3 to r12.

pte_install:
        blr

pte_remove:
        blr
