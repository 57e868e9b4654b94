/* mol [-LETTERS] FILE [MEGABYTES [TREE | PROGRAM [ARGUMENTS]]]: run an ELF file of the archive as a guest.
 * A kernel may get a flattened device tree. What lies above the guest's RAM is a ROM, which may get a
 * program to start, and its arguments. The user part of MOL, as a process. */
#include "interface.h"
#include "load.h"
#include "board/board.h"

#define MSR_IP 0x40                     /* after a reset: exception vectors are in the ROM */
#define RESET  0xFFF00100u

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

static void flush_as_kvm(struct machine *machine)
{
    static const u8 options[] = { OPTION_TLBIE_FLUSHES, OPTION_UNWATCHED, OPTION_BAT_FLUSHES,
                                  OPTION_MODE_FLUSHES };
    for (u32 n = 0; n < sizeof options; n++)
        machine->option[options[n]] = 1;
}

/* Policies of the session, by letters: v private hash table, c calls of C through this program, t it
 * touches pages, k copied entries of the guest's table, s the fault that a flush zeroes its old slot
 * whatever is there now. KVM-PR's: a VSIDs that the host is asked for, 2 secondary group first, l lists,
 * f flushes by tlbie, BATs and modes, not by stores to the guest's table. m: the guest's board is a mac99,
 * not g3. w: its RAM is wired. Others are for interface.c. */
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
        case 'a': machine->option[OPTION_VSID_MAP] = 1; break;
        case '2': machine->option[OPTION_SECONDARY_FIRST] = 1; break;
        case 'l': machine->option[OPTION_LISTS] = 1; break;
        case 'f': flush_as_kvm(machine); break;
        case 'm': use_board(&mac99); break;
        case 'w': wired = 1; break;
        }
    return wired;
}

/* A program in RAM, and what the firmware finds in fw_cfg about it: pteg/boot/preload.py says it to a
 * bare machine. */
static int announce(char **words, u32 count, u32 bytes)
{
    struct image program;
    if (!load_program(words[0], bytes, &program))
        return 0;
    u32 arguments = (program.end + 4095) & ~4095u;
    char *to = (char *)WINDOW + arguments;
    if (arguments > bytes - 4096)
        return 0;
    for (u32 n = 1; n < count; n++) {
        u32 size = strlen(words[n]);
        memcpy(to, words[n], size);
        to += size;
        *to++ = n + 1 < count ? ' ' : 0;
    }
    fw_cfg_number(FW_KERNEL_ADDRESS, program.entry);
    fw_cfg_number(FW_KERNEL_SIZE, arguments - program.low);
    fw_cfg_number(FW_KERNEL_CMDLINE, arguments);
    fw_cfg_letter(FW_BOOT_DEVICE, 'm');
    return 1;
}

int main(int argc, char **argv)
{
    static struct machine machine;
    struct image image;
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
    if (!load_elf(argv[1], bytes, &image)) {
        printf("mol: no file %s, or too large\n", argv[1]);
        return 1;
    }
    machine.ram = WINDOW;
    machine.ram_size = bytes;
    machine.entry = image.rom ? RESET : image.entry;
    machine.msr = image.rom ? MSR_IP : 0;
    if (argc > 3 && !image.rom)
        machine.r3 = load_tree(argv[3], bytes);
    if (argc > 3 && image.rom && !announce(argv + 3, argc - 3, bytes)) {
        printf("mol: no program %s, or too large\n", argv[3]);
        return 1;
    }
    make_session(&machine);
    if (image.rom)
        ioctl3(MOL_IOCTL_MMU_MAP, image.rom, ROM_SIZE, ROM_WINDOW);
    mregs->gpr[1] = bytes - 0x100;
    return main_loop();
}
