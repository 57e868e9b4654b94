/* By the device file /dev/mol. */
#include "interface.h"
#include "user.h"
#undef NULL
#include "../user/user.h"

static int device;

int open_interface(const char *letters)
{
    (void)letters;
    device = open("/dev/mol");
    return device >= 0;
}

int sys_ioctl(u32 number, struct mol_ioctl_pb *pb)
{
    int error = ioctl(device, number, pb);
    if (!error && number == MOL_IOCTL_GET_MREGS)        /* physical; we have them elsewhere */
        pb->arg1 = (u32)map_file(device, sizeof *mregs);
    return error;
}
