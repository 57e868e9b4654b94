/* Help for a guest that replaces its privileged instructions (docs/mol/emuaccel.md): its registers in
 * memory, which it loads instead of mfmsr, and slots, to which it branches instead of mtmsr. */
#include "mol.h"

#define SLOT_PAGES (SLOTS * sizeof(struct slot) / PAGE_SIZE)

enum { XO_RFI = 50, XO_MTMSR = 146, XO_MTSR = 210, XO_MTSRIN = 242,
       XO_MTSPR = 467 };

/* In emulate.S: where each of them goes on behind its decoding. */
extern char read_table[], write_msr[], write_segment[], return_from_interrupt[], write_spr_plain[],
            write_srr0[], write_dec[], write_by_c[];
/* In emuaccel.S. */
extern char write_segment_at[];

static struct slot *slot_at(struct kernel_vars *kv, u32 mphys)
{
    return &kv->slots[mphys % PAGE_SIZE / 4];
}

/* As the instruction that it stands for: not in user state. */
int may_use_slot(struct kernel_vars *kv, u32 mphys)
{
    return !is_user(kv) && slot_at(kv, mphys)->read;
}

int map_mregs(struct kernel_vars *kv, u32 mphys)
{
    if (mphys & (PAGE_SIZE - 1) || mphys + MREGS_SIZE - 1 < mphys)
        return EMOLINVAL;
    kv->mregs_mphys = mphys;
    kv->mregs_bytes = MREGS_SIZE;
    clear_all_vsids(kv);
    return 0;
}

/* The page is MOL's, and cannot be seen: it only has an address. A second call moves it. */
int map_slots(struct kernel_vars *kv, u32 mphys)
{
    if (mphys & (PAGE_SIZE - 1))
        return EMOLINVAL;
    if (!kv->slots) {
        kv->slots = host_alloc_aligned(SLOT_PAGES, SLOT_PAGES);     /* emuaccel.S inserts the offset */
        if (!kv->slots)
            return EMOLGENERAL;
        kv->slots_phys = host_physical(kv->slots);
    }
    kv->slots_mphys = mphys;
    clear_all_vsids(kv);
    return 0;
}

void free_accel(struct kernel_vars *kv)
{
    if (kv->slots)
        host_free_wired(kv->slots, SLOT_PAGES);
    kv->slots = NULL;
}

/* The code for mtspr, as em_mtspr would choose it. */
static char *writer(struct kernel_vars *kv, u32 spr)
{
    u8 hook = kv->spr_hook[spr];
    if (hook & HOOK_WRITE)
        return write_spr_plain;
    if (hook & HOOK_C)
        return write_by_c;
    if (hook & HOOK_SPECIAL)
        return spr == SPR_SRR0 ? write_srr0 : write_dec;
    return NULL;
}

/* Where the guest's register with this number is read into r4. */
static char *reader(u32 number) { return read_table + 8 * (number & 31); }

int alloc_slot(struct kernel_vars *kv, u32 opcode, u32 nip, u32 *offset)
{
    u32 number = opcode >> 16 & 31, spr = number | (opcode >> 6 & 0x3E0), operand = 0;
    char *read = reader(opcode >> 21), *handler = NULL;
    if (opcode == (19u << 26 | XO_RFI << 1))
        read = handler = return_from_interrupt;
    else if (opcode >> 26 == 31)
        switch (opcode >> 1 & 0x3FF) {
        case XO_MTMSR:
            handler = write_msr;
            break;
        case XO_MTSR:
            handler = write_segment;
            operand = 4 * (number & 15);
            break;
        case XO_MTSRIN:
            handler = write_segment_at;
            operand = host_physical(read);
            read = reader(opcode >> 11);
            break;
        case XO_MTSPR:
            handler = writer(kv, spr);
            operand = 4 * spr;
            break;
        }
    if (!handler || nip & 3)
        return EMOLINVAL;
    if (!kv->slots || kv->slots_used == SLOTS)
        return EMOLGENERAL;
    *offset = 4 * kv->slots_used;
    kv->slots[kv->slots_used++] = (struct slot){
        host_physical(read), host_physical(handler), operand, nip
    };
    return 0;
}
