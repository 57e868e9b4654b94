/* KVM-PR's way to VSIDs (OPTION_VSID_MAP): the host is asked for spaces, as for processes, and records are
 * found in a map. Each key has two places in it. A record that loses its place to another one is never found
 * again; its VSID comes back when all have been used, and everything is forgotten. */
#include "mol.h"

int ask_for_spaces(struct kernel_vars *kv)
{
    while (kv->spaces_asked < SPACES_ASKED) {
        u32 space = host_space_alloc();
        if (space == HOST_NO_SPACE) {
            give_spaces_back(kv);
            return EMOLGENERAL;
        }
        kv->spaces[kv->spaces_asked++] = space;
    }
    return 0;
}

void give_spaces_back(struct kernel_vars *kv)
{
    while (kv->spaces_asked)
        host_space_free(kv->spaces[--kv->spaces_asked]);
}

/* User state has records of its own: KEY_USER. */
static u32 place(u32 key)
{
    u32 pieces = key ^ key >> MAP_BITS ^ key >> 2 * MAP_BITS;
    return (pieces ^ ((key & KEY_USER) != 0)) & (MAP_PLACES - 1);
}

static struct vsid_ent *at(struct kernel_vars *kv, u32 n, u32 key)
{
    struct vsid_ent *v = kv->vsid_map[n] == NO_VSID ? NULL : &kv->vsids[kv->vsid_map[n]];
    return v && v->key == key ? v : NULL;
}

struct vsid_ent *find_in_map(struct kernel_vars *kv, u32 key)
{
    u32 n = place(key);
    struct vsid_ent *v = at(kv, n, key);
    return v ? v : at(kv, MAP_PLACES - 1 - n, key);
}

void put_into_map(struct kernel_vars *kv, struct vsid_ent *v)
{
    u32 n = place(v->key);
    if (kv->map_backwards)
        n = MAP_PLACES - 1 - n;
    kv->map_backwards = !kv->map_backwards;
    if (kv->vsid_map[n] != NO_VSID)
        COUNT(kv, vsid_lost);
    kv->vsid_map[n] = v->index;
}

void clear_map(struct kernel_vars *kv)
{
    for (u32 n = 0; n < MAP_PLACES; n++)
        kv->vsid_map[n] = NO_VSID;
}
