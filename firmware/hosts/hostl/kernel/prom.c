/* Open Firmware's client interface (IEEE 1275, 6.3; PowerPC binding 8): what the kernel asks before
 * it moves over the firmware. Translation is the firmware's, with a BAT of ours for the kernel; the
 * firmware does not know that BAT, and gets addresses of its own. */
#include "kernel.h"

struct call { u32 service, arguments, returns; u32 cells[6]; };

static int (*client)(u32 array);
static u32 loaded_at;

/* Where the firmware finds something of the kernel. */
static u32 there(const void *p)
{
    return physical(p) + loaded_at;
}

/* Returns the first result, -1 if the call fails. */
static u32 prom(const char *service, u32 arguments, u32 a, u32 b, u32 c, u32 d)
{
    struct call call = { there(service), arguments, 1, { a, b, c, d } };
    call.cells[arguments] = -1;
    return client(there(&call)) ? (u32)-1 : call.cells[arguments];
}

static u32 find(const char *path)
{
    return prom("finddevice", 1, there(path), 0, 0, 0);
}

/* Returns the length of the property, 0 if there is none. */
static u32 get(u32 node, const char *name, void *to, u32 size)
{
    u32 length = prom("getprop", 4, node, there(name), there(to), size);
    return length == (u32)-1 ? 0 : length;
}

void prom_init(int (*interface)(u32 array), u32 load_address)
{
    u32 memory[2] = { 0 };
    client = interface;
    loaded_at = load_address;
    if (get(find("/memory"), "reg", memory, sizeof memory) == sizeof memory)
        boot_info.ram = memory[1];
    get(find("/chosen"), "bootargs", boot_info.arguments, sizeof boot_info.arguments - 1);
    u32 cpu = prom("child", 1, find("/cpus"), 0, 0, 0);
    get(cpu, "timebase-frequency", &boot_info.timebase_hz, sizeof boot_info.timebase_hz);
    struct call quiesce = { there("quiesce"), 0, 0, { 0 } };
    client(there(&quiesce));
}
