"""hw/isa as plain integers, which is what numba reads: `isa.MSR_PR`, `isa.VECTOR_DSI`, `isa.ADDI`.

Instructions keep their names in `Op`; members of the other enumerations and fields have a prefix.
Nothing is defined here: the names are made from the tables.
"""

import enum

import numpy as np

from pteg import ledger
from pteg.hw.isa import exceptions, registers
from pteg.hw.isa.instructions import INSTRUCTIONS, Op
from pteg.hw.mmu.enums import AccessKind, SearchResult
from pteg.hw.parameters import OneOf, Parameters
from pteg.hw.sizes import TLB_MOST_SETS
from pteg.mmu import history
from pteg.state import ARCH_STATE, STORED_SPRS

_PREFIXES = {
    "MSR": registers.Msr, "XER": registers.Xer, "FPSCR": registers.Fpscr, "HID0": registers.Hid0,
    "WIMG": registers.Wimg, "VECTOR": exceptions.Vector, "SRR1": exceptions.Srr1,
    "DSISR": exceptions.Dsisr,
    "ACT": history.Act, "FAULT": history.Fault,
    "EVENT": ledger.Kind, "WALK": SearchResult, "KIND": AccessKind,
}
_FIELDS = {"SR": registers.SegmentRegister, "BATU": registers.BatUpper, "BATL": registers.BatLower,
           "SDR1": registers.Sdr1, "PTEH": registers.PteHigh, "PTEL": registers.PteLow,
           "IABR": registers.Iabr, "DABR": registers.Dabr, "THRM": registers.Thrm,
           "THRM3": registers.Thrm3}


class Outcome(enum.IntEnum):
    """How the execution of one instruction ended."""

    NEXT = 0       # completed; the next instruction follows
    JUMP = 1       # completed; `pc` has been set
    CONTEXT = 2    # completed; MSR or a pending exception may have changed, `pc` has been set
    EXCEPTION = 3  # not completed: the model's `vector` and `cause` tell why
    BUS = 4        # an access outside RAM must be answered, then the instruction executed again
    CHECKSTOP = 5  # machine check with MSR[ME] = 0
    UNIT = 6       # the floating-point unit must be compiled, then the instruction executed again
    STEP = 7       # nothing was done: a block leaves this instruction to `step`


def _collect():
    found = {op.name: int(op) for op in Op}
    for prefix, members in {**_PREFIXES, "OUT": Outcome}.items():
        found |= {f"{prefix}_{name}": int(value) for name, value in members.__members__.items()}
    for prefix, fields in _FIELDS.items():
        found |= {f"{prefix}_{name}": field.mask for name, field in vars(fields).items()
                  if isinstance(field, registers.Field)}
    found["THRM_THRESHOLD_LEAST"] = 1 << registers.Thrm.THRESHOLD.shift
    found["THRM3_SITV_LEAST"] = 1 << registers.Thrm3.SITV.shift
    for name in ("MSR_IMPLEMENTED", "MSR_TO_SRR1", "XER_IMPLEMENTED", "FPSCR_IMPLEMENTED"):
        found[name] = int(getattr(registers, name))
    found["SR_IMPLEMENTED"] = registers.SegmentRegister.IMPLEMENTED
    return found


globals().update(_collect())

NONE = 0  # of an event's fields
#: Bit of a TLB entry's tag: the entry is valid.
TLB_VALID = 1 << 40
#: Acts on the page table that are remembered.
HISTORY = history.HISTORY
#: Bytes of an access.
BYTE, HALFWORD, WORD, DOUBLEWORD, BLOCK = 1, 2, 4, 8, 32
#: In place of the bytes: a request for the way that a table search fills (`pteg.lockstep`). The
#: address is the effective one, `request_write` the side, the value the tag of the entry.
WAY = 0
READ, WRITE = 0, 1
#: In place of a TLB set, for a translation that does not come from a TLB.
NO_SET = TLB_MOST_SETS
#: Replacement in a TLB, by number.
_ALLOWED = Parameters.allowed("tlb_replacement")
assert isinstance(_ALLOWED, OneOf)
POLICIES = tuple(_ALLOWED)
POLICY_LRU, POLICY_FIFO, POLICY_RANDOM = map(POLICIES.index, ("lru", "fifo", "random"))
#: Causes of a PTE update.
UPDATED_R, UPDATED_C = 1, 2
#: Protection key with which the PP bits of a block are read (PEM table 7-5).
BLOCK_KEY = 1


# What the MSR keeps when an exception is taken, by vector / 0x100 (only a machine check differs).
MSR_KEPT = np.array([exceptions.msr_after_exception(registers.MSR_IMPLEMENTED, vector << 8)
                     & ~registers.Msr.LE for vector in range(32)], np.int64)

# -- Special-purpose registers: for each number, where its value is and who may touch it ---------
#: Place of each SPR among the 32-bit words of ARCH_STATE; -1: a constant, -2: the time base.
SPR_CONSTANT, SPR_TIME_BASE = -1, -2
SPR_WORD = np.full(1024, SPR_CONSTANT, np.int16)
SPR_MASK = np.zeros(1024, np.int64)
SPR_RESET = np.zeros(1024, np.int64)
#: Bits 0: exists and can be read, 1: can be written, 2: also in user state.
SPR_READ, SPR_WRITE, SPR_USER = 1, 2, 4
SPR_RULE = np.zeros(1024, np.uint8)
#: Registers whose writing changes translation, or which pages may have soft translations.
SPR_TRANSLATES = np.zeros(1024, np.uint8)


def _word(name):
    return ARCH_STATE.fields[name.lower()][1] // 4


for _spr in registers.SPRS:
    SPR_MASK[_spr.number] = _spr.written
    SPR_RESET[_spr.number] = _spr.reset
    SPR_RULE[_spr.number] = (SPR_READ * _spr.readable + SPR_WRITE * (_spr.writable or _spr.ignored)
                             + SPR_USER * _spr.user)
    SPR_TRANSLATES[_spr.number] = "BAT" in _spr.name or _spr.name in ("SDR1", "DABR")
    if _spr in STORED_SPRS:
        SPR_WORD[_spr.number] = _word(_spr.name)
    elif _spr.name in ("TBL", "TBU"):
        SPR_WORD[_spr.number] = SPR_TIME_BASE
    elif _spr.name.startswith("U"):  # the user's view of a performance monitor register
        SPR_WORD[_spr.number] = _word(_spr.name[1:])
# mfspr reads the time base by the numbers of mftb too: some compilers emit it.
for _number in (registers.TIME_BASE_LOWER, registers.TIME_BASE_UPPER):
    SPR_WORD[_number] = SPR_TIME_BASE
    SPR_RULE[_number] = SPR_READ | SPR_USER
SPR_XER, SPR_DEC, SPR_HID0, SPR_HID1, SPR_L2CR = (
    registers.SPR_BY_NAME[name].number for name in ("XER", "DEC", "HID0", "HID1", "L2CR"))
#: Power-save modes.
HID0_SAVES = int(registers.Hid0.DOZE | registers.Hid0.NAP | registers.Hid0.SLEEP)
#: What the performance monitor changes by itself, by both names.
SPR_COUNTERS = tuple(registers.SPR_BY_NAME[user + name].number for user in ("", "U")
                     for name in ("PMC1", "PMC2", "PMC3", "PMC4", "MMCR0", "SIA"))
SPR_THRM1, SPR_THRM2, SPR_THRM3 = (
    registers.SPR_BY_NAME[f"THRM{n}"].number for n in (1, 2, 3))
SPR_TBL, SPR_TBU = (registers.SPR_BY_NAME[name].number for name in ("TBL", "TBU"))
TIME_BASE_LOWER, TIME_BASE_UPPER = registers.TIME_BASE_LOWER, registers.TIME_BASE_UPPER
SPR_IBAT0U, SPR_DBAT0U = (_word(name) for name in ("IBAT0U", "DBAT0U"))

#: Registers that count time, or what only the pipeline model has.
TIMED = ("tb", "dec", "pmc1", "pmc2", "pmc3", "pmc4", "mmcr0", "sia", "thrm1",
         "thrm2")
#: 32-bit words of ARCH_STATE after the arrays, and which of them lockstep compares.
FIRST_WORD, STATE_WORDS = ARCH_STATE.fields["pc"][1] // 4, ARCH_STATE.itemsize // 4
COMPARED_WORD = np.zeros(STATE_WORDS, np.uint8)
for _name in ARCH_STATE.names[ARCH_STATE.names.index("pc"):]:
    COMPARED_WORD[_word(_name)] = _name not in TIMED

# -- Decoding -------------------------------------------------------------------------------------
#: `OPS[BASE[primary] + (word >> 1 & EXTENDED[primary])]` is the `Op` of a word.
DECODE_BASE = np.zeros(64, np.int32)
DECODE_EXTENDED = np.zeros(64, np.int32)
#: Bits of the word that must be one besides (stwcx. and sc); by Op.
DECODE_ONES = np.zeros(len(Op), np.int32)


def _decode_table():
    """One slot for a primary opcode alone, 1024 for one with an extended opcode."""
    table = [0]  # primary opcodes without instructions share the illegal slot 0
    for primary in range(64):
        rows = [row for row in INSTRUCTIONS if row.opcode == primary]
        if not rows:
            continue
        DECODE_BASE[primary] = len(table)
        if rows[0].extended is None:
            table.append(int(rows[0].op) if rows[0].implemented else 0)
            DECODE_ONES[rows[0].op] = rows[0].mask & 0x03FFFFFF
            continue
        DECODE_EXTENDED[primary] = 1023
        slots = [0] * 1024
        for row in rows:
            for extended in range(1024):
                word = primary << 26 | extended << 1
                if word & row.mask & ~1 == row.match & ~1 and row.implemented:
                    slots[extended] = int(row.op)
            DECODE_ONES[row.op] = row.match & 1
        table += slots
    return np.array(table, np.uint8)


OPS = _decode_table()
PRIVILEGED = np.zeros(len(Op), np.uint8)
STORES = np.zeros(len(Op), np.uint8)
for _row in INSTRUCTIONS:
    PRIVILEGED[_row.op] = _row.privileged
    STORES[_row.op] = _row.store
