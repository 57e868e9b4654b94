/* The guest's devices under HostL: a 16550 whose line is this process's console, the board's interrupt
 * controller, and an fw_cfg that announces nothing. Registers: components of the same names in the
 * simulated board.
 */
#include "user.h"
#undef NULL
#include "../user/user.h"

#define PIC  0x0C003000u
#define FW_CFG 0x0C00A000u
#define UART 0x0C00F000u
#define PIC_UART (1u << 6)
#define RING 64

enum { COOKIE_PIC = 1, COOKIE_UART, COOKIE_FW_CFG };
enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };
enum { LCR_DLAB = 0x80, IER_DATA = 1, IER_EMPTY = 2, IIR_NONE = 1, IIR_EMPTY = 2, IIR_DATA = 4 };
enum { LSR_DATA = 1, LSR_EMPTY = 0x60, MSR_CABLE = 0xB0, END_OF_TEXT = 4 };

static u8 ier, lcr, mcr, scr, divisor[2];
static int empty_pending;               /* THR has become empty, and IIR has not been read */
static u32 pic_mask;
static u8 ring[RING];
static u32 read_at, write_at;

void add_devices(void)
{
    ioctl(0, CONSOLE_RAW, (void *)1);
    ioctl3(MOL_IOCTL_ADD_IORANGE, PIC, 0x100, COOKIE_PIC);
    ioctl3(MOL_IOCTL_ADD_IORANGE, FW_CFG, 8, COOKIE_FW_CFG);
    ioctl3(MOL_IOCTL_ADD_IORANGE, UART, 8, COOKIE_UART);
}

static u32 reason(void)
{
    if (ier & IER_DATA && read_at != write_at)
        return IIR_DATA;
    return ier & IER_EMPTY && empty_pending ? IIR_EMPTY : IIR_NONE;
}

static void update(void)
{
    mregs->interrupt = reason() != IIR_NONE && pic_mask & PIC_UART;
}

/* What has been typed. Ctrl-D ends the guest. */
static void receive(u32 ticks)
{
    u8 c;
    while (write_at - read_at < RING && poll(0, ticks) && read(0, &c, 1) == 1) {
        if (c == END_OF_TEXT)
            end_session(0);
        ring[write_at++ % RING] = c;
        ticks = 0;
    }
    update();
}

/* The guest has nothing to do: wait a tick, or less. */
void sys_wait(void) { receive(1); }

/* Nothing here sets mregs.trace. */
void step(void) { }

static u32 uart_read(u32 n)
{
    u32 value = 0;
    switch (n) {
    case RBR_THR:
        if (lcr & LCR_DLAB)
            return divisor[0];
        return read_at == write_at ? 0 : ring[read_at++ % RING];
    case IER: return lcr & LCR_DLAB ? divisor[1] : ier;
    case IIR_FCR:
        value = reason();
        if (value == IIR_EMPTY)
            empty_pending = 0;
        return value;
    case LCR: return lcr;
    case MCR: return mcr;
    case LSR:
        if (read_at == write_at)
            receive(0);
        return LSR_EMPTY | (read_at != write_at ? LSR_DATA : 0);
    case MSR: return MSR_CABLE;
    default: return scr;
    }
}

static void uart_write(u32 n, u32 value)
{
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

int device_read(u32 address, u32 size, u32 *value)
{
    if (mregs->rvec_param[1] == COOKIE_UART)
        *value = size == 1 ? uart_read(address - UART) : 0;
    else if (mregs->rvec_param[1] == COOKIE_PIC)
        *value = address == PIC ? (reason() != IIR_NONE ? PIC_UART : 0)
                 : address == PIC + 4 ? pic_mask : 0;
    else if (mregs->rvec_param[1] == COOKIE_FW_CFG)
        *value = 0;
    else
        return 0;
    update();
    return 1;
}

int device_write(u32 address, u32 size, u32 value)
{
    if (mregs->rvec_param[1] == COOKIE_UART && size == 1)
        uart_write(address - UART, value);
    else if (mregs->rvec_param[1] == COOKIE_PIC && address == PIC + 4)
        pic_mask = value;
    else if (!mregs->rvec_param[1])
        return 0;
    update();
    return 1;
}
