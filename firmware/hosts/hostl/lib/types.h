/* Types that everything uses. */
#ifndef TYPES_H
#define TYPES_H

#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
