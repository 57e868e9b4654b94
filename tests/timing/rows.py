"""The rows of docs/timing.md: what is documented, and how it is measured here.

    python tests/timing/rows.py        measure everything and write docs/timing.md

Grades of sources: A, the text of a manual; B, two or more independent compiler models agree; C, one
model or the field's memory; D, inferred from A. "GX" is IBM's PowerPC 750GX/GL User's Manual 1.2
(core as in the 750), "7400" Motorola's MPC7400 UM chapter 6, "GCC" and "LLVM" are the schedulers of
those compilers (7xx.md, PPCScheduleG3.td).
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench750 import PAGES, each, group, per_pass  # noqa: E402

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
    machine : dict
        Options of `bench750.machine`.
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
    machine: dict = field(default_factory=dict)
    why: str = ""

    def measure(self):
        if self.line:
            return each(self.line, self.setup)
        times = [per_pass(body, self.setup, **self.machine)
                 for body in (self.body, self.minus) if body]
        return (times[0] - sum(times[1:])) / self.per

    def agree(self, cycles):
        return self.agrees[0] <= cycles <= self.agrees[1]


def exactly(value):
    return value, value


def _adds(count, first=4):
    return "\n".join(f"        add     r{first + n % 12}, r24, r25" for n in range(count))


_DEPENDENT = [("add", "add r5, r5, r6"), ("subf", "subf r5, r5, r6"), ("and", "and r5, r5, r6"),
              ("rlwinm", "rlwinm r5, r5, 3, 0, 31"), ("slw", "slw r5, r5, r6"),
              ("srawi", "srawi r5, r5, 1"), ("extsb", "extsb r5, r5"),
              ("cntlzw", "cntlzw r5, r5"), ("neg", "neg r5, r5")]

#: Sixteen blocks of the set of a PTEG: nothing else stays in the first-level cache.
_EVICT = "\n".join(f"lwz r4, {n % 8 * 0x1000}({{block}})\n lwz r4, {n % 8 * 0x1000}({{more}})"
                   for n in range(8))


def _searches(before):
    """Loads from pages that are in no TLB, each after `before`; and loads that hit instead."""
    setup, bodies = "lis r5, 0x1000\n", ["", ""]
    for n, page in enumerate(PAGES):
        names = dict(pteg=f"r{7 + 3 * n}", block=f"r{8 + 3 * n}", more=f"r{9 + 3 * n}")
        places = group(page), 0x8_0000 | group(page) & 0xFFF, 0x9_0000 | group(page) & 0xFFF
        setup += "".join(f"lis {name}, {place >> 16}\n ori {name}, {name}, {place & 0xFFFF}\n"
                         for name, place in zip(names.values(), places, strict=True))
        for number, register in enumerate(("r5", "r6")):
            bodies[number] += before.format(**names) + f"\n lwz {register}, 0({register})\n"
    return {"body": bodies[0], "minus": bodies[1], "setup": setup, "per": len(PAGES)}


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
        Row("dcbz", "3:6", "GX 245 A", (6, 7), line="dcbz 0, r6"),
        *(Row(f"{name} of a clean block", f"3:{cycles}", "GX 245 A", exactly(cycles),
              line=f"{name} 0, r6") for name, cycles in (("dcbst", 5), ("dcbf", 5), ("dcbi", 3))),
        Row("icbi", "3:4", "GX 245 A", exactly(4), line="icbi 0, r6"),
        *(Row(f"{name}, independent", "1", "GX 245 A", exactly(1), line=f"{name} 0, r6")
          for name in ("dcbt", "dcbtst")),
        Row("eieio", "1", "C", (1, 3), line="eieio",
            why="it executes as the oldest instruction and retires a cycle later"),
    ],
    "Address translation": [
        Row("load from a page that is in no TLB, its PTE the first of its group and in the data "
            "cache: beyond a hit", "7", "GX 236 A", exactly(7),
            body="\n".join(["lwz r5, 0(r5)"] * 6), setup="lis r5, 0x1000",
            minus="\n".join(["lwz r6, 0(r6)"] * 6), per=6),
        Row("the same, the PTE in the L2 only", "13", "GX 236 A", exactly(13),
            **_searches(_EVICT), machine={"l2": "256K"},
            why="the GX has its L2 on the chip, the 750 in external SRAM, which has no documented "
                "figure"),
        *(Row(f"the same, the PTE in memory, {ratio}:1, {beats}", str(cycles), "GX 236 A",
              exactly(cycles), **_searches("dcbf 0, {pteg}\n sync"), machine={"dram": dram},
              why="here the bus runs at the core clock (docs/decisions/0007): memory clocks are "
                  "converted, the clocks between core and bus are missing")
          for ratio, beats, cycles, dram in (("2.5", "6:3:3:3", 62, (15, 8)),
                                             ("4", "5:2:2:2", 77, (20, 8)))),
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
              ("fres", 10, "LLVM B", "fres f1, f1"))),
        *(Row(f"{name}, independent", str(cycles), source, exactly(cycles), line=line,
              setup=_FLOATS)
          for name, cycles, source, line in (
              ("fadd", 1, "GX 31 A", "fadd f{n}+4, f1, f2"),
              ("fmadds", 1, "GX 31 A", "fmadds f{n}+4, f1, f2, f3"),
              ("fmul", 2, "GX 31 A", "fmul f{n}+4, f1, f2"),
              ("fmadd", 2, "GX 31 A", "fmadd f{n}+4, f1, f2, f3"),
              ("fdiv", 31, "GCC, LLVM B", "fdiv f{n}+4, f1, f2"))),
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
                             ("mtcrf", "mtcrf 255, r4"), ("mfmsr", "mfmsr r4"))),
        Row("mtspr", "2, execution serialised", "LLVM B", (2, 3), line="mtsprg 0, r4",
            why="it retires a cycle later"),
        Row("mfspr", "1 or 3, execution serialised", "LLVM C", (1, 4), line="mfsprg r4, 0"),
        Row("mftb", "1 or 3", "LLVM C", (1, 4), line="mftb r4"),
        Row("mfspr of a BAT", "3", "LLVM C", (3, 4), line="mfspr r4, 536"),
        Row("mfsr", "3", "LLVM C", (3, 4), line="mfsr r4, 3"),
        Row("mtsr", "2, execution serialised", "LLVM C", (2, 3), line="mtsr 3, r4",
            why="it causes a refetch: docs/decisions/0002"),
        Row("tlbsync", "3", "LLVM C", (3, 4), line="tlbsync"),
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
