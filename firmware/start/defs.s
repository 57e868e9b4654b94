# What the start of every ROM needs: constants of the processor, and `load`.
#
# A ROM that includes the files of this folder defines MEMORY_MOST and five macros:
#   vector NUMBER, fault_vector NUMBER, interrupt_vector NUMBER     the code at a vector
#   expect LABEL, expect_none               whether the next exception goes to a label; r4 is lost

ROM             = 0xFFF00000    # where a ROM begins: its vectors are those of MSR[IP] = 1

# ---- MSR
MSR_EE          = 0x8000        # external and decrementer interrupts are taken
MSR_FP          = 0x2000
MSR_ME          = 0x1000        # machine checks are exceptions, not the end
MSR_IP          = 0x0040        # vectors at 0xFFFn_nnnn
MSR_IR          = 0x0020        # instruction translation
MSR_DR          = 0x0010        # data translation
MSR_RI          = 0x0002        # exceptions can be recovered from

# ---- HID0
HID0_ICE        = 0x8000        # instruction cache on
HID0_DCE        = 0x4000        # data cache on
HID0_ICFI       = 0x0800        # empty the instruction cache
HID0_DCFI       = 0x0400
HID0_BTIC       = 0x0020        # branch target instruction cache on
HID0_BHT        = 0x0004        # branch history table on

# ---- PTE
PTE_H           = 0x0040        # upper word: entry of a secondary PTEG

# reg = value, any 32 bits
        .macro  load reg, value
        lis     \reg, (\value)@h
        ori     \reg, \reg, (\value)@l
        .endm
