/* printf for the kernel and its programs: what is to be written goes to a function by bytes. */
#include "lib.h"

struct field { void (*put)(char); u32 width; char fill; int left; };

static void put_text(const struct field *f, const char *text)
{
    u32 length = strlen(text);
    for (u32 n = length; !f->left && n < f->width; n++)
        f->put(f->fill);
    for (u32 n = 0; n < length; n++)
        f->put(text[n]);
    for (u32 n = length; f->left && n < f->width; n++)
        f->put(' ');
}

static void put_number(const struct field *f, u32 value, u32 base, int negative)
{
    char digits[12], *at = digits + sizeof digits;
    *--at = 0;
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative)
        *--at = '-';
    put_text(f, at);
}

static void put_value(const struct field *f, char kind, u32 value)
{
    char text[2] = { value, 0 };
    switch (kind) {
    case 'd': put_number(f, (int)value < 0 ? -value : value, 10, (int)value < 0); break;
    case 'u': put_number(f, value, 10, 0); break;
    case 'x': put_number(f, value, 16, 0); break;
    case 'c': put_text(f, text); break;
    case 's': put_text(f, (const char *)value); break;
    }
}

void format(void (*put)(char), const char *text, va_list values)
{
    for (; *text; text++) {
        if (*text != '%') {
            put(*text);
            continue;
        }
        struct field f = { put, 0, ' ', 0 };
        if (*++text == '-')
            f.left = *text++;
        if (*text == '0')
            f.fill = *text++;
        for (; *text >= '0' && *text <= '9'; text++)
            f.width = 10 * f.width + *text - '0';
        put_value(&f, *text, va_arg(values, u32));
    }
}
