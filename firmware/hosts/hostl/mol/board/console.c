/* The console of the process is the far end of the guest's serial line. */
#include "board.h"

#define RING 64
#define END_OF_TEXT 4                   /* Ctrl-D ends the guest */

static u8 ring[RING];
static u32 read_at, write_at;

int console_typed(void) { return read_at != write_at; }

int console_waiting(u32 ticks)
{
    u8 c;
    while (write_at - read_at < RING && poll(0, ticks) && read(0, &c, 1) == 1) {
        if (c == END_OF_TEXT)
            end_session(0);
        ring[write_at++ % RING] = c;
        ticks = 0;
    }
    return console_typed();
}

u32 console_take(void) { return console_typed() ? ring[read_at++ % RING] : 0; }
