# The first ROM: brings the machine up, turns translation on, lives with page faults.
#
#   ../start    what every ROM does: vectors, size of memory, caches, segments, TLBs
#   reset.s     from the reset vector to a running MMU
#   vectors.s   the exception vectors and what they do when they are not expected
#   mmu.s       hash table: page faults, PTEs, the search for a translation
#   console.s   the serial port and the printing of numbers
#   report.s    what was found, and what has happened
#   selftest.s  the machine checks itself
#   monitor.s   a prompt
#
# The ROM runs where it is, exception vectors included: MSR[IP] stays 1, so that vectors are at
# 0xFFFn_nnnn. ROM and serial port are mapped by BATs. All of RAM is mapped by PTEs that the page
# fault handler makes when they are missed, the pages of its own stack and variables too. Handlers
# run in real mode and never miss.
#
# Function arguments and results are in r3 and r4; r3 to r12 and CR0 are free to use; r28 to r31
# are kept (`enter` and `leave` save them).

        .include "defs.s"
        .include "vectors.s"
        .text
        .include "reset.s"
        .include "../start/memory.s"
        .include "../start/caches.s"
        .include "../start/translation.s"
        .include "mmu.s"
        .include "console.s"
        .include "report.s"
        .include "selftest.s"
        .include "monitor.s"
        .include "variables.s"
