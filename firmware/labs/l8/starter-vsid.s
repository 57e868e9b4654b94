# vsid_new: returns a VSID from FIRST to FIRST + COUNT - 1 for a new context, or 0 if all are in use.
# vsid_free: r3 = a VSID whose context is gone. Its PTEs are still in the page table.
# Your notes: 256 bytes at POOL, which are 0 at first. You may use r0 and r3 to r12.

vsid_new:
        li      r3, 0
        blr

vsid_free:
        blr
