/* fw_cfg: what firmware wants to know, by key. Numbers are little-endian. */
#include "board.h"

#define ITEMS 24
enum { SELECT = 0, DATA = 2 };

static struct item { u16 key; u8 size, at[4]; } items[ITEMS] = {
    { FW_SIGNATURE, 4, { 'Q', 'E', 'M', 'U' } }, { FW_ID, 4, { 1 } }, { FW_BOOT_DEVICE, 1, { 'c' } },
};
static const struct item *selected;
static u32 position;

/* The item with this key, or a new one. */
static struct item *item_of(enum fw_cfg_key key)
{
    struct item *item = items;
    while (item->size && item->key != key)
        item++;
    item->key = key;
    return item;
}

void fw_cfg_number(enum fw_cfg_key key, u32 value)
{
    struct item *item = item_of(key);
    item->size = sizeof value;
    for (u32 i = 0; i < sizeof value; i++)
        item->at[i] = value >> 8 * i;
}

void fw_cfg_letter(enum fw_cfg_key key, char letter)
{
    struct item *item = item_of(key);
    item->size = 1;
    item->at[0] = letter;
}

/* A wider access is that many bytes in a row. Behind the item's end are zeros. */
u32 fw_cfg_read(u32 offset, u32 size)
{
    u32 value = 0;
    for (u32 i = 0; i < size; i++) {
        value <<= 8;
        if (offset + i >= DATA && selected && position < selected->size)
            value |= selected->at[position++];
    }
    return value;
}

void fw_cfg_write(u32 offset, u32 size, u32 value)
{
    if (offset != SELECT || size != 2)
        return;
    selected = NULL;
    position = 0;
    for (u32 n = 0; n < ITEMS && items[n].size; n++)
        if (items[n].key == value)
            selected = &items[n];
}
