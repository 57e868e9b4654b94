/* The interface of /dev/mol, used by the user part and by the kernel part (point i). */
#ifndef MOL_IOCTL_H
#define MOL_IOCTL_H

/* Numbers as in MOL. */
#define MOL_IOCTL_CALL_KERNEL       2   /* what RVEC_CALL_KERNEL wants: arg1 = RVEC */
#define MOL_IOCTL_DEBUGGER_OP       10  /* arg1 = operation, arg2, arg3 = arguments */
#define MOL_IOCTL_CLEAR_PERF_INFO   11
#define MOL_IOCTL_GET_PERF_INFO     12  /* arg1 = index: arg2 = count, arg3 = name, or EMOLINVAL */
#define MOL_IOCTL_CREATE_SESSION    30  /* arg1 = number of the session */
#define MOL_IOCTL_DESTROY_SESSION   32
#define MOL_IOCTL_SET_RAM           33  /* arg1 = lvptr of the guest's RAM, arg2 = bytes */
#define MOL_IOCTL_SPR_CHANGED       35  /* the user part has written registers of the guest */
#define MOL_IOCTL_IDLE_RECLAIM      36
#define MOL_IOCTL_MMU_MAP           37  /* a ROM: arg1 = guest-physical, arg2 = bytes, arg3 = lvptr */
#define MOL_IOCTL_ADD_IORANGE       39  /* arg1 = guest-physical, arg2 = bytes, arg3 = cookie */
#define MOL_IOCTL_REMOVE_IORANGE    40  /* arg1 = guest-physical, arg2 = bytes */
#define MOL_IOCTL_GET_MREGS         46  /* arg1 = physical address of struct mac_regs */
#define MOL_IOCTL_ALLOC_EMUACCEL    47  /* arg1 = instruction, arg2 = its address: arg3 = offset */
#define MOL_IOCTL_MAPIN_EMUACCEL    48  /* arg1 = guest-physical address of the page */
#define MOL_IOCTL_TUNE_SPR          49  /* arg1 = number, arg2 = enum tune_spr */
#define MOL_IOCTL_GET_SESSION_MAGIC 50  /* arg1 = the magic */
#define MOL_IOCTL_RAISE             60  /* arg1 = vector, arg2 = bits of SRR1: guest exception */
#define MOL_IOCTL_MEMORY_WRITTEN    61  /* arg1 = guest-physical, arg2 = bytes: by a device */
#define MOL_IOCTL_SET_OPTION        62  /* arg1 = enum mol_option, arg2 = value */
#define MOL_IOCTL_EMULATE_ACCESS    63  /* the load or store at the guest's nip: arg1 = RVEC */

#define MOL_IOCTL_MAPIN_MREGS       64  /* arg1 = guest-physical address of the guest's view of mregs */

#ifndef __ASSEMBLER__
struct mol_ioctl_pb { unsigned arg1, arg2, arg3; };

#define EMOLGENERAL  100
#define EMOLINUSE    101
#define EMOLINVAL    102
#define EMOLSECURITY 103

enum tune_spr { SPR_ILLEGAL, SPR_PRIVILEGED, SPR_UNPRIVILEGED, SPR_READWRITE, SPR_READONLY };

enum debugger_op { DBG_TLBIE, DBG_TLBIA, DBG_TRANSLATE };

/* Choices of a session, and faults of the original that can be switched on. */
enum mol_option {
    OPTION_PRIVATE_HASH,        /* a hash table of MOL's own, SDR1 changed at each world switch */
    OPTION_TLBIE_FLUSHES,       /* tlbie flushes, as in KVM; otherwise it does nothing */
    OPTION_VSID_LIMIT,          /* records of guest VSIDs before everything is flushed */
    OPTION_CONTEXT_LIMIT,       /* contexts of MOL before they begin again; 0: all of them */
    OPTION_CALL_BY_USER,        /* assembly reaches C through the user part, as on Darwin */
    OPTION_TOUCH,               /* the user part touches a page that is not there, then it is found */
    OPTION_COPY,                /* the guest's PTEs are copied, groups in and bytes out */
    /* KVM-PR's policies, with OPTION_TLBIE_FLUSHES and OPTION_COPY. */
    OPTION_VSID_MAP,            /* VSIDs of spaces that the host is asked for, in a map of 512 places */
    OPTION_SECONDARY_FIRST,     /* a free slot of the secondary group, or else slot 0 of the primary one */
    OPTION_LISTS,               /* shadow PTEs are in four hash lists (lists.c) */
    OPTION_UNWATCHED,           /* stores to the guest's hash table are not noticed: tlbie must flush */
    OPTION_BAT_FLUSHES,         /* a store to a BAT flushes everything */
    OPTION_MODE_FLUSHES,        /* another mode of the guest forgets all segments */
    FAULT_OVERLAPPING_SESSIONS, /* the last context of a session is the first of another one */
    FAULT_BLOCK_INTERCEPT,      /* dcbz flushes one PTE, stmw the new PTEs instead of the old ones */
    FAULT_BAT_HACK,             /* after 256 changes of BATs nothing is flushed any more */
    FAULT_STALE_SLOT,           /* a flush zeroes the slot without a look at what is in it */
    FAULT_NO_RESERVATION,       /* a flush during an insertion is not noticed */
    MOL_OPTIONS
};
#endif

/* How the user part enters the guest: `mfmsr r0` in user state with r4 = MOL_ENTRY_MAGIC, r5 = magic
 * of the session, r6 = where it continues after calls of the kernel, r7 = session, with
 * MOL_ENTRY_INIT the first time. */
#define MOL_ENTRY_MAGIC 0x7BA5
#define MOL_ENTRY_INIT  0x8000

/* Hypercalls: sc with r3, r4 = these, r5 = selector (osi.h). */
#define OSI_MAGIC_R3 0x113724FA
#define OSI_MAGIC_R4 0x77810F9B

#endif
