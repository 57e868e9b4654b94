/* What an address space must do. Each line is one property; the last one is "memory: ok". */
#include "user.h"

static u32 failures, initialised = 0x12345678, zero[3000];

static void expect(const char *what, int holds)
{
    if (!holds) {
        printf("memory: %s BAD\n", what);
        failures++;
    }
}

/* The status of a child that does something: -1 if the kernel had to end it. */
static int child(void (*act)(void))
{
    int status = -2, pid = fork();
    if (pid == 0) {
        act();
        exit(7);
    }
    while (wait(&status) != pid)
        ;
    return status;
}

static void load_0(void) { *(volatile u32 *)0; }
static void store_text(void) { *(volatile u32 *)main = 0; }
static void store_kernel(void) { *(volatile u32 *)0xC0003000 = 0; }
static void load_device(void) { *(volatile u32 *)0xFC00F000; }
static void privileged(void) { asm volatile("mtmsr %0" :: "r"(0)); }
static void illegal(void) { asm volatile(".long 0"); }
static void (*volatile nowhere)(void);
static void jump_0(void) { nowhere(); }
static void below_stack(void) { *(volatile u32 *)(0x7FFF0000 - 17 * 4096) = 1; }
static void nothing(void) { }

static void faults(void)
{
    expect("a load from 0 ends a process", child(load_0) == -1);
    expect("a store to text ends a process", child(store_text) == -1);
    expect("a store to the kernel ends a process", child(store_kernel) == -1);
    expect("a load from a device ends a process", child(load_device) == -1);
    expect("a privileged instruction ends a process", child(privileged) == -1);
    expect("an illegal instruction ends a process", child(illegal) == -1);
    expect("a jump to 0 ends a process", child(jump_0) == -1);
    expect("the stack has an end", child(below_stack) == -1);
    expect("the status of exit arrives", child(nothing) == 7);
}

static void pointers(void)
{
    expect("write from nowhere fails", write(1, NULL, 1) == -1);
    expect("write from the kernel fails", write(1, (void *)0xC0000000, 4) == -1);
    expect("write over the end fails", write(1, (void *)0xFFFFFFF0, 64) == -1);
    expect("read to text fails", read(0, (void *)main, 1) == -1);
    expect("open of nowhere fails", open((char *)0x666) == -1);
    expect("open of no file fails", open("nothing") == -1);
    expect("file 99 does not exist", write(99, "x", 1) == -1 && close(-1) == -1);
    expect("system call 99 does not exist", system_call(99, 0, 0, 0, 0) == -1);
}

static void maps(void)
{
    u8 *a = map(NULL, 5 * 4096), *b = map((void *)0x50000000, 100);
    expect("mapped where it was asked for", b == (u8 *)0x50000000 && a);
    for (u32 n = 0; n < 5 * 4096; n += 64)
        expect("mapped memory is zero", a[n] == 0);
    memset(a, 0x5A, 5 * 4096);
    expect("overlapping maps fail", !map(a + 4096, 4096) && !map((void *)0xC0000000, 4096)
           && !map((void *)0x50000001, 4096));
    expect("a part cannot be unmapped", unmap(a, 4096) == -1);
    expect("unmapped", unmap(a, 5 * 4096) == 0 && write(1, a, 1) == -1);
    expect("mapped again it is zero again", map(a, 5 * 4096) == a && a[4096] == 0);
    u8 *heap = grow(3 * 4096);
    heap[2 * 4096] = 1;
    expect("the heap shrinks", grow(-2 * 4096) == heap + 3 * 4096 && write(1, heap + 8192, 1) == -1);
}

/* Parent and child store to the same pages; each sees its own stores and what was there before. */
static void copies(void)
{
    u32 *shared = map(NULL, 2 * 4096);
    shared[0] = 1;
    shared[1024] = 2;
    int pid = fork();
    if (pid == 0) {
        sleep(2);
        expect("the child keeps the old page", shared[0] == 1);
        shared[1024] = 20;
        exit(failures);
    }
    shared[0] = 10;
    int status = -2;
    while (wait(&status) != pid)
        ;
    expect("the child's page was copied", status == 0);
    expect("the parent's pages are its own", shared[0] == 10 && shared[1024] == 2);
}

int main(int argc, char **argv)
{
    expect("arguments", argc == 3 && !strcmp(argv[0], "memory") && !strcmp(argv[2], "b"));
    expect("data", initialised == 0x12345678);
    for (u32 n = 0; n < COUNT(zero); n++)
        expect("bss is zero", zero[n] == 0);
    faults();
    pointers();
    maps();
    copies();
    if (!failures)
        printf("memory: ok\n");
    return failures;
}
