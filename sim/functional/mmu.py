"""Address translation: real mode, BATs, segments, TLBs, table search (PEM 7, MPC750 UM 5).

The order of checks, the TLBs with their replacement (tlb.py) and the order in which R and C are
written are those of hw/mmu (translator.py, tlb.py, replacement.py, walker.py), so that both models
search at the same moments.
`soft_*` is no part of the architecture: it remembers finished translations of pages in RAM.
"""

import numpy as np

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.adversary import changed, recently_used
from pteg.functional.bytes import (
    peek8,
    peek16,
    peek32,
    peek64,
    poke8,
    poke16,
    poke32,
    poke64,
)
from pteg.functional.decoded import forget, is_code
from pteg.functional.exceptions import event, raise_exception, storage_fault
from pteg.functional.late_memory import write_used
from pteg.functional.late_tlb import keep_entry, postpone_tlbie, random_way, recall
from pteg.functional.operands import MASK32
from pteg.functional.oracle import examine, loaded, refused, unseen
from pteg.functional.protection import prohibited
from pteg.functional.table import WALKER, half, in_table, note, noted_store, searched
from pteg.functional.tlb import filled, points, use, victim

__all__ = ["translate", "watches", "flush", "invalidate", "invalidate_set", "read_physical",
           "read_translated", "write_physical", "read_at", "write_at"]


# -- Physical memory ------------------------------------------------------------------------------

@inlined
def read_at(at, size):
    """Big-endian number of `size` bytes at an address in the host."""
    if size == 4:
        return peek32(at)
    if size == 1:
        return peek8(at)
    if size == 2:
        return peek16(at)
    if size == 8:
        return peek64(at)
    value = 0
    for i in range(size):
        value = value << 8 | peek8(at + i)
    return value


@inlined
def write_at(at, size, value):
    if size == 4:
        poke32(at, value)
    elif size == 1:
        poke8(at, value)
    elif size == 2:
        poke16(at, value)
    elif size == 8:
        poke64(at, value)
    else:
        for i in range(size):
            poke8(at + i, value >> 8 * (size - 1 - i))


@compiled
def log_write(m, pa, size, value):
    row = m.writes[m.write_count]
    row[0], row[1], row[2] = pa, size, value & ((1 << 8 * size) - 1) if size < 8 else value
    m.write_count += 1


@compiled
def outside(m, pa, size, write, value):
    """Access outside RAM: the answer, if the run loop has it already, or else a request for it."""
    if m.used < m.answered:
        i = m.used
        m.used += 1
        if m.answer_error[i]:  # transfer error acknowledge
            raise_exception(m, isa.VECTOR_MACHINE_CHECK, isa.SRR1_TEA)
        return np.int64(m.answer[i])
    m.request_pa, m.request_size, m.request_write, m.request_value = pa, size, write, value
    m.outcome = isa.OUT_BUS
    return 0


@compiled
def read_physical(m, pa, size):
    """Read 1 to 8 bytes that lie in one double word. Look at `m.outcome` before using the value."""
    if pa + size <= m.ram_size:
        return read_at(m.ram + pa, size)
    return outside(m, pa, size, isa.READ, isa.NONE)


@compiled
def write_table(m, pa, size, value):
    """A store into the page table, which oracle and adversary see."""
    pte = pa & ~7
    before = read_at(m.ram + pte, isa.DOUBLEWORD)
    write_at(m.ram + pa, size, value)
    if noted_store(m, pte, before) and m.adversary:
        changed(m, pte, before)


@compiled
def break_reservations(m, pa):
    """A store to a block that other processors have reserved: they lose the reservation."""
    for number in range(m.foreign.shape[0]):
        if m.foreign[number] == pa & ~31 | 1:
            m.foreign[number] = 0


@compiled
def is_guarded(m, page):
    """Whether another processor has reserved a block of the page."""
    for number in range(m.foreign.shape[0]):
        if m.foreign[number] and m.foreign[number] & ~0xFFF == page:
            return True
    return False


@compiled
def write_physical(m, pa, size, value):
    if pa + size <= m.ram_size:
        if m.watched and in_table(m, pa):
            write_table(m, pa, size, value)
        else:
            write_at(m.ram + pa, size, value)
        if is_code(m, pa):
            forget(m, pa)
        if m.guards:
            break_reservations(m, pa)
        if m.log_writes:
            log_write(m, pa, size, value)
    else:
        outside(m, pa, size, isa.WRITE, value)


# -- Soft translations ----------------------------------------------------------------------------

@compiled
def flush(m):
    """Forget soft translations, because registers have changed on which they depend."""
    m.soft_tag[:] = 0


@compiled
def flush_set(m, index):
    """Forget the soft translations of pages whose TLB entries share a set."""
    for kind in range(3):
        for row in range(index, 256, m.tlb_sets):
            m.soft_tag[kind, row] = 0


@compiled
def watches(s, kind):
    """Whether the data address breakpoint is set for loads or stores (PEM 2.3.15)."""
    dabr = 0 | s.dabr
    return (dabr & (isa.DABR_DW if kind == isa.KIND_STORE else isa.DABR_DR) != 0
            and (dabr & isa.DABR_BT != 0) == (s.msr & isa.MSR_DR != 0))


@compiled
def remember(s, m, ea, kind, pa, tlb_set, keep, point):
    """Remember the translation of a page that lies in RAM, or may be read from the ROM.

    Not of stores that have to be seen: they are logged, or the page holds decoded instructions or
    a block that another processor has reserved. Oracle and adversary want to see all stores, and
    all uses of a TLB. Nor of loads from the ROM if they are logged as accesses of a device, nor of
    data in the page of the data address breakpoint.
    """
    page = pa & ~0xFFF
    if kind == isa.KIND_TOUCH or (kind != isa.KIND_FETCH and watches(s, kind)
                                  and ea >> 12 == s.dabr >> 12):
        return pa
    if m.watched and (kind == isa.KIND_STORE or tlb_set != isa.NO_SET):
        return pa
    if page + 4096 <= m.ram_size:
        base = m.ram + page
        if kind == isa.KIND_STORE and (m.log_writes or is_code(m, page)
                                       or m.guards and is_guarded(m, page)):
            return pa
    elif (kind == isa.KIND_FETCH or (kind == isa.KIND_LOAD and not m.log_events)) and (
            m.rom_base <= page and page + 4096 <= m.rom_base + m.rom_size):
        base = m.rom + page - m.rom_base
    else:
        return pa
    row = ea >> 12 & 255
    mode = m.fetch_mode if kind == isa.KIND_FETCH else m.data_mode
    m.soft_tag[kind, row] = mode | ea >> 12
    m.soft_base[kind, row] = base
    m.soft_set[kind, row] = tlb_set
    m.soft_keep[kind, row], m.soft_point[kind, row] = keep, point
    return pa


@compiled
def read_translated(m, ea, pa, kind, size):
    """Read at an address that has just been translated. A page that is remembered must not wait for
    the bus: when the instruction begins again it would not need the answer, and another access
    would get it."""
    row = ea >> 12 & 255
    mode = m.fetch_mode if kind == isa.KIND_FETCH else m.data_mode
    if m.soft_tag[kind, row] == mode | ea >> 12:
        return read_at(m.soft_base[kind, row] + (ea & 0xFFF), size)
    return read_physical(m, pa, size)


# -- Translation ----------------------------------------------------------------------------------

@compiled
def no_execute(s, m, ea):
    storage_fault(s, m, ea, isa.KIND_FETCH, isa.NONE, isa.SRR1_NO_EXECUTE)
    return -1


@compiled
def protection(s, m, ea, kind):
    storage_fault(s, m, ea, kind, isa.DSISR_PROTECTION, isa.SRR1_PROTECTION)
    return -1


@compiled
def told_way(m, side, ea, tag):
    """The way that the search fills in the pipeline model, which this model follows."""
    if m.told_way < 0:
        m.request_pa, m.request_size, m.request_write, m.request_value = ea, isa.WAY, side, tag
        m.outcome = isa.OUT_BUS
    return 0 | m.told_way


@compiled
def translate(s, m, ea, kind):
    """Physical address, with its storage attributes in `m.wimg`; -1 if the instruction stops."""
    fetch, store = kind == isa.KIND_FETCH, kind == isa.KIND_STORE
    msr = 0 | s.msr
    if not msr & (isa.MSR_IR if fetch else isa.MSR_DR):
        m.wimg = isa.WIMG_G | (0 if fetch else isa.WIMG_M)
        return remember(s, m, ea, kind, ea, isa.NO_SET, isa.NONE, isa.NONE)

    user = msr & isa.MSR_PR != 0
    first_bat = isa.SPR_IBAT0U if fetch else isa.SPR_DBAT0U
    for bat in range(first_bat, first_bat + 8, 2):
        upper = 0 | s.words[bat]
        if not upper & (1 if user else 2):  # Vp, Vs
            continue
        length = (upper >> 2 & 0x7FF) << 17 | 0x1FFFF
        if (ea ^ upper) & ~length & MASK32:
            continue
        lower = 0 | s.words[bat + 1]
        m.wimg = lower >> 3 & 15
        if fetch and m.wimg & isa.WIMG_G:
            return no_execute(s, m, ea)
        if prohibited(isa.BLOCK_KEY, lower & 3, store):
            return protection(s, m, ea, kind)
        return remember(s, m, ea, kind, lower & isa.BATL_BRPN | ea & length,
                        isa.NO_SET, isa.NONE, isa.NONE)

    segment = 0 | s.sr[ea >> 28]
    if segment & isa.SR_T:
        storage_fault(s, m, ea, kind, isa.DSISR_DIRECT_STORE, isa.SRR1_NO_EXECUTE)
        return -1
    if fetch and segment & isa.SR_N:
        return no_execute(s, m, ea)

    side, index = 0 if fetch else 1, ea >> 12 & m.tlb_sets - 1
    tag = isa.TLB_VALID | (segment & isa.SR_VSID) << 16 | ea >> 12 & 0xFFFF
    if m.adversary:
        recently_used(m, ea, kind)
    hit, way = False, 0
    while way < m.tlb_ways and not hit:
        if m.tlb_tag[side, index, way] == tag:
            hit = True
        else:
            way += 1
    if not hit and m.adversary:
        way = random_way(m)
        hit = recall(m, side, index, way, tag)
    elif not hit:
        way = told_way(m, side, ea, tag) if m.follows else victim(m, side, index)
        if way < 0:
            return -1
    key = 1 if segment & (isa.SR_KP if user else isa.SR_KS) else 0
    word = 0 | m.tlb_word[side, index, way]
    if not hit or (store and not word & isa.PTEL_C and not prohibited(key, word & 3, store)):
        word = search(s, m, ea, kind, segment & isa.SR_VSID, key, not hit)
        if m.outcome != isa.OUT_BUS:
            m.told_way = -1
        if word < 0:
            return -1
        if m.adversary:
            keep_entry(m, side, index, way)
        m.tlb_tag[side, index, way] = tag
        m.tlb_word[side, index, way] = word
        loaded(m, side, index, way, m.found)
        filled(m, side, index, way)
        flush_set(m, index)
    keep, point = points(m, way)
    use(m, side, index, keep, point)

    m.wimg = word >> 3 & 15
    if fetch and m.wimg & isa.WIMG_G:
        return no_execute(s, m, ea)
    if prohibited(key, word & 3, store):
        if m.oracle:
            refused(s, m, ea, kind, side, index, way, key)
        return protection(s, m, ea, kind)
    if m.oracle:
        examine(s, m, ea, kind, side, index, way, key)
    return remember(s, m, ea, kind, word & isa.PTEL_RPN | ea & 0xFFF, index, keep, point)


@compiled
def broadcasts(s, m):
    """Whether other processors hear tlbie, icbi and barriers (HID0[ABE])."""
    return 1 if m.broadcasts and s.hid0 & isa.HID0_ABE else 0


@compiled
def invalidate_set(m, ea, sender):
    """What a tlbie of a processor does to the TLBs of one that hears it."""
    index = ea >> 12 & m.tlb_sets - 1
    if m.adversary:
        postpone_tlbie(m, index, sender)
    else:
        for side in range(2):
            for way in range(m.tlb_ways):
                m.tlb_tag[side, index, way] = 0
    flush_set(m, index)


@compiled
def invalidate(s, m, ea):
    """tlbie: all ways of the set that EA[14-19] selects, in both TLBs (MPC750 UM 5.4.3.2)."""
    if m.watched:
        note(m, isa.ACT_TLBIE, ea, isa.NONE, broadcasts(s, m))
        m.last_tlbie[ea >> 12 & m.tlb_sets - 1] = m.history_count
    invalidate_set(m, ea, m.number)
    event(s, m, isa.EVENT_TLBIE, isa.NONE, ea, isa.NONE, isa.NONE, isa.NONE)


@compiled
def search(s, m, ea, kind, vsid, key, missed):
    """Table search (PEM 7.6.1): the PTE's second word, or -1 if the instruction stops.

    R is set in the PTE that is found, before protection is checked; C only if a store is allowed;
    each is written as one byte. The events are recorded at the end, because a search of a table
    outside RAM begins again after each answer.
    """
    store = kind == isa.KIND_STORE
    virtual = vsid << 16 | ea >> 12 & 0xFFFF
    wanted = isa.PTEH_V | vsid << 7 | ea >> 22 & 0x3F
    hashed = (vsid & 0x7FFFF) ^ (ea >> 12 & 0xFFFF)
    sdr1 = 0 | s.sdr1
    if m.watched:
        searched(m, sdr1)
    examined = 0
    first_answer = m.used
    for secondary in range(2):
        group = (sdr1 & isa.SDR1_HTABORG | (hashed >> 10 & sdr1 & isa.SDR1_HTABMASK) << 16
                 | (hashed & 0x3FF) << 6)
        for pte in range(group, group + 64, 8):
            entry = read_physical(m, pte, isa.DOUBLEWORD)
            if m.unseen_count:
                entry = half(m, pte, WALKER) << 32 | half(m, pte + 4, WALKER)
            examined += 1
            if m.outcome:
                return search_failed(s, m, ea, virtual, kind, missed, examined, pte)
            if entry >> 32 & MASK32 != wanted:
                continue
            word = entry & MASK32
            referenced = not word & isa.PTEL_R
            changed = store and not word & isa.PTEL_C and not prohibited(key, word & 3, store)
            with_r = word | isa.PTEL_R
            if referenced:
                write_history(m, pte + 6, with_r >> 8 & 0xFF, ea, vsid, kind)
                if m.outcome:
                    return search_failed(s, m, ea, virtual, kind, missed, examined, pte)
            if changed:
                word = with_r | isa.PTEL_C
                write_history(m, pte + 7, word & 0xFF, ea, vsid, kind)
                if m.outcome:
                    return search_failed(s, m, ea, virtual, kind, missed, examined, pte)
            search_over(s, m, ea, virtual, kind, missed, examined, 1 + secondary, pte)
            if referenced:
                event(s, m, isa.EVENT_PTE_UPDATE, isa.UPDATED_R, ea, virtual, pte, with_r)
            if changed:
                event(s, m, isa.EVENT_PTE_UPDATE, isa.UPDATED_C, ea, virtual, pte, word)
            # If the instruction begins again, it finds the TLB entry and does not search.
            m.used = m.answered = first_answer
            m.found = pte
            return with_r | word
        hashed ^= 0x7FFFF
        wanted |= isa.PTEH_H
    if m.oracle:
        unseen(s, m, ea, kind, vsid)
    search_over(s, m, ea, virtual, kind, missed, examined, isa.WALK_NOT_FOUND, isa.NONE)
    storage_fault(s, m, ea, kind, isa.DSISR_PAGE_FAULT, isa.SRR1_PAGE_FAULT)
    return -1


@compiled
def write_history(m, pa, byte, ea, vsid, kind):
    """Write the byte of a PTE that has R or C."""
    if m.adversary and pa < m.ram_size:
        write_used(m, pa, byte, ea, vsid, kind)
    else:
        write_physical(m, pa, isa.BYTE, byte)


@compiled
def search_over(s, m, ea, virtual, kind, missed, examined, result, pte):
    m.walks += 1
    m.walk_ptes += examined
    if missed:
        event(s, m, isa.EVENT_TLB_MISS, kind, ea, virtual, isa.NONE, isa.NONE)
    event(s, m, isa.EVENT_WALK, result, ea, virtual, pte, examined)


@compiled
def search_failed(s, m, ea, virtual, kind, missed, examined, pte):
    """A read or update of the table waits for its answer, or was ended by a transfer error."""
    if m.outcome != isa.OUT_BUS:
        search_over(s, m, ea, virtual, kind, missed, examined, isa.WALK_BUS_ERROR, pte)
    return -1
