"""What the functional model remembers besides the architectural registers."""

import numpy as np

from pteg.functional.constants import NO_SET, POLICIES
from pteg.functional.late_tlb import KEPT
from pteg.functional.tlb import SEED
from pteg.hw.bus.ratio import Ratio
from pteg.hw.parameters import Parameters
from pteg.hw.sizes import PROCESSORS_MOST, TLB_MOST_SETS, TLB_MOST_WAYS
from pteg.ledger import RECORD
from pteg.mmu.history import FIELDS, HISTORY, Fault, Finding
from pteg.state import ARCH_STATE
from pteg.worlds import WATCH

__all__ = ["CPU_STATE", "MODEL", "EVENTS", "WRITES", "ANSWERS", "new_model",
           "new_code", "clear_translations", "take_events", "take_stale",
           "CODE_PAGES", "CODE_PLACES"]

_WORDS = ARCH_STATE.itemsize // 4
_TLB = TLB_MOST_SETS, TLB_MOST_WAYS
_SECOND = TLB_MOST_SETS, KEPT

#: ARCH_STATE with a second view of the same bytes: `words[i]`, by which SPRs are reached by number.
CPU_STATE = np.dtype({
    "names": [*ARCH_STATE.names, "words"],
    "formats": [*(ARCH_STATE.fields[name][0] for name in ARCH_STATE.names), ("u4", (_WORDS,))],
    "offsets": [*(ARCH_STATE.fields[name][1] for name in ARCH_STATE.names), 0],
    "itemsize": ARCH_STATE.itemsize, "aligned": True})

#: Capacities: ledger events between two looks; memory writes and answers within an instruction.
#: A string of 32 words takes 48 accesses, since every other word may cross a double word; a search
#: reads 16 PTEs and writes twice, a store's on either of two pages and the fetch's before.
EVENTS, WRITES, ANSWERS = 1024, 80, 80
#: Page tables that stores are looked for in: a host's, and one for each session of a hypervisor.
TABLES = 16
#: Pages of which decoded instructions are kept, and their places: a page's and one behind it.
CODE_PAGES, CODE_PLACES = 1024, 1025

MODEL = np.dtype([
    # RAM, and a ROM: their bytes in the host, how many, and where the ROM begins.
    ("ram", "i8"), ("ram_size", "i8"),
    ("rom", "i8"), ("rom_base", "i8"), ("rom_size", "i8"),
    # Sets and ways of each TLB, and the policy of replacement, an index of `POLICIES`.
    ("tlb_sets", "i8"), ("tlb_ways", "i8"), ("tlb_policy", "i8"),
    # TLBs (MPC750 UM 5.4.3): side (0 instruction, 1 data), set, way. A tag is VSID || EA[4-19]
    # with bit 40 set if the entry is valid; a word is the second one of the PTE.
    ("tlb_tag", "i8", (2, *_TLB)), ("tlb_word", "u4", (2, *_TLB)),
    # The tree of bits that points to the way used longest ago, or the way whose turn it is. The
    # last set does not exist: it takes the updates of soft translations that come from no TLB.
    ("tlb_order", "u1", (2, NO_SET + 1)), ("tlb_random", "i8", 2),
    # Soft translations: by access kind, 256 recently used pages of RAM or ROM. The tag is the
    # effective page number and the mode in which it was translated; the base is where the page is
    # in the host. A hit also updates `tlb_order` of `soft_set`: it keeps the bits of `soft_keep`
    # and sets those of `soft_point`.
    ("soft_tag", "u4", (3, 256)), ("soft_base", "i8", (3, 256)),
    ("soft_set", "u2", (3, 256)), ("soft_keep", "u1", (3, 256)), ("soft_point", "u1", (3, 256)),
    ("fetch_mode", "i8"), ("data_mode", "i8"),
    # Decoded instructions (`pteg.functional.decoded`): where they are in the host (0: there is no
    # such place), and the physical page, plus 1, of which each row holds them.
    ("code", "i8"), ("code_page", "i8", CODE_PAGES),
    # Set while blocks are executed, in which nothing but soft translations is used.
    ("blocks", "i8"),
    # How the instruction being executed stopped.
    ("outcome", "i8"), ("vector", "i8"), ("cause", "i8"), ("op", "i8"), ("word", "i8"),
    ("wimg", "i8"),
    # Address of the floating-point unit in the host (`pteg.functional.float_unit`).
    ("float_unit", "i8"),
    # Address of the function that completes an instruction, in lockstep.
    ("step", "i8"),
    # The access outside RAM that it waits for, and the answers to earlier ones.
    ("request_pa", "i8"), ("request_size", "i8"), ("request_write", "i8"), ("request_value", "i8"),
    ("answered", "i8"), ("used", "i8"),
    ("answer", "u8", ANSWERS), ("answer_error", "u1", ANSWERS),
    # Registers that a load multiple or string has loaded.
    ("loaded", "u4", 32),
    # Time in core cycles: now, when the time base and the devices were last brought up to it, and
    # when the run loop must check them again.
    ("cycles", "i8"), ("time_synced", "i8"), ("device_synced", "i8"), ("look", "i8"),
    ("cycles_per_tick", "i8"),
    ("hid1", "i8"),
    # Pending asynchronous exceptions.
    ("interrupt", "i8"), ("decrementer", "i8"), ("thermal", "i8"), ("machine_check", "i8"),
    # Thermal unit: cycle of its next comparison, or 0; whether that is of THRM2.
    ("thermal_at", "i8"), ("thermal_turn", "i8"),
    # Cycles in which no instruction completed, and other counts for statistics.
    ("uncompleted", "i8"), ("exceptions", "i8"), ("walks", "i8"), ("walk_ptes", "i8"),
    # Of several processors (`pteg.functional.processors`): whether there are any, and whether what
    # this one broadcasts reaches them; what it has to broadcast, and where.
    ("several", "i8"), ("broadcasts", "i8"), ("broadcast", "i8"), ("broadcast_address", "i8"),
    # Blocks that the others have reserved, by their number (`reservation` of ARCH_STATE; 0: none,
    # or lost by a store of this processor), and whether there are any.
    ("foreign", "i8", PROCESSORS_MOST), ("guards", "i8"),
    # Its number; whether it waits for its first soft reset; the level of SRESET, and whether it has
    # been asserted; whether TBEN is negated, so that the time base stops.
    ("number", "i8"), ("held", "i8"), ("reset_level", "i8"), ("reset", "i8"), ("frozen", "i8"),
    # Memory writes of the instruction (pa, size, value), if they are logged.
    ("log_writes", "i8"), ("write_count", "i8"), ("writes", "i8", (WRITES, 3)),
    # Ledger events, if they are logged: kind, cause, pc, ea, va, pa, value, instruction, world.
    ("log_events", "i8"), ("event_count", "i8"), ("events", "i8", (EVENTS, 9)),
    # How the worlds of the events are told apart.
    ("watch", WATCH),
    # Whether there is an oracle (`pteg.functional.oracle`), which also tells accesses that do not
    # set R, or an adversary (`pteg.functional.adversary`), or any of both.
    ("oracle", "i8"), ("oracle_references", "i8"), ("adversary", "i8"), ("watched", "i8"),
    # SDR1, and the address of the instruction being executed.
    ("sdr1", "i8"), ("acting", "i8"),
    # SDR1 of the searches up to now, of all processors, and how many different values there were.
    ("tables", "i8", TABLES), ("table_count", "i8"),
    # While this one follows the pipeline model (`pteg.lockstep`): the cycle of that one; whether it
    # tells the way that a table search fills, and the way, or -1: it must be told.
    ("clock", "i8"), ("follows", "i8"), ("told_way", "i8"),
    # The latest acts on the page table (`pteg.mmu.history`), how many there were, and barriers
    # since the last other act.
    ("history", "i8", (HISTORY, len(FIELDS))), ("history_count", "i8"), ("history_barriers", "i8"),
    # Instructions of each processor when the turn began, and how many a change of a PTE may take.
    ("executed", "i8", PROCESSORS_MOST), ("patience", "i8"),
    # Of each TLB entry: the PTE that it was loaded from, acts before that, and whether the oracle
    # has told of it. `found`: the PTE of the last search.
    ("tlb_pte", "i8", (2, *_TLB)), ("tlb_loaded", "i8", (2, *_TLB)), ("tlb_told", "u1", (2, *_TLB)),
    ("found", "i8"),
    # Acts up to the last tlbie of each set.
    ("last_tlbie", "i8", TLB_MOST_SETS),
    # What the oracle has found, a `Fault` or 0, and everything about it.
    ("stale", "i8"), ("stale_kind", "i8"), ("stale_ea", "i8"), ("stale_vsid", "i8"),
    ("stale_pte", "i8"), ("stale_word", "i8"), ("stale_now", "i8"), ("stale_pc", "i8"),
    ("stale_cycle", "i8"), ("stale_instruction", "i8"), ("stale_order", "i8"),
    ("stale_loaded_from", "i8"), ("stale_loaded", "i8"),
    # The adversary: its random numbers, and whether it is one of a lone processor; words of PTEs as
    # searches still see them; bytes that it writes late, and searches that had read them.
    # `..._waits`: until sync.
    ("random", "i8"), ("lone", "i8"), ("epoch", "i8"),
    ("unseen_pa", "i8", 64), ("unseen_word", "i8", 64), ("unseen_epoch", "i8", 64),
    ("unseen_waits", "i8", 64), ("unseen_count", "i8"),
    ("late_pa", "i8", 32), ("late_byte", "i8", 32), ("late_waits", "i8", 32), ("late_count", "i8"),
    ("late_ea", "i8", 32), ("late_vsid", "i8", 32), ("late_kind", "i8", 32),
    ("late_order", "i8", 32),
    # Stages of the tlbie of each set, of each processor that has sent them; and as bits, of which
    # processors there are any, and which are between tlbsync and sync.
    ("tlbie", "i8", (PROCESSORS_MOST, TLB_MOST_SETS)), ("tlbie_pending", "i8"),
    ("tlbsync", "i8"),
    # The second level of the TLBs.
    ("kept_tag", "i8", (2, *_SECOND)), ("kept_word", "u4", (2, *_SECOND)),
    ("kept_pte", "i8", (2, *_SECOND)), ("kept_loaded", "i8", (2, *_SECOND)),
    ("kept_told", "u1", (2, *_SECOND)),
    # Pages that may be searched for: used before, or of a PTE that was changed.
    # `fresh`: one was changed since the last synchronization.
    ("recent", "i8", 64), ("suspect", "i8", 8), ("suspects", "i8"), ("alert", "i8"),
    ("fresh", "i8"),
], align=True)


def new_model(parameters=None):
    """Models of the processors after a hard reset: TLBs and everything else empty."""
    sizes = parameters or Parameters()
    model = np.zeros(sizes.processors, MODEL)
    ratio = Ratio.read(sizes.ratio)
    model["cycles_per_tick"], model["hid1"] = ratio.cycles_per_tick, ratio.hid1
    model["tlb_sets"], model["tlb_ways"] = sizes.tlb_sets, sizes.tlb_ways
    model["tlb_policy"] = POLICIES.index(sizes.tlb_replacement)
    model["tlb_random"] = SEED
    model["several"] = sizes.processors > 1
    model["broadcasts"] = sizes.processors > 1 and sizes.broadcast
    model["held"][1:] = 1
    model["number"] = np.arange(sizes.processors)
    return model


def new_code():
    """Places of decoded instructions, all empty."""
    return np.zeros((CODE_PAGES, CODE_PLACES), np.uint64)


def clear_translations(model):
    """Forget soft translations and decoded instructions, after a change from outside."""
    model["soft_tag"] = 0
    model["code_page"] = 0


def take_events(model):
    """Remove the logged events and return them as ledger records, by processor."""
    pieces = []
    for number, record in enumerate(model):
        rows = record["events"][:record["event_count"]]
        found = np.zeros(len(rows), RECORD)
        columns = ("kind", "cause", "pc", "ea", "va", "pa", "value", "instruction", "world")
        for column, name in enumerate(columns):
            found[name] = rows[:, column]
        found["core"] = number
        record["event_count"] = 0
        pieces.append(found)
    return np.concatenate(pieces)




def take_stale(model):
    """Remove what the oracle has found and return it (`pteg.mmu.oracle.Finding`)."""
    found = {name: int(model[f"stale_{name}"]) for name in (
        "kind", "ea", "vsid", "pte", "word", "now", "pc", "cycle", "instruction", "order",
        "loaded_from", "loaded")}
    count = int(model["history_count"])
    oldest = max(0, count - HISTORY)
    acts = [tuple(map(int, model["history"][i % HISTORY])) for i in range(oldest, count)]
    fault, model["stale"] = int(model["stale"]), 0
    return Finding(fault=Fault(fault), acts=acts, oldest=oldest, processor=int(model["number"]),
                   sets=int(model["tlb_sets"]), **found)
