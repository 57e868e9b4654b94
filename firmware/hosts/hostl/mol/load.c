/* Files of the archive, in the guest's memory. */
#include "../user/user.h"
#include "elf.h"
#include "load.h"

#define STACK  0x10000u                 /* room above the device tree */
#define VECTORS 0x4000u                 /* below are the firmware's exception vectors */
#define MOVED  0x01000000u              /* where a program goes that is linked to them */

/* A file of the archive, in memory; NULL if there is none. */
static u8 *contents(const char *name, u32 *size)
{
    struct file_stat s = { .number = 0 };
    int stat = open("/dev/stat"), file = open(name);
    while (ioctl(stat, STAT_FILE, &s) == 0 && strcmp(s.name, name))
        s.number++;
    u8 *data = file < 0 ? NULL : map(NULL, s.size);
    if (data && read(file, data, s.size) != (int)s.size)
        return NULL;
    close(stat);
    close(file);
    *size = s.size;
    return data;
}

/* Where `size` bytes at a guest-physical address are in this process, or NULL. What lies above RAM is a
 * ROM. */
static void *place_of(u32 at, u32 size, u32 bytes, struct image *image)
{
    if (size <= bytes && at <= bytes - size) {
        if (at < image->low)
            image->low = at;
        if (at + size > image->end)
            image->end = at + size;
        return (void *)(WINDOW + at);
    }
    u32 base = at & -ROM_SIZE;
    if (at < bytes || size > ROM_SIZE - (at - base) || (image->rom && image->rom != base)
        || (!image->rom && !map((void *)ROM_WINDOW, ROM_SIZE)))
        return NULL;
    image->rom = base;
    return (void *)(ROM_WINDOW + at - base);
}

/* The segments of a file, so far from their physical addresses. */
static int load_segments(const u8 *elf, u32 distance, u32 bytes, struct image *image)
{
    const struct elf_header *header = (const void *)elf;
    const struct program_header *segment = (const void *)(elf + header->program_headers);
    *image = (struct image){ .entry = header->entry + distance, .low = -1u };
    for (u32 n = header->program_header_count; n--; segment++) {
        if (segment->type != PT_LOAD || !segment->size)
            continue;
        void *place = place_of(segment->physical + distance, segment->size, bytes, image);
        if (!place)
            return 0;
        memcpy(place, elf + segment->offset, segment->file_size);
        code_stored(place, segment->file_size);
        if (header->entry - segment->virtual < segment->size)
            image->entry = header->entry - segment->virtual + segment->physical + distance;
    }
    return 1;
}

int load_elf(const char *name, u32 bytes, struct image *image)
{
    u32 size;
    u8 *elf = contents(name, &size);
    int loaded = elf && load_segments(elf, 0, bytes, image);
    if (elf)
        unmap(elf, size);
    return loaded;
}

/* The lowest physical address that a file is linked to. */
static u32 lowest(const u8 *elf)
{
    const struct elf_header *header = (const void *)elf;
    const struct program_header *segment = (const void *)(elf + header->program_headers);
    u32 low = -1;
    for (u32 n = header->program_header_count; n--; segment++)
        if (segment->type == PT_LOAD && segment->size && segment->physical < low)
            low = segment->physical;
    return low;
}

int load_program(const char *name, u32 bytes, struct image *image)
{
    u32 size;
    u8 *elf = contents(name, &size);
    int loaded = elf && load_segments(elf, lowest(elf) < VECTORS ? MOVED : 0, bytes, image)
                 && !image->rom;
    if (elf)
        unmap(elf, size);
    return loaded;
}

u32 load_tree(const char *name, u32 bytes)
{
    u32 size;
    u8 *tree = contents(name, &size);
    if (!tree || size > bytes / 2)
        return 0;
    u32 place = (bytes - STACK - size) & ~4095u;
    memcpy((void *)(WINDOW + place), tree, size);
    unmap(tree, size);
    return place;
}
