# The kernel of our Open Firmware: everything that is written in assembly.
#
#   defs.s        memory map, registers of the Forth machine, macros
#   vectors.s     the exception vectors: faults become THROWs
#   ../../start   what every ROM does: vectors, size of memory, caches, segments, TLBs
#   reset.s       from the reset vector to the first Forth word; little.s: too little memory
#   pages.s       the hash table, filled on demand from the list of translations
#   inner.s       what compiled words are made of: literals, loops, data words, locals
#   throw.s       CATCH and THROW
#   stack.s arithmetic.s double.s memory.s strings.s    words by group
#   dictionary.s  search for a name
#   processor.s   special registers, caches, time
#   client.s      entering a client program, and its calls; its translation: environment.s
#   interrupts.s  ticks: the decrementer interrupts while the prompt executes a line
#   variables.s   the kernel's variables, at the start of the data area
#
# The rest of the firmware is Forth (../forth), compiled behind the kernel in the ROM image.

        .include "defs.s"
        .include "vectors.s"
        .text
        .include "reset.s"
        .include "little.s"
        .include "../../start/memory.s"
        .include "../../start/caches.s"
        .include "../../start/translation.s"
        .include "pages.s"
        .include "inner.s"
        .include "throw.s"
        .include "stack.s"
        .include "arithmetic.s"
        .include "double.s"
        .include "memory.s"
        .include "strings.s"
        .include "dictionary.s"
        .include "processor.s"
        .include "environment.s"
        .include "client.s"
        .include "interrupts.s"
        .include "variables.s"
