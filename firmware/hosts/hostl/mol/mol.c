/* mol [-POLICIES] FILE [MEGABYTES [TREE]]: run an ELF file of the archive as a guest, perhaps with a
 * flattened device tree. What lies above the guest's RAM is a ROM. The user part of MOL, as a process. */
#include "interface.h"
#include "user.h"
#undef NULL
#include "../user/user.h"

#define WINDOW 0x40000000u              /* the guest's RAM in this process */
#define ROM_WINDOW 0x50000000u          /* its ROM */
#define ROM_SIZE   0x00100000u          /* and at a multiple of that */
#define MSR_IP 0x40                     /* exception vectors are in the ROM: as after a reset */
#define STACK  0x10000u                 /* room above the device tree */

struct elf_header {
    u8 identity[16];
    u16 type, machine;
    u32 version, entry, program_headers, section_headers, flags;
    u16 size, program_header_size, program_header_count;
};
struct program_header { u32 type, offset, virtual, physical, file_size, size, flags, align; };

static u32 rom;                         /* its physical address; 0: there is none */

void sys_putc(int character)
{
    char c = character;
    write(1, &c, 1);
}

int sys_wants_end(void)                 /* the kernel ends this process by itself */
{
    mregs->exit_request = 0;
    return 0;
}

void sys_exit(u32 status)
{
    exit(status);
    for (;;)
        ;
}

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

/* Where a segment of the file goes, or NULL. */
static void *place_of(const struct program_header *segment, u32 bytes)
{
    u32 at = segment->physical, size = segment->size;
    if (size <= bytes && at <= bytes - size)
        return (void *)(WINDOW + at);
    u32 base = at & -ROM_SIZE;
    if (at < bytes || size > ROM_SIZE - (at - base) || (rom && rom != base)
        || (!rom && !map((void *)ROM_WINDOW, ROM_SIZE)))
        return NULL;
    rom = base;
    return (void *)(ROM_WINDOW + at - base);
}

/* The file's segments, where the guest has them physically. Returns the physical entry, or -1. */
static u32 load_guest(const char *name, u32 bytes)
{
    u32 size;
    u8 *elf = contents(name, &size);
    if (!elf)
        return -1;
    const struct elf_header *header = (const void *)elf;
    const struct program_header *segment = (const void *)(elf + header->program_headers);
    u32 entry = header->entry;
    for (u32 n = header->program_header_count; n--; segment++) {
        if (segment->type != 1 || !segment->size)
            continue;
        void *place = place_of(segment, bytes);
        if (!place)
            return -1;
        memcpy(place, elf + segment->offset, segment->file_size);
        if (header->entry - segment->virtual < segment->size)
            entry = header->entry - segment->virtual + segment->physical;
    }
    unmap(elf, size);
    return entry;
}

/* A device tree near the top of the guest's RAM. Returns where, or 0. */
static u32 load_tree(const char *name, u32 bytes)
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

/* Policies of the session, by letters: v private hash table, c calls of C through this program, t it
 * touches pages, k copied entries of the guest's table, s the fault that a flush zeroes its old slot
 * whatever is there now. w: the guest's RAM is wired. Others are for interface.c. */
static int policies(const char *letters, struct machine *machine)
{
    int wired = 0;
    for (; *letters; letters++)
        switch (*letters) {
        case 'v': machine->option[OPTION_PRIVATE_HASH] = 1; break;
        case 'c': machine->option[OPTION_CALL_BY_USER] = 1; break;
        case 't': machine->option[OPTION_TOUCH] = 1; break;
        case 'k': machine->option[OPTION_COPY] = 1; break;
        case 's': machine->option[FAULT_STALE_SLOT] = 1; break;
        case 'w': wired = 1; break;
        }
    return wired;
}

int main(int argc, char **argv)
{
    static struct machine machine;
    const char *letters = "";
    if (argc > 1 && argv[1][0] == '-') {
        letters = argv[1] + 1;
        argc--;
        argv++;
    }
    u32 bytes = (argc > 2 ? number_of(argv[2]) : 4) << 20;
    int wired = policies(letters, &machine);
    if (!open_interface(letters) || argc < 2 || !map((void *)WINDOW, bytes)
        || (wired && wire((void *)WINDOW, bytes) < 0)) {
        printf("mol: no module, no file, or no memory\n");
        return 1;
    }
    machine.ram = WINDOW;
    machine.ram_size = bytes;
    machine.entry = load_guest(argv[1], bytes);
    if (machine.entry == (u32)-1) {
        printf("mol: no file %s, or too large\n", argv[1]);
        return 1;
    }
    if (argc > 3)
        machine.r3 = load_tree(argv[3], bytes);
    if (rom)
        machine.msr = MSR_IP;
    make_session(&machine);
    if (rom)
        ioctl3(MOL_IOCTL_MMU_MAP, rom, ROM_SIZE, ROM_WINDOW);
    mregs->gpr[1] = bytes - 0x100;
    return main_loop();
}
