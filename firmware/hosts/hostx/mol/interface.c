/* By the device file /dev/mol; with the letter i by messages to the port `mol`. */
#include "interface.h"
#include "user.h"
#undef NULL
#include "../../hostl/user/user.h"
#include "mach.h"

static int device;
static u32 service, reply;              /* send and receive rights; 0: the device file */

int open_interface(const char *letters)
{
    while (*letters && *letters != 'i')
        letters++;
    if (*letters) {
        service = mach_service(SERVICE_LOOKUP, "mol", 0);
        reply = mach_reply_port();
        return service && reply;
    }
    device = open("/dev/mol");
    return device >= 0;
}

static int call_by_message(u32 number, struct mol_ioctl_pb *pb)
{
    struct mach_message m = {
        .header = { COPY_SEND | MAKE_SEND_ONCE << 8, MSG_FIXED + sizeof *pb, service, reply, 0,
                    number },
    };
    memcpy(m.body, pb, sizeof *pb);
    int error = mach_msg(&m, MACH_SEND_MSG | MACH_RCV_MSG, reply);
    memcpy(pb, m.body + 1, sizeof *pb);
    return error ? error : (int)m.body[0];
}

int sys_ioctl(u32 number, struct mol_ioctl_pb *pb)
{
    if (service) {
        if (number == MOL_IOCTL_GET_MREGS)
            pb->arg2 = sizeof *mregs;
        return call_by_message(number, pb);
    }
    int error = ioctl(device, number, pb);
    if (!error && number == MOL_IOCTL_GET_MREGS)        /* physical; we have them elsewhere */
        pb->arg1 = (u32)map_file(device, sizeof *mregs);
    return error;
}
