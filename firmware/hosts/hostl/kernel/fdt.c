/* A flattened device tree (Devicetree Specification 0.4, chapter 5): how much memory and how many
 * processors there are, how fast the time base counts, and the arguments of the kernel. */
#include "kernel.h"

enum { MAGIC = 0xD00DFEED, BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, END = 9 };

struct header { u32 magic, size, structure, strings; };

/* A property; `node` is the node's name. One-word addresses and sizes (reg of /memory). */
static void property(const char *node, const char *name, const u32 *value)
{
    if (begins(node, "memory") && !strcmp(name, "reg"))
        boot_info.ram = value[1];
    else if (!strcmp(name, "device_type") && !strcmp((const char *)value, "cpu"))
        boot_info.cpus++;
    else if (!strcmp(name, "timebase-frequency"))
        boot_info.timebase_hz = value[0];
    else if (!strcmp(node, "chosen") && !strcmp(name, "bootargs"))
        strcopy(boot_info.arguments, (const char *)value, sizeof boot_info.arguments);
}

void read_device_tree(const u32 *tree)
{
    const struct header *header = (const void *)tree;
    if (header->magic != MAGIC)
        return;
    boot_info.cpus = 0;
    const u32 *at = (const void *)((const u8 *)tree + header->structure);
    const char *strings = (const char *)tree + header->strings, *node = "";
    while (*at != END) {
        u32 token = *at++;
        if (token == BEGIN_NODE) {
            node = (const char *)at;
            at += strlen(node) / 4 + 1;
        } else if (token == PROPERTY) {
            property(node, strings + at[1], at + 2);
            at += 2 + (at[0] + 3) / 4;
        }
    }
}
