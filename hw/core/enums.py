"""Enumerations of the core, without Amaranth: the simulator uses them too."""

import enum

__all__ = ["Cause", "FetchFault", "Moves", "NextPc"]


class Cause(enum.IntEnum):
    """Why an instruction does not complete normally."""

    NONE = 0
    MACHINE_CHECK = 1         # transfer error on fetch, data access or table search
    ISI_PAGE_FAULT = 2
    ISI_PROTECTION = 3
    ISI_NO_EXECUTE = 4        # N bit, guarded memory, direct-store segment
    BREAKPOINT = 5            # IABR
    ILLEGAL = 6
    PRIVILEGED = 7
    TRAP = 8
    FP_UNAVAILABLE = 9
    SYSTEM_CALL = 10
    ALIGNMENT = 11
    DSI = 12                  # DSISR tells more
    FP_ENABLED = 13           # it has left FPSCR[FEX] set, and a mode of FE0 and FE1 cares


class FetchFault(enum.IntEnum):
    """Why a fetched instruction is not to be executed; taken if it reaches dispatch."""

    NONE = Cause.NONE
    MACHINE_CHECK = Cause.MACHINE_CHECK
    PAGE_FAULT = Cause.ISI_PAGE_FAULT
    PROTECTION = Cause.ISI_PROTECTION
    NO_EXECUTE = Cause.ISI_NO_EXECUTE
    BREAKPOINT = Cause.BREAKPOINT


class Moves(enum.IntEnum):
    """What an instruction moves."""

    REGISTER = 0   # one general-purpose register
    FLOAT = 1      # one floating-point register
    MULTIPLE = 2   # lmw, stmw
    STRING = 3     # bytes of consecutive registers
    BLOCK = 4      # nothing: an instruction for a cache block
    ZEROS = 5      # dcbz
    TOUCH = 6      # nothing: a hint
    BARRIER = 7    # nothing: sync and eieio
    NOTHING = 8    # tlbie, tlbsync


class NextPc(enum.IntEnum):
    """Where the instruction after this one is."""

    SEQUENTIAL = 0
    TARGET = 1     # taken branch
    SRR0 = 2       # rfi
