/* The preset g3, without what its guest does not need. */
#include "board.h"

static const struct part parts[] = {
    { 0x0C003000, 0x100, 0, pic_read, pic_write },
    { 0x0C00A000, 8, 0, fw_cfg_read, fw_cfg_write },
    { 0x0C00F000, 8, 0, uart_read, uart_write },
};

const struct board g3 = { parts, sizeof parts / sizeof *parts, pic_interrupt, 0, NULL };
