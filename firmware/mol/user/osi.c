/* Hypercalls of the guest. */
#include "user.h"

/* Copies inside the guest's memory, as a device would: the kernel part is told, because the guest's
 * hash table may be what is written. */
static u32 copy(u32 to, u32 from, u32 size)
{
    if (to >= ram_bytes || size > ram_bytes - to || from >= ram_bytes || size > ram_bytes - from)
        return OSI_UNKNOWN;
    ioctl3(MOL_IOCTL_MEMORY_WRITTEN, to, size, 0);
    u8 *out = (u8 *)(ram_base + to), *in = (u8 *)(ram_base + from);
    for (u32 i = 0; i < size; i++)
        out[i] = in[i];
    return 0;
}

/* A slot for a privileged instruction, or the page of slots. */
static u32 emuaccel(u32 opcode, u32 address)
{
    struct mol_ioctl_pb pb = { opcode ? opcode : address, address, 0 };
    u32 number = opcode ? MOL_IOCTL_ALLOC_EMUACCEL : MOL_IOCTL_MAPIN_EMUACCEL;
    return sys_ioctl(number, &pb) ? OSI_UNKNOWN : pb.arg3;
}

static u32 mapin_mregs(u32 address)
{
    struct mol_ioctl_pb pb = { address, 0, 0 };
    return sys_ioctl(MOL_IOCTL_MAPIN_MREGS, &pb) ? OSI_UNKNOWN : 0;
}

static int available(u32 selector)
{
    static const u32 calls[] = { OSI_CALL_AVAILABLE, OSI_LOG_PUTC, OSI_EXIT, OSI_GET_RAM_SIZE, OSI_COPY,
                                 OSI_EMUACCEL, OSI_MAPIN_MREGS };
    for (u32 i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == selector)
            return 1;
    return 0;
}

void osi_call(void)
{
    u32 *r = mregs->gpr, result = 0;
    switch (r[5]) {
    case OSI_CALL_AVAILABLE:
        result = available(r[6]);
        break;
    case OSI_LOG_PUTC:
        sys_putc(r[6]);
        break;
    case OSI_EXIT:
        end_session(r[6]);
        break;
    case OSI_GET_RAM_SIZE:
        result = ram_bytes;
        break;
    case OSI_COPY:
        result = copy(r[6], r[7], r[8]);
        break;
    case OSI_EMUACCEL:
        result = emuaccel(r[6], r[7]);
        break;
    case OSI_MAPIN_MREGS:
        result = mapin_mregs(r[6]);
        break;
    default:
        print("MOL: unknown hypercall ");
        print_hex(r[5]);
        print("\n");
        result = OSI_UNKNOWN;
    }
    r[3] = result;
}
