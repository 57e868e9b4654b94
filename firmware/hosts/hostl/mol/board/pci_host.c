/* PCI configuration: UniNorth's host bridge and KeyLargo. Base addresses can be sized and written, but
 * the devices stay where they are. */
#include "board.h"

enum { HOST_BRIDGE = 11, KEYLARGO = 12, FUNCTIONS = 2, SPACE = 256 };
enum { COMMAND = 4, BAR0 = 0x10, INTERRUPT_LINE = 0x3C };
#define NOTHING 0xFFFFFFFFu             /* nobody answers */

/* Configuration headers, bytes in the order of the bus: vendor, device, command, status, revision, class. */
static u8 space[FUNCTIONS][SPACE] = {
    { 0x6B, 0x10, 0x1F, 0x00, 0, 0, 0, 0, 0, 0x00, 0x00, 0x06 },
    { 0x6B, 0x10, 0x22, 0x00, 0, 0, 0, 0, 0, 0x00, 0x00, 0xFF },
};
static u32 address;

/* Bits of a byte that can be written. */
static u8 writable(u32 function, u32 at)
{
    if (at == COMMAND)
        return 0x47;                    /* I/O, memory, master, parity */
    if (at == COMMAND + 1)
        return 0x01;                    /* SERR */
    if (at == INTERRUPT_LINE)
        return 0xFF;
    if (function == 1 && at >= BAR0 && at < BAR0 + 4)
        return 0xFFF80000u >> 8 * (at - BAR0);      /* a window of 512 KB */
    return 0;
}

/* The function that `address` selects, in any of the three forms of pci_host.py, and the register of the
 * access in *at. FUNCTIONS: there is none. */
static u32 selected(u32 offset, u32 size, u32 *at)
{
    u32 bus = 0, device = HOST_BRIDGE;
    *at = (address & 0xF8) | (offset & 7);
    if (address >> 31 || address & 1) {
        bus = address >> 16 & 0xFF;
        device = address >> 11 & 31;
        if (address >> 31)
            *at = (address & 0xFC) | (offset & 3);
    } else
        while (device < 31 && !(address >> device & 1))
            device++;
    if (bus || address >> 8 & 7 || *at + size > SPACE)
        return FUNCTIONS;
    return device == HOST_BRIDGE ? 0 : device == KEYLARGO ? 1 : FUNCTIONS;
}

u32 pci_address_read(u32 offset, u32 size)
{
    (void)offset;
    return size == 4 ? swapped(address) : 0;
}

void pci_address_write(u32 offset, u32 size, u32 value)
{
    (void)offset;
    if (size == 4)
        address = swapped(value);
}

u32 pci_data_read(u32 offset, u32 size)
{
    u32 at, value = 0, function = selected(offset, size, &at);
    if (function == FUNCTIONS)
        return NOTHING >> 8 * (4 - size);
    for (u32 i = 0; i < size; i++)
        value = value << 8 | space[function][at + i];
    return value;
}

void pci_data_write(u32 offset, u32 size, u32 value)
{
    u32 at, function = selected(offset, size, &at);
    if (function == FUNCTIONS)
        return;
    for (; size--; value >>= 8) {
        u8 mask = writable(function, at + size), *byte = &space[function][at + size];
        *byte = (*byte & ~mask) | (value & mask);
    }
}
