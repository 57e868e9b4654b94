/* What a program of HostX can use beside user.h: ports and messages, and the fast traps. */
#ifndef MACH_H
#define MACH_H

#include "mach_abi.h"
#include "user.h"

static inline u32 mach_reply_port(void) { return system_call(TRAP_REPLY_PORT, 0, 0, 0, 0); }
static inline u32 mach_task_self(void) { return system_call(TRAP_TASK_SELF, 0, 0, 0, 0); }
static inline int mach_msg(struct mach_message *m, u32 options, u32 receive)
{
    return system_call(TRAP_MACH_MSG, (u32)m, options, sizeof *m, receive);
}
static inline void set_self(u32 word) { system_call(0x7FF1, word, 0, 0, 0); }
static inline u32 get_self(void) { return system_call(0x7FF2, 0, 0, 0, 0); }

/* Ask the kernel about a name. Returns a send right, or, for SERVICE_REGISTER, 1; 0: an error. */
static inline u32 mach_service(u32 id, const char *name, u32 port)
{
    u32 reply = mach_reply_port();
    struct mach_message m = {
        .header = { COPY_SEND | MAKE_SEND_ONCE << 8, MSG_FIXED + SERVICE_NAME, mach_task_self(),
                    reply, 0, id },
        .port = port, .disposition = port ? MAKE_SEND : 0,
    };
    strcopy((char *)m.body, name, SERVICE_NAME);
    if (mach_msg(&m, MACH_SEND_MSG | MACH_RCV_MSG, reply) || m.body[0])
        return 0;
    return id == SERVICE_LOOKUP ? m.port : 1;
}

#endif
