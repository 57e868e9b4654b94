/* The interrupt controller of g3, with one input in use. */
#include "board.h"

enum { CAUSE = 0, MASK = 4 };
#define PIC_UART (1u << 6)

static u32 mask;

static u32 cause(void) { return uart_interrupt() ? PIC_UART : 0; }

int pic_interrupt(void) { return (cause() & mask) != 0; }

u32 pic_read(u32 offset, u32 size)
{
    (void)size;
    return offset == CAUSE ? cause() : offset == MASK ? mask : 0;
}

void pic_write(u32 offset, u32 size, u32 value)
{
    (void)size;
    if (offset == MASK)
        mask = value;
}
