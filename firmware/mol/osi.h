/* Hypercalls: selectors in r5, arguments in r6 and on, result in r3. */
#ifndef MOL_OSI_H
#define MOL_OSI_H

#define OSI_CALL_AVAILABLE 0    /* r6 = selector: is there such a call? */
#define OSI_LOG_PUTC       4    /* r6 = character */
#define OSI_EXIT           6    /* r6 = status */
#define OSI_GET_RAM_SIZE   18
#define OSI_COPY           40   /* a device writes memory: r6 = to, r7 = from, r8 = bytes, all physical */
#define OSI_EMUACCEL       89   /* r6 = instruction, r7 = its address: offset of its slot; r6 = 0: r7 =
                                 * physical address at which the guest wants the page of slots */
#define OSI_MAPIN_MREGS    90   /* r6 = physical address at which it wants its registers */
#define OSI_UNKNOWN        0xFFFFFFFFu

#endif
