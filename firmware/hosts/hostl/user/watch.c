/* watch: what the module of this name has counted. */
#include "user.h"

int main(int argc, char **argv)
{
    struct watch_counts counts;
    int watch = open("/dev/watch");
    (void)argc, (void)argv;
    if (ioctl(watch, WATCH_COUNTS, &counts) < 0) {
        printf("watch: the module is not loaded\n");
        return 1;
    }
    printf("%u decrementer exceptions, %u flushes of %u pages, %u switches\n", counts.decrementer,
           counts.flushes, counts.pages, counts.switches);
    u32 *decrementer = map_file(watch, 4096);
    printf("in our own memory: %u\n", decrementer ? *decrementer : 0);
    return 0;
}
