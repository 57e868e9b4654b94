/* A pool of VSIDs that is flushed only when it is used up. */
#include "vsid.h"

#define PTES 0x2000		/* of a table of 64 KB */
#define SETS 64
#define V 0x80000000

enum state { UNUSED, LIVE, DEAD };	/* DEAD: page table and TLBs may still know it */

static u8 *const states = (u8 *)POOL;

static u32 find(enum state state)
{
	u32 number;

	for (number = 0; number < COUNT && states[number] != state; number++)
		;
	return number;
}

/* The dead become unused: no PTE and no TLB entry is left of them. */
static void flush(void)
{
	volatile u32 *pte = (volatile u32 *)TABLE;
	u32 number, set;

	for (number = 0; number < PTES; number++, pte += 2) {
		u32 owner = (*pte >> 7 & 0xffffff) - FIRST;

		if (*pte & V && owner < COUNT && states[owner] == DEAD)
			*pte &= ~V;
	}
	__asm__ volatile("sync" : : : "memory");
	for (set = 0; set < SETS; set++)
		__asm__ volatile("tlbie %0" : : "r"(set << 12) : "memory");
	__asm__ volatile("eieio; tlbsync; sync" : : : "memory");
	for (number = 0; number < COUNT; number++)
		if (states[number] == DEAD)
			states[number] = UNUSED;
}

u32 vsid_new(void)
{
	u32 number = find(UNUSED);

	if (number == COUNT) {
		if (find(DEAD) == COUNT)
			return 0;
		flush();
		number = find(UNUSED);
	}
	states[number] = LIVE;
	return FIRST + number;
}

void vsid_free(u32 vsid)
{
	states[vsid - FIRST] = DEAD;
}
