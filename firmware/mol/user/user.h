/* The user part of MOL: the main loop and the devices of the guest. */
#ifndef MOL_USER_H
#define MOL_USER_H

#include "../mol_ioctl.h"
#include "../mregs.h"
#include "../osi.h"
#include "../rvec.h"

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MSR_SE 0x400

/* Status of a session whose guest has stopped in a machine check. */
#define CHECKSTOP 0x200

/* What the user part needs of its host: the device file, a console, a way to wait, and the end. */
int sys_ioctl(u32 number, struct mol_ioctl_pb *pb);
void sys_putc(int character);
void sys_wait(void);
void sys_replace_page(u32 page);     /* of the guest's RAM, by a page with the same contents */
int sys_wants_end(void);            /* asked when mregs.exit_request has been set */
void sys_exit(u32 status) __attribute__((noreturn));

/* A machine: how the user part is to make it. */
struct machine {
    u32 ram, ram_size;      /* address of the guest's RAM in this process */
    u32 entry, msr, r3;     /* the guest's registers at its start */
    u32 option[MOL_OPTIONS];
};

extern struct mac_regs *mregs;
extern u32 ram_base, ram_bytes;

/* main.c */
u32 ioctl3(u32 number, u32 arg1, u32 arg2, u32 arg3);
void make_session(const struct machine *machine);
u32 main_loop(void);        /* returns when the guest has ended */
void end_session(u32 status);
void raise_exception(u32 vector, u32 srr1);
void transfer_error(void);
void print(const char *text);
void print_hex(u32 value);

/* run.S: enter the guest until it is left for something else than RVEC_NOP. */
u32 mol_run(struct mac_regs *mregs, u32 magic, u32 session_and_flags);
void use_fpu(void);
u64 read_fpr(u32 number);
u32 read_fpr_single(u32 number);
void write_fpr(u32 number, u64 value);
void write_fpr_single(u32 number, u32 value);

/* io.c: the instruction that has accessed a device */
void io_access(u32 rvec);

/* devices.c */
int device_read(u32 address, u32 size, u32 *value);
int device_write(u32 address, u32 size, u32 value);
void add_devices(void);
void step(void);            /* an instruction of the guest while mregs.trace is set */

/* osi.c */
void osi_call(void);

#endif
