/* The map of memory.
 *
 * physical
 *   00000000            _start (a branch), exception vectors to 00002FFF
 *   00003000            kernel: code, data, archive of programs; boot stack
 *   _end                array of page frames, then the frames that can be allocated
 *   top - swap          the swap area
 *   top - hash table    the hash table, at a multiple of its size
 *
 * virtual
 *   00000000..BFFFFFFF  the process: segments 0 to 11, its context's VSIDs
 *   C0000000..C7FFFFFF  physical memory, BAT 0
 *   FC000000..FC0FFFFF  devices at 0C000000, BAT 1, not cached
 *
 * What BATs map needs no entry in the hash table. All of the kernel is there, so that it can hold
 * the lock of the hash table without ever missing a translation.
 */
#ifndef MEMLAYOUT_H
#define MEMLAYOUT_H

#define PAGE_SIZE   4096
#define PAGE_SHIFT  12
#define KERNEL_BASE 0xC0000000
#define USER_END    0xC0000000
#define USER_STACK  0x7FFF0000          /* the first byte behind the stack */
#define STACK_PAGES 16                  /* how far it can grow */
#define USER_MMAP   0x40000000          /* where mmap looks for room */

#define DEVICES     0x0C000000
#define DEVICES_VIRTUAL 0xFC000000
#define UART        0xFC00F000
#define PIC         0xFC003000
#define DOORBELL    0xFC00B000

#define KERNEL_STACK 8192               /* of each process */

#endif
