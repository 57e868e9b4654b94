/* Sessions, and the ioctls of /dev/mol (point i). */
#include "mol.h"

/* Assembly reads these two at an entry. */
u32 session_magic, session_phys[MAX_NUM_SESSIONS];
struct kernel_vars *sessions[MAX_NUM_SESSIONS];

extern char opcode_lost[];

#define KVARS_PAGES ((sizeof(struct kernel_vars) + PAGE_SIZE - 1) / PAGE_SIZE)
#define LOCKED_OUT 1u

static const char *const counter_names[] = {
#define COUNTER(name) #name,
#include "counters.h"
#undef COUNTER
};

static void free_session(struct kernel_vars *kv)
{
    free_accel(kv);
    free_pthash(kv);
    free_hash(kv);
    free_vsids(kv);
    free_lists(kv);
    free_track(kv);
    remove_io_pages(kv);
    unmap_blocks(kv);
    host_free_wired(kv, KVARS_PAGES);
}

static int any_session(void)
{
    for (int s = 0; s < MAX_NUM_SESSIONS; s++)
        if (sessions[s])
            return 1;
    return 0;
}

/* What a hard reset leaves in the guest: MSR[IP] = 1, and what the user part writes afterwards. */
static void reset_guest(struct kernel_vars *kv)
{
    kv->mregs.msr = MSR_IP;
    kv->mregs.nip = 0xFFF00100;
    kv->mregs.dec_stamp = 0;
}

static int create_session(u32 s)
{
    if (s >= MAX_NUM_SESSIONS)
        return EMOLINVAL;
    if (session_magic == LOCKED_OUT) {
        host_log("MOL: somebody has guessed; disabled until the next start");
        return EMOLSECURITY;
    }
    if (sessions[s])
        return EMOLINUSE;
    struct kernel_vars *kv = host_alloc_wired(KVARS_PAGES);
    if (!kv)
        return EMOLGENERAL;
    kv->session = s;
    kv->owner = host_current_owner();
    kv->kvars_virtual = (u32)kv;
    kv->kvars_phys = host_physical(kv);
    kv->secondary = host_physical(opcode_lost);
    kv->kernel_call[CALL_DSI] = (u32)dsi_exception;
    kv->kernel_call[CALL_ISI] = (u32)isi_exception;
    kv->kernel_call[CALL_PRIV_INST] = (u32)privileged_instruction;
    kv->kernel_call[CALL_SPR_WRITE] = (u32)write_spr;
    kv->kernel_call[CALL_ACCESS] = (u32)emulate_access;
    kv->kernel_call[CALL_SPLIT] = (u32)split_exception;
    kv->kernel_call[CALL_SEGMENT] = (u32)segment_loaded;
    kv->wanted_call = NO_CALL;
    kv->slots_mphys = kv->slots_ea = NO_PAGE;
    init_spr_hooks(kv);
    reset_guest(kv);
    int error = init_hash(kv);
    if (!error)
        error = init_track(kv);
    if (!error)
        error = init_vsids(kv);
    if (!error && !any_session()) {
        if (!session_magic)
            asm volatile("mftb %0" : "=r"(session_magic));
        session_magic = (session_magic * 1103515245 + 12345) >> 1 | 2;
        error = take_vectors();
    }
    if (error) {
        free_session(kv);
        return error;
    }
    clear_all_vsids(kv);
    host_set_flush_hook(flush_owner);
    purge_hash(kv);
    sessions[s] = kv;
    session_phys[s] = kv->kvars_phys;
    return 0;
}

static int destroy_session(struct kernel_vars *kv)
{
    session_phys[kv->session] = 0;
    sessions[kv->session] = NULL;
    remove_all_pents(kv);
    if (purge_hash(kv))
        host_log("MOL: stale PTEs flushed (something is wrong)");
    free_session(kv);
    if (!any_session()) {
        give_vectors_back();
        host_set_flush_hook(NULL);
    }
    return 0;
}

void mol_unload(void)
{
    for (int s = 0; s < MAX_NUM_SESSIONS; s++)
        if (sessions[s])
            destroy_session(sessions[s]);
}

static struct kernel_vars *own_session(void)
{
    for (int s = 0; s < MAX_NUM_SESSIONS; s++)
        if (sessions[s] && sessions[s]->owner == host_current_owner())
            return sessions[s];
    return NULL;
}

/* The user part has changed registers: what is derived from them is forgotten. */
static void spr_changed(struct kernel_vars *kv)
{
    note_bats(kv);
    do_mtsdr1(kv, kv->mregs.spr[SPR_SDR1]);
}

/* An option that changes where things are: everything goes before, and becomes known anew. */
static int keep_elsewhere(struct kernel_vars *kv, u32 option, u32 value)
{
    clear_all_vsids(kv);
    purge_hash(kv);
    kv->option[option] = value;
    if (option == OPTION_PRIVATE_HASH) {
        free_hash(kv);
        return init_hash(kv);
    }
    if (option == OPTION_LISTS) {
        free_lists(kv);
        return value ? init_lists(kv) : 0;
    }
    free_vsids(kv);
    int error = init_vsids(kv);
    if (error) {                        /* the host has no spaces for us */
        kv->option[option] = 0;
        free_vsids(kv);
        init_vsids(kv);
    }
    purge_hash(kv);                     /* who had the spaces before? */
    clear_all_vsids(kv);
    return error;
}

static int set_option(struct kernel_vars *kv, u32 option, u32 value)
{
    if (option >= MOL_OPTIONS)
        return EMOLINVAL;
    if (option == OPTION_VSID_LIMIT && (value < 32 || value > kv->option[OPTION_VSID_LIMIT]))
        return EMOLINVAL;
    if (option == OPTION_CONTEXT_LIMIT && value && value < 64)
        return EMOLINVAL;
    if (option == OPTION_PRIVATE_HASH || option == OPTION_LISTS || option == OPTION_VSID_MAP)
        return keep_elsewhere(kv, option, value);
    kv->option[option] = value;
    return 0;
}

static int tune_spr(struct kernel_vars *kv, u32 spr, u32 action)
{
    static const u8 hooks[] = { 0, HOOK_READ | HOOK_WRITE, HOOK_READ | HOOK_WRITE | HOOK_USER,
                                HOOK_READ | HOOK_WRITE, HOOK_READ | HOOK_IGNORE };
    if (spr >= 1024 || action >= sizeof hooks || kv->spr_hook[spr] & (HOOK_SPECIAL | HOOK_C))
        return EMOLINVAL;
    kv->spr_hook[spr] = hooks[action];
    return 0;
}

static int debugger_op(struct kernel_vars *kv, struct mol_ioctl_pb *pb)
{
    struct translation t;
    switch (pb->arg1) {
    case DBG_TLBIE:
        flush_ea(kv, pb->arg2);
        return 0;
    case DBG_TLBIA:
        clear_all_vsids(kv);
        return 0;
    case DBG_TRANSLATE:
        translate(kv, pb->arg2, LOAD, &t);
        pb->arg2 = t.fault;
        pb->arg3 = t.mphys;
        return 0;
    }
    return EMOLINVAL;
}

/* The C function that assembly wants to be called (OPTION_CALL_BY_USER). */
static int call_wanted(struct kernel_vars *kv, struct mol_ioctl_pb *pb)
{
    typedef u32 function(struct kernel_vars *, u32, u32);
    u32 call = kv->wanted_call;
    if (call == NO_CALL)
        return EMOLINVAL;
    kv->wanted_call = NO_CALL;
    pb->arg1 = ((function *)kv->kernel_call[call])(kv, kv->call_argument[0], kv->call_argument[1]);
    return 0;
}

int mol_ioctl(u32 number, struct mol_ioctl_pb *pb)
{
    if (number == MOL_IOCTL_CREATE_SESSION)
        return create_session(pb->arg1);
    struct kernel_vars *kv = own_session();
    if (!kv)
        return EMOLINVAL;
    switch (number) {
    case MOL_IOCTL_CALL_KERNEL:
        return call_wanted(kv, pb);
    case MOL_IOCTL_DEBUGGER_OP:
        return debugger_op(kv, pb);
    case MOL_IOCTL_CLEAR_PERF_INFO:
        for (int i = 0; i < COUNTERS; i++)
            kv->counter[i] = 0;
        return 0;
    case MOL_IOCTL_GET_PERF_INFO:
        if (pb->arg1 >= COUNTERS)
            return EMOLINVAL;
        pb->arg2 = kv->counter[pb->arg1];
        pb->arg3 = (u32)counter_names[pb->arg1];
        return 0;
    case MOL_IOCTL_DESTROY_SESSION:
        return destroy_session(kv);
    case MOL_IOCTL_SET_RAM:
        return kv->blocks ? EMOLINUSE : map_block(kv, 0, pb->arg2, pb->arg1, 0);
    case MOL_IOCTL_SPR_CHANGED:
        spr_changed(kv);
        return 0;
    case MOL_IOCTL_IDLE_RECLAIM:
        COUNT(kv, vsid_reclaim);
        clear_all_vsids(kv);
        return 0;
    case MOL_IOCTL_MMU_MAP:
        return map_block(kv, pb->arg1, pb->arg2, pb->arg3, 1);
    case MOL_IOCTL_ALLOC_EMUACCEL:
        return alloc_slot(kv, pb->arg1, pb->arg2, &pb->arg3);
    case MOL_IOCTL_MAPIN_EMUACCEL:
        return map_slots(kv, pb->arg1);
    case MOL_IOCTL_MAPIN_MREGS:
        return map_mregs(kv, pb->arg1);
    case MOL_IOCTL_ADD_IORANGE:
        return add_iorange(kv, pb->arg1, pb->arg2, pb->arg3);
    case MOL_IOCTL_REMOVE_IORANGE:
        return remove_iorange(kv, pb->arg1, pb->arg2);
    case MOL_IOCTL_GET_MREGS:
        pb->arg1 = kv->kvars_phys;
        return 0;
    case MOL_IOCTL_TUNE_SPR:
        return tune_spr(kv, pb->arg1, pb->arg2);
    case MOL_IOCTL_GET_SESSION_MAGIC:
        pb->arg1 = session_magic;
        return 0;
    case MOL_IOCTL_RAISE:
        if (pb->arg1 & ~0x1F00u)
            return EMOLINVAL;
        raise(kv, pb->arg1, pb->arg2);
        return 0;
    case MOL_IOCTL_MEMORY_WRITTEN:
        pthash_written(kv, pb->arg1, pb->arg2);
        end_reservation(kv);
        return 0;
    case MOL_IOCTL_SET_OPTION:
        return set_option(kv, pb->arg1, pb->arg2);
    case MOL_IOCTL_EMULATE_ACCESS:
        pb->arg1 = emulate_access(kv);
        return 0;
    }
    return EMOLINVAL;
}
