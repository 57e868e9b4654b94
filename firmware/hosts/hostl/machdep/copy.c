/* Copying from and to the memory of the current process. */
#include "kernel.h"

/* Does the kernel copy where it has faulted? */
int copy_address(u32 *address)
{
    return *address < USER_END;
}

/* The process's addresses are the kernel's too: copying may fault, as any other access. */
int copy_in(void *to, u32 address, u32 size)
{
    if (!user_range(address, size, 0))
        return 0;
    memcpy(to, (const void *)address, size);
    return 1;
}

int copy_out(u32 address, const void *from, u32 size)
{
    if (!user_range(address, size, 1))
        return 0;
    memcpy((void *)address, from, size);
    return 1;
}

int copy_in_string(char *to, u32 address, u32 size)
{
    while (size--) {
        if (!user_range(address, 1, 0))
            return 0;
        if (!(*to++ = *(const char *)address++))
            return 1;
    }
    return 0;
}
