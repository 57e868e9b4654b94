/* What the C files of the kernel part have in common. */
#ifndef MOL_H
#define MOL_H

#include "kvars.h"
#include "vsid_key.h"

enum access { FETCH, LOAD, STORE };

#define HID0_DCE 0x4000u
#define WIMG_W 8u
#define WIMG_I 4u
#define WIMG_M 2u
#define WIMG_G 1u

/* Where a guest's effective address leads, and with what rights. */
struct translation {
    u32 fault;              /* bits for the guest's DSISR or SRR1; 0: none */
    u32 mphys;
    u32 wimg;
    int writable;           /* a store is allowed and C is set */
    u32 pte;                /* offset in the guest's hash table, or NO_PTE */
};
#define NO_PTE 0xFFFFFFFFu

#define FAULT_NOT_FOUND   0x40000000u
#define FAULT_NO_EXECUTE  0x10000000u
#define FAULT_PROTECTION  0x08000000u
#define FAULT_DIRECT      0x04000000u
#define FAULT_STORE       0x02000000u

#define PTE_V 0x80000000u
#define PTE_H 0x40u
#define PTE_R 0x100u
#define PTE_C 0x80u

/* PP of shadow PTEs, whose key is 1 for the guest and 0 for the handlers. */
enum { PP_NONE = 0, PP_HASH = 1, PP_RW = 2, PP_RO = 3 };

#define COUNT(kv, name) ((kv)->counter[C_##name]++)

extern u32 session_magic, session_phys[MAX_NUM_SESSIONS];
extern struct kernel_vars *sessions[MAX_NUM_SESSIONS];

/* takeover.c */
int take_vectors(void);
void give_vectors_back(void);

/* memory.c: the guest's physical memory */
int map_block(struct kernel_vars *kv, u32 mphys, u32 size, u32 lvptr, int read_only);
void unmap_blocks(struct kernel_vars *kv);
struct block *find_block(struct kernel_vars *kv, u32 mphys);
u8 *guest_memory(struct kernel_vars *kv, u32 mphys, int write);
u32 guest_word(struct kernel_vars *kv, u32 mphys);
const u32 *guest_words(struct kernel_vars *kv, u32 *copy, u32 mphys, u32 size);
void write_guest_byte(struct kernel_vars *kv, u32 mphys, u8 value);
int add_iorange(struct kernel_vars *kv, u32 mphys, u32 size, u32 cookie);
int remove_iorange(struct kernel_vars *kv, u32 mphys, u32 size);
void remove_io_pages(struct kernel_vars *kv);
struct io_page *find_io_page(struct kernel_vars *kv, u32 mphys);
u32 io_exit(struct kernel_vars *kv, u32 mphys, int write);
void forget_io_cache(struct kernel_vars *kv);

/* vsid.c */
int init_vsids(struct kernel_vars *kv);
void free_vsids(struct kernel_vars *kv);
struct vsid_ent *find_vsid(struct kernel_vars *kv, u32 key);
struct vsid_ent *need_vsid(struct kernel_vars *kv, u32 key);
int vsids_left(struct kernel_vars *kv);
int contexts_left(struct kernel_vars *kv);
void wrap_contexts(struct kernel_vars *kv);
void forget_vsids(struct kernel_vars *kv);
u32 give_sr(struct kernel_vars *kv, struct vsid_ent *v, u32 key);
int owns_vsid(struct kernel_vars *kv, u32 vsid);

/* vsid_map.c */
int ask_for_spaces(struct kernel_vars *kv);
void give_spaces_back(struct kernel_vars *kv);
struct vsid_ent *find_in_map(struct kernel_vars *kv, u32 key);
void put_into_map(struct kernel_vars *kv, struct vsid_ent *v);
void clear_map(struct kernel_vars *kv);

/* track.c */
int init_track(struct kernel_vars *kv);
void free_track(struct kernel_vars *kv);
int pents_left(struct kernel_vars *kv);
struct pent *find_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 page, u32 key);
struct pent *new_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 ea, u32 key, u32 lv_page);
void remove_pent(struct kernel_vars *kv, struct pent *p);
void remove_vsid_pents(struct kernel_vars *kv, struct vsid_ent *v);
void remove_all_pents(struct kernel_vars *kv);
void flush_lv_page(struct kernel_vars *kv, u32 lv_page);
void flush_vsid_page(struct kernel_vars *kv, u32 vsid, u32 page);
void flush_segment(struct kernel_vars *kv, u32 sr);
void flush_ea(struct kernel_vars *kv, u32 ea);
void flush_owner(struct host_owner *owner, u32 lvptr, u32 pages);

/* lists.c */
int init_lists(struct kernel_vars *kv);
void free_lists(struct kernel_vars *kv);
void list_pent(struct kernel_vars *kv, struct pent *p);
void unlist_pent(struct kernel_vars *kv, struct pent *p);
struct pent *listed_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 page, u32 key);
void visit_listed(struct kernel_vars *kv, pent_visitor *visit);
void visit_listed_of_record(struct kernel_vars *kv, struct vsid_ent *v, pent_visitor *visit);
void visit_listed_of_lv(struct kernel_vars *kv, u32 lv_page, pent_visitor *visit);
void visit_listed_at_ea(struct kernel_vars *kv, u32 ea, pent_visitor *visit);
void visit_listed_at_page(struct kernel_vars *kv, u32 page, pent_visitor *visit);
void visit_listed_at_virtual(struct kernel_vars *kv, u32 vsid, u32 page, pent_visitor *visit);

/* hash.c */
int init_hash(struct kernel_vars *kv);
void free_hash(struct kernel_vars *kv);
u32 find_slot(struct kernel_vars *kv, u32 vsid, u32 page, int recorded, u32 *word0);
void store_pte(struct kernel_vars *kv, u32 slot, u32 word0, u32 word1, u32 page);
void zero_pte(struct kernel_vars *kv, u32 slot, u32 vsid, u32 page);
void invalidate_tlb(void);
u32 purge_hash(struct kernel_vars *kv);

/* accel.c */
int map_mregs(struct kernel_vars *kv, u32 mphys);
int map_slots(struct kernel_vars *kv, u32 mphys);
int alloc_slot(struct kernel_vars *kv, u32 opcode, u32 nip, u32 *offset);
void free_accel(struct kernel_vars *kv);
int may_use_slot(struct kernel_vars *kv, u32 mphys);

/* translate.c */
void translate(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t);

/* exception.c */
u32 raise(struct kernel_vars *kv, u32 vector, u32 srr1);
u32 storage_exception(struct kernel_vars *kv, u32 ea, enum access kind, u32 fault);
u32 next_instruction(struct kernel_vars *kv);

/* privileged.c */
u32 privileged_instruction(struct kernel_vars *kv, u32 opcode);
u32 write_spr(struct kernel_vars *kv, u32 spr, u32 value);
void init_spr_hooks(struct kernel_vars *kv);

/* bat.c */
u32 write_bat(struct kernel_vars *kv, u32 spr, u32 value);
void note_bats(struct kernel_vars *kv);
int find_bat(struct kernel_vars *kv, u32 ea, int instruction, u32 *upper, u32 *lower);
int segment_has_bats(struct kernel_vars *kv, u32 sr, u32 user);
u32 bat_address(u32 upper, u32 lower, u32 ea);
int unite(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t);

/* shadow_segments.c */
void make_room(struct kernel_vars *kv);
void clear_all_vsids(struct kernel_vars *kv);
void forget_segment(struct kernel_vars *kv, u32 sr);
void divide_segment(struct kernel_vars *kv, u32 sr);
void fix_sr(struct kernel_vars *kv, u32 sr);
void fix_real_mode_sr(struct kernel_vars *kv, u32 sr);
u32 segment_loaded(struct kernel_vars *kv, u32 sr);
struct vsid_ent *segment_vsid(struct kernel_vars *kv, u32 sr, enum access kind);
void do_mtbat(struct kernel_vars *kv, u32 spr, u32 value);

/* pthash.c */
void do_mtsdr1(struct kernel_vars *kv, u32 value);
void free_pthash(struct kernel_vars *kv);
int in_pthash(struct kernel_vars *kv, u32 mphys);
int is_watched(struct kernel_vars *kv, u32 mphys);
void note_pte_used(struct kernel_vars *kv, u32 offset);
void pthash_written(struct kernel_vars *kv, u32 mphys, u32 size);

/* fault.c, access.c: called from assembly */
u32 dsi_exception(struct kernel_vars *kv, u32 dar, u32 dsisr);
u32 isi_exception(struct kernel_vars *kv, u32 nip);
u32 split_exception(struct kernel_vars *kv, u32 dar, u32 dsisr);
u32 emulate_access(struct kernel_vars *kv);
int clears_block(struct kernel_vars *kv);
void end_reservation(struct kernel_vars *kv);

static inline int segment_is_divided(struct kernel_vars *kv, u32 sr) { return kv->divided >> sr & 1; }

/* What lies over the guest's memory there: its registers, or the page of slots. */
static inline int in_mregs(struct kernel_vars *kv, u32 mphys)
{
    return mphys - kv->mregs_mphys < kv->mregs_bytes;
}

static inline int in_slots(struct kernel_vars *kv, u32 mphys)
{
    return (mphys & ~(PAGE_SIZE - 1)) == kv->slots_mphys;
}

static inline int is_user(struct kernel_vars *kv) { return (kv->mregs.msr & MSR_PR) != 0; }

static inline int is_translated(struct kernel_vars *kv, enum access kind)
{
    return (kv->mregs.msr & (kind == FETCH ? MSR_IR : MSR_DR)) != 0;
}

/* The shadow segment of an access, as far as it is known. */
static inline u32 *known_sr(struct kernel_vars *kv, u32 sr, enum access kind)
{
    return &kv->sr[is_translated(kv, kind) ? SV_DATA_SR + 2 * is_user(kv) + (kind == FETCH)
                                           : UNMAPPED_SR][sr];
}

/* The shadow segment of a record for a storage key. */
static inline u32 shadow_sr(struct kernel_vars *kv, struct vsid_ent *v, u32 key)
{
    u32 sr = key ? v->sr : v->sr_sv;
    return sr ? sr : give_sr(kv, v, key);
}

static inline int data_cache_is_on(struct kernel_vars *kv)
{
    return (kv->mregs.spr[SPR_HID0] & HID0_DCE) != 0;
}

/* Guest-effective page of an address: EA[4-19]. */
static inline u32 page_of(u32 ea) { return ea >> 12 & 0xFFFF; }

#endif
