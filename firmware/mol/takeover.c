/* Taking over the exception vectors, and giving them back (point vii). */
#include "mol.h"

struct vector { u32 vector, handler, resume; };
extern const struct vector mol_vectors[];       /* vectors.S; ends with 0 */

#define BRANCH 0x48000000u
#define BRANCH_MASK 0xFC000003u
#define MAX_VECTORS 24

static u32 displaced[MAX_VECTORS];

static u32 branch(u32 from, u32 to) { return BRANCH | ((to - from) & 0x03FFFFFC); }

static void write_code(u32 physical, u32 word)
{
    u32 *place = host_virtual(physical);
    *place = word;
    asm volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" :: "r"(place) : "memory");
}

/* Put a word where it runs from `to` as it did from `from`: a relative branch has a new distance. */
static u32 moved(u32 word, u32 from, u32 to)
{
    if ((word & BRANCH_MASK) != BRANCH)
        return word;
    int distance = (int)((word & 0x03FFFFFC) << 6) >> 6;
    return branch(to, from + distance);
}

int take_vectors(void)
{
    for (int i = 0; mol_vectors[i].vector; i++) {
        u32 vector = mol_vectors[i].vector;
        u32 handler = host_physical((void *)mol_vectors[i].handler);
        u32 resume = host_physical((void *)mol_vectors[i].resume);
        u32 word = *(u32 *)host_virtual(vector);
        /* A conditional branch has a short reach: such a host needs another first word. */
        if (word >> 26 == 16 && !(word & 2))
            return EMOLGENERAL;
        displaced[i] = word;
        write_code(resume, moved(word, vector, resume));
        write_code(resume + 4, branch(resume + 4, vector + 4));
        write_code(vector, branch(vector, handler));
    }
    return 0;
}

void give_vectors_back(void)
{
    for (int i = 0; mol_vectors[i].vector; i++)
        write_code(mol_vectors[i].vector, displaced[i]);
}
