/* The library of programs: arguments, output, input, random numbers. */
#include "user.h"

#define ARGUMENTS 8

/* The first C function. Blanks between the arguments become ends of strings. */
void start(char *text);
void start(char *text)
{
    char *argv[ARGUMENTS + 1];
    int argc = 0;
    while (*text && argc < ARGUMENTS) {
        argv[argc++] = text;
        while (*text && *text != ' ')
            text++;
        while (*text == ' ')
            *text++ = 0;
    }
    argv[argc] = NULL;
    exit(main(argc, argv));
}

static char out[128];
static u32 out_length;

static void flush(void)
{
    write(1, out, out_length);
    out_length = 0;
}

static void put(char c)
{
    out[out_length++] = c;
    if (out_length == sizeof out)
        flush();
}

void printf(const char *text, ...)
{
    va_list values;
    va_start(values, text);
    format(put, text, values);
    va_end(values);
    flush();
}

u32 get_line(char *to, u32 size)
{
    int length = read(0, to, size - 1);
    if (length > 0 && to[length - 1] == '\n')
        length--;
    to[length < 0 ? 0 : length] = 0;
    return length < 0 ? 0 : length;
}

/* Marsaglia, Xorshift RNGs, 2003: 13, 17, 5. The state must not be 0. */
u32 random_word(u32 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* From the data cache to memory, and out of the instruction cache (MPC750 UM 3.4.2.6). */
void code_stored(const void *first, u32 size)
{
    u32 start = (u32)first & ~31u, end = (u32)first + size, line;
    for (line = start; line < end; line += 32)
        asm volatile("dcbst 0, %0" :: "r"(line) : "memory");
    asm volatile("sync" ::: "memory");
    for (line = start; line < end; line += 32)
        asm volatile("icbi 0, %0" :: "r"(line) : "memory");
    asm volatile("sync; isync" ::: "memory");
}
