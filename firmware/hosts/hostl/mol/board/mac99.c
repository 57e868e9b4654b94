/* The preset mac99 without its disk: a PowerMac3,1 with UniNorth, KeyLargo and OpenPIC, on an open bus. */
#include "board.h"

#define OPENPIC 0x80040000u
#define NVRAM   0xFFE04000u
/* Clocks that OpenBIOS is told, in Hz. The time base is the host's. */
#define CPU_HZ  100000000u

static const struct part parts[] = {
    { 0x80000000, 0x100, 0, keylargo_read, keylargo_write },
    { 0x80013000, 0x40, 0, escc_read, escc_write },
    { OPENPIC, 0x2000, 0, openpic_read, openpic_write },
    { OPENPIC + 0x10000, 0x1000, 0x10000, openpic_read, openpic_write },
    { OPENPIC + 0x20000, 0x1000, 0x20000, openpic_read, openpic_write },
    { 0xF0000510, 8, 0, fw_cfg_read, fw_cfg_write },
    { 0xF2800000, 8, 0, pci_address_read, pci_address_write },
    { 0xF2C00000, 8, 0, pci_data_read, pci_data_write },
    { NVRAM, 0x4000, 0, nvram_read, nvram_write },
};

/* Inputs of the OpenPIC. */
enum { INPUT_ESCC_B = 0x24, INPUT_ESCC_A = 0x25 };

static int interrupt(void)
{
    openpic_line(INPUT_ESCC_B, escc_interrupt(ESCC_B));
    openpic_line(INPUT_ESCC_A, escc_interrupt(ESCC_A));
    return openpic_interrupt();
}

static void begin(void)
{
    struct clock_stat clock = { 0 };
    ioctl(open("/dev/stat"), STAT_CLOCK, &clock);
    fw_cfg_number(FW_RAM_SIZE, ram_bytes);
    fw_cfg_number(FW_NOGRAPHIC, 1);     /* the serial port is the console */
    fw_cfg_number(FW_CPUS, 1);
    fw_cfg_number(FW_MACHINE, 1);       /* mac99 */
    fw_cfg_number(FW_TIMEBASE_HZ, clock.timebase_hz);
    fw_cfg_number(FW_CPU_HZ, CPU_HZ);
    fw_cfg_number(FW_BUS_HZ, 4 * clock.timebase_hz);
    fw_cfg_number(FW_NVRAM, NVRAM);
    fw_cfg_number(FW_VIA, 1);           /* a PMU, without ADB */
}

const struct board mac99 = { parts, sizeof parts / sizeof *parts, interrupt, 1, begin };
