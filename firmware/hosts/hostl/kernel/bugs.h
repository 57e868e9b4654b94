/* Faults that can be built in, to see that the checker finds them: -DBUG_NAME=1. All are off. */
#ifndef BUGS_H
#define BUGS_H

#ifndef BUG_SWAP_NO_FLUSH               /* a page goes away, its hash table entry stays */
#define BUG_SWAP_NO_FLUSH 0
#endif
#ifndef BUG_FORK_NO_FLUSH               /* after fork the parent can still write shared pages */
#define BUG_FORK_NO_FLUSH 0
#endif
#ifndef BUG_EXIT_NO_FLUSH               /* entries of a dead context stay */
#define BUG_EXIT_NO_FLUSH 0
#endif
#ifndef BUG_FORK_NO_COUNT               /* a shared frame is counted once */
#define BUG_FORK_NO_COUNT 0
#endif
#ifndef BUG_LOST_DIRTY                  /* a page is mapped writable before its C is set */
#define BUG_LOST_DIRTY 0
#endif
#ifndef BUG_FREE_TWICE                  /* a frame is put on the free list too early */
#define BUG_FREE_TWICE 0
#endif
#ifndef BUG_CONTEXT_TWICE               /* two processes get the same context */
#define BUG_CONTEXT_TWICE 0
#endif
#ifndef BUG_WRONG_GROUP                 /* an entry is put into a group where no search finds it */
#define BUG_WRONG_GROUP 0
#endif
#ifndef BUG_SLOT_LEAK                   /* swap slots of dead processes are never free again */
#define BUG_SLOT_LEAK 0
#endif
#ifndef BUG_NO_TLBIE                    /* an entry is removed, the TLBs still have it */
#define BUG_NO_TLBIE 0
#endif

#endif
