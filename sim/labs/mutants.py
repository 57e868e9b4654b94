"""Wrong solutions by name: what each has in place of the right text, and the tests that it loses.

Instructors try a grader with them, and students a test of their own (`pteg lab mutants`).
"""

from dataclasses import dataclass

from pteg.errors import UserError
from pteg.labs.kit import Lab

__all__ = ["MUTANTS", "Mutant", "mutated"]


@dataclass(frozen=True)
class Mutant:
    """A wrong solution.

    Attributes
    ----------
    right, wrong : str
        Text of the solution, at its first place, and what is there instead.
    loses : str
        Names of the tests, with a +.
    """

    right: str
    wrong: str
    loses: str


def mutated(lab: Lab, name: str, seed: int) -> dict[str, str]:
    """The files of a wrong solution."""
    known = MUTANTS.get(lab.name, {})
    if name not in known:
        raise UserError(f"mutant of {lab.name} must be one of {', '.join(known)}, not {name!r}"
                        if known else f"{lab.name} has no mutants: its answers are wrong or right")
    mutant, files = known[name], lab.solution(seed)
    file, = (file for file, text in files.items() if mutant.right in text)
    return files | {file: files[file].replace(mutant.right, mutant.wrong, 1)}


#: By the name of the lab, and their own names.
MUTANTS = {
    "L2": {
        "no-ir": Mutant("0x30    # IR", "0x10    # IR", "returned"),
        "block-of-8-mb": Mutant("0x7f << 2", "0x3f << 2", "kernel"),
        "cacheable-window": Mutant("WINDOW_PA | 0x2a", "WINDOW_PA | 0x22", "window"),
        "read-only-window": Mutant("WINDOW_PA | 0x2a", "WINDOW_PA | 0x2b", "window"),
        "user-kernel": Mutant("17 << 2 | 2", "17 << 2 | 3", "user"),
        "ibat-left": Mutant("        mtibatu 2, r3\n", "", "unused"),
        "dbat-left": Mutant("        mtdbatu 3, r3\n", "", "unused"),
        "no-isync-before": Mutant(
            "        isync                   # the",
            "        nop # the",
            "synchronised"),
        "no-isync-after": Mutant(
            "        isync                   # fetched",
            "        nop # ",
            "synchronised"),
    },
    "L4": {
        "no-h": Mutant("        ori     r8, r8, 0x40            # H\n", "", "secondary"),
        "no-second-hash": Mutant("        not     r7, r7\n", "", "secondary"),
        "cr-lost": Mutant("        mtcrf   0xff, r4\n", "", "registers"),
        "lr-lost": Mutant("        mtlr    r4\n", "", "registers"),
        "r4-lost": Mutant("        lmw     r4, 0(r3)\n", "        lmw r5, 4(r3)\n", "registers"),
        "ctr-lost": Mutant("        mtctr   r4\n", "", "registers"),
        "wrong-frame": Mutant(
            "        ori     r4, r4, FRAME@l\n",
            "        ori r4, r4, 0xf000\n",
            "demand"),
        "returns-nothing": Mutant("        mr      r3, r9\n", "", "primary+secondary+kept+full"),
        "overwrites": Mutant(
            "        bge     free\n",
            "        b free\n",
            "primary+secondary+kept+full"),
        "returns-1": Mutant("        li      r3, 0                   # both",
                            "        li      r3, 1                   # both", "full"),
        "beyond-full": Mutant(
            "        li      r3, 0                   # both are full\n        blr\n",
            "",
            "full"),
        "no-m": Mutant("0x12            # M", "0x02            # M", "demand"),
        "pp-00": Mutant("0x12            # M", "0x10            # M", "demand"),
        **{f"{name}-lost": Mutant("        rfi\n", f"{clobber}\n        rfi\n", "registers")
           for name, clobber in (("r1", "        li r1, 0"), ("r2", "        li r2, 0"),
                                 ("r13", "        li r13, 0"), ("r20", "        li r20, 0"),
                                 ("r31", "        mfmsr r31"),
                                 ("xer", "        addic r3, r3, 0"))},
    },
    "L6": {
        "index-with-segment": Mutant(
            "        rlwinm  r4, r3, 22, 14, 29",
            "        rlwinm  r4, r3, 22, 12, 29",
            "linear+reads+refill"),
        "leaf-at-0": Mutant(
            "        beqlr                           # no leaf\n",
            "",
            "tree+reads"),
        "two-reads": Mutant(
            "        lwzx    r3, r5, r4\n        blr\n\ntree",
            "        lwzx r3, r5, r4\n        lwzx r3, r5, r4\n blr\n\ntree",
            "reads"),
        "two-trees": Mutant("tree = ", "tree = 1", "bytes"),
        "scatter-256": Mutant("scatter = ", "scatter = 256 #", "scatter+kilobytes"),
        "table-of-64-kb": Mutant("kilobytes = ", "kilobytes = 64 #", "kilobytes"),
    },
    "L7": {
        "fifo": Mutant("        beq     replace\n", "        b replace\n", "replacement"),
        "no-tlbie-after-r": Mutant("        tlbie   r25 ", "        nop #", "replacement"),
        "writes-clean": Mutant(
            "        andi.   r5, r5, 0x80\n        beq     taken\n",
            "",
            "writes"),
        "copies-when-read": Mutant(
            "        andis.  r0, r15, 0x0200         # a store\n        bne     copy\n",
            "        b copy\n",
            "sharing+replacement"),
        "no-copy": Mutant(
            "        lis     r4, TEMPLATE@h\n        bl      page_copy\n",
            "",
            "contents+sharing+writes+replacement+late"),
        "c-too-early": Mutant(
            "        mr      r3, r24\n"
            "        mr      r4, r25\n"
            "        bl      pte_remove\n"
            "        li      r5, 0\n"
            "        stwx    r5, r17, r23\n"
            "        lbz     r5, 7(r24)              # C is certain now\n",
            "        lbz r19, 7(r24)\n"
            " mr r3, r24\n"
            " mr r4, r25\n"
            " bl pte_remove\n"
            " li r5, 0\n"
            "        stwx r5, r17, r23\n"
            " mr r5, r19\n",
            "late"),
    },
    "L8": {
        "no-invalidation": Mutant("        stw     r6, 0(r3)       # V = 0\n", "", "invalidate"),
        "no-sync": Mutant("        sync                    # no search", "        nop # ", "sync"),
        "no-tlbie": Mutant("        tlbie   r4\n", "", "tlbie"),
        "no-eieio": Mutant("        eieio                   # tlbie", "        nop #", "eieio"),
        "no-tlbsync": Mutant("        tlbsync\n", "", "tlbsync"),
        "no-sync-after-tlbsync": Mutant(
            "        sync                    # no TLB",
            "        nop #",
            "sync-tlbsync"),
        "no-eieio-between": Mutant(
            "        eieio                   # the second",
            "        nop #",
            "eieio-stores"),
        "no-sync-after-v": Mutant(
            "        sync                    # table",
            "        nop #",
            "sync-valid"),
        "tlbie-elsewhere": Mutant(
            "        tlbie   r4\n",
            "        addis r4,r4,1\n        tlbie r4\n",
            "tlbie"),
        "isync-for-sync": Mutant(
            "        sync                    # table",
            "        isync #",
            "sync-valid"),
        "r14-lost": Mutant("        lwz     r6, 0(r3)\n", "        li r14, 1\n lwz r6, 0(r3)\n",
                           "table"),
        "r15-lost": Mutant("take:   li      r5, LIVE\n", "take: li r15, 1\n li r5, LIVE\n", "own"),
        "one-too-many": Mutant("        li      r3, 0           # if", "        li r3, 1 #", "own"),
        "two-owners": Mutant("take:   li      r5, LIVE", "take:   li r5, UNUSED", "own+rollover"),
        "used-again-at-once": Mutant("        li      r5, DEAD\n", "        li r5, UNUSED\n",
                                     "own+rollover"),
        "ptes-of-the-dead": Mutant("        stw     r9, 0(r7)       # V = 0\n", "", "own+rollover"),
        "ptes-of-the-living": Mutant("        bne     2f              # pages", "        nop # ",
                                     "kept+rollover"),
        "flush-at-each-free": Mutant("        stbx    r5, r6, r4\n        blr\n\nvsid_new",
                                     "        stbx r5, r6, r4\n mr r11, r3\n lis r11, FIRST@h\n"
                                     " ori r11, r11, FIRST@l\n b flush\n\nvsid_new", "lazy"),
        "half-of-the-sets": Mutant("        li      r8, 64          #", "        li r8, 32 #",
                                   "rollover"),
        "all-sets-but-one": Mutant("        li      r8, 64          #", "        li r8, 63 #",
                                   "rollover"),
        "no-sync-after-the-sets": Mutant("        sync                    # and neither",
                                         "        nop #", "rollover"),
        "no-tlbsync-in-the-pool": Mutant("        tlbsync                 # on", "        nop #",
                                         "rollover"),
        "tlbie-of-one-set": Mutant("        addi    r7, r7, 0x1000\n", "", "rollover"),
        "says-always-wrong": Mutant("        mr      r3, r20\n", "        li r3, 1\n", "trial"),
        "says-always-right": Mutant("        mr      r3, r20\n", "        li r3, 0\n", "trial"),
    },
    "L10": {
        "not-privileged": Mutant("= \"privileged\"", "= \"innocuous\"", "classes"),
        "not-illegal": Mutant("= \"illegal\"", "= \"privileged\"", "classes"),
        "not-innocuous": Mutant("= \"innocuous\"", "= \"illegal\"", "classes"),
        "sensitive-without-witness": Mutant(
            "= \"innocuous\"", "= \"sensitive\"", "classes+witness"),
        "witness-left": Mutant(
            "= \"sensitive\"", "= \"innocuous\"", "classes+witness+theorem"),
        "wrong-resource": Mutant("resource = \"TB\"", "resource = \"MSR[EE]\"", "witness"),
        "no-instruction": Mutant("code = \"mftb r3,", "code = \"li r3, 0 #", "witness"),
        "condition": Mutant("condition = \"no\"", "condition = \"yes\"", "theorem"),
        "one-resource-more": Mutant("resources = \"", "resources = \"SDR1, ", "theorem"),
    },
}
