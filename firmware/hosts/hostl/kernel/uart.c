/* The console: a 16550 (PC16550D data sheet, section 8). Output waits for the transmitter, input
 * comes with interrupts. Lines can be edited with backspace; a program may ask for each byte as it
 * is.
 */
#include "../user/abi.h"
#include "kernel.h"

#define RING 256

enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };
enum { IER_DATA = 1, FCR_ENABLE = 1, LCR_8N1 = 3, LSR_DATA = 1, LSR_EMPTY = 0x20 };
enum { PIC_MASK = 1, PIC_UART = 1 << 6 };

static volatile u8 *const uart = (volatile u8 *)UART;
static volatile u32 *const pic = (volatile u32 *)PIC;

/* Bytes from `read` on are for programs; those from `edit` on are still a line without an end. */
static u8 ring[RING];
static u32 read_at, edit_at, write_at, raw;

void uart_init(void)
{
    uart[LCR] = LCR_8N1;
    uart[FCR] = FCR_ENABLE;
    uart[IER] = IER_DATA;
    pic[PIC_MASK] = PIC_UART;
}

static void send(char c)
{
    while (!(uart[LSR] & LSR_EMPTY))
        ;
    uart[THR] = c;
}

void uart_put(char c)
{
    if (c == '\n')
        send('\r');
    send(c);
}

static void backspace(void)
{
    if (write_at == edit_at)
        return;
    write_at--;
    uart_put('\b');
    uart_put(' ');
    uart_put('\b');
}

static void received(u8 c)
{
    if (!raw) {
        if (c == '\b' || c == 127) {
            backspace();
            return;
        }
        if (c == '\r')
            c = '\n';
    }
    if (write_at - read_at == RING)
        return;                         /* no process reads: it is lost */
    ring[write_at++ % RING] = c;
    if (!raw)
        uart_put(c);
    if (raw || c == '\n')
        edit_at = write_at;
}

void uart_interrupt(void)
{
    while (uart[LSR] & LSR_DATA)
        received(uart[RBR]);
    wakeup(&console_device);
}

static int console_read(struct file *file, u32 address, u32 size)
{
    u32 done = 0, msr = irq_save();
    (void)file;
    while (read_at == edit_at && !current()->killed)
        sleep_on(&console_device, 0);
    irq_restore(msr);
    while (done < size && read_at != edit_at) {
        u8 c = ring[read_at++ % RING];
        copy_out(address + done++, &c, 1);
        if (c == '\n' && !raw)
            break;
    }
    return done;
}

static int console_write(struct file *file, u32 address, u32 size)
{
    (void)file;
    for (u32 n = 0; n < size; n++) {
        if (current()->killed)
            return n;
        if (need_resched)
            schedule();
        char c;
        copy_in(&c, address + n, 1);
        if (raw)
            send(c);
        else
            uart_put(c);
    }
    return size;
}

static int console_ioctl(struct file *file, u32 number, u32 argument)
{
    (void)file;
    if (number != CONSOLE_RAW)
        return ERROR;
    raw = argument;
    edit_at = write_at;
    return 0;
}

static int console_poll(struct file *file)
{
    (void)file;
    return read_at != edit_at;
}

const struct device console_device = {
    .name = "console", .read = console_read, .write = console_write, .ioctl = console_ioctl,
    .poll = console_poll,
};
