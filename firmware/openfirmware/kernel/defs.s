# Memory map, registers of the Forth machine, macros.

        .include "../../start/defs.s"

# ---- Memory map. The first megabyte is the firmware's, whatever the size of memory is.
#               ROM               code, names, constant data; executed where it is
#                 0x00000000      the client's: programs may write here while they still call us
RAM_VECTORS     = 0x00000100    # one branch into the ROM at each exception vector
FRAME           = 0x00003000    # registers at the latest exception that became a THROW
SAVE            = 0x00003100    # registers during the handling of a page fault
STATE           = 0x00003140    # registers of a client that does not run (client.s)
TRANSLATIONS    = 0x00003200    # list of mappings: virtual, size, physical, mode; size 0 ends it
TRANSLATIONS_END = 0x00003D00
STATE_ENVIRONMENT = 0x00003D00  # the rest of STATE
STATE_F         = 0x00003E00
STATE_FPSCR     = 0x00003F00
DATA            = 0x00004000    # variables, values, defers: copied from the ROM; then buffers
DATA_END        = 0x00010000
HASH_TABLE      = 0x00010000    # 1024 groups of 8 entries
HASH_TABLE_SIZE = 0x00010000
#                 0x00020000      not mapped: the guards of the stacks are pages without translation
DATA_STACK      = 0x00021000    # grows down
DATA_STACK_TOP  = 0x00023000    # not mapped
#                 0x00024000      not mapped
RETURN_STACK    = 0x00025000
RETURN_STACK_TOP = 0x0002A000   # not mapped
DICTIONARY      = 0x0002B000    # what is defined at the prompt grows up from here
DICTIONARY_END  = 0x00080000
HEAP            = 0x00080000    # alloc-mem
HEAP_END        = 0x000F0000
CALLBACK_STACK_TOP = 0x000F4000 # 16 KB for functions of a client that we call
CALLBACK_STACK_STEP = 0x1000    # for each
CLIENT_STACK_TOP = 0x00100000   # 48 KB for the client that is started
FIRMWARE_END    = 0x00100000    # from here on memory is free for programs
MEMORY_MOST     = 0x40000000    # where probing ends

# ---- Registers of the Forth machine. r0 and r3 to r12 are scratch; a word is called by `bla` and
# returns by `blr`; the return stack is r1, where colon words keep their link registers.
        .set    RS, r1          # return stack pointer
        .set    DS, r30         # data stack pointer: the top item is in memory at 0(DS)
        .set    LP, r29         # locals of the running word

# ---- MSR and PTE bits
MSR_FORTH       = MSR_ME | MSR_IP | MSR_IR | MSR_DR | MSR_RI
MODE_RAM        = 0x12          # WIMG = 0010 (coherent), PP = 10: read and write
MODE_ROM        = 0x03          # WIMG = 0000, PP = 11: read only
MODE_DEVICE     = 0x2A          # WIMG = 0101 (inhibited, guarded), PP = 10

# ---- Flags of a dictionary header, see dictionary.s
IMMEDIATE       = 0x80
COMPILE_ONLY    = 0x40

# ---- THROW codes of ANS 9.3.5 that the kernel itself throws
THROW_DATA_OVERFLOW     = -3
THROW_DATA_UNDERFLOW    = -4
THROW_RETURN_OVERFLOW   = -5
THROW_RETURN_UNDERFLOW  = -6
THROW_ADDRESS           = -9
THROW_DIVISION          = -10
THROW_RANGE             = -11
THROW_ALIGNMENT         = -23
THROW_NO_PROGRAM        = -62
THROW_INSTANCE          = -68
THROW_VECTOR            = -256  # other exceptions: -256 minus the vector / 256

# Take the top item. The load comes first: an empty stack faults in its guard page.
        .macro  pop reg
        lwz     \reg, 0(DS)
        addi    DS, DS, 4
        .endm

        .macro  push reg
        stwu    \reg, -4(DS)
        .endm

# Two operands: \second is the item below \first; DS is left at it, where the result will be stored.
        .macro  pop2 second, first
        lwz     \first, 0(DS)
        lwzu    \second, 4(DS)
        .endm

        .macro  result reg
        stw     \reg, 0(DS)
        .endm

# Begin of a primitive: its dictionary header and its label.
        .macro  code name, label, flags=0
        .balign 4, 0
.Lname\@:
        .ascii  "\name"
.Lend\@:
        .balign 4, 0
        .long   0                       # link: set by the compiler
        .byte   .Lend\@ - .Lname\@, \flags, 0, 0
\label:
        .pushsection .rodata.words, "a"
        .long   \label                  # the compiler finds the primitives here
        .popsection
        .endm

# A word that pushes the address of a kernel variable, in the form of all data words (inner.s).
        .macro  variable name, label, address
        code    "\name", \label
        load    r3, \address
        ba      do_variable
        .endm

# A word that pushes a number.
        .macro  constant name, label, value
        variable "\name", \label, \value
        .endm
