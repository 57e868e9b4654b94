/* Processes: made, forked, ended, waited for. */
#include "kernel.h"

_Static_assert(sizeof(struct frame) == FRAME_SIZE && offsetof(struct frame, gpr) == FRAME_GPR
               && offsetof(struct frame, pc) == FRAME_PC
               && offsetof(struct frame, vector) == FRAME_VECTOR, "frame.h");
_Static_assert(offsetof(struct proc, stack_top) == PROC_STACK_TOP
               && offsetof(struct proc, sp) == PROC_SP
               && offsetof(struct proc, self) == PROC_SELF
               && offsetof(struct proc, space) == PROC_SPACE, "frame.h");

struct proc processes[PROCESSES];
static u8 stacks[PROCESSES][KERNEL_STACK] __attribute__((section(".bss.stacks"), aligned(16)));
static u32 last_pid;

/* A stack on which switch_stack finds process_begins, which calls function(argument), and below the
 * frame with which the process enters user state. */
static void new_stack(struct proc *p, void (*function)(void *), void *argument)
{
    u32 *sp = (u32 *)(p->stack_top - FRAME_SIZE - 96);
    sp[0] = p->stack_top - FRAME_SIZE;
    sp[4 + 14 - 13] = (u32)function;    /* r14: switch_stack keeps r13 to r31 from word 4 on */
    sp[4 + 15 - 13] = (u32)argument;
    sp[25] = (u32)process_begins;       /* LR save word of the frame above */
    p->sp = (u32)sp;
}

/* An empty process, or NULL: too many, or no memory. */
struct proc *proc_new(const char *name)
{
    for (struct proc *p = processes; p < processes + PROCESSES; p++) {
        if (p->state != UNUSED)
            continue;
        memset(p, 0, sizeof *p);
        p->state = NEW;
        p->stack_top = (u32)stacks[p - processes + 1];
        u32 directory;
        while (!(directory = page_alloc_wired(1, 1)))
            if (!memory_wait()) {
                p->state = UNUSED;
                return NULL;
            }
        p->directory = virtual(directory);
        p->pid = ++last_pid;
        p->context = context_alloc();
        strcopy(p->name, name, NAME_SIZE);
        return p;
    }
    return NULL;
}

/* A process that never leaves the kernel. */
struct proc *kernel_thread(const char *name, void (*function)(void *), void *argument)
{
    struct proc *p = proc_new(name);
    if (!p)
        panic("no process for %s", name);
    new_stack(p, function, argument);
    p->state = RUNNABLE;
    return p;
}

/* Everything but its place in the table, where its parent finds how it ended. */
static void give_back(struct proc *p)
{
    for (u32 n = 0; n < FILES; n++)
        if (p->files[n])
            file_close(p->files[n]);
    machdep_exit(p);
    fpu_forget(p);
    tables_free(p);
    context_free(p->context);
}

static void forked(void *unused)
{
    (void)unused;
}

/* Returns the child's number, in the child 0. */
int proc_fork(struct frame *frame)
{
    struct proc *p = current(), *child = proc_new(p->name);
    if (!child)
        return ERROR;
    memcpy(child->regions, p->regions, sizeof p->regions);
    if (!tables_fork(child, p)) {
        give_back(child);
        child->state = UNUSED;
        return ERROR;
    }
    for (u32 n = 0; n < FILES; n++)
        if ((child->files[n] = p->files[n]))
            child->files[n]->count++;
    fpu_sync(p);
    memcpy(child->fpu, p->fpu, sizeof p->fpu);
    child->fpu_used = p->fpu_used;
    child->parent = p;
    *user_frame(child) = *frame;
    user_frame(child)->gpr[3] = 0;
    user_frame(child)->msr &= ~MSR_FP;
    new_stack(child, forked, NULL);
    child->state = RUNNABLE;
    kick_idle();
    return child->pid;
}

void proc_exit(int status)
{
    struct proc *p = current();
    if (p->pid == 1)
        panic("init ends with %d", status);
    give_back(p);
    for (struct proc *child = processes; child < processes + PROCESSES; child++)
        if (child->state != UNUSED && child->parent == p)
            child->parent = &processes[1];
    p->status = status;
    p->state = ZOMBIE;
    wakeup(p->parent);
    wakeup(&processes[1]);
    schedule();
    panic("a dead process runs");
}

/* Wait for a child to end. Returns its number, or ERROR if there is none. */
int proc_wait(u32 status_address)
{
    for (;;) {
        int children = 0;
        for (struct proc *p = processes; p < processes + PROCESSES; p++) {
            if (p->state == UNUSED || p->parent != current())
                continue;
            children++;
            if (p->state != ZOMBIE)
                continue;
            int pid = p->pid, status = p->status;
            p->state = UNUSED;
            if (status_address)
                copy_out(status_address, &status, sizeof status);
            return pid;
        }
        if (!children || current()->killed)
            return ERROR;
        sleep_on(current(), 0);
    }
}

int proc_kill(u32 pid)
{
    for (struct proc *p = processes; p < processes + PROCESSES; p++) {
        if (p->pid != pid || !p->parent || p->state < RUNNABLE || p->state == ZOMBIE)
            continue;
        p->killed = 1;
        if (p->state == SLEEPING) {
            p->state = RUNNABLE;
            kick_idle();
        }
        return 0;
    }
    return ERROR;
}
