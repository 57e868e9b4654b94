/* Control flow: switches with and without tables, loops, gotos, recursion, assembler statements. */

typedef int (*handler)(int);

extern int getchar(void);
extern int putchar(int character);
static volatile unsigned *const device = (volatile unsigned *)0xCC003000;

int dense(int which)
{
    switch (which) {
    case 0: return getchar();
    case 1: return which * 11;
    case 2: putchar(which); break;
    case 3: case 4: return -1;
    case 5: return 0x12345678;
    case 6: return which << 3;
    case 7: putchar('7'); putchar('\n'); return 70;
    case 9: return 99;
    default: return 1000;
    }
    return 2;
}

int sparse(unsigned which)
{
    switch (which) {
    case 1: return 3;
    case 100: return 5;
    case 10000: return 7;
    case 0x80000000u: return 9;
    }
    return 0;
}

static int twice(int value) { return 2 * value; }
static int square(int value) { return value * value; }
int negate(int value) { return -value; }
handler handlers[] = {twice, square, negate, 0};

int call(unsigned which, int value)
{
    return which < 3 && handlers[which] ? handlers[which](value) : twice(value) + square(value);
}

int machine(const char *text)
{
    static void *const states[] = {&&start, &&number, &&space, &&end};
    int total = 0, value = 0;
start:
    if (!*text)
        goto *states[3];
    goto *states[*text >= '0' && *text <= '9' ? 1 : 2];
number:
    value = 10 * value + *text++ - '0';
    goto start;
space:
    total += value;
    value = 0;
    text++;
    goto start;
end:
    return total + value;
}

unsigned ackermann(unsigned m, unsigned n)
{
    return !m ? n + 1 : !n ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

void wait(unsigned mask)
{
    while (!(device[2] & mask))
        __asm__ volatile ("eieio" ::: "memory");
    device[0] = mask;
    __asm__ volatile ("sync\n\tisync" ::: "memory");
}

unsigned exchange(unsigned *place, unsigned value)
{
    unsigned old;
    __asm__ volatile ("1:\tlwarx %0,0,%2\n\tstwcx. %3,0,%2\n\tbne- 1b"
                      : "=&r" (old), "+m" (*place) : "r" (place), "r" (value) : "cr0");
    return old + __atomic_fetch_add(place, 5, __ATOMIC_SEQ_CST)
        + __atomic_load_n(place + 1, __ATOMIC_ACQUIRE);
}

void sort(int *data, int size)
{
    for (int gap = size / 2; gap > 0; gap /= 2)
        for (int i = gap; i < size; i++) {
            int value = data[i], j = i;
            for (; j >= gap && data[j - gap] > value; j -= gap)
                data[j] = data[j - gap];
            data[j] = value;
        }
}
