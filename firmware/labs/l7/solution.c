/* Pages that were never stored to share TEMPLATE, read only. Frames are replaced by a clock. */
#include "paging.h"

#define READ_ONLY 0x13
#define READ_WRITE 0x12
#define STORE 0x02000000

static u8 page_of[FRAME_COUNT];	/* page + 1, or 0 */
static u32 pte_of[PAGES];
static u8 on_disk[PAGES];
static u32 hand;

static u32 ea_of(u32 page)
{
	return BASE + (page << 12);
}

/* Whether R was set. It is clear afterwards, and the next use sets it again. */
static int was_used(u32 pte, u32 ea)
{
	volatile u8 *r = (volatile u8 *)(pte + 6);

	if (!(*r & 1))
		return 0;
	*r &= ~1;		/* a byte: C is in another one */
	__asm__ volatile("sync; tlbie %0; eieio; tlbsync; sync" : : "r"(ea) : "memory");
	return 1;
}

static u32 new_frame(u32 page)
{
	for (;;) {
		u32 number = hand, frame = FRAMES + (number << 12), old;

		hand = (hand + 1) % FRAME_COUNT;
		if (page_of[number]) {
			old = page_of[number] - 1u;
			if (was_used(pte_of[old], ea_of(old)))
				continue;
			pte_remove(pte_of[old], ea_of(old));
			if (*(volatile u8 *)(pte_of[old] + 7) & 0x80) {	/* C is certain now */
				on_disk[old] = 1;
				disk_write(old, frame);
			}
			pte_of[old] = 0;
		}
		page_of[number] = (u8)(page + 1);
		return frame;
	}
}

void page_fault(u32 ea, u32 dsisr)
{
	u32 page = (ea - BASE) >> 12, low;

	ea = ea_of(page);
	if (page < FILES || on_disk[page]) {
		low = new_frame(page);
		disk_read(page, low);
		low |= READ_WRITE;
	} else if (dsisr & STORE) {
		if (pte_of[page])
			pte_remove(pte_of[page], ea);
		low = new_frame(page);
		page_copy(low, TEMPLATE);
		low |= READ_WRITE;
	} else {
		low = TEMPLATE | READ_ONLY;
	}
	pte_of[page] = htab_insert(ea, low, VSID);
}
