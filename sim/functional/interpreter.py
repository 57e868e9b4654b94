"""Fetch, decode, execute; time, interrupts and devices between instructions.

An instruction takes one cycle. In a power-save mode, time advances to the next event.
"""

from pteg.compiled import compiled
from pteg.devices import (
    bus_read,
    bus_write,
    console,
    controls,
    interrupt,
    next_event,
    tick,
    transfers,
)
from pteg.functional import constants as isa
from pteg.functional.adversary import begin_instruction, synchronize
from pteg.functional.blocks import run_blocks
from pteg.functional.branch import branch, condition
from pteg.functional.decoded import decode
from pteg.functional.exceptions import event, program, raise_exception, set_msr, take
from pteg.functional.float_unit import floating_point
from pteg.functional.floating import floating_access
from pteg.functional.integer import arithmetic, compare, logic
from pteg.functional.memory import block, load_store, multiple
from pteg.functional.mmu import read_at, read_translated, translate
from pteg.functional.operands import MASK32
from pteg.functional.processors import attend, deliver, lose_all, release
from pteg.functional.system import cycles_to_decrementer, power_save, sync_time, system
from pteg.functional.thermal import cycles_to_thermal, restart_thermal, sync_thermal
from pteg.functional.tlb import touch

__all__ = ["step", "settle", "run", "STOP_CYCLES", "STOP_INSTRUCTIONS", "STOP_ADDRESS",
           "STOP_CHECKSTOP", "STOP_CONSOLE", "STOP_DRAIN", "STOP_LEDGER", "STOP_UNIT", "STOP_STALE",
           "STOP_ASLEEP"]

#: Why `run` ended; LEDGER: the buffer of events must be emptied before it continues; UNIT: the
#: floating-point unit must be compiled; STALE: the oracle has found something; ASLEEP: one of
#: several processors is in a power-save mode.
(STOP_CYCLES, STOP_INSTRUCTIONS, STOP_ADDRESS, STOP_CHECKSTOP, STOP_CONSOLE, STOP_DRAIN,
 STOP_LEDGER, STOP_UNIT, STOP_STALE, STOP_ASLEEP) = range(10)
#: The largest number of cycles between two checks of limits, devices and the console.
STRIDE = 1 << 16


@compiled
def fetch(s, m):
    """The word at `pc`. Look at `m.outcome` before using it."""
    ea = 0 | s.pc
    row = ea >> 12 & 255
    if m.soft_tag[isa.KIND_FETCH, row] == m.fetch_mode | ea >> 12:
        touch(m, 0, isa.KIND_FETCH, row)
        return read_at(m.soft_base[isa.KIND_FETCH, row] + (ea & 0xFFF), isa.WORD)
    pa = translate(s, m, ea, isa.KIND_FETCH)
    if pa < 0:
        return 0
    return read_translated(m, ea, pa, isa.KIND_FETCH, isa.WORD)


@compiled
def breaks(s):
    """Whether the instruction address breakpoint, enabled, is at `pc` (MPC750 UM 4.5.14)."""
    iabr = 0 | s.iabr
    return ((iabr ^ s.pc) & isa.IABR_ADDRESS == 0
            and (iabr & isa.IABR_TE != 0) == (s.msr & isa.MSR_IR != 0))


@compiled
def execute(s, m, op, word):
    """One instruction, by its group: the order of `Op` is that of the instruction table."""
    if op < isa.ORI:
        return arithmetic(s, op, word) if op else program(m, isa.SRR1_ILLEGAL)
    if op < isa.CMPI:
        return logic(s, op, word)
    if op < isa.B:
        return compare(s, m, op, word)
    if op < isa.CRAND:
        return branch(s, op, word)
    if op < isa.SC:
        return condition(s, op, word)
    if op < isa.LWZ:
        return system(s, m, op, word)
    if op < isa.LFS:
        return load_store(s, m, op, word)
    if op < isa.LMW:
        return floating_access(s, m, op, word)
    if op < isa.LWARX:
        return multiple(s, m, op, word)
    if op < isa.FADD:
        return block(s, m, op, word)
    return floating_point(s, m, op, word)


@compiled
def step(s, m):
    """Execute one instruction. `m.op` is 0 unless it was fetched and is one."""
    m.cycles += 1
    m.op = 0
    if m.watched:
        m.acting, m.sdr1 = s.pc, s.sdr1
        if m.adversary and not m.answered:
            begin_instruction(s, m)
    word = fetch(s, m)
    if m.outcome:
        return m.outcome
    if s.iabr & isa.IABR_BE and breaks(s):
        return raise_exception(m, isa.VECTOR_INSTRUCTION_BREAKPOINT, isa.NONE)
    m.word, m.op = word, decode(word)
    return execute(s, m, m.op, word)


@compiled
def settle(s, m, outcome, traced):
    """Finish an instruction that is not waiting for the bus: next `pc`, or the exception.

    `traced` is the MSR with which the instruction began. Returns whether the context may have
    changed: CONTEXT or CHECKSTOP, else NEXT.
    """
    m.answered = m.used = 0
    if m.adversary and (outcome == isa.OUT_EXCEPTION or m.op == isa.ISYNC or m.op == isa.RFI):
        synchronize(m)
    if outcome == isa.OUT_EXCEPTION:
        if m.vector != isa.VECTOR_SYSTEM_CALL:
            m.uncompleted += 1
        return take(s, m, m.vector, m.cause)
    if outcome == isa.OUT_NEXT:
        s.pc = s.pc + 4 & MASK32
    # A trace exception follows what completed, except isync and rfi (MPC750 UM 4.5.11).
    if traced & (isa.MSR_SE | isa.MSR_BE) and m.op != isa.RFI and m.op != isa.ISYNC:
        if traced & isa.MSR_SE or isa.B <= m.op <= isa.BCCTR:
            return take(s, m, isa.VECTOR_TRACE, isa.NONE)
    # A new MSR may admit a floating-point exception that happened before (PEM 6.4.7).
    if (outcome == isa.OUT_CONTEXT and s.fpscr & isa.FPSCR_FEX
            and s.msr & (isa.MSR_FE0 | isa.MSR_FE1)):
        cause = isa.SRR1_FP_ENABLED | isa.SRR1_SUBSEQUENT
        return take(s, m, isa.VECTOR_PROGRAM, cause)
    return isa.OUT_CONTEXT if outcome == isa.OUT_CONTEXT else isa.OUT_NEXT


@compiled
def take_interrupt(s, m):
    """Take the pending interrupt of highest priority, if MSR[EE] allows any. Returns whether."""
    if not s.msr & isa.MSR_EE or not (m.interrupt or m.decrementer or m.thermal):
        return False
    if m.adversary:
        synchronize(m)
    if m.interrupt:
        take(s, m, isa.VECTOR_EXTERNAL, isa.NONE)
    elif m.decrementer:
        m.decrementer = 0
        take(s, m, isa.VECTOR_DECREMENTER, isa.NONE)
    else:
        m.thermal = 0
        take(s, m, isa.VECTOR_THERMAL, isa.NONE)
    return True


@compiled
def answer_request(s, m, devices):
    """Make the access that the instruction waits for, and prepare to execute it again."""
    # Devices live in the cycle in which the instruction executes.
    m.cycles -= 1
    tick(devices, m.cycles - m.device_synced)
    m.device_synced = m.cycles
    pa, size, value = m.request_pa, m.request_size, m.request_value
    if m.request_write:
        error = bus_write(devices, pa, size, value)
    else:
        value, error = bus_read(devices, pa, size)
    m.answer[m.answered], m.answer_error[m.answered] = value, error
    m.answered += 1
    m.used, m.write_count, m.outcome = 0, 0, isa.OUT_NEXT
    # Not recorded as device accesses: fetches, and what a data cache may answer.
    if m.op and (m.wimg & isa.WIMG_I or not s.hid0 & isa.HID0_DCE):
        kind = isa.EVENT_DEVICE_WRITE if m.request_write else isa.EVENT_DEVICE_READ
        if not error:
            event(s, m, kind, size, isa.NONE, isa.NONE, pa, value)
    if error:
        access = isa.KIND_FETCH
        if m.op:
            access = isa.KIND_STORE if m.request_write else isa.KIND_LOAD
        event(s, m, isa.EVENT_BUS_ERROR, access, isa.NONE, isa.NONE, pa, isa.NONE)
    # An access may change an interrupt pin.
    m.look = 0


@compiled
def run(states, models, number, devices, cycles, instructions, address):
    """Run one processor until a limit and return why.

    Parameters
    ----------
    number : int
        Of the processor. Of several, this is a part of its turn (`pteg.functional.turns`).
    devices : record
        See `pteg.devices`.
    cycles, instructions : int
        Limits, as totals since reset.
    address : int
        Stop before the instruction there, or -1.
    """
    s, m = states[number], models[number]
    several = models.shape[0] > 1
    set_msr(s, m, 0 | s.msr)
    started = False
    if not m.thermal_at:    # a script may have written THRM1 to THRM3
        restart_thermal(m, s)
    while True:
        # Between two stretches: time, devices, console, limits, interrupts.
        sync_time(m, s)
        sync_thermal(m, s)
        tick(devices, m.cycles - m.device_synced)
        m.device_synced = m.cycles
        written, reservation = transfers(devices, s.reservation)
        if written:
            # By another master, somewhere.
            s.reservation = reservation
            m.soft_tag[:] = 0
            m.code_page[:] = 0
            if several:
                lose_all(states, models, number)
        m.interrupt = interrupt(devices) >> number & 1
        if several:
            if m.broadcast:
                deliver(states, models, number)
            attend(states, models, number, controls(devices))
            if m.reset:
                release(s, m)
                started = True
        printed = console(devices)
        if printed == 1:
            return STOP_CONSOLE
        if started and s.pc == address:
            return STOP_ADDRESS
        if m.stale:
            return STOP_STALE
        if m.cycles - m.uncompleted >= instructions:
            return STOP_INSTRUCTIONS
        if m.cycles >= cycles:
            return STOP_CYCLES
        if m.event_count > m.events.shape[0] - 200:
            return STOP_LEDGER
        if printed:
            return STOP_DRAIN
        if m.machine_check:     # the pipeline model has left it
            outcome = take(s, m, isa.VECTOR_MACHINE_CHECK, isa.SRR1_TEA)
            if outcome == isa.OUT_CHECKSTOP:
                return STOP_CHECKSTOP
            m.machine_check = 0
        if take_interrupt(s, m) and s.pc == address:
            return STOP_ADDRESS
        saves = power_save(s)
        if saves:
            if several:
                return STOP_ASLEEP
            pause = max(1, min(cycles - m.cycles, STRIDE, next_event(devices),
                               cycles_to_decrementer(m, s), cycles_to_thermal(m)))
            m.cycles += pause
            m.uncompleted += pause
            if saves == isa.HID0_SLEEP:  # time base and decrementer stop
                m.time_synced += pause
                m.thermal_at += pause if m.thermal_at else 0
            continue
        traced = 0 | s.msr
        m.look = min(cycles, m.cycles + min(STRIDE, instructions - (m.cycles - m.uncompleted),
                                            next_event(devices), cycles_to_decrementer(m, s),
                                            cycles_to_thermal(m)))
        if traced & (isa.MSR_SE | isa.MSR_BE):
            m.look = m.cycles + 1
        started = True

        while True:
            outcome = step(s, m)
            if outcome == isa.OUT_NEXT:
                s.pc = s.pc + 4 & MASK32
            elif outcome != isa.OUT_JUMP:
                break
            # Blocks do not check the breakpoint.
            if (m.code and m.cycles < m.look and s.pc != address
                    and not s.iabr & isa.IABR_BE):
                outcome = run_blocks(s, m, address)
                if outcome != isa.OUT_STEP:
                    break
                m.outcome = isa.OUT_NEXT
            if m.cycles >= m.look or s.pc == address:
                outcome = isa.OUT_JUMP  # `pc` has been moved on
                break
        while outcome == isa.OUT_BUS:
            answer_request(s, m, devices)
            outcome = step(s, m)
        if outcome == isa.OUT_UNIT:
            m.cycles -= 1
            m.answered = m.used = 0
            return STOP_UNIT
        if settle(s, m, outcome, traced) == isa.OUT_CHECKSTOP:
            return STOP_CHECKSTOP
