# The kernel's variables, at the start of the data area. Their addresses fit in a displacement from
# address 0, for handlers in real mode.

TRACE_CELLS     = 64            # of the return stack, kept by THROW
RESTORED        = 8             # cells that a CATCH frame restores

        .bss
        .org    DATA
memory_size:    .space 4        # bytes of RAM
variables_lost: .space 4        # the firmware has started again because of that (throw.s)
evicted:        .space 4        # entries of the hash table that had to make room
handler:        .space 4        # the innermost CATCH frame, or 0
abort_handler:  .space 4        # the CATCH frame that ^C leads to
latest_xt:      .space 4        # the word that is being or was last defined
restored:
source_address: .space 4        # input source: ANS 3.4.1
source_length:  .space 4
to_in:          .space 4
source_number:  .space 4        # SOURCE-ID
interpreter_rp: .space 4        # return stack of the innermost interpreter
my_self:        .space 4        # the running instance, or 0
client_rs:      .space 4        # stacks of the firmware while a client runs
client_ds:      .space 4
client_mode:    .space 4        # MSR of the client
client_environment: .space 4    # its list (environment.s), or 0: the firmware's own
callback_stack: .space 4        # where the next call of a client's function has its stack
state_valid:    .space 4        # STATE holds a client's registers
interrupt_frame: .space 4       # registers of what the latest interrupt has interrupted (interrupts.s)
debug_phase:    .space 4        # what the debugger waits for (forth/debug.fs), or 0
trace:          .space 4 * TRACE_CELLS
kernel_variables_end:
        .text

        variable "memory-size", memory_size_word, memory_size
        variable "variables-lost?", variables_lost_word, variables_lost
        variable "handler", handler_word, handler
        variable "abort-handler", abort_handler_word, abort_handler
        variable "latest-xt", latest_xt_word, latest_xt
        variable ">in", to_in_word, to_in
        variable "(source)", source_word, source_address        # address, length
        variable "(source-id)", source_id_word, source_number
        variable "interpreter-rp", interpreter_rp_word, interpreter_rp
        variable "(my-self)", my_self_word, my_self
        variable "trace-buffer", trace_word, trace

        variable "client-mode", client_mode_word, client_mode
        variable "state-valid", state_valid_word, state_valid
        variable "interrupt-frame", interrupt_frame_word, interrupt_frame
        variable "debug-phase", debug_phase_word, debug_phase

        constant "/trace", trace_cells_word, TRACE_CELLS
        constant "exception-frame", frame_word, FRAME
        constant "saved-state", saved_state_word, STATE
        constant "saved-environment", saved_environment_word, STATE_ENVIRONMENT
        constant "saved-fprs", saved_fprs_word, STATE_F
        constant "own-environment", own_environment_word, own_environment
        constant "/environment", environment_size_word, ENVIRONMENT_SIZE
        constant "translations-list", translations_word, TRANSLATIONS
        constant "translations-end", translations_end_word, TRANSLATIONS_END
        constant "s0", s0_word, DATA_STACK_TOP
        constant "r0", r0_word, RETURN_STACK_TOP
        constant "dictionary-start", dictionary_word, DICTIONARY
        constant "dictionary-end", dictionary_end_word, DICTIONARY_END
        constant "heap-start", heap_word, HEAP
        constant "heap-end", heap_end_word, HEAP_END
        constant "client-stack", client_stack_word, CLIENT_STACK_TOP - 64
        constant "firmware-end", firmware_end_word, FIRMWARE_END
        constant "hash-table", hash_table_word, HASH_TABLE
        constant "rom-start", rom_word, ROM
        constant "msr-forth", msr_forth_word, MSR_FORTH
