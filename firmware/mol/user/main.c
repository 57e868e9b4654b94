/* The main loop: the guest runs until it is left for a reason that is handled here. */
#include "user.h"

struct mac_regs *mregs;
u32 ram_base, ram_bytes;
static u32 magic, session, ended, status;

static void __attribute__((noreturn)) failed(u32 number, int error)
{
    print("MOL: ioctl ");
    print_hex(number);
    print(" failed: ");
    print_hex(error);
    print("\n");
    sys_exit(error);
}

u32 ioctl3(u32 number, u32 arg1, u32 arg2, u32 arg3)
{
    struct mol_ioctl_pb pb = { arg1, arg2, arg3 };
    int error = sys_ioctl(number, &pb);
    if (error)
        failed(number, error);
    return pb.arg1;
}

void print(const char *text)
{
    while (*text)
        sys_putc(*text++);
}

void print_hex(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        sys_putc("0123456789abcdef"[value >> shift & 15]);
}

/* The first session that nobody has. */
static u32 free_session(void)
{
    for (u32 number = 0;; number++) {
        struct mol_ioctl_pb pb = { number, 0, 0 };
        int error = sys_ioctl(MOL_IOCTL_CREATE_SESSION, &pb);
        if (!error)
            return number;
        if (error != EMOLINUSE)
            failed(MOL_IOCTL_CREATE_SESSION, error);
    }
}

void make_session(const struct machine *machine)
{
    session = free_session();
    mregs = (struct mac_regs *)ioctl3(MOL_IOCTL_GET_MREGS, 0, 0, 0);
    magic = ioctl3(MOL_IOCTL_GET_SESSION_MAGIC, 0, 0, 0);
    for (u32 i = 0; i < MOL_OPTIONS; i++)
        if (machine->option[i])
            ioctl3(MOL_IOCTL_SET_OPTION, i, machine->option[i], 0);
    ram_base = machine->ram;
    ram_bytes = machine->ram_size;
    ioctl3(MOL_IOCTL_SET_RAM, ram_base, ram_bytes, 0);
    add_devices();
    mregs->nip = machine->entry;
    mregs->msr = machine->msr;
    mregs->gpr[3] = machine->r3;
    mregs->spr[1008] = 0xC000;          /* HID0 as firmware leaves it: both caches are on */
    u32 now;
    asm volatile("mftb %0" : "=r"(now));
    mregs->dec_stamp = now - 1;         /* -1, as after a reset */
    ioctl3(MOL_IOCTL_SPR_CHANGED, 0, 0, 0);
    session |= MOL_ENTRY_INIT;
}

void end_session(u32 value)
{
    ended = 1;
    status = value;
}

/* Nobody answers at a physical address: a machine check, or the end of the machine. */
void transfer_error(void)
{
    if (mregs->msr & 0x1000)
        raise_exception(0x200, 0x40000);
    else
        end_session(CHECKSTOP);
}

void raise_exception(u32 vector, u32 srr1) { ioctl3(MOL_IOCTL_RAISE, vector, srr1, 0); }

/* Until an interrupt of the guest: the host may do other things. */
static void doze(void)
{
    u32 begin, now;
    asm volatile("mftb %0" : "=r"(begin));
    for (now = begin; !(mregs->interrupt || mregs->dec_pending || mregs->exit_request
                        || (mregs->dec_armed && (int)(mregs->dec_stamp - now) < 0));) {
        sys_wait();
        asm volatile("mftb %0" : "=r"(now));
    }
    mregs->doze_ticks += now - begin;
}

/* A load or store of a floating-point register that the kernel part makes. */
static void float_access(int store)
{
    u32 opcode = mregs->inst_opcode, number = opcode >> 21 & 31;
    int indexed = opcode >> 26 == 31, form = indexed ? opcode >> 1 & 0x3FF : opcode >> 26;
    int single = indexed ? !(form & 64) : !(form & 2);
    if (form == 983)                    /* stfiwx */
        mregs->fp_value = (u32)read_fpr(number);
    else if (store)
        mregs->fp_value = single ? read_fpr_single(number) : read_fpr(number);
    mregs->fp_ready = 1;
    ioctl3(MOL_IOCTL_EMULATE_ACCESS, 0, 0, 0);
    if (!store && mregs->fp_ready == 2) {
        if (single)
            write_fpr_single(number, mregs->fp_value);
        else
            write_fpr(number, mregs->fp_value);
    }
    mregs->fp_ready = 0;
}

/* So that the host brings a page of the guest's RAM in, as for any program. */
static void touch(volatile u8 *byte, int store)
{
    u8 value = *byte;
    if (store)
        *byte = value;
}

u32 main_loop(void)
{
    while (!ended) {
        u32 rvec = mol_run(mregs, magic, session);
        session &= ~MOL_ENTRY_INIT;
        if (mregs->exit_request && sys_wants_end())
            break;
        if (rvec == RVEC_CALL_KERNEL)
            rvec = ioctl3(MOL_IOCTL_CALL_KERNEL, 0, 0, 0);
        if (rvec == RVEC_ACCESS)
            rvec = ioctl3(MOL_IOCTL_EMULATE_ACCESS, 0, 0, 0);
        switch (rvec) {
        case RVEC_NOP:                  /* exit_request */
        case RVEC_RELOAD:
            break;
        case RVEC_TOUCH:
            touch((volatile u8 *)mregs->rvec_param[0], mregs->rvec_param[1]);
            break;
        case RVEC_ENABLE_FPU:
            use_fpu();
            break;
        case RVEC_IO_READ:
        case RVEC_IO_WRITE:
            io_access(rvec);
            break;
        case RVEC_OSI_SYSCALL:
            osi_call();
            break;
        case RVEC_MSR_POW:
            doze();
            if (!mregs->exit_request)   /* otherwise it sleeps on */
                mregs->msr &= ~0x40000u;
            break;
        case RVEC_TRACE:
            step();
            if (mregs->msr & MSR_SE)
                raise_exception(0xD00, 0);
            break;
        case RVEC_TIMER:
            mregs->timer_armed = 0;
            break;
        case RVEC_FP_LOAD:
        case RVEC_FP_STORE:
            float_access(rvec == RVEC_FP_STORE);
            break;
        case RVEC_BAD_NIP:
            transfer_error();
            break;
        case RVEC_SPR_READ:
        case RVEC_SPR_WRITE:
        case RVEC_PRIV_INST:
            raise_exception(0x700, 0x80000);
            break;
        case RVEC_REFUSED:
            print("MOL: the host has refused the entry\n");
            end_session(rvec);
            break;
        default:
            print("MOL: cannot handle RVEC ");
            print_hex(rvec);
            print("\n");
            end_session(rvec);
        }
    }
    return status;
}
