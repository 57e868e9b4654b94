/* Loads and stores of devices: the instruction is decoded and made. */
#include "user.h"

enum { LOAD_ = 0, STORE_ = 1, UPDATE = 2, SIGNED = 4, REVERSED = 8, FLOAT = 16 };

/* Size in the low 8 bits, flags above. 0: no access of a device that is known. */
static u32 form_of(u32 opcode)
{
    static const u8 sizes[] = { 4, 1, 4, 1, 2, 2, 2, 0, 4, 8, 4, 8 };   /* opcodes 32, 34, ... 54 */
    u32 primary = opcode >> 26, xo = opcode >> 1 & 0x3FF, flags = 0;
    if (primary == 31) {
        switch (xo) {
        case 534: return 4 | REVERSED << 8;
        case 662: return 4 | (REVERSED | STORE_) << 8;
        case 790: return 2 | REVERSED << 8;
        case 918: return 2 | (REVERSED | STORE_) << 8;
        case 20: return 4;
        }
        /* Extended opcodes repeat the primary ones: 23 + 32 n is opcode 32 + n. */
        if ((xo & 31) != 23 || xo >> 5 > 23)
            return 0;
        primary = 32 + (xo >> 5);
    }
    if (primary < 32 || primary > 55)
        return 0;
    u32 number = (primary - 32) >> 1, size = sizes[number];
    if (number == 2 || number == 3 || number == 6 || number >= 10)
        flags |= STORE_;
    if (number == 5)
        flags |= SIGNED;
    if (number >= 8)
        flags |= FLOAT;
    if (primary & 1)
        flags |= UPDATE;
    return size ? size | flags << 8 : 0;
}

static u32 reversed(u32 value, u32 size)
{
    if (size == 2)
        return (value & 0xFF) << 8 | (value >> 8 & 0xFF);
    return value << 24 | (value & 0xFF00) << 8 | (value >> 8 & 0xFF00) | value >> 24;
}

static u32 effective_address(u32 opcode)
{
    u32 a = opcode >> 16 & 31, base = a ? mregs->gpr[a] : 0;
    return base + (opcode >> 26 == 31 ? mregs->gpr[opcode >> 11 & 31] : (u32)(int)(short)opcode);
}

static void next(void)
{
    mregs->nip += 4;
    if (mregs->msr & MSR_SE)
        raise_exception(0xD00, 0);
}

void io_access(u32 rvec)
{
    u32 opcode = mregs->inst_opcode, address = mregs->rvec_param[0], form = form_of(opcode);
    u32 size = form & 0xFF, flags = form >> 8, r = opcode >> 21 & 31, value = 0;
    int answered = 0;
    if (!form || (flags & STORE_) != (rvec == RVEC_IO_WRITE)) {
        print("MOL: no access of a device: instruction ");
        print_hex(opcode);
        print("\n");
        end_session(rvec);
        return;
    }
    if (flags & FLOAT) {                /* one or two words */
        u64 wide = flags & STORE_ ? size == 8 ? read_fpr(r) : read_fpr_single(r) : 0;
        for (u32 at = 0; at < size; at += 4) {
            u32 word = wide >> 8 * (size - 4 - at);
            answered = flags & STORE_ ? device_write(address + at, 4, word)
                                      : device_read(address + at, 4, &word);
            if (!(flags & STORE_))
                wide = wide << 32 | word;
        }
        if (answered && !(flags & STORE_)) {
            if (size == 8)
                write_fpr(r, wide);
            else
                write_fpr_single(r, wide);
        }
    } else if (flags & STORE_) {
        value = mregs->gpr[r];
        if (flags & REVERSED)
            value = reversed(value, size);
        if (size < 4)
            value &= (1u << 8 * size) - 1;
        answered = device_write(address, size, value);
    } else {
        answered = device_read(address, size, &value);
        if (flags & REVERSED)
            value = reversed(value, size);
        if (flags & SIGNED)
            value = (int)(short)value;
    }
    if (!answered) {
        transfer_error();
        return;
    }
    if (!(flags & (STORE_ | FLOAT)))
        mregs->gpr[r] = value;
    if (flags & UPDATE)
        mregs->gpr[opcode >> 16 & 31] = effective_address(opcode);
    next();
}
