/* The guest's devices: the serial port and interrupt controller of the board, which the guest has to
 * itself, and a device for tests. */
#include "user.h"

#define BOARD       0x0C000000u         /* pic and uart: the same address, given through */
#define BOARD_END   0x0C010000u
#define UART        0x0C00F000u
#define TEST        0x0E000000u
#define END_OF_TEXT 4

enum { COOKIE_BOARD = 1, COOKIE_TEST, COOKIE_LOG = 0x1000 };

/* An access to the part of the test device that tells what it sees. */
static void log_access(const char *what, u32 address, u32 size, u32 value)
{
    print(what);
    print_hex(address);
    print(" ");
    print_hex(mregs->rvec_param[1]);
    print(" ");
    print_hex(size);
    print(" ");
    print_hex(value);
    print("\n");
}

/* Registers of the test device. */
static u32 steps;

enum { PUTC = 0, NOTHING = 4, END = 8, INTERRUPT = 0xC, REPLACE_PAGE = 0x10, STEPS = 0x14,
       SWAP_PAGE = 0x18, PAGE_LOG = 0x100, LOG_END = 0x140 };

void add_devices(void)
{
    ioctl3(MOL_IOCTL_ADD_IORANGE, 0x0C003000, 0x100, COOKIE_BOARD);
    ioctl3(MOL_IOCTL_ADD_IORANGE, UART, 8, COOKIE_BOARD);
    ioctl3(MOL_IOCTL_ADD_IORANGE, TEST, 0x20, COOKIE_TEST);
    for (u32 at = PAGE_LOG; at < LOG_END; at += 8)
        ioctl3(MOL_IOCTL_ADD_IORANGE, TEST + at, 8, COOKIE_LOG + at);
}

void step(void) { steps++; }

int device_read(u32 address, u32 size, u32 *value)
{
    u32 cookie = mregs->rvec_param[1];
    if (cookie == COOKIE_TEST) {
        if (address == TEST + INTERRUPT)        /* acknowledged */
            mregs->interrupt = 0;
        *value = address == TEST + STEPS ? steps : 0;
        return 1;
    }
    if (cookie >= COOKIE_LOG) {
        *value = (0x11223344 * (address & 7) + 0x01020304) >> 8 * (4 - size);
        log_access("read ", address, size, *value);
        return 1;
    }
    if (cookie != COOKIE_BOARD)
        return 0;
    *value = size == 1   ? *(volatile u8 *)address
             : size == 2 ? *(volatile unsigned short *)address : *(volatile u32 *)address;
    return 1;
}

int device_write(u32 address, u32 size, u32 value)
{
    u32 cookie = mregs->rvec_param[1];
    if (cookie == COOKIE_TEST) {
        switch (address - TEST) {
        case PUTC:
            sys_putc(value);
            break;
        case END:
            end_session(value);
            break;
        case INTERRUPT:
            mregs->interrupt = 1;
            break;
        case STEPS:
            mregs->trace = value ? MSR_SE : 0;
            break;
        case REPLACE_PAGE:
            for (u32 at = 0; at < 4096; at += 4)
                *(volatile u32 *)(ram_base + (value & ~4095u) + at) = 0;
            sys_replace_page(value >> 12);
            break;
        case SWAP_PAGE:
            sys_replace_page(value >> 12);
            break;
        }
        return 1;
    }
    if (cookie >= COOKIE_LOG) {
        log_access("write ", address, size, value);
        return 1;
    }
    if (cookie != COOKIE_BOARD)
        return 0;
    if (address == UART && value == END_OF_TEXT)
        end_session(0);
    if (size == 1)
        *(volatile u8 *)address = value;
    else if (size == 2)
        *(volatile unsigned short *)address = value;
    else
        *(volatile u32 *)address = value;
    return 1;
}
