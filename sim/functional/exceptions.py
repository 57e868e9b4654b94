"""Exceptions: how they are raised, and how they are taken (PEM 6, MPC750 UM 4)."""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.bytes import peek32
from pteg.functional.operands import MASK32
from pteg.owner import world_of

__all__ = ["event", "instructions", "set_msr", "raise_exception", "program", "storage_fault",
           "alignment", "take"]


@compiled
def instructions(m):
    """Instructions completed so far."""
    return m.cycles - m.uncompleted


@compiled
def world(s, m):
    """Who owns the processor (`pteg.worlds.World`)."""
    guest_msr, place = 0, (0 | s.sprg3) + m.watch.guest_msr
    if place <= m.ram_size - 4:
        guest_msr = peek32(m.ram + place)
    return world_of(m.watch, 0 | s.pc, 0 | s.msr, 0 | s.sprg2, guest_msr)


@compiled
def event(s, m, kind, cause, ea, va, pa, value):
    """Append a record to the ledger, if there is one."""
    if not m.log_events or m.event_count >= m.events.shape[0]:
        return
    row = m.events[m.event_count]
    row[0], row[1], row[2], row[3] = kind, cause, s.pc, ea
    # `cycles` counts the instruction being executed from its beginning, but not while it waits for
    # a device, and an exception comes when it has been settled what has completed.
    settled = kind == isa.EVENT_EXCEPTION or kind >= isa.EVENT_DEVICE_READ
    row[4], row[5], row[6], row[7] = va, pa, value, instructions(m) - (0 if settled else 1)
    row[8] = world(s, m)
    m.event_count += 1
    if m.event_count > m.events.shape[0] - 200:
        m.look = 0  # the run loop hands the full buffer out


@compiled
def set_msr(s, m, value):
    """Write the MSR and derive the modes that mark soft translations."""
    s.msr = value & isa.MSR_IMPLEMENTED
    user = 1 if value & isa.MSR_PR else 0
    m.fetch_mode = (4 | user << 1 | (1 if value & isa.MSR_IR else 0)) << 20
    m.data_mode = (4 | user << 1 | (1 if value & isa.MSR_DR else 0)) << 20


@compiled
def raise_exception(m, vector, cause):
    """Stop the instruction; the run loop takes the exception."""
    m.vector, m.cause, m.outcome = vector, cause, isa.OUT_EXCEPTION
    return isa.OUT_EXCEPTION


@compiled
def program(m, cause):
    return raise_exception(m, isa.VECTOR_PROGRAM, cause)


@compiled
def storage_fault(s, m, ea, kind, dsisr, srr1):
    """ISI with the bits `srr1`, or DSI with the bits `dsisr`, by the kind of access."""
    if kind == isa.KIND_FETCH:
        return raise_exception(m, isa.VECTOR_ISI, srr1)
    s.dsisr = dsisr | isa.DSISR_STORE if kind == isa.KIND_STORE else dsisr
    s.dar = ea
    return raise_exception(m, isa.VECTOR_DSI, isa.NONE)


@compiled
def alignment(s, m, word, ea):
    """Alignment exception. DSISR describes the instruction (PEM 6.4.6.1, table 6-10)."""
    if word >> 26 == 31:  # bits 29-30, 25 and 21-24 to 15-16, 17 and 18-21
        described = (word >> 1 & 3) << 15 | (word >> 6 & 1) << 14 | (word >> 7 & 15) << 10
    else:                 # bits 5 and 1-4 to 17 and 18-21
        described = (word >> 26 & 1) << 14 | (word >> 27 & 15) << 10
    s.dsisr = described | word >> 16 & 0x3FF
    s.dar = ea
    return raise_exception(m, isa.VECTOR_ALIGNMENT, isa.NONE)


@compiled
def take(s, m, vector, cause):
    """Enter the handler of `vector`; `s.pc` is the instruction that is not completed.

    A machine check while MSR[ME] = 0 stops the processor instead.
    """
    m.outcome = isa.OUT_NEXT
    msr = 0 | s.msr
    if vector == isa.VECTOR_MACHINE_CHECK and not msr & isa.MSR_ME:
        return isa.OUT_CHECKSTOP
    pc = 0 | s.pc
    # sc has completed: its handler returns behind it.
    s.srr0 = pc + 4 & MASK32 if vector == isa.VECTOR_SYSTEM_CALL else pc
    s.srr1 = cause | msr & isa.MSR_TO_SRR1
    is_storage = vector == isa.VECTOR_DSI or vector == isa.VECTOR_ALIGNMENT
    ea = 0 | s.dar if is_storage else 0
    event(s, m, isa.EVENT_EXCEPTION, vector, ea, isa.NONE, isa.NONE, 0 | s.srr1)
    set_msr(s, m, msr & isa.MSR_KEPT[vector >> 8] | (isa.MSR_LE if msr & isa.MSR_ILE else 0))
    s.pc = vector | (0xFFF00000 if msr & isa.MSR_IP else 0)
    m.exceptions += 1
    return isa.OUT_CONTEXT
