/* The guest's accesses reach the devices of its board, and their interrupt reaches the guest. */
#include "board.h"

static const struct board *board = &g3;

void use_board(const struct board *chosen) { board = chosen; }

/* The cookie of a device is its place in the board's list, from 1 on. */
void add_devices(void)
{
    ioctl(0, CONSOLE_RAW, (void *)1);
    for (u32 n = 0; n < board->count; n++)
        ioctl3(MOL_IOCTL_ADD_IORANGE, board->parts[n].base, board->parts[n].size, n + 1);
    if (board->begin)
        board->begin();
}

static const struct part *accessed(void)
{
    u32 cookie = mregs->rvec_param[1];
    return cookie ? &board->parts[cookie - 1] : NULL;
}

static void update(void) { mregs->interrupt = board->interrupt(); }

/* The guest has nothing to do: wait a tick, or less. */
void sys_wait(void)
{
    console_waiting(1);
    update();
}

/* Nothing here sets mregs.trace. */
void step(void) { }

int device_read(u32 address, u32 size, u32 *value)
{
    const struct part *part = accessed();
    *value = part ? part->read(part->offset + address - part->base, size) : 0;
    update();
    return part || board->open_bus;
}

int device_write(u32 address, u32 size, u32 value)
{
    const struct part *part = accessed();
    if (part)
        part->write(part->offset + address - part->base, size, value);
    update();
    return part || board->open_bus;
}
