/* Memory and strings. The compiler calls memset and memcpy for structures too. */
#include "lib.h"

void *memset(void *to, int value, u32 size)
{
    for (u8 *p = to; size--; p++)
        *p = value;
    return to;
}

void *memcpy(void *to, const void *from, u32 size)
{
    u8 *p = to;
    const u8 *q = from;
    if ((((u32)p | (u32)q) & 3) == 0)
        for (; size >= 4; size -= 4, p += 4, q += 4)
            *(u32 *)p = *(const u32 *)q;
    while (size--)
        *p++ = *q++;
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a - *b;
}

u32 strlen(const char *s)
{
    u32 length = 0;
    while (s[length])
        length++;
    return length;
}

/* At most size - 1 characters, and always a 0. */
void strcopy(char *to, const char *from, u32 size)
{
    while (size-- > 1 && *from)
        *to++ = *from++;
    *to = 0;
}

/* A decimal number at the beginning of a text, perhaps with K or M behind it. */
u32 number_of(const char *text)
{
    u32 value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = 10 * value + *text - '0';
    return *text == 'K' ? value << 10 : *text == 'M' ? value << 20 : value;
}

int begins(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++)
            return 0;
    return 1;
}
