/* For entry.S and vectors.S: what changes at the border between a process and the kernel. In HostL the
 * kernel has segments of its own beside those of the process: nothing. */
#ifndef SPACE_H
#define SPACE_H

        .macro  enter_kernel
        .endm

        .macro  leave_kernel
        .endm

        .macro  fast_trap
        .endm

#endif
