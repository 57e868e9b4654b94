/* A pool of VSIDs in C. The numbers are macros: FIRST, COUNT, TABLE, POOL. Addresses are physical, and memory is
   mapped where it is. */

typedef unsigned char u8;
typedef unsigned int u32;

/* A VSID for a new context, or 0. */
u32 vsid_new(void);
/* Its context is gone; its PTEs are still in the page table. */
void vsid_free(u32 vsid);
