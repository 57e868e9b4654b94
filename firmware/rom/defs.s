# Constants of the machine and of this ROM, and a few macros.

        .include "../start/defs.s"

# ---- Physical memory map (preset g3)
UART            = 0x0C00F000
MEMORY_LEAST    = 0x00100000    # a hash table and room to play
MEMORY_MOST     = 0x08000000    # where probing ends

# ---- PTE bits
PTE_R           = 0x0100
PTE_C           = 0x0080
PTE_M           = 0x0010        # memory coherence
RIGHTS_RW       = 2             # PP: read and write
RIGHTS_RO       = 3             # PP: read only

# ---- Segments: effective addresses of the windows that this ROM uses
WINDOW          = 0x80000000    # all of RAM again
READ_ONLY       = 0x90000000    # all of RAM, not to be written, not to be run
SPACES          = 0xA0000000    # one page that is another one in every address space
SPACE_COUNT     = 20            # 8 fill a primary PTEG, 8 its secondary, the rest evicts
SPACE_VSID      = 0x0AAA        # space n has VSID SPACE_VSID + (n << 19): all have one hash

# ---- RAM: the lowest pages are the ROM's; all addresses fit in a displacement from 0
VARIABLES       = 0x3000
STACK_TOP       = 0x8000
SCRATCH         = 0x00020000    # pages that the self test writes
SPACE_PAGES     = 0x00040000    # pages of the address spaces

# Begin and end of a function that calls others.
        .macro enter
        mflr    r0
        stwu    r1, -32(r1)
        stw     r0, 28(r1)
        stmw    r28, 8(r1)
        .endm

        .macro leave
        lwz     r0, 28(r1)
        lmw     r28, 8(r1)
        addi    r1, r1, 32
        mtlr    r0
        blr
        .endm

# Print a text that is written in the call.
        .macro print text
        .pushsection .rodata
        .Ltext\@: .asciz "\text"
        .popsection
        load    r3, .Ltext\@
        bl      puts
        .endm

# The next exception continues at `label`, with the cause in r3, the vector in r4, CR0 and SPRG0 to
# SPRG2 lost. SPRG3 is 0 when none is expected.
        .macro expect label
        load    r4, \label
        mtsprg  3, r4
        .endm

        .macro expect_none
        li      r4, 0
        mtsprg  3, r4
        .endm
