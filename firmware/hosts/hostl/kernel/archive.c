/* The archive: files that are linked into the kernel (image.py makes it). A count, then an entry
 * for each file, then their contents. */
#include "kernel.h"

struct entry { char name[24]; u32 offset, size; };

extern const u8 archive[];

static const struct entry *entries(void)
{
    return (const struct entry *)(archive + 16);
}

static u32 count(void)
{
    return *(const u32 *)archive;
}

const u8 *archive_find(const char *name, u32 *size)
{
    for (u32 n = 0; n < count(); n++)
        if (!strcmp(entries()[n].name, name)) {
            *size = entries()[n].size;
            return archive + entries()[n].offset;
        }
    return NULL;
}

/* The name of a file, or NULL behind the last one. */
const char *archive_name(u32 number)
{
    return number < count() ? entries()[number].name : NULL;
}
