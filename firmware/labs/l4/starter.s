# htab_insert: r3 = EA, r4 = second word of the PTE, r5 = VSID. Puts a PTE into the page table: into an
# invalid entry of the primary PTEG, or else of the secondary one. The table is 64 KB at TABLE, and
# mapped where it is. Returns r3 = the physical address of the entry, or 0 if both are full. You may use r0, r3 to
# r12, CR and CTR.

htab_insert:
        blr

# page_fault: the handler of DSI; translation is off, and every register is the program's. Maps the page of
# DAR to FRAME, with M, read and write, and VSID, and lets the program go on. No register of the program
# may change; SPRG0 to SPRG3 and the memory from 0x4000 to 0x4fff are yours.

page_fault:
        b       page_fault
