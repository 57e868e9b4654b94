/* Contexts that modules have asked for. They are in use like those of processes. */
#include "kernel.h"

#define LENT 1024

static u32 lent_contexts[LENT], lent_count;

/* 0: there are no more. */
u32 context_lend(void)
{
    if (lent_count == LENT)
        return 0;
    return lent_contexts[lent_count++] = context_alloc();
}

void context_take_back(u32 context)
{
    for (u32 n = 0; n < lent_count; n++)
        if (lent_contexts[n] == context) {
            lent_contexts[n] = lent_contexts[--lent_count];
            context_free(context);
            return;
        }
}

int context_is_lent(u32 context)
{
    for (u32 n = 0; n < lent_count; n++)
        if (lent_contexts[n] == context)
            return 1;
    return 0;
}
