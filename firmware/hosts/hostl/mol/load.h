/* What the guest's memory has in it when it starts. */
#ifndef LOAD_H
#define LOAD_H

#include "types.h"

#define WINDOW 0x40000000u              /* the guest's RAM in this process */
#define ROM_WINDOW 0x50000000u          /* its ROM */
#define ROM_SIZE   0x00100000u          /* and at a multiple of that */

struct image {
    u32 entry;                          /* guest-physical */
    u32 low, end;                       /* of what is in RAM */
    u32 rom;                            /* guest-physical address of the ROM; 0: there is none */
};

/* An ELF file of the archive, at its physical addresses. 0: there is no such file, or no room. */
int load_elf(const char *name, u32 bytes, struct image *image);

/* The same for a program that the guest's firmware is to start. One that is linked to the firmware's
 * exception vectors goes elsewhere. */
int load_program(const char *name, u32 bytes, struct image *image);

/* A device tree near the top of the guest's RAM. Returns where, or 0. */
u32 load_tree(const char *name, u32 bytes);

#endif
