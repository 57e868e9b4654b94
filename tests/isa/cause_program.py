"""One program that executes many cases, and writes down what is left after each.

It runs without translation. For each record it sets the registers and the page table, and executes
the instruction, behind which is sc. All exceptions lead to `over`, which fills the next entry of
the log.
"""

import numpy as np
from cause_cases import (
    BEFORE,
    CODE,
    CR,
    DAR,
    DSISR,
    ENDS,
    FPR,
    GPR,
    PAGES,
    PHYSICAL,
    VSID,
    WINDOW,
    Case,
    Place,
)
from cause_expected import Result

from pteg.boot.loader import read_elf
from pteg.firmware.asm import assemble
from pteg.hw.isa.causes import MEMORY
from pteg.hw.isa.registers import Hid0, Msr
from pteg.lockstep.encoding import as_bytes, encode, to_spr

TABLE, CASES, LOG = 0x100000, 0x400000, 0x1000000
STUBS, STOP, SCRATCH, CONSTANTS, JUMP = 0x8000, 0x3F00, 0x7000, 0x7100, 0x7800
CASE_WORDS, LOG_WORDS, MOST = 26, 40, 60_000
START, MSR = 0x4000, int(Msr.ME | Msr.FP)

_VECTORS = (0x200, 0x300, 0x400, 0x600, 0x700, 0x800, 0xC00, 0xD00, 0x1300)


def pte_address(ea):
    """The first slot of the primary group; the hash table has 64 KB."""
    return TABLE + (((VSID[ea >> 28] ^ ea >> 12 & 0xFFFF) & 0x3FF) << 6)


def _constant(register, value):
    return f"lis {register},{value >> 16}\n ori {register},{register},{value & 0xFFFF}\n"


def _source():
    """The program; rN are numbers of registers, offsets are those of `record` and `read_log`."""
    text = "".join(f" .org {vector:#x}\n li r1,{vector:#x}\n b over\n" for vector in _VECTORS)
    text += f" .org {STOP:#x}\nstop: b stop\n .org {START:#x}\nstart:\n"
    text += _constant("r20", LOG) + _constant("r21", CASES) + _constant("r26", SCRATCH)
    text += _constant("r23", int(Hid0.ICE | Hid0.DCE | Hid0.ICFI | Hid0.DCFI))
    text += " mtspr 1008,r23\n isync\n" + _constant("r23", int(Hid0.ICE | Hid0.DCE))
    text += _constant("r24", MSR) + " mtmsr r24\n isync\n"
    text += _constant("r2", TABLE) + " mtspr 25,r2\n"
    text += " li r2,3\n mtspr 528,r2\n li r2,2\n mtspr 529,r2\n"   # IBAT0: this program
    # ---- A case.
    text += "next:\n cmplw r21,r27\n bge stop\n lwz r25,96(r21)\n" + _constant("r3", CONSTANTS)
    for at in range(0, len(WINDOW), 4):
        text += f" lwz r2,{at}(r3)\n stw r2,{at}(r25)\n"
    for at in range(0, len(WINDOW), 32):
        text += f" li r2,{at}\n dcbf r25,r2\n"
    for number, ea in enumerate(PAGES):
        text += _constant("r4", pte_address(ea))
        for half in (0, 4):
            text += f" lwz r2,{56 + 8 * number + half}(r21)\n stw r2,{half}(r4)\n"
        text += " dcbf 0,r4\n" + _constant("r2", ea) + " tlbie r2\n"
    text += " sync\n"
    for offset, move in ((20, "mtspr 282,r2"), (24, "mtsr 3,r2"), (28, "mtsr 4,r2"),
                         (32, "mtspr 538,r2"), (36, "mtspr 539,r2"), (40, "mtspr 540,r2"),
                         (44, "mtspr 541,r2"), (48, "mtspr 530,r2"), (52, "mtspr 531,r2"),
                         (88, "mtxer r2"), (0, "mtspr 27,r2"), (4, "mtspr 26,r2")):
        text += f" lwz r2,{offset}(r21)\n {move}\n"
    for spr, value in ((18, DSISR), (19, DAR)):
        text += _constant("r2", value) + f" mtspr {spr},r2\n"
    text += " lwarx r2,0,r26\n lwz r2,92(r21)\n cmpwi r2,0\n bne 1f\n stwcx. r2,0,r26\n1:\n"
    text += _constant("r2", CR) + " mtcrf 255,r2\n"
    text += _constant("r3", CONSTANTS) + f" lmw r28,{len(WINDOW)}(r3)\n lfd f1,{len(WINDOW) + 16}"
    text += "(r3)\n lwz r10,80(r21)\n lwz r11,84(r21)\n"
    text += " lwz r2,16(r21)\n lwz r3,12(r21)\n lwz r4,8(r21)\n"
    text += " sync\n isync\n mtspr 1010,r2\n mtspr 1013,r3\n mtspr 1008,r4\n isync\n rfi\n"
    # ---- What is left.
    text += "over:\n mfspr r2,26\n mfspr r3,27\n mfspr r4,18\n mfspr r5,19\n mfcr r6\n li r7,0\n"
    text += " mtspr 1013,r7\n mtspr 1010,r7\n mtspr 1008,r23\n isync\n mtmsr r24\n isync\n"
    for number in range(1, 7):
        text += f" stw r{number},{4 * number - 4}(r20)\n"
    text += " stw r10,24(r20)\n stmw r28,28(r20)\n stfd f1,44(r20)\n"
    for at in range(0, len(WINDOW), 4):
        text += f" lwz r2,{at}(r25)\n stw r2,{52 + at}(r20)\n"
    for number, ea in enumerate(PAGES):
        text += _constant("r4", pte_address(ea) + 4)
        text += f" lwz r2,0(r4)\n stw r2,{52 + len(WINDOW) + 4 * number}(r20)\n"
    return text + f" addi r20,r20,{4 * LOG_WORDS}\n addi r21,r21,{4 * CASE_WORDS}\n b next\n"


def _stub_of():
    """Addresses of the instructions under test, by word."""
    words = {}
    for row in MEMORY:
        words.setdefault(Case(row, None).word, STUBS + 8 * len(words))
    return words


class CauseProgram:
    """The program in the memory of one machine."""

    def __init__(self):
        image = read_elf(assemble(_source(), sections={".text": 0}).elf(), "causes")
        self.stubs = _stub_of()
        self.memory = {segment.address: segment.data for segment in image.segments}
        self.memory[STUBS] = as_bytes(
            [word for stub in self.stubs for word in (stub, encode("sc"))])
        # To what is to be fetched. Branches follow, which are fetched first; they must not be taken
        # for what cannot be fetched.
        self.memory[JUMP] = as_bytes([to_spr("CTR", 10), encode("bcctr", BO=20, BI=0, LK=1)]
                                     + [encode("b", LI=4)] * 8)
        self.memory[CONSTANTS] = WINDOW + as_bytes(GPR) + FPR.to_bytes(8, "big")
        for physical in PHYSICAL.values():
            self.memory[physical + CODE] = as_bytes([Case(None, None).word, 0, encode("sc")])

    def stub(self, case):
        """Where the instruction of a case is."""
        return self.stubs[case.word] if case.row else JUMP

    def record(self, case):
        """The words of a case."""
        first, second = case.first or Place(), case.second or Place()
        places = {PAGES[0]: first, PAGES[1]: first if case.end == "segment" else second,
                  PAGES[2]: second}
        segments = (_segment(3, first), _segment(4, second))
        low, high = _block(0x3FFE0000, first), _block(0x40000000, second)
        fetch_low = low if case.row is None else (0, 0)
        ptes = [word for ea, place in places.items() for word in _pte(ea, place)]
        dabr, iabr = (case.breakpoint, 0) if case.row else (0, case.breakpoint)
        a, b = case.base
        return (case.msr, self.stub(case), case.hid0, dabr, iabr,
                0x80000000 if case.external else 0, *segments, *low, *high, *fetch_low,
                *ptes, a, b, 13, int(case.reserved), ENDS[case.end][1] - BEFORE, 0)

    def image(self, cases):
        """What is in memory before a run: address and bytes; at most `MOST` cases."""
        records = np.array([self.record(case) for case in cases], ">u4")
        assert records.shape[1] == CASE_WORDS and len(cases) <= MOST
        return {**self.memory, CASES: records.tobytes()}

    def run(self, cpu, cases, run):
        """Results of the cases; `run(cpu)` runs to `STOP`."""
        memory = cpu.platform["dram"].memory
        memory[:] = 0
        for address, data in self.image(cases).items():
            memory[address:address + len(data)] = np.frombuffer(data, np.uint8)
        cpu.reset()
        state = cpu.get_state()
        state["pc"], state["msr"] = START, MSR
        state["gpr"][0, 27] = CASES + 4 * CASE_WORDS * len(cases)
        cpu.set_state(state)
        run(cpu)
        log = memory[LOG:LOG + 4 * LOG_WORDS * len(cases)].copy()
        cpu.overlay(LOG, log)
        return results(log.tobytes())

    def run_qemu(self, qemu, cases):
        """The same with QEMU."""
        qemu.breakpoint(STOP)
        for address, data in self.image(cases).items():
            qemu.write(address, data)
        for name, value in (("pc", START), ("msr", MSR),
                            ("r27", CASES + 4 * CASE_WORDS * len(cases))):
            qemu.set_register(name, value)
        qemu.run(timeout=60)
        return results(qemu.read(LOG, 4 * LOG_WORDS * len(cases)))


def results(log):
    """What the program has written down."""
    return [_result(entry) for entry in np.frombuffer(log, ">u4").reshape(-1, LOG_WORDS).tolist()]


def _segment(number, place):
    return (0x80000000 if place.way == "direct" else 0) | place.key << 30 | place.key << 29 \
        | place.n << 28 | VSID[number]


def _block(ea, place):
    """A BAT of 128 KB."""
    if place.way != "block":
        return 0, 0
    physical = 0x200000 if ea < 0x40000000 else 0x220000
    return ea | 3, physical | place.wimg << 3 | place.pp


def _pte(ea, place):
    valid = place.way == "page"
    return (valid << 31 | VSID[ea >> 28] << 7 | ea >> 22 & 0x3F,
            PHYSICAL[ea] | place.wimg << 3 | place.pp)


def _result(words):
    vector, srr0, srr1, dsisr, dar, cr, base, *rest = words
    window = b"".join(word.to_bytes(4, "big") for word in rest[6:30])
    return Result(vector, srr0, srr1, dsisr, dar, cr, base, rest[:4], rest[4] << 32 | rest[5],
                  window, [word & 0x180 for word in rest[30:33]])
