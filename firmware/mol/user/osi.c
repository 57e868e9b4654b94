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

void osi_call(void)
{
    u32 *r = mregs->gpr, result = 0;
    switch (r[5]) {
    case OSI_CALL_AVAILABLE:
        result = r[6] == OSI_CALL_AVAILABLE || r[6] == OSI_LOG_PUTC || r[6] == OSI_EXIT
                 || r[6] == OSI_GET_RAM_SIZE || r[6] == OSI_COPY;
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
    default:
        print("MOL: unknown hypercall ");
        print_hex(r[5]);
        print("\n");
        result = OSI_UNKNOWN;
    }
    r[3] = result;
}
