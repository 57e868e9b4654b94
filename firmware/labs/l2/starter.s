# enable_mmu: called with bl in real mode; returns with MSR[IR] = MSR[DR] = 1.
# You may use r0 and r3 to r12.

enable_mmu:
        blr
