/* Programs: ELF executables of the archive. */
#include "elf.h"
#include "kernel.h"

/* A region for each segment; pages come in when they are touched. Returns the end of the last. */
static u32 map_segments(struct proc *p, const u8 *elf)
{
    const struct elf_header *header = (const void *)elf;
    const struct program_header *segment = (const void *)(elf + header->program_headers);
    u32 last = 0;
    for (u32 n = header->program_header_count; n--; segment++) {
        if (segment->type != PT_LOAD || !segment->size)
            continue;
        u32 start = segment->virtual & ~(PAGE_SIZE - 1);
        u32 end = (segment->virtual + segment->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        struct region *r = region_add(p, start, end, segment->flags & PF_W ? REGION_WRITE : 0);
        if (!r)
            return 0;
        r->data = elf + segment->offset;
        r->data_start = segment->virtual;
        r->data_size = segment->file_size;
        if (end > last)
            last = end;
    }
    return last;
}

/* The current process becomes another program. There is no way back once its pages are gone. */
int proc_exec(struct frame *frame, const char *name, const char *argument)
{
    struct proc *p = current();
    u32 size, length = strlen(argument) + 1;
    const u8 *elf = archive_find(name, &size);
    if (!elf || size < sizeof(struct elf_header) || *(const u32 *)elf != ELF_MAGIC)
        return ERROR;
    tables_free_range(p, 0, USER_END);
    memset(p->regions, 0, sizeof p->regions);
    fpu_forget(p);
    memset(p->fpu, 0, sizeof p->fpu);
    u32 heap = map_segments(p, elf), stack = USER_STACK - STACK_PAGES * PAGE_SIZE;
    if (!heap || !region_add(p, heap, heap + PAGE_SIZE, REGION_WRITE | REGION_HEAP)
        || !region_add(p, stack, USER_STACK, REGION_WRITE | REGION_STACK))
        proc_exit(ERROR);
    strcopy(p->name, name, NAME_SIZE);
    u32 text = (USER_STACK - length) & ~15;
    memset(frame->gpr, 0, FRAME_SIZE - FRAME_GPR);      /* our return address is in front */
    frame->pc = ((const struct elf_header *)elf)->entry;
    frame->msr = MSR_USER;
    frame->gpr[1] = text - 64;          /* a zero back chain: the page is new */
    frame->gpr[3] = text;
    copy_out(text, argument, length);
    return text;
}
