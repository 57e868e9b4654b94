"""A few pages of segment 4, for programs of some lines that run with MSR[DR] (PEM 7.6)."""

TABLE, VSID = 0x40000, 0x123
C, RIGHTS = 0x80, 0x12      # of a PTE: changed; M, PP = 2

#: Sets SDR1 and the segment register, and turns translation of data on.
TRANSLATE = f"""
        lis     r3, {TABLE >> 16}
        mtsdr1  r3
        li      r3, {VSID}
        mtsr    4, r3
        mfmsr   r3
        ori     r3, r3, 0x10            # DR
        mtmsr   r3
        isync
"""


def pte_of(ea):
    """Where the PTE of a page is: the first place of its primary PTEG."""
    return TABLE | ((VSID ^ ea >> 12 & 0xFFFF) & 0x3FF) << 6


def enter(machine, ea, pa, flags=RIGHTS):
    """Enter a page in the table; R = 0: the first search sets it."""
    machine.memory.write_word(pte_of(ea), 1 << 31 | VSID << 7 | ea >> 22 & 0x3F)
    machine.memory.write_word(pte_of(ea) + 4, pa | flags)
