/* vmm [TIMES | spin]: a monitor with a guest that tests the facility for virtual machines. With a number it
 * only does each thing so many times, for who counts the cycles; with `spin` its guest never stops. */
#include "mach.h"
#include "vmm_abi.h"

#define CODE 0x60000000u                /* of the guest */
#define DATA 0x60010000u
#define MORE 0x60020000u                /* pages that it finds absent */
#define PAGE 4096
#define PAGES 40                        /* of the monitor, for the guest */

static u8 *memory;
static int bad;

static int vmm(u32 call, struct vmm_state *machine, u32 a, u32 b)
{
    return system_call(TRAP_VMM, call, (u32)machine, a, b);
}

static void expect(const char *what, u32 found, u32 wanted)
{
    if (found == wanted)
        return;
    bad = 1;
    printf("vmm: %s: %x, not %x\n", what, found, wanted);
}

/* The guest: what it does at each of its entries is told by the address at which it begins. */
extern const u8 guest[], guest_add[], guest_store[], guest_fetch[], guest_privileged[], guest_self[],
    guest_float[], guest_spin[], guest_calls[], guest_mfmsrs[], guest_loads[], guest_end[];
asm("       .text\n"
    "       .globl  guest, guest_add, guest_store, guest_fetch, guest_privileged, guest_self\n"
    "       .globl  guest_float, guest_spin, guest_calls, guest_mfmsrs, guest_loads, guest_end\n"
    "guest:\n"
    "guest_add:\n"                      /* r3 = word at r4 + r5 */
    "       lwz     3, 0(4)\n"
    "       add     3, 3, 5\n"
    "       sc\n"
    "guest_store:\n"                    /* r3 to r4 */
    "       stw     3, 0(4)\n"
    "       sc\n"
    "guest_fetch:\n"                    /* from r4 */
    "       mtctr   4\n"
    "       bctr\n"
    "guest_privileged:\n"
    "       mfmsr   3\n"
    "       sc\n"
    "guest_self:\n"                     /* a fast trap of the host's, were it not a guest's */
    "       li      0, 0x7ff1\n"
    "       sc\n"
    "guest_float:\n"
    "       lfd     1, 0(4)\n"
    "       fadd    1, 1, 1\n"
    "       stfd    1, 0(4)\n"
    "       sc\n"
    "guest_spin:\n"
    "       b       guest_spin\n"
    "guest_calls:\n"                    /* CTR times */
    "       sc\n"
    "       bdnz    guest_calls\n"
    "guest_mfmsrs:\n"
    "       mfmsr   3\n"
    "       bdnz    guest_mfmsrs\n"
    "guest_loads:\n"                    /* CTR pages behind r4 */
    "       lwzu    3, 0x1000(4)\n"
    "       bdnz    guest_loads\n"
    "       sc\n"
    "guest_end:\n");

static u8 *page(u32 n) { return memory + n * PAGE; }

static u32 at(const u8 *label) { return CODE + (label - guest); }

/* Pages 0 and 1 of the memory are the guest's code and data. */
static struct vmm_state *new_machine(u32 data)
{
    struct vmm_state *s = (struct vmm_state *)vmm(VMM_INIT, NULL, 0, 0);
    expect("code", vmm(VMM_MAP_PAGE, s, (u32)page(0), CODE | VMM_READ_ONLY), 0);
    expect("data", vmm(VMM_MAP_PAGE, s, (u32)page(data), DATA), 0);
    return s;
}

/* Begin somewhere, with r3 to r5; the reason of the stop must be that one. */
static void run(const char *what, struct vmm_state *s, const u8 *label, u32 r3, u32 r4, u32 r5, int why)
{
    s->pc = at(label);
    s->gpr[3] = r3;
    s->gpr[4] = r4;
    s->gpr[5] = r5;
    expect(what, vmm(VMM_EXECUTE, s, 0, 0), why);
}

static void registers(struct vmm_state *s)
{
    for (u32 n = 6; n < 32; n++)
        s->gpr[n] = n * 0x01010101;
    s->cr = 0x12345678;
    s->xer = 0x20000000;
    s->lr = 0x11111110;
    *(u32 *)page(1) = 40;
    run("sum", s, guest_add, 0, DATA, 2, VMM_SYSTEM_CALL);
    expect("its result", s->gpr[3], 42);
    expect("pc behind sc", s->pc, at(guest_store));
    for (u32 n = 6; n < 32; n++)
        expect("register", s->gpr[n], n * 0x01010101);
    expect("cr", s->cr, 0x12345678);
    expect("xer", s->xer, 0x20000000);
    expect("lr", s->lr, 0x11111110);
}

static void faults(struct vmm_state *s)
{
    run("absent", s, guest_add, 0, MORE, 0, VMM_DATA_FAULT);
    expect("dar", s->dar, MORE);
    expect("dsisr", s->dsisr, 0x40000000);
    *(u32 *)page(2) = 7;
    expect("map and execute", vmm(VMM_MAP_EXECUTE, s, (u32)page(2), MORE | VMM_READ_ONLY), VMM_SYSTEM_CALL);
    expect("what is there", s->gpr[3], 7);
    run("read only", s, guest_store, 9, MORE, 0, VMM_DATA_FAULT);
    expect("dsisr", s->dsisr, 0x0A000000);
    expect("not stored", *(u32 *)page(2), 7);
    run("no code", s, guest_fetch, 0, MORE + PAGE, 0, VMM_INSTRUCTION_FAULT);
    expect("pc", s->pc, MORE + PAGE);
    expect("unmap", vmm(VMM_UNMAP_PAGE, s, MORE, 0), 0);
    expect("unmap again", vmm(VMM_UNMAP_PAGE, s, MORE, 0), VMM_BAD);
    run("absent again", s, guest_add, 0, MORE, 0, VMM_DATA_FAULT);
    run("kernel", s, guest_add, 0, 0xC0000000, 0, VMM_DATA_FAULT);
    run("privileged", s, guest_privileged, 0, 0, 0, VMM_PROGRAM);
    expect("why", s->srr1 & 0x40000, 0x40000);
    expect("pc", s->pc, at(guest_privileged));
    set_self(5);
    run("fast trap", s, guest_self, 6, 0, 0, VMM_SYSTEM_CALL);
    expect("own word", get_self(), 5);
}

static void dirty(struct vmm_state *s)
{
    vmm(VMM_GET_DIRTY, s, DATA, 1);
    expect("clean", vmm(VMM_GET_DIRTY, s, DATA, 0), 0);
    run("load", s, guest_add, 0, DATA, 0, VMM_SYSTEM_CALL);
    expect("loads do not change", vmm(VMM_GET_DIRTY, s, DATA, 0), 0);
    run("store", s, guest_store, 77, DATA, 0, VMM_SYSTEM_CALL);
    expect("dirty", vmm(VMM_GET_DIRTY, s, DATA, 1), 1);
    expect("clean again", vmm(VMM_GET_DIRTY, s, DATA, 0), 0);
    expect("stored", *(u32 *)page(1), 77);
    expect("mapping", vmm(VMM_GET_MAPPING, s, DATA, 0), (u32)page(1));
}

static void floats(struct vmm_state *s)
{
    *(double *)page(1) = 1.25;
    run("float", s, guest_float, 0, DATA, 0, VMM_SYSTEM_CALL);
    expect("sum", *(double *)page(1) == 2.5, 1);
}

static void two(struct vmm_state *s)
{
    struct vmm_state *other = new_machine(3);
    *(u32 *)page(1) = 1;
    *(u32 *)page(3) = 3;
    run("one", s, guest_add, 0, DATA, 0, VMM_SYSTEM_CALL);
    run("other", other, guest_add, 0, DATA, 0, VMM_SYSTEM_CALL);
    expect("apart", s->gpr[3] << 8 | other->gpr[3], 0x103);
    expect("tear down", vmm(VMM_TEAR_DOWN, other, 0, 0), 0);
    expect("gone", vmm(VMM_EXECUTE, other, 0, 0), VMM_BAD);
}

static void refusals(struct vmm_state *s)
{
    expect("address", vmm(VMM_MAP_PAGE, s, (u32)page(1), 0xC0000000), VMM_BAD);
    expect("page", vmm(VMM_MAP_PAGE, s, 0x50000000, DATA), VMM_BAD);
    expect("text", vmm(VMM_MAP_PAGE, s, (u32)guest & -PAGE, DATA), VMM_BAD);
    expect("call", vmm(99, s, 0, 0), VMM_BAD);
    int status = 0;
    if (fork() == 0)
        exit(vmm(VMM_EXECUTE, s, 0, 0) != VMM_BAD);
    wait(&status);
    expect("not its machine", status, 0);
}

/* Each thing so many times. */
static void measured(u32 times)
{
    struct vmm_state *s = new_machine(1);
    run("first", s, guest_add, 0, DATA, 0, VMM_SYSTEM_CALL);
    for (u32 n = 0; n < times; n++)
        vmm(VMM_VERSION, NULL, 0, 0);
    s->pc = at(guest_calls);
    s->ctr = times;
    for (u32 n = 0; n < times; n++)
        expect("call", vmm(VMM_EXECUTE, s, 0, 0), VMM_SYSTEM_CALL);
    s->ctr = times;                     /* behind the last call is bdnz */
    s->pc = at(guest_mfmsrs);
    for (u32 n = 0; n < times; n++) {
        expect("mfmsr", vmm(VMM_EXECUTE, s, 0, 0), VMM_PROGRAM);
        s->gpr[3] = 0x9032;
        s->pc += 4;
    }
    /* Pages 4 and on are there, those behind PAGES / 2 are not. */
    for (u32 half = 0; half < 2; half++) {
        u32 first = half ? PAGES / 2 : 4;
        for (u32 n = 0; n < times && !half; n++)
            *(u32 *)page(first + n) = n;
        s->pc = at(guest_loads);
        s->ctr = times;
        s->gpr[4] = MORE + half * 0x100000;
        int why = vmm(VMM_EXECUTE, s, 0, 0);
        for (u32 n = 0; why == VMM_DATA_FAULT; n++)
            why = vmm(VMM_MAP_EXECUTE, s, (u32)page(first + n), s->dar & -PAGE);
        expect("loads", why, VMM_SYSTEM_CALL);
    }
}

int main(int argc, char **argv)
{
    memory = map(NULL, PAGES * PAGE);
    memcpy(page(0), guest, guest_end - guest);
    if (argc > 1 && !strcmp(argv[1], "spin")) {
        run("spin", new_machine(1), guest_spin, 0, 0, 0, VMM_SYSTEM_CALL);
    } else if (argc > 1 && number_of(argv[1]) <= 16) {
        measured(number_of(argv[1]));
    } else {
        expect("version", vmm(VMM_VERSION, NULL, 0, 0), VMM_VERSION_NOW);
        struct vmm_state *s = new_machine(1);
        registers(s);
        faults(s);
        dirty(s);
        floats(s);
        two(s);
        refusals(s);
        expect("unmap all", vmm(VMM_UNMAP_ALL, s, 0, 0), 0);
        run("nothing", s, guest_add, 0, DATA, 0, VMM_INSTRUCTION_FAULT);
    }
    printf("vmm: %s\n", bad ? "bad" : "ok");
    return bad;
}
