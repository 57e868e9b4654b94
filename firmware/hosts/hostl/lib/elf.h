/* Headers of ELF files (System V ABI, PowerPC supplement). */
#ifndef ELF_H
#define ELF_H

#include "types.h"

struct elf_header {
    u8 identity[16];
    u16 type, machine;
    u32 version, entry, program_headers, section_headers, flags;
    u16 size, program_header_size, program_header_count;
};
struct program_header { u32 type, offset, virtual, physical, file_size, size, flags, align; };

enum { ELF_MAGIC = 0x7F454C46, PT_LOAD = 1, PF_W = 2 };

#endif
