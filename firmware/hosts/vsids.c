/* VSIDs as Linux makes them, for hosts that do the same (mol/host.h). A context of MOL is one of the
 * host's and a segment. The host's own end at 32767; sessions take 65536 of the others each, from the top
 * down. */
#include "host.h"

#define MULTIPLIER 897
#define INVERSE 2899073                 /* of it, modulo 2^20 */
#define SEGMENT_STEP 0x111              /* 1 modulo 16: the last digit of a VSID is its segment */
#define PER_SESSION 0x10000u
#define LAST 0xFFFFFu

struct host_vsid_range host_vsid_range(u32 session)
{
    return (struct host_vsid_range){ (LAST - PER_SESSION * (session + 1)) << 4, PER_SESSION << 4 };
}

u32 host_vsid(u32 context)
{
    return ((context >> 4) * MULTIPLIER * 16 + (context & 15) * SEGMENT_STEP) & 0xFFFFFF;
}

u32 host_vsid_context(u32 vsid)
{
    u32 segment = vsid & 15;
    return (((vsid - segment * SEGMENT_STEP) >> 4) * INVERSE & LAST) << 4 | segment;
}
