/* The variables of a session: one physically contiguous block, which assembly reaches from r1. */
#ifndef MOL_KVARS_H
#define MOL_KVARS_H

#include "host.h"
#include "mol_ioctl.h"
#include "mregs.h"
#include "registers.h"
#include "rvec.h"

#define MAX_NUM_SESSIONS 8

/* Segment tables: what the guest's [PR IR DR] selects from. */
enum sr_table { UNMAPPED_SR, SV_DATA_SR, SV_INST_SR, USER_DATA_SR, USER_INST_SR, SR_TABLES };

/* C functions that assembly calls through the host. */
enum kernel_call {
    CALL_DSI, CALL_ISI, CALL_PRIV_INST, CALL_SPR_WRITE, CALL_ACCESS, CALL_SPLIT, CALL_SEGMENT,
    KERNEL_CALLS, NO_CALL
};

/* Counters (counters.h). */
enum counter {
#define COUNTER(name) C_##name,
#include "counters.h"
#undef COUNTER
    COUNTERS
};

/* One guest VSID, or a segment of real mode (vsid.c). Assembly walks the chains. */
struct vsid_ent {
    u32 next_phys;          /* of the hash chain */
    u32 key;
    u32 sr, sr_sv;          /* shadow segment registers, for storage key 1 and 0; 0: not needed yet */
    u16 index, first;       /* own number; first shadow PTE of its list */
};
#define VSID_HASH 256
#define NO_PENT 0xFFFF

/* KVM-PR's numbers (OPTION_VSID_MAP, vsid_map.c). */
#define SPACES_ASKED 128
#define MAP_BITS 9
#define MAP_PLACES (1 << MAP_BITS)
#define NO_VSID 0xFFFF

/* One shadow PTE (track.c). */
struct pent {
    u16 hash_next, lv_next, lv_prev, vsid_next, vsid_prev;
    u16 vsid;               /* number of the vsid_ent */
    u16 page;               /* EA[4-19] */
    u8 key, segment;        /* segment: EA[0-3], when it was made */
    u32 lv_page;            /* page of the guest's memory, or NO_LV */
    u32 slot;               /* offset of the PTE in the hash table */
};
#define PENTS 4096
#define PENT_HASH 1024
#define NO_LV 0xFFFFFFFFu

/* Its links where shadow PTEs are in lists (OPTION_LISTS, lists.c). */
enum pent_list { BY_EA, BY_PAGE, BY_VIRTUAL_PAGE, BY_VSID, PENT_LISTS };
struct pent_links { u16 next[PENT_LISTS], prev[PENT_LISTS]; };
struct kernel_vars;
typedef void pent_visitor(struct kernel_vars *kv, struct pent *p);

/* Guest-physical memory that the owner has: RAM first, then ROMs and the like. */
struct block { u32 mbase, size, lvbase, first_page; int read_only; };
#define MAX_BLOCKS 6

/* A page of devices: what the user part wants to be told about each 8 bytes of it. The guest's
 * mapping of it gives no rights, so that each access faults; io_cache tells assembly which page of
 * devices an effective address means. */
struct io_page {
    u32 mphys;
    struct io_page *next;
    u32 cookie[PAGE_SIZE / 8];
};
struct io_entry { u32 ea, sr, io_page_phys, unused; };
#define IO_CACHE 16

/* What a branch to a word of the page of slots stands for (accel.c, emuaccel.S). */
struct slot {
    u32 read;               /* code that loads the source register, or all of rfi; 0: the slot is free */
    u32 handler;            /* what follows: code behind the decoding (emulate.S), with `operand` */
    u32 operand, nip;       /* nip: of the replaced instruction */
};
#define SLOTS (PAGE_SIZE / 4)
#define NO_PAGE 1u          /* no page begins there */

struct kernel_vars {
    union { struct mac_regs mregs; u8 mregs_pages[MREGS_SIZE]; };

    /* Shadow segments. The order of the tables is that of enum sr_table. */
    u32 sr[SR_TABLES][16];
    u32 split_sr[16];
    u32 illegal_sr;
    u32 known_mode;             /* OPTION_MODE_FLUSHES: PR, IR, DR for which segments are known */
    u32 split_segment;          /* segment that fetches use in split mode, or 16 */
    u32 divided;                /* bit n: fetches have another address space in segment n (bat.c) */
    u32 bat_segments;           /* bit n: segment n has BATs in some state */
    u32 vsid_hash[VSID_HASH];   /* physical addresses of vsid_ent */

    /* The host's side of the world switch. */
    u32 emulator_sr[16];
    u32 emulator_bat[16];       /* IBAT0U, IBAT0L, ... DBAT3L */
    u32 emulator_sprg2, emulator_sprg3, emulator_sdr1;
    u32 emulator_nip, emulator_msr, emulator_r1;
    u32 emulator_dec_stamp;
    u32 sdr1;                   /* of the hash table that the guest runs on */
    u32 msr_pass;               /* bits of the guest's MSR that are real */
    u32 kernel_call[KERNEL_CALLS];
    u32 wanted_call, call_argument[2];  /* OPTION_CALL_BY_USER: what the user part is to call */
    u32 kvars_virtual, kvars_phys;

    /* The guest's hash table, for assembly: what the last shadow PTE of it was for. */
    u32 pthash_sr;              /* shadow segment through which it was mapped */
    u32 pthash_ea_base;         /* effective address of its first byte there */
    u32 pthash_mask;            /* bytes - 1; 0: there is none */
    u32 pthash_inuse_phys;      /* one bit for each PTE */

    u32 slots_phys;             /* struct slot for each word of the page */
    u32 slots_ea, slots_sr;     /* where the guest has last fetched from that page */

    u32 reserved;               /* the guest has a reservation, while C runs */
    u32 scratch;
    u32 secondary;              /* where a fault inside a handler continues */
    struct io_entry io_cache[IO_CACHE];
    u32 counter[COUNTERS];
    u32 option[MOL_OPTIONS];
    u8 spr_hook[1024];          /* enum spr_hook */

    /* What only C uses. */
    struct host_owner *owner;
    u32 session;
    struct host_vsid_range contexts;
    u32 next_context;
    u16 vsid_map[MAP_PLACES];   /* numbers of records, or NO_VSID */
    u32 map_backwards;          /* the next record goes to the other one of its two places */
    u32 spaces[SPACES_ASKED], spaces_asked;
    struct vsid_ent *vsids;     /* by number */
    u32 vsid_count, vsid_pages;
    struct pent *pents;
    u16 pent_hash[PENT_HASH];
    u16 pent_free;
    struct pent_links *links;   /* by number; NULL: the other index is in use */
    u16 *list_heads;
    u16 *lv_ring;               /* first shadow PTE of each page of the guest's memory */
    u32 lv_pages, lv_ring_pages;
    u32 reserved_lv;            /* page that is being inserted; NO_LV: nothing, or it was lost */
    struct block block[MAX_BLOCKS];
    u32 blocks;
    struct io_page *io_pages;
    u32 hash_phys, hash_mask, private_hash_pages;
    u32 *hash;
    u32 steal;
    u32 pthash_base;            /* guest-physical */
    u8 *pthash_inuse;
    u32 pthash_inuse_pages;
    u32 bat_changes;
    struct slot *slots;
    u32 slots_used, slots_mphys;        /* the page's guest-physical address */
    u32 mregs_mphys, mregs_bytes;       /* the guest's view of mregs; 0 bytes: none */
};

/* spr_hook: what may be done with a special register in the guest's supervisor state. */
enum spr_hook {
    HOOK_READ = 1,              /* the stored value */
    HOOK_WRITE = 2,
    HOOK_SPECIAL = 4,           /* decrementer */
    HOOK_C = 8,                 /* a write has consequences: C */
    HOOK_IGNORE = 16,           /* a write changes nothing */
    HOOK_USER = 32,             /* user state too */
};

#define SR_T  0x80000000u
#define SR_KS 0x40000000u
#define SR_KP 0x20000000u
#define SR_N  0x10000000u
#define VSID_MASK 0xFFFFFFu

#endif
