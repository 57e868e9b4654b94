"""System linkage and special registers (PEM 4.2.6, 4.4; MPC750 UM 2.3.5)."""

import numpy as np

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.exceptions import event, program, raise_exception, set_msr
from pteg.functional.mmu import flush
from pteg.functional.operands import MASK32, first, gpr, second, third
from pteg.functional.thermal import restart_thermal, sync_thermal

__all__ = ["system", "sync_time", "cycles_to_decrementer", "power_save"]


@compiled
def sync_time(m, s):
    """Bring time base and decrementer up to the present cycle."""
    if m.frozen:
        m.time_synced = m.cycles
    ticks = (m.cycles - m.time_synced) // m.cycles_per_tick
    if ticks:
        m.time_synced += ticks * m.cycles_per_tick
        s.tb = np.int64(s.tb) + ticks
        before = 0 | s.dec
        # The exception is caused by bit 0 going from 0 to 1 (PEM 2.3.14).
        if before < 0x80000000 and ticks > before:
            m.decrementer = 1
        s.dec = before - ticks


@compiled
def cycles_to_decrementer(m, s):
    """Cycles until the decrementer passes zero; far away if it is negative or stands still."""
    if s.dec & 0x80000000 or m.frozen:
        return 1 << 40
    return ((0 | s.dec) + 1) * m.cycles_per_tick - (m.cycles - m.time_synced)


@compiled
def power_save(s):
    """Modes of HID0 that the processor may be in, or 0 if it is awake (MPC750 UM 10.2)."""
    return s.hid0 & isa.HID0_SAVES if s.msr & isa.MSR_POW else 0


@compiled
def spr_number(word):
    """Field spr or tbr, its halves in order."""
    return word >> 16 & 31 | word >> 6 & 0x3E0


@compiled
def spr_fault(s, m, spr, needed):
    """Program exception for a register that does not exist or may not be used so, or 0."""
    rule = isa.SPR_RULE[spr]
    if s.msr & isa.MSR_PR and rule and not rule & isa.SPR_USER:
        return program(m, isa.SRR1_PRIVILEGED)
    if not rule & needed:
        return program(m, isa.SRR1_ILLEGAL)
    return isa.OUT_NEXT


@compiled
def time_base(m, s, upper):
    sync_time(m, s)
    now = np.int64(s.tb)
    return (now >> 32 if upper else now) & MASK32


@inlined
def move_from_spr(s, m, word):
    spr = spr_number(word)
    if spr_fault(s, m, spr, isa.SPR_READ):
        return m.outcome
    place = isa.SPR_WORD[spr]
    if place >= 0:
        if spr == isa.SPR_DEC:
            sync_time(m, s)
        if spr == isa.SPR_THRM1 or spr == isa.SPR_THRM2:
            sync_thermal(m, s)
        value = 0 | s.words[place]
    elif place == isa.SPR_TIME_BASE:
        value = time_base(m, s, spr == isa.TIME_BASE_UPPER)
    else:
        value = m.hid1 if spr == isa.SPR_HID1 else isa.SPR_RESET[spr]
    s.gpr[first(word)] = value
    return isa.OUT_NEXT


@inlined
def move_to_spr(s, m, word):
    spr, value = spr_number(word), gpr(s, first(word))
    if spr_fault(s, m, spr, isa.SPR_WRITE):
        return m.outcome
    place = isa.SPR_WORD[spr]
    if place == isa.SPR_TIME_BASE:
        sync_time(m, s)
        now = np.int64(s.tb)
        s.tb = now & ~MASK32 | value if spr == isa.SPR_TBL else now & MASK32 | value << 32
        return isa.OUT_NEXT
    if place == isa.SPR_CONSTANT:
        return isa.OUT_NEXT  # nothing happens (750GX UM p. 91)
    if spr == isa.SPR_DEC:
        sync_time(m, s)
        if value & ~s.dec & 0x80000000:
            m.decrementer = 1
        m.look = 0
    if spr == isa.SPR_HID0:
        # A flash invalidation is over in the next cycle, if the cache is enabled.
        if value & isa.HID0_ICE:
            value = value & ~isa.HID0_ICFI
        if value & isa.HID0_DCE:
            value = value & ~isa.HID0_DCFI
        m.look = 0  # it may be asleep now
    if isa.SPR_THRM1 <= spr <= isa.SPR_THRM3:
        sync_thermal(m, s)
    s.words[place] = value & isa.SPR_MASK[spr]
    if isa.SPR_THRM1 <= spr <= isa.SPR_THRM3:
        if spr == isa.SPR_THRM3:
            s.thrm1, s.thrm2 = s.thrm1 & ~isa.THRM_TIV, s.thrm2 & ~isa.THRM_TIV
        restart_thermal(m, s)
        m.look = 0
    if isa.SPR_TRANSLATES[spr]:
        flush(m)
    return isa.OUT_NEXT


@inlined
def system(s, m, op, word):
    """sc to mtsrin."""
    if isa.PRIVILEGED[op] and s.msr & isa.MSR_PR:
        return program(m, isa.SRR1_PRIVILEGED)
    d = first(word)
    if op == isa.MFSPR:
        return move_from_spr(s, m, word)
    if op == isa.MTSPR:
        return move_to_spr(s, m, word)
    if op == isa.SC:
        return raise_exception(m, isa.VECTOR_SYSTEM_CALL, isa.NONE)
    if op == isa.RFI:
        msr = s.msr & ~(isa.MSR_TO_SRR1 | isa.MSR_POW) | s.srr1 & isa.MSR_TO_SRR1
        target = s.srr0 & 0xFFFFFFFC
        event(s, m, isa.EVENT_RETURN, isa.NONE, target, isa.NONE, isa.NONE, msr)
        set_msr(s, m, msr)
        s.pc = target
        return isa.OUT_CONTEXT
    if op == isa.MTMSR:
        event(s, m, isa.EVENT_MODE, isa.NONE, isa.NONE, isa.NONE, isa.NONE,
              gpr(s, d) & isa.MSR_IMPLEMENTED)
        set_msr(s, m, gpr(s, d))
        s.pc = s.pc + 4 & MASK32
        return isa.OUT_CONTEXT
    if op == isa.MFMSR:
        s.gpr[d] = s.msr
    elif op == isa.MFTB:
        spr = spr_number(word)
        if spr != isa.TIME_BASE_LOWER and spr != isa.TIME_BASE_UPPER:
            return program(m, isa.SRR1_ILLEGAL)
        s.gpr[d] = time_base(m, s, spr == isa.TIME_BASE_UPPER)
    elif op == isa.MFSR:
        s.gpr[d] = s.sr[second(word) & 15]
    elif op == isa.MFSRIN:
        s.gpr[d] = s.sr[gpr(s, third(word)) >> 28]
    elif op == isa.MTSR or op == isa.MTSRIN:
        number = second(word) & 15 if op == isa.MTSR else gpr(s, third(word)) >> 28
        s.sr[number] = gpr(s, d) & isa.SR_IMPLEMENTED
        flush(m)
    return isa.OUT_NEXT  # isync too: everything is in order here
