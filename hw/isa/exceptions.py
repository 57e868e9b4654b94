"""Exceptions: vectors, causes and the bits they leave (PEM chapter 6; MPC750 UM chapter 4)."""

import enum

from pteg.hw.isa.registers import Msr, bit

__all__ = ["Vector", "Srr1", "Dsisr", "PRIORITY", "ASYNCHRONOUS", "msr_after_exception"]


class Vector(enum.IntEnum):
    """Vector offsets; MSR[IP] puts 0xFFF0_0000 in front (MPC750 UM table 4-1)."""

    NONE = 0x0000
    SYSTEM_RESET = 0x0100
    MACHINE_CHECK = 0x0200
    DSI = 0x0300
    ISI = 0x0400
    EXTERNAL = 0x0500
    ALIGNMENT = 0x0600
    PROGRAM = 0x0700
    FP_UNAVAILABLE = 0x0800
    DECREMENTER = 0x0900
    SYSTEM_CALL = 0x0C00
    TRACE = 0x0D00
    PERFORMANCE_MONITOR = 0x0F00
    INSTRUCTION_BREAKPOINT = 0x1300
    SYSTEM_MANAGEMENT = 0x1400
    THERMAL = 0x1700


#: Asynchronous exceptions, highest priority first (MPC750 UM table 4-3).
ASYNCHRONOUS = (Vector.MACHINE_CHECK, Vector.SYSTEM_RESET, Vector.SYSTEM_MANAGEMENT,
                Vector.EXTERNAL, Vector.PERFORMANCE_MONITOR, Vector.DECREMENTER, Vector.THERMAL)

#: Synchronous exceptions that one instruction can cause, the one that wins first. A trace
#: exception follows an instruction that completed, so it loses to all of them.
PRIORITY = (Vector.ISI, Vector.INSTRUCTION_BREAKPOINT, Vector.PROGRAM, Vector.SYSTEM_CALL,
            Vector.FP_UNAVAILABLE, Vector.ALIGNMENT, Vector.DSI, Vector.TRACE)


class Srr1(enum.IntFlag):
    """Bits of SRR1 that tell the cause of an ISI, program or machine check exception."""

    PAGE_FAULT = bit(1)      # ISI: no PTE found
    NO_EXECUTE = bit(3)      # ISI: N segment, guarded memory or direct-store segment
    PROTECTION = bit(4)      # ISI: page or block protection
    FP_ENABLED = bit(11)     # program
    ILLEGAL = bit(12)        # program
    PRIVILEGED = bit(13)     # program; machine check: transfer error acknowledge (TEA)
    TRAP = bit(14)           # program
    SUBSEQUENT = bit(15)     # program: SRR0 is behind the instruction that caused it
    TEA = bit(13)            # machine check


class Dsisr(enum.IntFlag):
    """Bits of DSISR after a DSI."""

    PAGE_FAULT = bit(1)      # no PTE found
    PROTECTION = bit(4)      # page or block protection
    DIRECT_STORE = bit(5)    # T=1 segment; lwarx/stwcx./eciwx/ecowx to write-through memory
    STORE = bit(6)           # the access was a store
    DABR = bit(9)            # data address breakpoint
    EXTERNAL_ACCESS = bit(11)  # eciwx or ecowx with EAR[E] = 0


#: What is left of the MSR when an exception is taken: ME (cleared by a machine check), IP and ILE.
_KEPT = Msr.ILE | Msr.ME | Msr.IP


def msr_after_exception(msr, vector):
    """MSR with which the handler of `vector` starts (MPC750 UM table 4-6)."""
    kept = _KEPT & ~Msr.ME if vector == Vector.MACHINE_CHECK else _KEPT
    return (msr & kept) | (Msr.LE if msr & Msr.ILE else 0)
