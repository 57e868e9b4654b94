/* What the files of the pmap, the machine-dependent half of memory management, share. */
#ifndef PMAP_H
#define PMAP_H

#include "kernel.h"

#define SPACES (1u << 20)
#define GROUP 8                         /* entries */
#define NO_SLOT 0xFFFFFFFFu

/* An entry of the hash table (PEM figure 7-17). */
struct entry { u32 tag, word; };
#define HW_VALID     0x80000000u
#define HW_SECONDARY 0x40u
#define PP_READ_WRITE 2
#define PP_READ_ONLY  3

/* The word that controls a group: which entries are free, which one is stolen next, which ones belong
 * to a block and can be dropped, and whether a processor changes the group. Entry 0 is the highest
 * bit of each byte. */
#define CONTROL_FREE(n)  (0x80000000u >> (n))
#define CONTROL_STEAL(n) (0x00800000u >> (n))
#define CONTROL_AUTO(n)  (0x00008000u >> (n))
#define CONTROL_LOCK     0x00000001u
#define ALL_FREE  0xFF000000u
#define ALL_STEAL 0x00FF0000u
#define ALL_AUTO  0x0000FF00u

/* A page of an address space, and the one slot of the hash table that has it. */
struct mapping {
    struct mapping *next;               /* of its bucket, or of the free ones */
    u32 id, address;                    /* VSID, effective address of the page */
    u32 *pte;                           /* where R and C go when the slot is given up */
    u32 slot;                           /* number of the entry; NO_SLOT: it has none */
};

/* space.c */
extern u32 vsid_increment;
void space_init(u32 hash_size);

/* copy.c */
void window_load(struct proc *p);

/* group.c */
extern u32 *control;
extern u32 hash_base, hash_mask;
void group_init(u32 base);
struct entry *entry_at(u32 slot);
u32 slot_take(u32 id, u32 address, int automatic, u32 word);
void slot_free(u32 slot, u32 address);
u32 slot_find(u32 id, u32 address);

/* mapping.c */
extern struct mapping *mappings;
extern u32 mapping_count;
void mapping_init(void);
struct mapping *mapping_find(u32 id, u32 address);
struct mapping *mapping_new(u32 id, u32 address, u32 *pte);
void mapping_free(struct mapping *m);

/* pmap.c */
void slot_stolen(u32 slot, u32 tag);
void harvest(struct mapping *m);

#endif
