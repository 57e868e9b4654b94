/* The OpenPIC for one processor, without timers. Registers are little-endian words. */
#include "board.h"

enum { INPUTS = 64, IPIS = 4, SOURCES = INPUTS + IPIS };
enum { FEATURE = 0x1000, GLOBAL = 0x1020, IPI = 0x10A0, SPURIOUS = 0x10E0, INPUT = 0x10000,
       INPUT_END = INPUT + 32 * INPUTS, PROCESSOR = 0x20000 };
enum { DISPATCH = 0x40, TASK = 0x80, ACKNOWLEDGE = 0xA0, END = 0xB0 };      /* of a processor */
#define MASK     0x80000000u            /* of a source's vector and priority */
#define ACTIVITY 0x40000000u
#define LEVEL    0x00400000u
#define WRITABLE 0x80CF00FFu            /* and POLARITY, which is only stored */
#define VERSION  2

static u32 vectors[SOURCES], destinations[INPUTS], spurious, task, serving;
static u8 lines[INPUTS], edge[SOURCES], served[16];
static int ready;                       /* it has been reset */

static u32 priority(u32 n) { return vectors[n] >> 16 & 15; }

static void reset(void)
{
    for (u32 n = 0; n < SOURCES; n++) {
        vectors[n] = MASK;
        edge[n] = 0;
        if (n < INPUTS)
            destinations[n] = 0;
    }
    task = 15;
    serving = 0;
    spurious = 0xFF;
    ready = 1;
}

static int pending(u32 n) { return n < INPUTS && vectors[n] & LEVEL ? lines[n] : edge[n]; }

static int is_served(u32 n)
{
    for (u32 p = 0; p < 16; p++)
        if (serving >> p & 1 && served[p] == n)
            return 1;
    return 0;
}

/* The pending source above the task and above all that is being served, or SOURCES. */
static u32 highest(void)
{
    u32 found = SOURCES, best = task;
    for (u32 p = best + 1; p < 16; p++)
        if (serving >> p & 1)
            best = p;
    for (u32 n = 0; n < SOURCES; n++)
        if (priority(n) > best && !(vectors[n] & MASK) && pending(n)
            && (n >= INPUTS || destinations[n] & 1)) {
            found = n;
            best = priority(n);
        }
    return found;
}

int openpic_interrupt(void) { return ready && highest() < SOURCES; }

void openpic_line(u32 input, int level)
{
    if (level && !lines[input] && !(vectors[input] & LEVEL))
        edge[input] = 1;
    lines[input] = level;
}

static u32 acknowledge(void)
{
    u32 n = highest();
    if (n == SOURCES)
        return spurious;
    edge[n] = 0;
    serving |= 1u << priority(n);
    served[priority(n)] = n;
    return vectors[n] & 0xFF;
}

/* The interrupt of the highest priority is over. */
static void end(void)
{
    for (u32 p = 16; p--;)
        if (serving >> p & 1) {
            serving &= ~(1u << p);
            return;
        }
}

/* The source whose vector is at this offset, or SOURCES. */
static u32 source(u32 offset)
{
    if (offset >= IPI && offset < IPI + 16 * IPIS)
        return INPUTS + (offset - IPI) / 16;
    if (offset >= INPUT && offset < INPUT_END && !(offset & 16))
        return (offset - INPUT) / 32;
    return SOURCES;
}

/* Offset among the registers of the processor, which are at 0 and at PROCESSOR; or 0x1000. */
static u32 own(u32 offset)
{
    return offset < 0x1000 ? offset : offset - PROCESSOR < 0x1000 ? offset - PROCESSOR : 0x1000;
}

static u32 get(u32 offset)
{
    u32 n = source(offset);
    if (n < SOURCES)
        return vectors[n] | (pending(n) || is_served(n) ? ACTIVITY : 0);
    if (offset >= INPUT && offset < INPUT_END)
        return destinations[(offset - INPUT) / 32];
    if (offset == FEATURE)
        return (INPUTS - 1) << 16 | VERSION;
    if (offset == SPURIOUS)
        return spurious;
    return own(offset) == TASK ? task : own(offset) == ACKNOWLEDGE ? acknowledge() : 0;
}

static void set(u32 offset, u32 value)
{
    u32 n = source(offset);
    if (n < SOURCES) {
        vectors[n] = value & WRITABLE;
        if (n < INPUTS && value & LEVEL)
            edge[n] = 0;
    } else if (offset >= INPUT && offset < INPUT_END)
        destinations[(offset - INPUT) / 32] = value;
    else if (offset == GLOBAL && value >> 31)
        reset();
    else if (offset == SPURIOUS)
        spurious = value & 0xFF;
    else if (own(offset) == TASK)
        task = value & 15;
    else if (own(offset) == END)
        end();
    else if (own(offset) >= DISPATCH && own(offset) < DISPATCH + 16 * IPIS && value & 1)
        edge[INPUTS + (own(offset) - DISPATCH) / 16] = 1;
}

u32 openpic_read(u32 offset, u32 size)
{
    if (!ready)
        reset();
    return size == 4 && !(offset & 15) ? swapped(get(offset)) : 0;
}

void openpic_write(u32 offset, u32 size, u32 value)
{
    if (!ready)
        reset();
    if (size == 4 && !(offset & 15))
        set(offset, swapped(value));
}
