/* HostB's user part: a session as the options say, and what MOL's user part needs of its host. */
#include "options.h"
#include "user.h"

extern struct hostb_options hostb_options;
int hostb_call(u32 number, void *argument);
void hostb_done(void) __attribute__((noreturn));

#define WINDOW 0x40000000u

int sys_ioctl(u32 number, struct mol_ioctl_pb *pb) { return hostb_call(number, pb); }

void sys_putc(int character)
{
    volatile u8 *uart = (u8 *)0x0C00F000;
    while (!(uart[5] & 0x20))
        ;
    uart[0] = character;
}

void sys_wait(void) { }

void sys_replace_page(u32 page) { hostb_call(HOSTB_SWAP_PAGE, (void *)page); }

int sys_wants_end(void)
{
    mregs->exit_request = 0;
    return hostb_options.flags & END_AT_TICK;
}

void sys_exit(u32 status)
{
    hostb_options.status = status;
    hostb_done();
}

/* Where whoever watches may stop: before and after something. */
__attribute__((noinline)) void hostb_before(void) { asm volatile(""); }
__attribute__((noinline)) void hostb_after(void) { asm volatile(""); }

/* The entry with another magic: refused, and no session is made any more. The result is the error. */
static u32 enter_with_bad_magic(void)
{
    struct mol_ioctl_pb pb = { 0, 0, 0 };
    sys_ioctl(MOL_IOCTL_GET_SESSION_MAGIC, &pb);
    if (mol_run(mregs, pb.arg1 ^ 4, MOL_ENTRY_INIT) != RVEC_REFUSED)
        return 0;
    pb.arg1 = 1;
    return sys_ioctl(MOL_IOCTL_CREATE_SESSION, &pb);
}

static int known(u32 number)
{
    static const u8 numbers[] = { 2, 10, 11, 12, 30, 32, 33, 35, 36, 37, 39, 40, 46, 47, 48, 49,
                                  50, 60, 61, 62, 63, 64 };
    for (u32 i = 0; i < sizeof numbers; i++)
        if (numbers[i] == number)
            return 1;
    return 0;
}

/* The result is how many numbers were refused. */
static u32 unknown_ioctls(void)
{
    u32 refused = 0;
    hostb_before();
    for (u32 number = 0; number < 256; number++) {
        struct mol_ioctl_pb pb = { 1, 2, 3 };
        refused += !known(number) && sys_ioctl(number, &pb) == EMOLINVAL;
    }
    hostb_after();
    return refused;
}

static void make_calls(struct hostb_call *call)
{
    for (u32 n = 0; n < HOSTB_CALLS && call[n].number; n++)
        call[n].error = sys_ioctl(call[n].number, &call[n].pb);
}

void user_main(void)
{
    struct hostb_options *o = &hostb_options;
    static struct machine machine;
    u32 status;
    *(volatile u8 *)0x0C00F003 = 3;     /* eight bits a character */
    machine.ram = WINDOW;
    machine.ram_size = o->ram_size;
    machine.entry = o->entry;
    machine.msr = o->msr;
    machine.r3 = o->r3;
    for (u32 i = 0; i < MOL_OPTIONS; i++)
        machine.option[i] = o->option[i];
    make_session(&machine);
    o->kvars = (u32)mregs;
    make_calls(o->call);
    if (o->flags & BAD_MAGIC)
        status = enter_with_bad_magic();
    else if (o->flags & UNKNOWN_IOCTLS)
        status = unknown_ioctls();
    else
        status = main_loop();
    ioctl3(MOL_IOCTL_DESTROY_SESSION, 0, 0, 0);
    sys_exit(status);
}
