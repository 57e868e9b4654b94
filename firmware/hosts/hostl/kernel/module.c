/* Modules: parts of the kernel that can be put in and taken out, and the places where they hook in.
 *
 * A module is linked with the kernel; `insmod` lets it register a device, take over exception
 * vectors, and ask to hear of pages that go and of process switches. `rmmod` makes it undo all of
 * that.
 */
#include "kernel.h"

flush_hook *module_flush;
switch_hook *module_switch;

/* All of them (kernel.ld), and a bit for each that is in. */
extern const struct module modules[], modules_end[];
static u32 loaded;

static const struct module *find(const char *name)
{
    for (const struct module *m = modules; m < modules_end; m++)
        if (!strcmp(m->name, name))
            return m;
    return NULL;
}

int module_load(const char *name)
{
    const struct module *m = find(name);
    if (!m || loaded & 1u << (m - modules) || m->load() < 0)
        return ERROR;
    loaded |= 1u << (m - modules);
    return 0;
}

int module_unload(const char *name)
{
    const struct module *m = find(name);
    if (!m || !(loaded & 1u << (m - modules)))
        return ERROR;
    m->unload();
    loaded &= ~(1u << (m - modules));
    return 0;
}

/* Store an instruction where the processor may have fetched already (MPC750 UM 3.4.2.6). */
static void patch(u32 address, u32 instruction)
{
    u32 *place = virtual(address);
    *place = instruction;
    asm volatile("dcbst 0, %0; sync; icbi 0, %0; sync; isync" :: "r"(place) : "memory");
}

/* The first word of a vector becomes a branch to `handler`, which runs in real mode; vectors.S says
 * what it must do. The word that was there goes to *displaced. */
void vector_take(u32 vector, const void *handler, u32 *displaced)
{
    *displaced = *(u32 *)virtual(vector);
    patch((u32)physical(displaced), *displaced);
    patch(vector, 0x48000000 | ((physical(handler) - vector) & 0x03FFFFFC));
}

void vector_restore(u32 vector, u32 displaced)
{
    patch(vector, displaced);
}
