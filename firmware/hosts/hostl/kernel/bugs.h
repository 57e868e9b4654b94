/* Faults that can be planted, one at a time, to see that the checker finds them: boot argument
 * bug=NAME. */
#ifndef BUGS_H
#define BUGS_H

enum bug {
    BUG_NONE,
    BUG_SWAP_NO_FLUSH,          /* a page goes away, its hash table entry stays */
    BUG_FORK_NO_FLUSH,          /* after fork the parent can still write shared pages */
    BUG_EXIT_NO_FLUSH,          /* entries of a dead context stay */
    BUG_FORK_NO_COUNT,          /* a shared frame is counted once */
    BUG_LOST_DIRTY,             /* a page is mapped writable before its C is set */
    BUG_FREE_TWICE,             /* a frame is put on the free list too early */
    BUG_CONTEXT_TWICE,          /* two processes get the same context */
    BUG_WRONG_GROUP,            /* an entry is put into a group where no search finds it */
    BUG_SLOT_LEAK,              /* swap slots of dead processes are never free again */
    BUG_NO_TLBIE,               /* an entry is removed, the TLBs still have it */
    BUG_HASH_NO_LOCK,           /* several processors change the hash table at a time */
    BUG_HASH_ORDER,             /* an entry is valid before its second word is there */
    BUG_NO_TLBSYNC,             /* nobody waits for the other processors' TLBs */
};

#define BUG_NAMES { \
    "NONE", "SWAP_NO_FLUSH", "FORK_NO_FLUSH", "EXIT_NO_FLUSH", "FORK_NO_COUNT", "LOST_DIRTY", \
    "FREE_TWICE", "CONTEXT_TWICE", "WRONG_GROUP", "SLOT_LEAK", "NO_TLBIE", "HASH_NO_LOCK", \
    "HASH_ORDER", "NO_TLBSYNC" }

extern enum bug planted;

static inline int bug(enum bug b) { return planted == b; }

#endif
