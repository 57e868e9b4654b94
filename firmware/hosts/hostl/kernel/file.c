/* Open files, and the devices behind them: /dev/NAME is a device, any other name a file of the
 * archive. */
#include "kernel.h"

#define DEVICES_MAX 8
#define OPEN_FILES 64

static const struct device *devices[DEVICES_MAX];
static struct file open_files[OPEN_FILES];

int device_register(const struct device *device)
{
    for (u32 n = 0; n < DEVICES_MAX; n++)
        if (!devices[n]) {
            devices[n] = device;
            return 0;
        }
    return ERROR;
}

void device_unregister(const struct device *device)
{
    for (u32 n = 0; n < DEVICES_MAX; n++)
        if (devices[n] == device)
            devices[n] = NULL;
}

static int archive_read(struct file *file, u32 address, u32 size)
{
    u32 left = file->size - file->position;
    if (size > left)
        size = left;
    copy_out(address, file->data + file->position, size);
    file->position += size;
    return size;
}

static const struct device archive_device = { .name = "archive", .read = archive_read };

/* Which device a name stands for; of a file of the archive, where it is, too. */
static const struct device *look_up(const char *name, struct file *file)
{
    if (!begins(name, "/dev/")) {
        file->data = archive_find(name, &file->size);
        return file->data ? &archive_device : NULL;
    }
    for (u32 n = 0; n < DEVICES_MAX; n++)
        if (devices[n] && !strcmp(devices[n]->name, name + 5))
            return devices[n];
    return NULL;
}

struct file *file_open(const char *name)
{
    for (struct file *file = open_files; file < open_files + OPEN_FILES; file++) {
        if (file->count)
            continue;
        memset(file, 0, sizeof *file);
        file->device = look_up(name, file);
        if (!file->device || (file->device->open && file->device->open(file) < 0))
            return NULL;
        file->count = 1;
        return file;
    }
    return NULL;
}

void file_close(struct file *file)
{
    if (--file->count == 0 && file->device->close)
        file->device->close(file);
}
