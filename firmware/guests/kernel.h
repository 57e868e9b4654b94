/* A tiny kernel with user processes, which checks itself. It runs in real mode; the processes run
 * translated, through segments and a hash table of this kernel.
 *
 * physical            0x00100 vectors, 0x03000 results, 0x03F00 where it stops, then the kernel
 *                     0x40000 text of the processes, 0x80000 hash table, 0x100000 page frames
 * of a process        0x10000000 text, shared and read-only; 0x20000000 data, made when it is used
 */
#ifndef GUEST_KERNEL_H
#define GUEST_KERNEL_H

typedef unsigned char u8;
typedef unsigned int u32;

#define PAGE_SIZE  4096
#define HASH_TABLE 0x80000u
#define HASH_BYTES 0x10000u
#define FRAMES     0x100000u
#define FRAMES_END 0x200000u

#define TEXT_SEGMENT 1u
#define DATA_SEGMENT 2u
#define DATA       0x20000000u
#define PAGES      24               /* of data that a process computes with */
#define STACK_PAGE PAGES
#define ALL_PAGES  (PAGES + 1)
#define PROCESSES  4

/* System calls: r0 = number, r3 = argument. */
enum call { CALL_EXIT, CALL_YIELD, CALL_UNMAP };

/* What is left of a process. Nothing in it depends on time. */
struct result {
    u32 sum;                        /* what it has computed; 0: it has seen a wrong value */
    u32 referenced, changed;        /* R and C of its pages, added up whenever they were unmapped */
    u32 faults, refused;            /* pages made or mapped again; stores to its text */
};

void user_main(u32 number);

#endif
