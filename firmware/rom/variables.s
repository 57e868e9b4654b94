# Variables: in the lowest RAM, so that displacements from address 0 reach them in real mode and
# with translation on.

        .bss
        .org    VARIABLES
save_r3:        .space 4 * 10   # r3 to r12 of the program that had a page fault
save_cr:        .space 4
save_lr:        .space 4
save_ctr:       .space 4
fault_vector_taken: .space 4    # of the last page fault
fault_cause:    .space 4
memory_size:    .space 4
dsi_count:      .space 4
isi_count:      .space 4
repaired_count: .space 4
evicted_count:  .space 4
evicted_changed_count: .space 4
line:           .space 80       # typed at the prompt
line_end:
        .balign 32
variables_end:
