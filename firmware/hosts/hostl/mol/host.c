/* The module `mol`: what the kernel part of MOL needs of HostL (mol/host.h), and /dev/mol. */
#include "kernel.h"
#undef NULL
#undef PAGE_SIZE
#include "host.h"
#include "mol_ioctl.h"
#include "device.h"

#define TRIES 3                         /* the page daemon frees frames, but not where we like */

/* A process owns a session. */
static struct proc *process(struct host_owner *owner) { return (struct proc *)owner; }
struct host_owner *host_current_owner(void) { return (struct host_owner *)current(); }

/* ---- Memory ---------------------------------------------------------------------------------- */

void *host_alloc_aligned(u32 count, u32 alignment)
{
    u32 address;
    for (int n = 0; !(address = page_alloc_wired(count, alignment)); n++)
        if (n == TRIES || !memory_wait())
            return NULL;
    return virtual(address);
}

void *host_alloc_wired(u32 count) { return host_alloc_aligned(count, 1); }
void host_free_wired(void *memory, u32 count) { page_free_wired(physical(memory), count); }
u32 host_physical(const void *address) { return physical(address); }
void *host_virtual(u32 address) { return virtual(address); }
void *host_owner_page(u32 address) { return virtual(address); }

/* PTE_HASHED: there is an entry for the page that the kernel must have flushed before it goes. */
u32 host_page_in(struct host_owner *owner, u32 address, int write)
{
    if (address >= USER_END || page_in(process(owner), address, write) != FAULT_DONE)
        return HOST_NO_PAGE;
    return pte_update(pte_find(process(owner), address), 0, PTE_HASHED) & PTE_FRAME;
}

/* What has been read may lie in a frame that others share: a store needs RW, and leaves C. */
u32 host_find_page(struct host_owner *owner, u32 address, int write)
{
    u32 *pte = address < USER_END ? pte_find(process(owner), address) : NULL;
    if (!pte || !(*pte & PTE_PRESENT) || (write && !(*pte & PTE_RW)))
        return HOST_NO_PAGE;
    return pte_update(pte, 0, PTE_HASHED | PTE_R | (write ? PTE_C : 0)) & PTE_FRAME;
}

int host_copy_in(struct host_owner *owner, void *to, u32 address, u32 size)
{
    return process(owner) == current() && copy_in(to, address, size);
}

int host_copy_out(struct host_owner *owner, u32 address, const void *from, u32 size)
{
    return process(owner) == current() && copy_out(address, from, size);
}

static host_flush_hook *hook;

static void flushed(struct proc *p, u32 address, u32 count)
{
    hook((struct host_owner *)p, address, count);
}

void host_set_flush_hook(host_flush_hook *new_hook)
{
    hook = new_hook;
    module_flush = hook ? flushed : NULL;
}

/* ---- Hash table, contexts -------------------------------------------------------------------- */

u32 host_sdr1(void)
{
    u32 sdr1;
    asm("mfspr %0, 25" : "=r"(sdr1));
    return sdr1;
}

u32 host_hash_lock(void) { return hash_lock(); }
void host_hash_unlock(u32 state) { hash_unlock(state); }

u32 host_space_alloc(void) { return context_lend(); }
void host_space_free(u32 space) { context_take_back(space); }

void host_log(const char *text) { printk("%s\n", text); }

/* ---- /dev/mol -------------------------------------------------------------------------------- */

/* Before a session ends, its registers leave the address space of its owner. */
int owner_call(u32 number, struct mol_ioctl_pb *pb)
{
    if (number == MOL_IOCTL_DESTROY_SESSION)
        region_unmap_physical(current());
    return mol_ioctl(number, pb);
}

void owner_gone(void)
{
    struct mol_ioctl_pb pb = { 0, 0, 0 };
    owner_call(MOL_IOCTL_DESTROY_SESSION, &pb);
}

static int ioctl(struct file *file, u32 number, u32 argument)
{
    struct mol_ioctl_pb pb;
    (void)file;
    if (!copy_in(&pb, argument, sizeof pb))
        return EMOLINVAL;
    int error = owner_call(number, &pb);
    return copy_out(argument, &pb, sizeof pb) ? error : EMOLINVAL;
}

/* The registers that the kernel part and the owner share. */
u32 owner_registers(u32 size)
{
    struct mol_ioctl_pb pb = { 0, 0, 0 };
    if (size > 2 * PAGE_SIZE || mol_ioctl(MOL_IOCTL_GET_MREGS, &pb))
        return 0;
    return pb.arg1;
}

static u32 map(struct file *file, u32 size)
{
    (void)file;
    return owner_registers(size);
}

static void close(struct file *file)
{
    (void)file;
    owner_gone();
}

static const struct device device = { .name = "mol", .ioctl = ioctl, .map = map, .close = close };

static int load(void) { return module_flush ? ERROR : device_register(&device); }

static void unload(void)
{
    mol_unload();
    device_unregister(&device);
}

MODULE("mol", load, unload);
