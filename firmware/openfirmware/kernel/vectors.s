# Exception vectors. While the firmware runs, MSR[IP] is 1 and they are here in the ROM, out of
# reach of any program. A client runs with MSR[IP] = 0: at the vectors in RAM it finds branches to
# these ones.
#
# DSI and ISI first go to pages.s, interrupts to interrupts.s. Every exception that is not a missing page of a known
# translation becomes a THROW: its registers are kept in FRAME, for `.registers`, and the program
# continues at the nearest CATCH, which is the prompt's if there is no other.

        .section .vectors, "ax"
        .org    ROM
        .ascii  "pteg Open Firmware\0"

# Register save area. Handlers are in real mode: displacements from address 0 reach it.
FRAME_R         = FRAME         # r0 to r31
FRAME_CR        = FRAME + 128
FRAME_LR        = FRAME + 132
FRAME_CTR       = FRAME + 136
FRAME_XER       = FRAME + 140
FRAME_SRR0      = FRAME + 144
FRAME_SRR1      = FRAME + 148
FRAME_DAR       = FRAME + 152
FRAME_DSISR     = FRAME + 156
FRAME_VECTOR    = FRAME + 160
FRAME_CODE      = FRAME + 164   # the THROW code that was made of it
EXPECTED        = FRAME + 168   # where the next exception continues while memory is probed, or 0

# Offsets are the same in STATE; the special registers are kept there only.
STATE_CELLS     = 42
STATE_CR        = STATE + 128
STATE_LR        = STATE + 132
STATE_CTR       = STATE + 136
STATE_XER       = STATE + 140
STATE_PC        = STATE + 144
STATE_MSR       = STATE + 148
STATE_SPRG      = STATE + 172
STATE_DEC       = STATE + 188

        .macro  vector number, handler=exception
        .org    ROM + \number
        stw     r3, FRAME_R + 12(0)
        li      r3, \number
        b       \handler
        .endm

        .macro  fault_vector number
        vector  \number, page_fault
        .endm

        .macro  interrupt_vector number
        vector  \number, interrupt
        .endm

# The next exception continues at `label` (see `expected`). r4 is lost.
        .macro  expect label
        load    r4, \label
        stw     r4, EXPECTED(0)
        .endm

        .macro  expect_none
        li      r4, 0
        stw     r4, EXPECTED(0)
        .endm

        .include "../../start/vectors.s"
        .text

# r3 = vector; its old value is in FRAME. A fault in THROW itself means that the variables are lost.
exception:
        stw     r3, FRAME_VECTOR(0)
        stw     r4, FRAME_R + 16(0)
        mfcr    r4
        stw     r4, FRAME_CR(0)
        lwz     r4, EXPECTED(0)
        cmpwi   r4, 0
        bne     expected
        cmpwi   r3, 0xD00
        beq     debug_exception
        cmpwi   r3, 0x1300
        beq     debug_exception
no_debugger:
        lwz     r4, FRAME_R + 16(0)
        stw     r0, FRAME_R(0)
        .irp    n, 1,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stw     r\n, FRAME_R + 4 * \n(0)
        .endr
        mflr    r5
        mfctr   r6
        mfxer   r7
        mfsrr0  r8
        mfsrr1  r9
        mfdar   r10
        mfdsisr r11
        .irp    n, 5, 6, 7, 8, 9, 10, 11
        stw     r\n, FRAME_CR + 4 * (\n - 4)(0)
        .endr
        load    r4, throw_code
        subf    r4, r4, r8
        cmplwi  r4, throw_end - throw_code
        blt     restart

        # The THROW code: what ANS has a number for, else one that tells the vector.
        lwz     r4, FRAME_VECTOR(0)
        srwi    r5, r4, 8
        subfic  r3, r5, THROW_VECTOR
        cmpwi   r4, 0x600
        bne     1f
        li      r3, THROW_ALIGNMENT
1:      cmpwi   r4, 0x300
        bne     2f
        li      r3, THROW_ADDRESS
        load    r6, guards - 8          # in the guard page of a stack?
        clrrwi  r10, r10, 12
3:      lwzu    r7, 8(r6)
        cmpwi   r7, 0
        beq     2f
        cmplw   r7, r10
        bne     3b
        lwz     r3, 4(r6)
2:      stw     r3, FRAME_CODE(0)
        bl      keep_state
        load    r9, MSR_FORTH
        lwz     r5, FRAME_SRR1(0)
        andi.   r6, r5, MSR_IP
        beq     4f
        rlwimi  r9, r5, 0, 16, 16       # the firmware's own MSR[EE] stays
        bl      check_environment       # somebody may have changed a segment register
        load    r12, own_environment
        bnel    install_environment
4:      mtsrr1  r9
        load    r4, throw_code
        mtsrr0  r4
        lwz     r3, FRAME_LR(0)
        mtlr    r3
        lwz     r3, FRAME_CODE(0)
        rfi

# Memory is being probed: go on where the prober says. CR0, r3 and r4 are lost.
expected:
        mtsrr0  r4
        li      r3, 0
        stw     r3, EXPECTED(0)
        rfi

        .section .rodata
        .balign 4
guards: .long   DATA_STACK - 0x1000, THROW_DATA_OVERFLOW
        .long   DATA_STACK_TOP, THROW_DATA_UNDERFLOW
        .long   RETURN_STACK - 0x1000, THROW_RETURN_OVERFLOW
        .long   RETURN_STACK_TOP, THROW_RETURN_UNDERFLOW
        .long   0
        .text
