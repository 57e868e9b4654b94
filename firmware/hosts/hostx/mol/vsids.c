/* VSIDs of MOL on HostX (mol/host.h): those of the last spaces that the kernel will come to, 32768 for
 * each session. Nothing reserves them (point ii). A context of MOL is a space and a segment. */
#include "pmap.h"
#undef NULL
#undef PAGE_SIZE
#include "host.h"

#define PER_SESSION 0x8000u

struct host_vsid_range host_vsid_range(u32 session)
{
    return (struct host_vsid_range){ (SPACES - PER_SESSION * (session + 1)) << 4, PER_SESSION << 4 };
}

u32 host_vsid(u32 context) { return vsid(context >> 4, context << 28); }

/* The increment's inverse modulo a power of two (Newton): each step doubles the bits that are right. */
static u32 inverse(u32 odd)
{
    u32 x = odd;
    for (int n = 0; n < 4; n++)
        x *= 2 - odd * x;
    return x;
}

u32 host_vsid_context(u32 id)
{
    return (id * inverse(vsid_increment) & (SPACES - 1)) << 4 | id >> 20;
}
