/* What a program can use: system calls (abi.h), and a little library. */
#ifndef USER_H
#define USER_H

#include "abi.h"
#include "lib.h"

int system_call(u32 number, u32 a, u32 b, u32 c, u32 d);

static inline void exit(int status) { system_call(SYS_EXIT, status, 0, 0, 0); }
static inline int fork(void) { return system_call(SYS_FORK, 0, 0, 0, 0); }
static inline int wait(int *status) { return system_call(SYS_WAIT, (u32)status, 0, 0, 0); }
static inline int exec(const char *name, const char *argument)
{
    return system_call(SYS_EXEC, (u32)name, (u32)argument, 0, 0);
}
static inline int open(const char *name) { return system_call(SYS_OPEN, (u32)name, 0, 0, 0); }
static inline int close(int file) { return system_call(SYS_CLOSE, file, 0, 0, 0); }
static inline int read(int file, void *to, u32 size)
{
    return system_call(SYS_READ, file, (u32)to, size, 0);
}
static inline int write(int file, const void *from, u32 size)
{
    return system_call(SYS_WRITE, file, (u32)from, size, 0);
}
static inline int ioctl(int file, u32 number, void *argument)
{
    return system_call(SYS_IOCTL, file, number, (u32)argument, 0);
}
static inline int poll(int file, u32 ticks)
{
    return system_call(SYS_POLL, file, ticks, 0, 0);
}
static inline void *map(void *address, u32 size)
{
    return (void *)system_call(SYS_MAP, (u32)address, size, 0, 0);
}
static inline void *map_file(int file, u32 size)
{
    return (void *)system_call(SYS_MAP_FILE, file, size, 0, 0);
}
static inline int unmap(void *address, u32 size)
{
    return system_call(SYS_UNMAP, (u32)address, size, 0, 0);
}
static inline void *grow(int bytes) { return (void *)system_call(SYS_GROW, bytes, 0, 0, 0); }
static inline void sleep(u32 ticks) { system_call(SYS_SLEEP, ticks, 0, 0, 0); }
static inline void yield(void) { system_call(SYS_YIELD, 0, 0, 0, 0); }
static inline int getpid(void) { return system_call(SYS_GETPID, 0, 0, 0, 0); }
static inline int kill(int pid) { return system_call(SYS_KILL, pid, 0, 0, 0); }
static inline int module(const char *name, int load)
{
    return system_call(SYS_MODULE, (u32)name, load, 0, 0);
}
static inline int wire(void *address, u32 size)
{
    return system_call(SYS_WIRE, (u32)address, size, 0, 0);
}
static inline void halt(void) { system_call(SYS_HALT, 0, 0, 0, 0); }

int main(int argc, char **argv);
void printf(const char *text, ...) __attribute__((format(printf, 1, 2)));
u32 get_line(char *to, u32 size);       /* without its end */
u32 random_word(u32 *state);
void code_stored(const void *first, u32 size);   /* before it is fetched */

#endif
