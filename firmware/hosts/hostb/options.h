/* What HostB is told by whoever starts it: words at a fixed address. */
#ifndef HOSTB_OPTIONS_H
#define HOSTB_OPTIONS_H

#include "../../mol/mol_ioctl.h"

#define OPTIONS_ADDRESS 0x3000

/* A call of the kernel that is no ioctl: another frame for a page of the guest's RAM. */
#define HOSTB_SWAP_PAGE 1000

enum hostb_flags {
    DEMAND_ZERO = 1,            /* guest RAM has no frames until it is used */
    SWAP_AT_PAGE_IN = 2,        /* a page changes its frame right after it was looked up, once */
    SWAP_AT_TICK = 4,           /* all pages of the guest's RAM change their frames at each tick */
    EVICT_AT_TICK = 8,          /* the whole hash table is emptied at each tick */
    BAD_MAGIC = 16,             /* the user part enters with another magic, then wants a session */
    UNKNOWN_IOCTLS = 32,        /* the user part tries all numbers of ioctls that there are not */
    END_AT_TICK = 64,           /* the session ends at the next tick; may be set at any time */
    EVICT_QUIETLY = 128,        /* the hash table is emptied at each tick, the TLBs are not */
};

/* An ioctl that the user part makes before the guest begins. */
struct hostb_call {
    unsigned number;            /* 0: no more */
    struct mol_ioctl_pb pb;
    int error;                  /* result, as are the arguments in `pb` */
};

#define HOSTB_CALLS 48

struct hostb_options {
    unsigned ram_size;          /* of the guest, in bytes */
    unsigned entry, msr, r3;    /* of the guest, at its start */
    unsigned tick;              /* time-base ticks between two interrupts of the host; 0: none */
    unsigned flags;
    unsigned option[MOL_OPTIONS];
    /* Results. */
    unsigned frames;            /* physical address of the table: page of guest RAM -> frame */
    unsigned kvars;             /* physical address of the session's variables */
    unsigned status, ticks, page_ins, swaps;
    struct hostb_call call[HOSTB_CALLS];
};

#endif
