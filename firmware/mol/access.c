/* Loads and stores that MOL makes for the guest: to closed segments in split mode, and to the guest's
 * hash table. Every access is translated as the guest's; all of its registers are in mregs. */
#include "mol.h"

enum { UPDATE = 1, INDEXED = 2, SIGNED = 4, REVERSED = 8, IS_STORE = 16, FLOAT = 32, SINGLE = 64 };

struct form { u8 size, flags; };

/* Primary opcodes 32 to 55. */
static const struct form d_forms[] = {
    { 4, 0 }, { 4, UPDATE }, { 1, 0 }, { 1, UPDATE },
    { 4, IS_STORE }, { 4, IS_STORE | UPDATE }, { 1, IS_STORE }, { 1, IS_STORE | UPDATE },
    { 2, 0 }, { 2, UPDATE }, { 2, SIGNED }, { 2, SIGNED | UPDATE },
    { 2, IS_STORE }, { 2, IS_STORE | UPDATE }, { 0, 0 }, { 0, IS_STORE },
    { 4, FLOAT | SINGLE }, { 4, FLOAT | SINGLE | UPDATE }, { 8, FLOAT }, { 8, FLOAT | UPDATE },
    { 4, FLOAT | SINGLE | IS_STORE }, { 4, FLOAT | SINGLE | IS_STORE | UPDATE },
    { 8, FLOAT | IS_STORE }, { 8, FLOAT | IS_STORE | UPDATE },
};

/* Extended opcodes of primary opcode 31. */
static const struct { u16 xo; struct form form; } x_forms[] = {
    { 23, { 4, 0 } }, { 55, { 4, UPDATE } }, { 87, { 1, 0 } }, { 119, { 1, UPDATE } },
    { 151, { 4, IS_STORE } }, { 183, { 4, IS_STORE | UPDATE } }, { 215, { 1, IS_STORE } },
    { 247, { 1, IS_STORE | UPDATE } }, { 279, { 2, 0 } }, { 311, { 2, UPDATE } },
    { 343, { 2, SIGNED } }, { 375, { 2, SIGNED | UPDATE } }, { 407, { 2, IS_STORE } },
    { 439, { 2, IS_STORE | UPDATE } }, { 534, { 4, REVERSED } }, { 662, { 4, REVERSED | IS_STORE } },
    { 790, { 2, REVERSED } }, { 918, { 2, REVERSED | IS_STORE } },
    { 535, { 4, FLOAT | SINGLE } }, { 567, { 4, FLOAT | SINGLE | UPDATE } }, { 599, { 8, FLOAT } },
    { 631, { 8, FLOAT | UPDATE } }, { 663, { 4, FLOAT | SINGLE | IS_STORE } },
    { 695, { 4, FLOAT | SINGLE | IS_STORE | UPDATE } }, { 727, { 8, FLOAT | IS_STORE } },
    { 759, { 8, FLOAT | IS_STORE | UPDATE } }, { 983, { 4, FLOAT | IS_STORE } },
};

enum { LWARX = 20, STWCX = 150, DCBZ = 1014, DCBST = 54, DCBF = 86, DCBI = 470, ICBI = 982,
       LSWX = 533, LSWI = 597, STSWX = 661, STSWI = 725 };

#define FIRST(opcode) ((opcode) >> 21 & 31)
#define SECOND(opcode) ((opcode) >> 16 & 31)
#define THIRD(opcode) ((opcode) >> 11 & 31)

#define DONE 0xFFFFFFFFu                /* not an RVEC: the access has been made */

/* The guest's memory at an effective address, in one page. DONE, or why it has not been made. */
static u32 memory_at(struct kernel_vars *kv, u32 ea, enum access kind, u32 size, u8 **memory)
{
    struct translation t;
    translate(kv, ea, kind, &t);
    if (t.fault) {
        COUNT(kv, mac_page_fault);
        storage_exception(kv, ea, kind, t.fault);
        return RVEC_RELOAD;
    }
    if (kind == STORE && size)
        pthash_written(kv, t.mphys, size);
    *memory = guest_memory(kv, t.mphys, kind == STORE);
    return *memory ? DONE : io_exit(kv, t.mphys, kind == STORE);
}

/* `size` bytes, the most significant first; a page boundary makes two accesses of it. */
static u32 transfer(struct kernel_vars *kv, u32 ea, u32 size, u64 *value, int store)
{
    while (size) {
        u32 part = PAGE_SIZE - (ea & (PAGE_SIZE - 1));
        u8 *memory;
        if (part > size)
            part = size;
        u32 result = memory_at(kv, ea, store ? STORE : LOAD, part, &memory);
        if (result != DONE)
            return result;
        for (; part; part--, size--, ea++, memory++)
            if (store)
                *memory = *value >> 8 * (size - 1);
            else
                *value = *value << 8 | *memory;
    }
    return DONE;
}

static u64 reversed(u64 value, u32 size)
{
    u64 result = 0;
    for (; size; size--, value >>= 8)
        result = result << 8 | (value & 0xFF);
    return result;
}

/* The guest's floating-point registers are those of the user part: it is asked first for what is to be
 * stored, and takes from fp_value what has been loaded. */
static u32 float_transfer(struct kernel_vars *kv, u32 opcode, u32 ea, struct form form)
{
    struct mac_regs *m = &kv->mregs;
    int store = form.flags & IS_STORE;
    u64 value = m->fp_value;
    if (!m->fp_ready)
        return store ? RVEC_FP_STORE : RVEC_FP_LOAD;
    u32 result = transfer(kv, ea, form.size, &value, store);
    if (result != DONE)
        return result;
    m->fp_value = value;
    m->fp_ready = 2;
    if (form.flags & UPDATE)
        m->gpr[SECOND(opcode)] = ea;
    return next_instruction(kv);
}

static u32 one_register(struct kernel_vars *kv, u32 opcode, u32 ea, struct form form)
{
    u32 *r = &kv->mregs.gpr[FIRST(opcode)];
    int store = form.flags & IS_STORE;
    u64 value = store ? *r : 0;
    if (store && form.flags & REVERSED)
        value = reversed(value, form.size);
    u32 result = transfer(kv, ea, form.size, &value, store);
    if (result != DONE)
        return result;
    if (form.flags & REVERSED)
        value = reversed(value, form.size);
    if (form.flags & SIGNED)
        value = (short)value;
    if (!store)
        *r = value;
    if (form.flags & UPDATE)
        kv->mregs.gpr[SECOND(opcode)] = ea;
    return next_instruction(kv);
}

/* lmw, stmw and strings: `size` bytes from register r on. */
static u32 several_registers(struct kernel_vars *kv, u32 r, u32 ea, u32 size, int store)
{
    u32 *gpr = kv->mregs.gpr;
    for (; size; r = (r + 1) & 31) {
        u32 part = size < 4 ? size : 4, shift = 8 * (4 - part);
        u64 value = store ? gpr[r] >> shift : 0;
        u32 result = transfer(kv, ea, part, &value, store);
        if (result != DONE)
            return result;
        if (!store)
            gpr[r] = value << shift;
        ea += part;
        size -= part;
    }
    return next_instruction(kv);
}

/* Alignment exception: DSISR describes an instruction of primary opcode 31 (PEM table 6-10). */
static u32 alignment(struct kernel_vars *kv, u32 opcode, u32 ea)
{
    kv->mregs.spr[SPR_DAR] = ea;
    kv->mregs.spr[SPR_DSISR] = (opcode >> 1 & 3) << 15 | (opcode >> 6 & 1) << 14
                               | (opcode >> 7 & 15) << 10 | (opcode >> 16 & 0x3FF);
    raise(kv, 0x600, 0);
    return RVEC_RELOAD;
}

/* dcbz. That the block cannot be in the cache wins against protection; in a direct-store segment cache
 * instructions do nothing. */
static u32 clear_block(struct kernel_vars *kv, u32 opcode, u32 ea)
{
    struct translation t;
    u8 *memory;
    u32 flushed = kv->option[FAULT_BLOCK_INTERCEPT] ? 8 : 32;
    if (!data_cache_is_on(kv))
        return alignment(kv, opcode, ea);
    translate(kv, ea & ~31u, STORE, &t);
    if (t.wimg & (WIMG_W | WIMG_I))
        return alignment(kv, opcode, ea);
    if (t.fault & FAULT_DIRECT)
        return next_instruction(kv);
    u32 result = memory_at(kv, ea & ~31u, STORE, flushed, &memory);
    if (result != DONE)
        return result;
    for (int i = 0; i < 32; i += 4)
        *(u32 *)(memory + i) = 0;
    return next_instruction(kv);
}

/* lwarx and stwcx. The host's kernel has locks of its own: the guest's reservation is in `reserved` from
 * call_kernel until the guest is entered again (switch.S). */
static u32 reserve(struct kernel_vars *kv, u32 opcode, u32 ea)
{
    int store = (opcode >> 1 & 0x3FF) == STWCX;
    u8 *memory;
    u32 *r = &kv->mregs.gpr[FIRST(opcode)];
    u32 result = memory_at(kv, ea, store ? STORE : LOAD, 4, &memory);
    if (result != DONE)
        return result;
    if (store) {
        if (kv->reserved)
            *(u32 *)memory = *r;
        kv->mregs.cr = (kv->mregs.cr & 0x0FFFFFFF) | kv->reserved << 29 | kv->mregs.xer >> 31 << 28;
    } else
        *r = *(u32 *)memory;
    kv->reserved = !store;
    return next_instruction(kv);
}

/* A device has written the guest's memory. */
void end_reservation(struct kernel_vars *kv)
{
    u32 word;
    asm volatile("stwcx. %1,0,%1" : "=m"(word) : "r"(&word) : "cr0");
    kv->reserved = 0;
}

/* The fault that MOL had: all words are stored first, so that the old entries are not known any more
 * when their mappings should go. */
static u32 stmw_without_intercept(struct kernel_vars *kv, u32 r, u32 ea)
{
    u8 *memory;
    u32 begin = ea;
    for (u32 n = r; n < 32; n++, ea += 4) {
        u32 result = memory_at(kv, ea, STORE, 0, &memory);
        if (result != DONE)
            return result;
        *(u32 *)memory = kv->mregs.gpr[n];
    }
    memory_at(kv, begin, STORE, 4 * (32 - r), &memory);
    return next_instruction(kv);
}

/* The instruction at the guest's nip is in mregs.inst_opcode, unless its page has gone. */
static int fetch_opcode(struct kernel_vars *kv)
{
    struct translation t;
    u8 *memory;
    translate(kv, kv->mregs.nip, FETCH, &t);
    if (t.fault || !(memory = guest_memory(kv, t.mphys, 0)))
        return 0;
    kv->mregs.inst_opcode = *(u32 *)memory;
    return 1;
}

/* Does the guest clear a block? While its data cache is off, that is an alignment exception before any
 * table search, which a translation by C would be in the guest's eyes. */
int clears_block(struct kernel_vars *kv)
{
    u32 opcode;
    if (!fetch_opcode(kv))
        return 0;
    opcode = kv->mregs.inst_opcode;
    return opcode >> 26 == 31 && (opcode >> 1 & 0x3FF) == DCBZ;
}

/* The load or store at the guest's nip. */
u32 emulate_access(struct kernel_vars *kv)
{
    struct mac_regs *m = &kv->mregs;
    struct translation t;
    u8 *memory;
    make_room(kv);
    if (!fetch_opcode(kv))
        return RVEC_RELOAD;             /* the guest fetches it again */
    u32 opcode = m->inst_opcode;
    u32 primary = opcode >> 26, xo = opcode >> 1 & 0x3FF, r = FIRST(opcode);
    u32 base = SECOND(opcode) ? m->gpr[SECOND(opcode)] : 0;
    if (primary >= 32 && primary < 56) {
        struct form form = d_forms[primary - 32];
        if (form.flags & UPDATE)
            base = m->gpr[SECOND(opcode)];
        u32 ea = base + (short)opcode;
        if (!form.size) {
            if (form.flags & IS_STORE && kv->option[FAULT_BLOCK_INTERCEPT])
                return stmw_without_intercept(kv, r, ea);
            return several_registers(kv, r, ea, 4 * (32 - r), form.flags & IS_STORE);
        }
        return form.flags & FLOAT ? float_transfer(kv, opcode, ea, form)
                                  : one_register(kv, opcode, ea, form);
    }
    if (primary != 31)
        return RVEC_INTERNAL_ERROR;
    u32 ea = base + m->gpr[THIRD(opcode)];
    switch (xo) {
    case LWARX: case STWCX:
        return reserve(kv, opcode, ea);
    case DCBZ:
        return clear_block(kv, opcode, ea);
    case DCBST: case DCBF: case ICBI: case DCBI:
        translate(kv, ea, xo == DCBI ? STORE : LOAD, &t);
        if (t.fault & FAULT_DIRECT)
            return next_instruction(kv);
        if (t.fault) {
            storage_exception(kv, ea, xo == DCBI ? STORE : LOAD, t.fault);
            return RVEC_RELOAD;
        }
        if ((memory = guest_memory(kv, t.mphys, 0)))
            asm volatile("dcbf 0,%0; sync; icbi 0,%0; sync; isync" :: "r"(memory) : "memory");
        return next_instruction(kv);
    case LSWX: case STSWX:
        return several_registers(kv, r, ea, m->xer & 0x7F, xo == STSWX);
    case LSWI: case STSWI:
        return several_registers(kv, r, base, THIRD(opcode) ? THIRD(opcode) : 32, xo == STSWI);
    }
    for (u32 i = 0; i < sizeof x_forms / sizeof *x_forms; i++)
        if (x_forms[i].xo == xo) {
            struct form form = x_forms[i].form;
            if (form.flags & UPDATE)
                ea = m->gpr[SECOND(opcode)] + m->gpr[THIRD(opcode)];
            return form.flags & FLOAT ? float_transfer(kv, opcode, ea, form)
                                      : one_register(kv, opcode, ea, form);
        }
    return RVEC_INTERNAL_ERROR;
}
