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

void sys_exit(u32 status)
{
    hostb_options.status = status;
    hostb_done();
}

void user_main(void)
{
    struct hostb_options *o = &hostb_options;
    static struct machine machine;
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
    sys_exit(main_loop());
}
