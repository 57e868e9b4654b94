/* Structures, pointers, strings, function pointers, variable arguments. */

#include <stdarg.h>
#include <stdint.h>

struct node {
    const char *name;
    int32_t key;
    uint16_t flags : 5, colour : 3, rest : 8;
    uint8_t bytes[3];
    struct node *left, *right;
    int (*compare)(const struct node *, int);
};

union word {
    uint32_t all;
    uint16_t half[2];
    uint8_t byte[4];
};

extern void *memcpy(void *to, const void *from, unsigned size);
extern int puts(const char *text);

static int by_key(const struct node *node, int key)
{
    return node->key < key ? -1 : node->key > key;
}

static struct node leaves[2] = {
    {"left \"quoted\"\t\001\xff;#/*", -5, 3, 2, 200, {1, 2, 3}, 0, 0, by_key},
    {"right\\", 0x7fffffff, 31, 7, 0, {0}, 0, 0, by_key},
};
struct node root = {"root", 0, 0, 0, 0, {9, 8, 7}, &leaves[0], &leaves[1], by_key};
static const char *const messages[] = {"zero", "one", "two", "three: a longer text", ""};

struct node *find(struct node *node, int key)
{
    while (node) {
        int order = node->compare(node, key);
        if (order == 0)
            return node;
        node = order > 0 ? node->left : node->right;
    }
    return 0;
}

void insert(struct node **place, struct node *node)
{
    while (*place)
        place = (*place)->key > node->key ? &(*place)->left : &(*place)->right;
    node->left = node->right = 0;
    *place = node;
}

int depth(const struct node *node)
{
    int left, right;
    if (!node)
        return 0;
    left = depth(node->left);
    right = depth(node->right);
    return 1 + (left > right ? left : right);
}

struct node copy(const struct node *node)
{
    struct node result = *node;
    result.flags ^= 0x15;
    result.colour++;
    return result;
}

uint32_t swap(uint32_t value)
{
    union word in = {value}, out;
    out.byte[0] = in.byte[3];
    out.byte[1] = in.byte[2];
    out.half[1] = (uint16_t)(in.half[0] >> 8 | in.half[0] << 8);
    return out.all;
}

int sum(int count, ...)
{
    va_list list;
    int total = 0;
    va_start(list, count);
    for (; count > 0; count--)
        total += va_arg(list, int);
    va_end(list);
    return total;
}

int report(unsigned which)
{
    char line[64];
    const char *text = messages[which % 5];
    unsigned i;
    memcpy(line, "message: ", 9);
    for (i = 0; text[i] && i < sizeof line - 10; i++)
        line[9 + i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
    line[9 + i] = 0;
    return puts(line) + sum(4, which, i, line[9], depth(&root));
}
