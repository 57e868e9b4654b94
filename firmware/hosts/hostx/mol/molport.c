/* The module `molport`: the kernel part of MOL behind a port, as the e-mail planned it (point i). A
 * message has the number of the call as its id, and the parameter block as its body; the answer has
 * the error in front. An owner that ends without a last call ends its session. */
#include "port.h"
#undef NULL
#undef PAGE_SIZE
#include "host.h"
#include "mol_ioctl.h"
#include "device.h"

#define PB_WORDS (sizeof(struct mol_ioctl_pb) / 4)

static struct port *port;

static void call(struct message *m)
{
    struct mol_ioctl_pb pb;
    memcpy(&pb, m->body, sizeof pb);
    int error = m->words == PB_WORDS ? owner_call(m->id, &pb) : EMOLINVAL;
    if (!error && m->id == MOL_IOCTL_GET_MREGS) {       /* into the address space of the owner */
        u32 size = pb.arg2, frames = owner_registers(size);
        pb.arg1 = frames ? region_map_physical(current(), frames, size) : 0;
        error = pb.arg1 ? 0 : EMOLGENERAL;
    }
    m->body[0] = error;
    memcpy(m->body + 1, &pb, sizeof pb);
    m->words = 1 + PB_WORDS;
}

static int load(void)
{
    port = port_new(call);
    if (!port || service_register("mol", port) < 0)
        return ERROR;
    port->gone = owner_gone;
    return 0;
}

static void unload(void)
{
    struct carried right = { port, RIGHT_RECEIVE };
    service_unregister("mol");
    port_drop(&right);
}

MODULE("molport", load, unload);
