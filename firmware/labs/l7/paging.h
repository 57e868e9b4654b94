/* What a pager in C may call. The numbers are macros: BASE, VSID, FILES, PAGES, FRAMES, FRAME_COUNT,
   TEMPLATE. Every address here is physical, but for effective addresses, which are called ea. */

typedef unsigned char u8;
typedef unsigned int u32;

/* L4: puts a PTE with this second word into the page table; returns its address. */
u32 htab_insert(u32 ea, u32 low, u32 vsid);
/* L8: removes a PTE, so that no access uses it any more. */
void pte_remove(u32 pte, u32 ea);
/* A page of the disk, and a frame. */
void disk_read(u32 page, u32 frame);
void disk_write(u32 page, u32 frame);
void page_copy(u32 to, u32 from);

void page_fault(u32 ea, u32 dsisr);
