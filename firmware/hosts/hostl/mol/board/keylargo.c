/* KeyLargo's feature control and GPIOs, which only store what drivers write. */
#include "board.h"

static u8 registers[0x100];

u32 keylargo_read(u32 offset, u32 size)
{
    u32 value = 0;
    for (u32 i = 0; i < size; i++)
        value = value << 8 | registers[offset + i];
    return value;
}

void keylargo_write(u32 offset, u32 size, u32 value)
{
    while (size--) {
        registers[offset + size] = value;
        value >>= 8;
    }
}
