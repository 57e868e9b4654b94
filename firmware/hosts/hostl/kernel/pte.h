/* Entries of the page tables: the truth about an address space. The hash table only caches them.
 *
 * The page directory has 1024 words: 0, or the physical address of a page table. A page table has
 * 1024 entries: 0, a page that is there, or one that is in the swap area.
 *
 *   there:    frame(20) 0 RW SPECIAL R C W I M WIRED USER HASHED PRESENT
 *   swapped:  slot(20)  SWAPPED
 *
 * R, C, W, I and M are where the hardware's entry has them (PEM figure 7-17).
 */
#ifndef PTE_H
#define PTE_H

#define PTE_PRESENT  0x001
#define PTE_HASHED   0x002              /* an entry in the hash table was made: flush it */
#define PTE_USER     0x004
#define PTE_WIRED    0x008              /* the page daemon leaves it alone */
#define PTE_COHERENT 0x010              /* M */
#define PTE_C        0x080              /* changed: the frame differs from its copy elsewhere */
#define PTE_R        0x100              /* referenced since the page daemon has looked */
#define PTE_SPECIAL  0x200              /* a frame of a device: not counted, copied, swapped */
#define PTE_RW       0x400              /* stores are allowed; without it a store may mean copy */
#define PTE_SWAPPED  0x800
#define PTE_FRAME    0xFFFFF000

#define DIRECTORY_SHIFT 22
#define DIRECTORY_ENTRIES (0xC0000000 >> DIRECTORY_SHIFT)
#define TABLE_ENTRIES 1024

#endif
