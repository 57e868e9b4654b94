/* Non-volatile memory, a byte in each second one of its window. It lasts as long as the session. */
#include "board.h"

enum { STRIDE = 2, SIZE = 8192 };

static u8 contents[SIZE];

u32 nvram_read(u32 offset, u32 size)
{
    u32 value = 0;
    for (u32 at = offset; at < offset + size; at++)
        value = value << 8 | (at % STRIDE ? 0 : contents[at / STRIDE]);
    return value;
}

void nvram_write(u32 offset, u32 size, u32 value)
{
    for (u32 at = offset + size; at-- > offset; value >>= 8)
        if (at % STRIDE == 0)
            contents[at / STRIDE] = value;
}
