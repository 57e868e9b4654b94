"""The rows of docs/timing.md: what is documented, and how it is measured here.

    python tests/timing/rows.py        measure everything and write docs/timing.md

Grades of sources: A, the text of a manual; B, two or more independent compiler models agree; C, one
model or the field's memory; D, inferred from A. "GX" is IBM's PowerPC 750GX/GL User's Manual 1.2
(core as in the 750), "7400" Motorola's MPC7400 UM chapter 6, "GCC" and "LLVM" are the schedulers of
those compilers (7xx.md, PPCScheduleG3.td).
"""

import itertools
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench750 import (  # noqa: E402
    MEASURED,
    PAGES,
    WARM,
    begin,
    each,
    group,
    passages,
    per_pass,
)

from pteg.waveforms.pipeline import Fate  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "timing.md"


@dataclass
class Row:
    """One documented figure.

    Attributes
    ----------
    what : str
        What is measured, in cycles.
    documented : str
    source : str
        With its grade.
    agrees : tuple of (low, high)
        Measured values that agree with it.
    line, setup : str
        The instruction, repeated; see `bench750.each`.
    body : str
        Or the pass of a loop, see `bench750.per_pass`; `minus` is a second one to subtract, and
        the rest is divided by `per`.
    read : callable
        Or what it finds in the `bench750.Passages` of a loop over `body`.
    machine : dict
        Options of `bench750.machine`.
    passes : tuple
        Through the loop: to warm up, and measured.
    why : str
        What stands behind a row that disagrees, or a choice that the sources leave.
    """

    what: str
    documented: str
    source: str
    agrees: tuple
    line: str = ""
    setup: str = ""
    body: str = ""
    minus: str = ""
    per: int = 1
    read: Callable | None = None
    machine: dict = field(default_factory=dict)
    passes: tuple = (WARM, MEASURED)
    why: str = ""

    def measure(self):
        if self.line:
            return each(self.line, self.setup)
        if self.read:
            return self.read(passages(self.body, self.setup, **self.machine))
        times = [per_pass(body, self.setup, self.passes, **self.machine)
                 for body in (self.body, self.minus) if body]
        return (times[0] - sum(times[1:])) / self.per

    def agree(self, cycles):
        return self.agrees[0] <= cycles <= self.agrees[1]


def exactly(value):
    return value, value


def about(value):
    return 0.9 * value, 1.1 * value


def between(first, stage, second, other):
    """Cycles from a stage of one instruction to that of a later one; "." is where it has left."""
    def read(log):
        later = log.last(second)
        place = next(number for number, passage in enumerate(log) if passage is later)
        return begin(later, other) - begin(log.last(first, place + 1), stage)
    return read


def at_once(first, last):
    """How many instructions are between the beginnings of two stages at a time, at most."""
    def read(log):
        changes = Counter()
        for passage in log:
            letters = [stage.letter for _, stage in passage.stages]
            if first in letters:
                changes[begin(passage, first)] += 1
                changes[begin(passage, last if last in letters else ".")] -= 1
        count = most = 0
        for _, change in sorted(changes.items()):
            most = max(most, count := count + change)
        return most
    return read


def entering(stage):
    """How many of the instructions that are executed begin a stage in one cycle, at most."""
    def read(log):
        return max(Counter(begin(passage, stage) for passage in log
                           if passage.fate is not Fate.FLUSHED).values())
    return read


def fetched_while_waiting(branch):
    """Instructions that arrive behind the branch from the cycle in which it has come to the cycle
    in which it is executed."""
    def read(log):
        waits = log.last(branch)
        first, last = begin(waits, "Q"), begin(waits, "D")
        return sum(first < begin(passage, "Q") <= last for passage in log)
    return read


def dispatched_behind(first, text):
    """How many such instructions are dispatched behind another while that has not finished."""
    def read(log):
        oldest = log.last(first)
        place = next(number for number, passage in enumerate(log) if passage is oldest)
        dispatched, finished = begin(oldest, "D"), begin(oldest, "C")
        return sum(text in passage.label and dispatched <= begin(passage, "D") < finished
                   for passage in log[place:])
    return read


def finished_together(text, count):
    """Of the last `count` such instructions, how many finish before the first long wait."""
    def read(log):
        times = [begin(passage, "C") for passage in log
                 if text in passage.label and passage.fate is Fate.RETIRED][-count:]
        waits = [later - before > 10 for before, later in itertools.pairwise(times)]
        return waits.index(True) + 1
    return read


def _adds(count, first=4):
    return "\n".join(f"        add     r{first + n % 12}, r24, r25" for n in range(count))


_DEPENDENT = [("add", "add r5, r5, r6"), ("subf", "subf r5, r5, r6"), ("and", "and r5, r5, r6"),
              ("rlwinm", "rlwinm r5, r5, 3, 0, 31"), ("slw", "slw r5, r5, r6"),
              ("srawi", "srawi r5, r5, 1"), ("extsb", "extsb r5, r5"),
              ("cntlzw", "cntlzw r5, r5"), ("neg", "neg r5, r5")]

#: Sixteen blocks of the set of a PTEG: nothing else stays in the first-level cache.
_EVICT = "\n".join(f"lwz r4, {n % 8 * 0x1000}({{block}})\n lwz r4, {n % 8 * 0x1000}({{more}})"
                   for n in range(8))


def _searches(before, phases=1):
    """Loads from pages that are in no TLB, each after `before`; and loads that hit instead.

    A search on the bus ends with a bus clock, so one that begins later takes less time. Before the
    searches are 1, 2, … additions: `phases` of them are all the phases of the bus clock. Without
    any, a load that hits would not complete when it finishes, and hide a part of what follows.
    """
    setup, bodies = "lis r5, 0x1000\n", ["", ""]
    for n, page in enumerate(PAGES):
        names = dict(pteg=f"r{7 + 3 * n}", block=f"r{8 + 3 * n}", more=f"r{9 + 3 * n}")
        places = group(page), 0x8_0000 | group(page) & 0xFFF, 0x9_0000 | group(page) & 0xFFF
        setup += "".join(f"lis {name}, {place >> 16}\n ori {name}, {name}, {place & 0xFFFF}\n"
                         for name, place in zip(names.values(), places, strict=True))
        for number, register in enumerate(("r5", "r6")):
            bodies[number] += (f"{before.format(**names)}\n{{later}}"
                               f" lwz {register}, 0({register})\n")
    body, minus = ("".join(searches.format(later=f" addi {register}, {register}, 0\n" * (n + 1))
                           for n in range(phases))
                   for searches, register in zip(bodies, ("r5", "r6"), strict=True))
    return {"body": body, "minus": minus, "setup": setup, "per": phases * len(PAGES)}


def _plus(number, read):
    return lambda log: read(log) + number


_TAKEN = "add r9, r24, r25\n b 1f\n nop\n nop\n1: and r10, r24, r25"
_TO_TARGET = between("b 0x", "D", "and", "D")
#: Branches are predicted by the y bit.
_STATIC = "mfspr r5, 1008\n rlwinm r5, r5, 0, 30, 28\n mtspr 1008, r5\n isync"
#: External accesses are allowed, the data cache is off.
_EXTERNAL = ("lis r5, 0x8000\n mtspr 282, r5\n mfspr r5, 1008\n rlwinm r5, r5, 0, 18, 16\n"
             " sync\n mtspr 1008, r5\n isync")
_THREE = ("isync\n divw. r4, r24, r24\n bgt 1f\n1: add r9, r24, r25\n cmpw cr1, r4, r4\n"
          " beq cr1, 2f\n2: and r10, r24, r25\n cmpw cr2, r4, r4\n beq cr2, 3f\n"
          "3: add r11, r24, r25" + "\n nop" * 8)
_BLOCKS = 48 * 1024 // 32
_WALK = {"body": f"lis r4, 8\n li r5, {_BLOCKS}\nnext: lwz r6, 0(r4)\n addi r4, r4, 32\n"
                 " addic. r5, r5, -1\n bne next", "per": _BLOCKS, "passes": (2, 1)}

_POINTER = "lis r5, 1\n stw r5, 0(r5)"
_FLOATS = ("lis r5, 0x4000\n stw r5, 0(r6)\n lfs f1, 0(r6)\n fmr f2, f1\n fmr f3, f1\n"
           " fmr f4, f1")
_PAIR = "fadd f{n}+4, f1, f2\n add r4, r24, r25"

SECTIONS = {
    "Dispatch and completion": [
        Row("independent adds: cycles each", "2 dispatched and retired a clock", "GX 213 A",
            exactly(0.5), line="add r{n}+4, r24, r25"),
        Row("add and a multiply of 2 cycles, independent: the pair", "one to each unit", "GX 213 A",
            exactly(2), line="add r4, r24, r25\n mullw r5, r6, r7",
            setup="li r6, 3\n li r7, 5"),
        Row("two loads: the pair", "one a cycle to each unit", "GX 213 A", exactly(2),
            line="lwz r4, 0(r6)\n lwz r5, 4(r6)"),
        Row("instructions that enter the instruction queue in a cycle, at most", "4", "GX 218 A",
            exactly(4), body=_adds(16), read=entering("Q")),
        Row("independent adds with ICTC[FI] = 11: cycles each", "11 clocks between forwardings of "
            "four", "GX 77 A", exactly(3), line="add r{n}+4, r24, r25",
            setup="li r5, 11 * 2 + 1\n mtspr 1019, r5"),
        Row("instructions in the instruction queue, at most", "6", "GX 213 A", exactly(6),
            body="divw r4, r24, r25\n" + _adds(16), read=at_once("Q", "D")),
        Row("instructions in the completion queue, at most", "6", "GX 236 A", exactly(6),
            body="divw r4, r24, r25\n" + _adds(16), read=at_once("w", ".")),
        Row("loads with update, of two destinations each, that are dispatched behind a division",
            "6 rename buffers; one is the division's", "GX 225, 236 A", exactly(2),
            body="isync\n divw r4, r24, r25\n" + "\n".join(
                f"lwzu r{5 + n}, 0(r{16 + n})" for n in range(6)),
            read=dispatched_behind("divw", "lwzu")),
        Row("loads that are dispatched behind a division and wait for it",
            "2 reservation stations of the load/store unit", "GX 224 A", exactly(2),
            body="isync\n divw r5, r24, r24\n" + "\n".join(
                f"lwzx r{6 + n}, r5, r16" for n in range(6)),
            read=dispatched_behind("divw", "lwzx")),
        Row("from the cycle in which the oldest instruction leaves a full completion queue to the "
            "first execute cycle of the next to be dispatched", "2", "GX 214, figure 6-5 D",
            exactly(2), body="isync\n divw r4, r24, r25\n" + _adds(5) + "\n and r5, r24, r25",
            read=_plus(1, between("divw", ".", "and", "2"))),
        Row("add, alone: from its execute cycle until it has left", "1 or 2", "7400 6-14, GX 221 A",
            (1, 2), body="isync\n add r4, r24, r25", read=between("add", "2", "add", "."),
            why="it retires in the cycle of its execution (docs/real-machines.md)"),
        Row("lwz, alone: from its second stage until it has left", "no figure",
            "docs/real-machines.md", exactly(1), body="isync\n lwz r4, 0(r6)",
            read=_plus(-1, between("lwz", "L", "lwz", "."))),
        Row("fadd, alone: from its third stage until it has left", "2", "GX 221 D", exactly(2),
            body="isync\n fadd f1, f2, f3", read=_plus(-2, between("fadd", "P", "fadd", "."))),
    ],
    "Integer": [
        *(Row(f"{name}, dependent", "1", "GCC, LLVM B", exactly(1), line=line)
          for name, line in _DEPENDENT),
        Row("cmpw, independent", "1, two units", "GX 213 A", exactly(0.5), line="cmpw r5, r6"),
        Row("mulli, dependent", "2 to 3", "GCC, LLVM B", (2, 3), line="mulli r5, r5, 3"),
        Row("mullw, small operand", "2 to 5", "LLVM B", (2, 5), line="mullw r5, r6, r7",
            setup="li r6, 3\n li r7, 5"),
        Row("mullw, large operand", "2 to 5", "LLVM B", (2, 5), line="mullw r5, r6, r7",
            setup="lis r6, 0x7fff\n lis r7, 0x7fff"),
        Row("mulhw, large operand", "2 to 5", "LLVM B", (2, 5), line="mulhw r5, r6, r7",
            setup="lis r6, 0x7fff\n lis r7, 0x7fff"),
        Row("mulhwu, large operand", "2 to 6", "LLVM B", (2, 6), line="mulhwu r5, r6, r7",
            setup="lis r6, 0xffff\n lis r7, 0xffff"),
        Row("divw", "19", "GCC, LLVM B", exactly(19), line="divw r5, r6, r7",
            setup="li r6, 300\n li r7, 5"),
        Row("divwu", "19", "GCC, LLVM B", exactly(19), line="divwu r5, r6, r7",
            setup="li r6, 300\n li r7, 5"),
        Row("adde, dependent", "1, execution serialised", "C", (1, 2), line="adde r5, r5, r6",
            why="it executes as the oldest instruction and retires a cycle later"),
    ],
    "Branches": [
        Row("taken branch that is in the target cache, folded", "no dispatch slot, the target "
            "in the queue in the next clock", "GX 226 A", (0, 1), line="b .+4"),
        Row("loop of 16 adds and bdnz", "17 dispatch slots", "GX 226 A", exactly(8.5),
            body=_adds(16)),
        Row("branch not taken, condition known: its cost in a loop", "one dispatch slot",
            "GX 227 A", exactly(0.5),
            body=_adds(8) + "\n        cmpw r24, r24\n" + _adds(8) + "\n        bne .+4\n"
            + _adds(4),
            minus=_adds(8) + "\n        cmpw r24, r24\n" + _adds(12)),
        Row("from a taken branch to the dispatch of its target, which is in the target cache",
            "1", "GX 229 A", exactly(1), body=f"isync\n {_TAKEN}", read=_TO_TARGET),
        Row("the same, after icbi has emptied the target cache", "1 idle cycle more",
            "GX 35, 226 A", exactly(2), body=f"icbi 0, r24\n isync\n {_TAKEN}", read=_TO_TARGET),
        Row("the same, after mtsr has emptied it", "not documented", "docs/decisions/0009",
            exactly(2), body=f"mtsr 3, r24\n {_TAKEN}", read=_TO_TARGET),
        *(Row(f"{branch} behind {move} and a division: from the execution of {move} to that of "
              f"{branch}", "it waits until mtspr, of 2 cycles, has executed", "GX 225, 229 A",
              exactly(2), setup="li r20, there", read=between(move, "S", branch, "D"),
              body=f"isync\n {keep}\n {move} r20\n {_adds(2)}\n divw r8, r24, r25\n {branch}\n"
                   f" nop\nthere: add r10, r24, r25{back}")
          for move, branch, keep, back in (("mtlr", "blr", "", ""),
                                           ("mtctr", "bctr", "mfctr r3", "\n mtctr r3"))),
        Row("bdz behind mtctr: from the execution of mtctr to that of bdz", "the same",
            "GX 225, 229 A", exactly(2), read=between("mtctr r5", "S", "bdz", "D"),
            body="isync\n mfctr r3\n mtctr r5\n divw r8, r24, r25\n bdz .+4\n mtctr r3"),
        Row("instructions that are fetched while blr waits for mtlr", "fetching stops",
            "GX 229 A", exactly(0), setup="li r5, there", read=fetched_while_waiting("blr"),
            body="isync\n mtlr r5\n blr\n" + " nop\n" * 9 + "there: add r10, r24, r25"),
        Row("branch that sets LR, from the cycle in which the one before it has left",
            "it waits for the shadow LR", "GX 237 A", exactly(0),
            read=between("bl", ".", "bcl", "D"),
            body="isync\n divw r4, r24, r25\n bl 1f\n1: add r9, r24, r25\n bcl 20, 31, 2f\n"
                 "2: add r10, r24, r25"),
        *(Row(f"wrong prediction{what}: from the cycle after the comparison's to the dispatch of "
              "the right path", "1 cycle to fetch", source, exactly(2), setup=_STATIC,
              read=between("cmpw", "C", "and", "D"),
              body=f"isync\n {before}mullw r6, r24, r25\n cmpw r6, r6\n bne+ 1f\n"
                   " and r9, r24, r25\n add r10, r24, r25\n1: add r11, r24, r25")
          for what, before, source in (
              ("", "", "GX 232 A"),
              (" behind a division that has not completed", "fdiv f1, f2, f3\n ", "GX 228 A"))),
        Row("a conditional branch that sets LR, its condition in a division: from the dispatch of "
            "the division to that of the branch's target", "it is predicted", "GX 228 A", (1, 3),
            body="isync\n divw. r5, r24, r24\n bgtl+ 1f\n nop\n1: and r9, r24, r25",
            read=between("divw.", "D", "and", "D")),
        Row("what follows a second unresolved branch: from the cycle after the division that "
            "decides the first to its dispatch", "fetched, not dispatched", "GX 228 A", exactly(0),
            body=_THREE, read=between("divw.", "C", "and", "D")),
        Row("a third branch: from there to its execution", "no action until one is resolved",
            "GX 228 A", exactly(0), body=_THREE, read=between("divw.", "C", "beq cr2", "D")),
        Row("instructions that are fetched while it waits", "fetching stops", "GX 229 A",
            exactly(0), body=_THREE.replace("and r10, r24, r25\n", ""),
            read=fetched_while_waiting("beq cr2")),
    ],
    "Load and store": [
        Row("lwz, dependent (load-use)", "2", "GX 244 A", exactly(2), line="lwz r5, 0(r5)",
            setup=_POINTER),
        *(Row(f"{name}, independent", "1", "GX 244 A", exactly(1), line=line)
          for name, line in (("lwz", "lwz r4, 0(r6)"), ("lbz", "lbz r4, 1(r6)"),
                             ("lha", "lha r4, 2(r6)"), ("lwzx", "lwzx r4, 0, r6"),
                             ("stw", "stw r4, 0(r6)"), ("stb", "stb r4, 0(r6)"))),
        *(Row(f"{what} of {n}", f"2 + {n}", source, exactly(2 + n), line=line)
          for what, source, few, many in (
              ("lmw", "GX 245 A", "lmw r30, 0(r6)", "lmw r24, 0(r6)"),
              ("lswi", "GX 245 A", "lswi r4, r6, 8", "lswi r8, r6, 32"),
              ("stmw", "C", "stmw r30, 0(r6)", "stmw r24, 0(r6)"),
              ("stswi", "C", "stswi r4, r6, 8", "stswi r8, r6, 32"))
          for n, line in ((2, few), (8, many))),
        Row("two stwu, each at the address of the one before", "the address is forwarded after the "
            "first stage", "docs/real-machines.md", exactly(2),
            line="stwu r4, 4(r6)\n stwu r4, -4(r6)", setup="lis r6, 1"),
        Row("stw of what adde computes, adde behind it: from the end of the first adde to that of "
            "the second", "loads do not wait for the data of a store",
            "docs/real-machines.md", exactly(3), read=between("adde r8", "C", "adde r9", "C"),
            body="isync\n lwz r4, 0(r6)\n adde r8, r24, r25\n lwz r5, 4(r6)\n stw r8, 8(r6)\n"
                 " lwz r10, 12(r6)\n adde r9, r24, r25"),
        Row("stores that finish before the first of them is written, which misses the cache",
            "3 entries of the store queue", "GX 26 A", exactly(3), read=finished_together("stw", 8),
            body="dcbf 0, r6\n sync\n" + "\n".join(f"stw r4, {4 * n}(r6)" for n in range(8))),
        Row("lfs, independent", "1", "GX 244 A", exactly(1), line="lfs f1, 0(r6)"),
        Row("stfs, independent", "1", "GX 244 A", exactly(1), line="stfs f1, 0(r6)"),
        Row("stfd, independent", "1", "GX 244 A", exactly(1), line="stfd f1, 0(r6)"),
        *(Row(f"stfs of a single that is denormalised by {shift}", "1 to 23 more", "GX 106 A",
              exactly(1 + shift), line="stfs f1, 0(r6)",
              setup=f"lis r5, {number >> 16}\n ori r5, r5, {number & 0xFFFF}\n stw r5, 4(r6)"
                    "\n lfs f1, 4(r6)")
          for shift, number in ((1, 0x40_0000), (23, 1))),
        Row("lwarx", "3, execution serialised", "GX 245 A", (3, 4), line="lwarx r4, 0, r6"),
        Row("lwarx and stwcx. that stores", "3 + 8", "GX 245 A, LLVM C", (11, 13),
            line="lwarx r4, 0, r6\n stwcx. r4, 0, r6",
            why="the manuals do not explain the 750's eight cycles; here it waits before it "
                "begins"),
        Row("lwz within a double word, misaligned", "1", "GX 233 A", exactly(1),
            line="lwz r4, 1(r6)"),
        Row("lwz across a double word", "several addresses; no figure", "GX 233 A", (2, 4),
            line="lwz r4, 6(r6)"),
        Row("dcbz", "3:6", "GX 245 A", (6, 7), line="dcbz 0, r6"),
        *(Row(f"{name} of a clean block", f"3:{cycles}", "GX 245 A", exactly(cycles),
              line=f"{name} 0, r6") for name, cycles in (("dcbst", 5), ("dcbf", 5), ("dcbi", 3))),
        Row("icbi", "3:4", "GX 245 A", exactly(4), line="icbi 0, r6"),
        *(Row(f"{name}, independent", "1", "GX 245 A", exactly(1), line=f"{name} 0, r6")
          for name in ("dcbt", "dcbtst")),
        *(Row(f"{name}, beyond a {plain} that bypasses the cache", f"as a {plain}: 2:1",
              "GX 244, 245 A", exactly(0), body=f"{name} r4, 0, r6\n " * 4,
              minus=f"{insn} r4, 0(r6)\n " * 4, per=4, setup=_EXTERNAL)
          for name, plain, insn in (("eciwx", "load", "lwz"), ("ecowx", "store", "stw"))),
        Row("tlbie", "3:4, execution serialised", "C", (4, 5), line="tlbie r6",
            why="it executes as the oldest instruction and retires a cycle later"),
        Row("eieio", "1", "C", (1, 3), line="eieio",
            why="it executes as the oldest instruction and retires a cycle later"),
    ],
    "Address translation": [
        Row("load from a page that is in no TLB, its PTE the first of its group and in the data "
            "cache: beyond a hit", "7", "GX 236 A", exactly(7),
            body="\n".join(["lwz r5, 0(r5)"] * 6), setup="lis r5, 0x1000",
            minus="\n".join(["lwz r6, 0(r6)"] * 6), per=6),
        Row("the same, the PTE in the L2 only", "13 on the GX, whose L2 gives a block in one "
            "cycle; 64 bits a cycle take 3 more", "GX 35, 236; 750 data sheet D", (13, 16),
            **_searches(_EVICT), machine={"l2": "256K"}),
        *(Row(f"the same, the PTE neither there nor in the L2, {ratio}:1, {beats}", str(cycles),
              "GX 236 A", about(cycles), **_searches("dcbf 0, {pteg}\n sync", phases),
              machine={"ratio": ratio, "dram": dram, "l2": "256K"},
              why="within a tenth of an estimate; the mean of all phases of the bus clock "
                  "(docs/decisions/0011)")
          for ratio, beats, cycles, dram, phases in (("2.5", "6:3:3:3", 62, (6, 3), 5),
                                                     ("4", "5:2:2:2", 77, (5, 2), 4))),
    ],
    "Memory, at 4:1": [
        Row("48 KB, a load of each block of 32 bytes in turn, memory 5:2:2:2, no L2: a block",
            "at least 11 bus clocks, 44", "D", (44, 88), **_WALK),
        Row("the same with an L2 of 256 KB at the core's clock", "less than the memory's burst",
            "D", (1, 43), **_WALK, machine={"l2": "256K"}),
    ],
    "Floating point": [
        *(Row(f"{name}, dependent", str(latency), source, exactly(latency), line=line,
              setup=_FLOATS)
          for name, latency, source, line in (
              ("fadd", 3, "GX 31 A", "fadd f1, f1, f2"),
              ("fadds", 3, "GX 31 A", "fadds f1, f1, f2"),
              ("fmuls", 3, "GX 31 A", "fmuls f1, f1, f2"),
              ("fmadds", 3, "GX 31 A", "fmadds f1, f1, f2, f3"),
              ("fmul", 4, "GX 31 A", "fmul f1, f1, f2"),
              ("fmadd", 4, "GX 31 A", "fmadd f1, f1, f2, f3"),
              ("frsp", 3, "GCC B", "frsp f1, f1"), ("fmr", 3, "GCC B", "fmr f1, f1"),
              ("fdivs", 17, "GCC, LLVM B", "fdivs f1, f1, f2"),
              ("fdiv", 31, "GCC, LLVM B", "fdiv f1, f1, f2"),
              ("fres", 10, "LLVM B", "fres f1, f1"),
              ("frsqrte", 3, "C", "frsqrte f1, f1"), ("fsel", 3, "GCC B", "fsel f1, f1, f2, f3"),
              ("fctiw", 3, "GCC B", "fctiw f1, f1"))),
        *(Row(f"{name}, independent", str(cycles), source, exactly(cycles), line=line,
              setup=_FLOATS)
          for name, cycles, source, line in (
              ("fadd", 1, "GX 31 A", "fadd f{n}+4, f1, f2"),
              ("fmadds", 1, "GX 31 A", "fmadds f{n}+4, f1, f2, f3"),
              ("fmul", 2, "GX 31 A", "fmul f{n}+4, f1, f2"),
              ("fmadd", 2, "GX 31 A", "fmadd f{n}+4, f1, f2, f3"),
              ("fdiv", 31, "GCC, LLVM B", "fdiv f{n}+4, f1, f2"),
              ("fdivs", 17, "GCC, LLVM B", "fdivs f{n}+4, f1, f2"),
              ("fcmpu", 1, "GX 31 A", "fcmpu cr1, f1, f2"))),
        Row("fadd behind fdiv, independent: from the dispatch of fdiv to its own",
            "fdiv, of 31 cycles, inhibits the dispatch of what is floating-point", "GX 232 A",
            (28, 31), body="isync\n fdiv f1, f2, f3\n fadd f4, f5, f6",
            read=between("fdiv", "D", "fadd", "D")),
        *(Row(name, "3, not pipelined", source, (3, 4), line=line, setup=_FLOATS)
          for name, source, line in (("mtfsb0", "LLVM C", "mtfsb0 30"), ("mffs", "C", "mffs f5"),
                                     ("mtfsf", "C", "mtfsf 255, f5"))),
        Row("fadd and add, exceptions disabled: the pair", "6 entries for 5 cycles each", "D",
            (1.6, 1.7), line=_PAIR, setup=_FLOATS),
        Row("fadd and add, exceptions enabled in MSR and FPSCR: the pair", "1 cycle more to "
            "complete: 6 entries for 6", "7400 6-30 A", exactly(2), line=_PAIR,
            setup=_FLOATS + "\n mtfsb1 24\n mfmsr r5\n ori r5, r5, 0x900\n mtmsr r5\n isync"),
    ],
    "System registers and CR": [
        *(Row(name, "1, execution serialised", "LLVM B", (1, 2), line=line,
              why="it executes as the oldest instruction and retires a cycle later")
          for name, line in (("crand", "crand 1, 2, 3"), ("mfcr", "mfcr r4"),
                             ("mcrf", "mcrf 1, 2"), ("mtcrf", "mtcrf 255, r4"),
                             ("mfmsr", "mfmsr r4"))),
        Row("mtspr", "2, execution serialised", "LLVM B", (2, 3), line="mtsprg 0, r4",
            why="it retires a cycle later"),
        Row("mfspr", "1 or 3, execution serialised", "LLVM C", (1, 4), line="mfsprg r4, 0"),
        Row("mftb", "1 or 3", "LLVM C", (1, 4), line="mftb r4"),
        Row("mfspr of a BAT", "3", "LLVM C", (3, 4), line="mfspr r4, 536"),
        Row("mfsr", "3", "LLVM C", (3, 4), line="mfsr r4, 3"),
        Row("mfsrin", "3, execution serialised", "LLVM C", (3, 4), line="mfsrin r4, r5"),
        Row("mtsr", "2, execution serialised", "LLVM C", (2, 3), line="mtsr 3, r4",
            why="it causes a refetch: docs/decisions/0002"),
        Row("tlbsync", "3", "LLVM C", (3, 4), line="tlbsync"),
        Row("mtmsr", "1, execution serialised", "LLVM B", (1, 2), line="mtmsr r5", setup="mfmsr r5",
            why="it causes a refetch: docs/decisions/0002"),
        Row("mcrxr", "1, execution serialised", "LLVM B", (1, 2), line="mcrxr 0",
            why="it executes as the oldest instruction and retires a cycle later"),
        Row("sc, from its dispatch to that of the instruction at its vector", "2, and a refetch",
            "LLVM C", (3, 5), body="isync\n sc\n and r4, r24, r25",
            read=between("sc", "D", "rfi", "D")),
        Row("rfi, from its dispatch to that of the instruction to which it returns",
            "2, and a refetch", "LLVM C", (3, 5), body="isync\n sc\n and r4, r24, r25",
            read=between("rfi", "D", "and", "D")),
        Row("tw that does not trap", "1 or 2", "LLVM C", (0.5, 2), line="twi 4, r4, 0"),
        Row("sync, nothing pending", "3", "LLVM B", (3, 4), line="sync"),
        Row("isync", "2, and a refetch", "LLVM B", (4, 6), line="isync"),
    ],
}


def page(measured):
    """The text of docs/timing.md."""
    lines = [_HEAD]
    for section, rows in SECTIONS.items():
        lines += [f"## {section}", "", "| what | documented | source | here | agrees |",
                  "|---|---|---|---|---|"]
        for row in rows:
            value = measured[section, row.what]
            agrees = "yes" if row.agree(value) else "**no**"
            note = f"; {row.why}" if row.why else ""
            lines.append(f"| {row.what} | {row.documented} | {row.source} | {value:g} | "
                         f"{agrees}{note} |")
        lines.append("")
    return "\n".join(lines)


_HEAD = """\
# Timing, compared with what is documented

A test (tests/timing) measures each row in a loop of the code in question. All numbers are cycles.
Code and data are in the caches, BATs translate all addresses, the branch predictors are trained.
`python tests/timing/rows.py` writes this page.

The source of each documented number has a grade. **A**: the text of a manual. **B**: two or more
independent compiler models agree. **C**: one compiler model, or common knowledge. **D**: inferred
from A. GX is IBM's PowerPC 750GX/GL User's Manual 1.2, by page; its core is the 750's. 7400 is
Motorola's MPC7400 User's Manual. GCC and LLVM are the 750 schedulers of those compilers.
"""


def main():
    measured = {(section, row.what): row.measure()
                for section, rows in SECTIONS.items() for row in rows}
    PAGE.write_text(page(measured))
    wrong = [(what, value) for (section, what), value in measured.items()
             if not next(r for r in SECTIONS[section] if r.what == what).agree(value)]
    for what, value in wrong:
        print(f"{what}: {value:g}")
    print(f"{len(measured)} rows, {len(wrong)} disagree")


if __name__ == "__main__":
    main()
