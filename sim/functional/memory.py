"""Loads, stores, multiple and string instructions, reservations, cache and TLB management.

PEM 4.2.3, 4.3, 4.4.3. An access that crosses a double word is made as two accesses;
the first is translated and made before the second is translated.
"""

import numpy as np

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.adversary import order
from pteg.functional.decoded import forget_block
from pteg.functional.exceptions import alignment, program, storage_fault
from pteg.functional.mmu import (
    broadcasts,
    invalidate,
    read_at,
    read_physical,
    read_translated,
    translate,
    watches,
    write_at,
    write_physical,
)
from pteg.functional.operands import MASK32, first, gpr, immediate, second, third
from pteg.functional.table import note
from pteg.functional.tlb import touch
from pteg.hw.isa.instructions import BY_NAME, INSTRUCTIONS, Op

__all__ = ["load", "store", "load_store", "multiple", "block"]

# -- What the addressing variants have in common, from the instruction table -----------------------
#: By Op: the variant without update and index (lwzux: LWZ), and what distinguishes it.
TRANSFER = np.zeros(len(Op), np.int64)
UPDATE, INDEXED = 1, 2
ADDRESSING = np.zeros(len(Op), np.int64)
for _row in INSTRUCTIONS:
    _base = _row.name.removesuffix("x").removesuffix("u")
    TRANSFER[_row.op] = BY_NAME.get(_base, _row).op
    ADDRESSING[_row.op] = UPDATE * _row.update + INDEXED * ("rB" in _row.syntax)


@inlined
def load(s, m, ea, size):
    """Read through data translation. Look at `m.outcome` before using the value."""
    row = ea >> 12 & 255
    offset = ea & 0xFFF
    if m.soft_tag[isa.KIND_LOAD, row] == m.data_mode | ea >> 12 and offset + size <= 4096:
        touch(m, 1, isa.KIND_LOAD, row)
        return read_at(m.soft_base[isa.KIND_LOAD, row] + offset, size)
    return load_anywhere(s, m, ea, size)


@compiled
def stopped(s, m, ea, kind, size):
    """Whether the data address breakpoint stops an access that has been translated, to the `size`
    bytes at `ea`: a double word or part of one, or a block (PEM 2.3.15, 6.4.3)."""
    if not watches(s, kind) or (ea ^ s.dabr) & ~(size - 1 | 7) & MASK32:
        return False
    storage_fault(s, m, ea, kind, isa.DSISR_DABR, isa.NONE)
    return True


@compiled
def load_anywhere(s, m, ea, size):
    if m.blocks:
        m.outcome = isa.OUT_STEP
        return 0
    front = min(size, 8 - (ea & 7))
    pa = translate(s, m, ea, isa.KIND_LOAD)
    if pa < 0 or stopped(s, m, ea, isa.KIND_LOAD, front):
        return 0
    value = read_translated(m, ea, pa, isa.KIND_LOAD, front)
    back = size - front
    if m.outcome or not back:
        return value
    ea = ea + front & MASK32
    pa = translate(s, m, ea, isa.KIND_LOAD)
    if pa < 0 or stopped(s, m, ea, isa.KIND_LOAD, back):
        return 0
    return value << 8 * back | read_translated(m, ea, pa, isa.KIND_LOAD, back)


@inlined
def store(s, m, ea, size, value):
    """Write through data translation; `m.outcome` tells whether it was done."""
    row = ea >> 12 & 255
    offset = ea & 0xFFF
    if m.soft_tag[isa.KIND_STORE, row] == m.data_mode | ea >> 12 and offset + size <= 4096:
        touch(m, 1, isa.KIND_STORE, row)
        write_at(m.soft_base[isa.KIND_STORE, row] + offset, size, value)
    else:
        store_anywhere(s, m, ea, size, value)


@compiled
def store_anywhere(s, m, ea, size, value):
    if m.blocks:
        m.outcome = isa.OUT_STEP
        return
    front = min(size, 8 - (ea & 7))
    back = size - front
    pa = translate(s, m, ea, isa.KIND_STORE)
    if pa < 0 or stopped(s, m, ea, isa.KIND_STORE, front):
        return
    write_physical(m, pa, front, value >> 8 * back)
    if m.outcome or not back:
        return
    ea = ea + front & MASK32
    pa = translate(s, m, ea, isa.KIND_STORE)
    if pa >= 0 and not stopped(s, m, ea, isa.KIND_STORE, back):
        write_physical(m, pa, back, value & ((1 << 8 * back) - 1))


@compiled
def swap(value, size):
    """The bytes of a halfword or word in the other order."""
    if size == 2:
        return (value & 0xFF) << 8 | value >> 8 & 0xFF
    return ((value & 0xFF) << 24 | (value & 0xFF00) << 8 | value >> 8 & 0xFF00
            | value >> 24 & 0xFF)


@inlined
def load_store(s, m, op, word):
    """lbz to stwbrx: one register, all addressing variants."""
    addressing = ADDRESSING[op]
    d, base = first(word), second(word)
    # Update forms use rA even if it is r0 (an invalid form).
    ea = gpr(s, base) if base or addressing & UPDATE else 0
    ea = ea + (gpr(s, third(word)) if addressing & INDEXED else immediate(word)) & MASK32
    what = TRANSFER[op]
    value = 0
    if what == isa.LWZ:
        value = load(s, m, ea, isa.WORD)
    elif what == isa.STW:
        store(s, m, ea, isa.WORD, gpr(s, d))
    elif what == isa.LBZ:
        value = load(s, m, ea, isa.BYTE)
    elif what == isa.STB:
        store(s, m, ea, isa.BYTE, gpr(s, d) & 0xFF)
    elif what == isa.LHZ:
        value = load(s, m, ea, isa.HALFWORD)
    elif what == isa.STH:
        store(s, m, ea, isa.HALFWORD, gpr(s, d) & 0xFFFF)
    elif what == isa.LHA:
        value = (load(s, m, ea, isa.HALFWORD) ^ 0x8000) - 0x8000
    elif what == isa.LWBRX:
        value = swap(load(s, m, ea, isa.WORD), isa.WORD)
    elif what == isa.STWBRX:
        store(s, m, ea, isa.WORD, swap(gpr(s, d), isa.WORD))
    elif what == isa.LHBRX:
        value = swap(load(s, m, ea, isa.HALFWORD), isa.HALFWORD)
    else:
        store(s, m, ea, isa.HALFWORD, swap(gpr(s, d), isa.HALFWORD))
    if m.outcome:
        return m.outcome
    if not isa.STORES[op]:
        s.gpr[d] = value
    if addressing & UPDATE:
        s.gpr[base] = ea
    return isa.OUT_NEXT


# -- Several registers ----------------------------------------------------------------------------

@compiled
def multiple(s, m, op, word):
    """lmw, stmw, lswi, lswx, stswi, stswx: registers from rD on, wrapping from r31 to r0."""
    register, base, b = first(word), second(word), third(word)
    ea = gpr(s, base) if base else 0
    if op == isa.LMW or op == isa.STMW:
        ea = ea + immediate(word) & MASK32
        if ea & 3:
            return alignment(s, m, word, ea)
        count = 4 * (32 - register)
    elif op == isa.LSWI or op == isa.STSWI:
        count = b if b else 32
    else:
        ea = ea + gpr(s, b) & MASK32
        count = 0 | s.xer & 0x7F

    if s.msr & isa.MSR_LE:
        return alignment(s, m, word, ea)
    loads = op == isa.LMW or op == isa.LSWI or op == isa.LSWX
    done = 0
    while done < count:
        size = min(4, count - done)
        number = done >> 2
        shift = 8 * (4 - size)  # the last bytes of a string are left-justified
        at = ea + done & MASK32
        value = 0
        if loads:
            value = load(s, m, at, size) << shift
        else:
            store(s, m, at, size, gpr(s, register + number & 31) >> shift)
        if m.outcome:
            break
        if loads:
            m.loaded[number] = value
        done += size
    # Registers are written last: if an access outside RAM must be answered first, the instruction
    # begins again, and its base must still be there. A fault leaves the earlier words loaded.
    if loads and m.outcome != isa.OUT_BUS and m.outcome != isa.OUT_STEP:
        for number in range(done + 3 >> 2):
            s.gpr[register + number & 31] = m.loaded[number]
    return m.outcome


# -- Reservations, external control, cache and TLB instructions ------------------------------------

@compiled
def permitted(s, m, ea, kind, external):
    """Physical address of a word that lwarx, stwcx., eciwx or ecowx may use, or a negative number:
    write-through memory refuses the last two (MPC8240 UM table 2-9)."""
    pa = translate(s, m, ea, kind)
    if pa >= 0 and external and m.wimg & isa.WIMG_W:
        storage_fault(s, m, ea, kind, isa.DSISR_DIRECT_STORE, isa.NONE)
        return -1
    if pa >= 0 and stopped(s, m, ea, kind, isa.WORD):
        return -1
    return pa


@compiled
def reserve(s, m, op, ea):
    """lwarx and stwcx.: value loaded, or whether the store is to be performed, which depends on
    any reservation, whatever its address (750GX UM p. 131)."""
    loads = op == isa.LWARX
    pa = permitted(s, m, ea, isa.KIND_LOAD if loads else isa.KIND_STORE, False)
    if pa < 0:
        return 0
    if loads:
        value = read_physical(m, pa, isa.WORD)
        if not m.outcome:
            s.reservation = pa & ~31 | 1
        return value
    return 1 if s.reservation else 0


@compiled
def block_address(s, m, ea, kind):
    """Physical address of a cache block, or a negative number. In a direct-store segment it is
    negative without an exception: cache instructions do nothing there (750GX UM p. 119, 155)."""
    dsisr, dar = 0 | s.dsisr, 0 | s.dar
    pa = translate(s, m, ea, kind)
    if pa < 0 and m.outcome == isa.OUT_EXCEPTION and m.vector == isa.VECTOR_DSI and (
            s.dsisr & isa.DSISR_DIRECT_STORE):
        s.dsisr, s.dar, m.outcome = dsisr, dar, isa.OUT_NEXT
    return pa


@compiled
def clear_block(s, m, word, ea):
    """dcbz: 32 bytes of zeros, if the data cache could hold them (MPC750 UM 4.5.6)."""
    if not s.hid0 & isa.HID0_DCE:
        return alignment(s, m, word, ea)
    # A DSI tells the address of the block, which the architecture allows (PEM table 6-9).
    m.wimg = 0
    pa = block_address(s, m, ea & ~31, isa.KIND_STORE)
    if m.wimg & (isa.WIMG_W | isa.WIMG_I):     # it wins against protection
        return alignment(s, m, word, ea)
    if pa < 0:
        return m.outcome
    if stopped(s, m, ea & ~31, isa.KIND_STORE, isa.BLOCK):
        return m.outcome
    for beat in range(4):
        write_physical(m, pa + 8 * beat, isa.DOUBLEWORD, isa.NONE)
        if m.outcome:
            break
    return m.outcome


@compiled
def announce(s, m, op, address):
    """Have the run loop tell the other processors, right after this instruction."""
    if broadcasts(s, m):
        m.broadcast, m.broadcast_address = op, address
        m.look = 0


@compiled
def block(s, m, op, word):
    """lwarx to tlbsync: synchronisation, external control, caches and TLBs."""
    if isa.PRIVILEGED[op] and s.msr & isa.MSR_PR:
        return program(m, isa.SRR1_PRIVILEGED)
    d, base = first(word), second(word)
    ea = (gpr(s, base) if base else 0) + gpr(s, third(word)) & MASK32

    if op == isa.ECIWX or op == isa.ECOWX:
        kind = isa.KIND_LOAD if op == isa.ECIWX else isa.KIND_STORE
        if not s.ear >> 31:
            storage_fault(s, m, ea, kind, isa.DSISR_EXTERNAL_ACCESS, isa.NONE)
            return m.outcome
    if op == isa.LWARX or op == isa.STWCX_DOT or op == isa.ECIWX or op == isa.ECOWX:
        if ea & 3:
            return alignment(s, m, word, ea)

    if op == isa.LWARX:
        value = reserve(s, m, op, ea)
        if not m.outcome:
            s.gpr[d] = value
    elif op == isa.STWCX_DOT:
        performed = reserve(s, m, op, ea)
        if performed and not m.outcome:
            store(s, m, ea, isa.WORD, gpr(s, d))
        if not m.outcome:
            s.reservation = 0
            s.cr = (0 | s.cr) & 0x0FFFFFFF | (2 * performed | (0 | s.xer) >> 31) << 28
    elif op == isa.ECIWX:
        if permitted(s, m, ea, isa.KIND_LOAD, True) >= 0:
            value = load(s, m, ea, isa.WORD)
            if not m.outcome:
                s.gpr[d] = value
    elif op == isa.ECOWX:
        if permitted(s, m, ea, isa.KIND_STORE, True) >= 0:
            store(s, m, ea, isa.WORD, gpr(s, d))
    elif op == isa.DCBZ:
        return clear_block(s, m, word, ea)
    elif op == isa.DCBST or op == isa.DCBF:
        block_address(s, m, ea, isa.KIND_TOUCH)
    elif op == isa.ICBI:
        pa = block_address(s, m, ea, isa.KIND_TOUCH)
        if pa >= 0 and m.several:
            forget_block(m, pa)
            announce(s, m, op, pa)
    elif op == isa.DCBI:
        block_address(s, m, ea, isa.KIND_STORE)
    elif op == isa.TLBIE:
        invalidate(s, m, gpr(s, third(word)))
        announce(s, m, op, gpr(s, third(word)))
    elif m.watched and (op == isa.SYNC or op == isa.EIEIO or op == isa.TLBSYNC):
        act = isa.ACT_SYNC if op == isa.SYNC else (
            isa.ACT_EIEIO if op == isa.EIEIO else isa.ACT_TLBSYNC)
        note(m, act, isa.NONE, isa.NONE, isa.NONE)
        if m.adversary:
            order(m, op)
            announce(s, m, op, isa.NONE)
    # Without an adversary, sync, eieio, tlbsync order what is in order, also among processors,
    # which take turns; dcbt and dcbtst are hints.
    return m.outcome
