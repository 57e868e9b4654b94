# The exception vectors of the 750 (750CX/GX user manual, table 4-2), by the macros `vector`,
# `fault_vector` and `interrupt_vector` of the ROM.

        .org    ROM + 0x100             # system reset: where the processor starts
        b       reset
        vector  0x200                   # machine check
        fault_vector 0x300              # DSI
        fault_vector 0x400              # ISI
        interrupt_vector 0x500          # external interrupt
        vector  0x600                   # alignment
        vector  0x700                   # program
        vector  0x800                   # floating point unavailable
        interrupt_vector 0x900          # decrementer
        vector  0xC00                   # system call
        vector  0xD00                   # trace
        vector  0xF00                   # performance monitor
        vector  0x1300                  # instruction address breakpoint
        vector  0x1400                  # system management
        vector  0x1700                  # thermal
