/* free: memory, swap area, hash table. */
#include "user.h"

int main(int argc, char **argv)
{
    struct memory_stat s;
    (void)argc, (void)argv;
    if (ioctl(open("/dev/stat"), STAT_MEMORY, &s) < 0)
        return 1;
    printf("frames %6u, free %6u\n", s.frames, s.free);
    printf("slots  %6u, free %6u, written %u, read %u\n", s.slots, s.free_slots, s.swap_written,
           s.swap_read);
    printf("hash   %6u groups, inserted %u, evicted %u, flushed %u\n", s.hash_groups,
           s.hash_inserted, s.hash_evicted, s.hash_flushed);
    printf("ticks  %6u, switches %u\n", s.ticks, s.switches);
    return 0;
}
