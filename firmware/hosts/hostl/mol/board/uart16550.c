/* A 16550 whose characters take no time. */
#include "board.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };
enum { LCR_DLAB = 0x80, IER_DATA = 1, IER_EMPTY = 2, IIR_NONE = 1, IIR_EMPTY = 2, IIR_DATA = 4 };
enum { LSR_DATA = 1, LSR_EMPTY = 0x60, MSR_CABLE = 0xB0 };

static u8 ier, lcr, mcr, scr, divisor[2];
static int empty_pending;               /* THR has become empty, and IIR has not been read */

static u32 reason(void)
{
    if (ier & IER_DATA && console_typed())
        return IIR_DATA;
    return ier & IER_EMPTY && empty_pending ? IIR_EMPTY : IIR_NONE;
}

int uart_interrupt(void) { return reason() != IIR_NONE; }

u32 uart_read(u32 n, u32 size)
{
    u32 value = 0;
    if (size != 1)
        return 0;
    switch (n) {
    case RBR_THR: return lcr & LCR_DLAB ? divisor[0] : console_take();
    case IER: return lcr & LCR_DLAB ? divisor[1] : ier;
    case IIR_FCR:
        value = reason();
        if (value == IIR_EMPTY)
            empty_pending = 0;
        return value;
    case LCR: return lcr;
    case MCR: return mcr;
    case LSR: return LSR_EMPTY | (console_typed() || console_waiting(0) ? LSR_DATA : 0);
    case MSR: return MSR_CABLE;
    default: return scr;
    }
}

void uart_write(u32 n, u32 size, u32 value)
{
    if (size != 1)
        return;
    switch (n) {
    case RBR_THR:
        if (lcr & LCR_DLAB) {
            divisor[0] = value;
            break;
        }
        sys_putc(value);
        empty_pending = 1;
        break;
    case IER:
        if (lcr & LCR_DLAB) {
            divisor[1] = value;
            break;
        }
        empty_pending |= value & ~ier & IER_EMPTY;
        ier = value;
        break;
    case LCR: lcr = value; break;
    case MCR: mcr = value; break;
    case SCR: scr = value; break;
    }
}
