/* What the kernel and its programs agree on: system calls, and what devices are asked for.
 *
 * A system call has its number in r0, arguments in r3 to r6, its result in r3: -1 is an error. All
 * other registers keep their values.
 */
#ifndef ABI_H
#define ABI_H

enum system_call {
    SYS_EXIT, SYS_FORK, SYS_WAIT, SYS_EXEC, SYS_OPEN, SYS_CLOSE, SYS_READ, SYS_WRITE, SYS_IOCTL,
    SYS_POLL, SYS_MAP, SYS_MAP_FILE, SYS_UNMAP, SYS_GROW, SYS_SLEEP, SYS_YIELD, SYS_GETPID,
    SYS_KILL, SYS_MODULE, SYS_HALT, SYS_WIRE,
};

/* The console: each byte as it comes, without echo, or lines. */
#define CONSOLE_RAW 1

/* /dev/stat */
#define STAT_MEMORY  1
#define STAT_PROCESS 2                  /* .number: which one; it is skipped if it has no pid */
#define STAT_FILE    3                  /* .number: which file of the archive */
#define STAT_CLOCK   4

struct memory_stat {
    unsigned frames, free, slots, free_slots, swap_written, swap_read;
    unsigned hash_groups, hash_inserted, hash_evicted, hash_flushed, ticks, switches;
};
struct process_stat {
    unsigned number, pid, parent, state, context, resident, swapped, faults, ticks;
    char name[16];
};
struct clock_stat { unsigned timebase_hz; };
struct file_stat { unsigned number, size; char name[24]; };

/* /dev/watch, of the module `watch`: what has happened since it was loaded. */
#define WATCH_COUNTS 1

struct watch_counts { unsigned decrementer, flushes, pages, switches; };

#endif
