/* The guest's board: which devices it has, and where. Registers, bits and sources are those of the
 * components of the simulated machine with the same names. */
#ifndef BOARD_H
#define BOARD_H

#include "user.h"
#undef NULL
#include "../../user/user.h"

/* Registers of a device, at guest-physical addresses. A value has `size` bytes, as the guest's
 * register has them: the byte at the lowest address is the most significant one. */
struct part {
    u32 base, size;
    u32 offset;                         /* of the first of them among all of the device's */
    u32 (*read)(u32 offset, u32 size);
    void (*write)(u32 offset, u32 size, u32 value);
};

struct board {
    const struct part *parts;
    u32 count;
    int (*interrupt)(void);             /* level of the processor's interrupt pin */
    int open_bus;                       /* what nothing answers reads as zero, without an error */
    void (*begin)(void);                /* before the guest starts; NULL: nothing to do */
};

extern const struct board g3, mac99;

/* board.c: the one that this guest has */
void use_board(const struct board *chosen);

/* console.c: what has been typed */
int console_waiting(u32 ticks);         /* is there a character, at most so much later? */
u32 console_take(void);                 /* 0: there is none */
int console_typed(void);                /* the same without a call of the host */

/* fw_cfg.c */
enum fw_cfg_key {
    FW_SIGNATURE = 0, FW_ID = 1, FW_RAM_SIZE = 3, FW_NOGRAPHIC = 4, FW_CPUS = 5, FW_MACHINE = 6,
    FW_KERNEL_ADDRESS = 7, FW_KERNEL_SIZE = 8, FW_KERNEL_CMDLINE = 9, FW_BOOT_DEVICE = 12,
    FW_TIMEBASE_HZ = 0x8003, FW_CPU_HZ = 0x8004, FW_NVRAM = 0x8008, FW_BUS_HZ = 0x8009,
    FW_VIA = 0x800B,
};
void fw_cfg_number(enum fw_cfg_key key, u32 value);
void fw_cfg_letter(enum fw_cfg_key key, char letter);
u32 fw_cfg_read(u32 offset, u32 size);
void fw_cfg_write(u32 offset, u32 size, u32 value);

/* uart16550.c, flipper_pic.c */
u32 uart_read(u32 offset, u32 size);
void uart_write(u32 offset, u32 size, u32 value);
int uart_interrupt(void);
u32 pic_read(u32 offset, u32 size);
void pic_write(u32 offset, u32 size, u32 value);
int pic_interrupt(void);

/* escc8530.c, openpic.c, keylargo.c, pci_host.c, nvram.c */
enum { ESCC_B, ESCC_A };
u32 escc_read(u32 offset, u32 size);
void escc_write(u32 offset, u32 size, u32 value);
int escc_interrupt(u32 channel);
u32 openpic_read(u32 offset, u32 size);
void openpic_write(u32 offset, u32 size, u32 value);
void openpic_line(u32 input, int level);
int openpic_interrupt(void);
u32 keylargo_read(u32 offset, u32 size);
void keylargo_write(u32 offset, u32 size, u32 value);
u32 pci_address_read(u32 offset, u32 size);
void pci_address_write(u32 offset, u32 size, u32 value);
u32 pci_data_read(u32 offset, u32 size);
void pci_data_write(u32 offset, u32 size, u32 value);
u32 nvram_read(u32 offset, u32 size);
void nvram_write(u32 offset, u32 size, u32 value);

/* Between the two orders of bytes in a word. */
static inline u32 swapped(u32 value) { return __builtin_bswap32(value); }

#endif
