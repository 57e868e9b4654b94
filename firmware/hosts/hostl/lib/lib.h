/* What the kernel and its programs share: strings, and text of numbers. */
#ifndef LIB_H
#define LIB_H

#include <stdarg.h>
#include "types.h"

void *memset(void *to, int value, u32 size);
void *memcpy(void *to, const void *from, u32 size);
int strcmp(const char *a, const char *b);
u32 strlen(const char *s);
void strcopy(char *to, const char *from, u32 size);
int begins(const char *text, const char *prefix);
u32 number_of(const char *text);

/* %d %u %x %s %c with a width, 0 or blanks in front; - puts the text on the left. */
void format(void (*put)(char), const char *text, va_list values);

#endif
