/* An 8530 with the console at channel A, and nothing at channel B. A character takes no time to be sent.
 * Left out: loopback, and what the component leaves out. */
#include "board.h"

enum { RX_AVAILABLE = 0x01, TX_EMPTY = 0x04, DCD = 0x08, CTS = 0x20, UNDERRUN = 0x40 };    /* RR0 */
enum { ALL_SENT = 0x01, RESIDUE = 0x06 };                                                  /* RR1 */
enum { TX_INTERRUPT = 0x02, RX_INTERRUPT = 0x18, RX_FIRST = 0x08, RX_ALL = 0x10 };         /* WR1 */
enum { RX_ENABLE = 0x01 };                                                                 /* WR3 */
enum { MASTER_ENABLE = 0x08, STATUS_HIGH = 0x10, RESETS = 0xC0, RESET_A = 0x80, RESET_B = 0x40 };
enum { POINT_HIGH = 1, NEXT_CHARACTER = 4, RESET_TX = 5 };                         /* WR0[5:3] */
enum { PENDING_TX = 2, PENDING_RX = 4 };                                           /* RR3, channel B */

static u8 wr[2][16];
static u32 pointer[2];
static int tx_pending[2];
static int passed;                      /* RX_FIRST: the first character has interrupted */

static int receiving(u32 c) { return c == ESCC_A && wr[c][3] & RX_ENABLE; }

static u32 pending(u32 c)
{
    u32 enabled = wr[c][1], mode = enabled & RX_INTERRUPT, result = 0;
    if (tx_pending[c] && enabled & TX_INTERRUPT)
        result |= PENDING_TX;
    if (receiving(c) && console_typed() && (mode == RX_ALL || (mode == RX_FIRST && !passed)))
        result |= PENDING_RX;
    return result;
}

int escc_interrupt(u32 c) { return wr[ESCC_A][9] & MASTER_ENABLE && pending(c); }

/* RR2 of channel B: the vector with the highest pending interrupt in it. */
static u32 vector(void)
{
    u32 a = pending(ESCC_A), b = pending(ESCC_B);
    u32 code = a & PENDING_RX ? 6 : a ? 4 : b & PENDING_RX ? 2 : b ? 0 : 3;
    if (wr[ESCC_A][9] & STATUS_HIGH)
        return (wr[ESCC_A][2] & 0x8F) | (code >> 2 | (code & 2) | (code & 1) << 2) << 4;
    return (wr[ESCC_A][2] & 0xF1) | code << 1;
}

static u32 read_data(u32 c)
{
    passed = 1;
    return receiving(c) ? console_take() : 0;
}

static u32 read_control(u32 c)
{
    u32 n = pointer[c];
    pointer[c] = 0;
    switch (n) {
    case 0: case 4:
        return TX_EMPTY | CTS | DCD | UNDERRUN
               | (receiving(c) && (console_typed() || console_waiting(0)) ? RX_AVAILABLE : 0);
    case 1: case 5: return ALL_SENT | RESIDUE;
    case 2: case 6: return c == ESCC_A ? wr[ESCC_A][2] : vector();
    case 3: case 7: return c == ESCC_A ? pending(ESCC_A) << 3 | pending(ESCC_B) : 0;
    case 8: return read_data(c);
    case 9: case 13: return wr[c][13];
    case 11: case 15: return wr[c][15];
    case 12: return wr[c][12];
    }
    return 0;
}

static void write_data(u32 c, u32 value)
{
    if (c == ESCC_A)
        sys_putc(value);
    tx_pending[c] = 1;
}

static void reset(u32 c)
{
    wr[c][1] &= 0x24;
    wr[c][3] &= 0xFE;
    wr[c][5] &= 0x61;
    wr[c][14] = (wr[c][14] & 0xC3) | 0x20;
    wr[c][15] = 0xF8;
    pointer[c] = tx_pending[c] = 0;
    if (c == ESCC_A)
        passed = 0;
}

static void command(u32 c, u32 value)
{
    u32 what = value >> 3 & 7;
    pointer[c] = (value & 7) | (what == POINT_HIGH ? 8 : 0);
    if (what == NEXT_CHARACTER && c == ESCC_A)
        passed = 0;
    else if (what == RESET_TX)
        tx_pending[c] = 0;
}

static void write_control(u32 c, u32 value)
{
    u32 n = pointer[c];
    pointer[c] = 0;
    switch (n) {
    case 0: command(c, value); break;
    case 2: wr[ESCC_A][2] = value; break;
    case 8: write_data(c, value); break;
    case 9:
        wr[ESCC_A][9] = value & 0x3F;
        if (value & RESET_B)
            reset(ESCC_B);
        if (value & RESET_A)
            reset(ESCC_A);
        if ((value & RESETS) == RESETS)
            wr[ESCC_A][9] &= 0x1C;
        break;
    case 15: wr[c][15] = value & 0xFA; break;
    default: wr[c][n] = value;
    }
}

/* B control, B data, A control, A data, each at the first of 16 bytes. */
u32 escc_read(u32 offset, u32 size)
{
    u32 c = offset >> 5 & 1;
    return offset & 15 ? 0 : (offset & 16 ? read_data(c) : read_control(c)) << 8 * (size - 1);
}

void escc_write(u32 offset, u32 size, u32 value)
{
    u32 c = offset >> 5 & 1, byte = value >> 8 * (size - 1) & 0xFF;
    if (offset & 15)
        return;
    if (offset & 16)
        write_data(c, byte);
    else
        write_control(c, byte);
}
