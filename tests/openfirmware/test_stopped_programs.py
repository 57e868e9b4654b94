"""Programs that have stopped: breakpoints, steps, registers, the disassembler (IEEE 1275 7.6)."""

import random

import pytest

from pteg.firmware.asm import assemble
from pteg.hw.isa.instructions import INSTRUCTIONS

PROGRAM = """
        .org    0x200000
_start: mflr    r31
        li      r3, 5
        bl      double
        mr      r4, r3
loop:   addi    r4, r4, 1
        subic.  r3, r3, 1
        bne     loop
        lis     r6, 0x20
        ori     r6, r6, array@l
        mtctr   r5
        mr      r3, r6
        bctrl                           # the client interface: milliseconds
after:  lwz     r7, 12(r6)
        fmr     f1, f2
        mtlr    r31
        blr
double: stwu    r1, -16(r1)
        mflr    r0
        stw     r0, 20(r1)
        bl      leaf
inner:  lwz     r0, 20(r1)
        mtlr    r0
        addi    r1, r1, 16
        blr
leaf:   add     r3, r3, r3
        blr
array:  .long   name, 0, 1, 0
name:   .asciz  "milliseconds"
"""


class Debugger:
    """A client program at the prompt."""

    def __init__(self, prompt):
        self.prompt = prompt
        self.program = assemble(PROGRAM)
        self.at = self.program.symbols

    def start(self):
        """Load the program; nothing of it has been executed."""
        image = self.program.elf()
        self.prompt.machine.memory.write(0x400000, image)
        self.prompt("hex bpoff 200000 100000 release")
        return self.prompt(f"{len(image):x} to load-size init-program")

    def __call__(self, line):
        """What a line prints; the program stays where it is."""
        text = self.prompt(line).strip()
        assert text.endswith("ok"), text
        return text

    def number(self, line):
        return int(self(line + " u.").split()[0], 16)

    @property
    def pc(self):
        return self.number("%pc")


@pytest.fixture(scope="module")
def debugger(prompt):
    return Debugger(prompt)


def test_a_loaded_program_waits_at_its_entry(debugger):
    debugger.start()
    assert debugger.pc == debugger.at["_start"]
    assert debugger.number("%r5") == debugger.prompt.machine.symbols.address("client_interface")
    assert debugger.number("%r1") % 16 == 0 and debugger.number("%msr") == 0x3032
    debugger("go")
    assert debugger.prompt.error("go") == "go, no program is loaded."
    assert debugger.prompt.error("step") == "step, no program is loaded."


def test_a_breakpoint_stops_and_go_continues(debugger):
    at = debugger.at
    debugger.start()
    text = debugger(f"{at['loop']:x} +bp go")
    assert text.endswith(f"{at['loop']:08x} 38840001  addi    r4,r4,1 ok")
    assert debugger.pc == at["loop"] and debugger.number("%r3") == 10
    debugger("go")
    assert debugger.pc == at["loop"] and debugger.number("%r3") == 9
    # What a register gets is what the program continues with.
    debugger("1 to %r3 64 to %r4 go")
    assert debugger.number("state-valid @") == 0
    assert debugger.number("%r4") == 0x65       # when it stopped last, behind the breakpoint
    machine = debugger.prompt.machine
    assert machine.memory.read_word(at["loop"]) == 0x38840001       # no trap is left


def test_breakpoints_are_listed_and_removed(debugger):
    at = debugger.at
    debugger.start()
    debugger(f"{at['after']:x} +bp {at['inner']:x} +bp {at['loop']:x} +bp {at['loop']:x} +bp")
    assert [int(line.split()[0], 16) for line in debugger(".bp").splitlines() if line[0] == "0"
            ] == [at["after"], at["inner"], at["loop"]]
    debugger(f"{at['inner']:x} -bp --bp")
    assert f"{at['after']:08x}" in debugger(".bp") and f"{at['loop']:08x}" not in debugger(".bp")
    debugger("go")
    assert debugger.pc == at["after"]
    debugger("bpoff")
    assert debugger(".bp") == "ok"
    assert debugger.prompt.error("200001 +bp") == (
        "a breakpoint must be at an instruction")
    assert debugger.prompt.error("fff00200 +bp").startswith("+bp, invalid memory address")
    assert debugger.prompt.error("deadbee0 +bp").startswith("+bp, invalid memory address")
    assert debugger.prompt.error(
        "40 0 do 300000 i la+ +bp loop") == "too many breakpoints"
    debugger("bpoff go")


def test_steps(debugger):
    at = debugger.at
    debugger.start()
    text = debugger("step")
    assert text.endswith("li      r3,5 ok") and debugger.pc == at["_start"] + 4
    debugger("2 steps")
    assert debugger.pc == at["double"]
    debugger("3 steps")
    debugger("hop")                             # over the call of `leaf`
    assert debugger.pc == at["inner"] and debugger.number("%r3") == 10
    debugger("return")
    assert debugger.pc == at["_start"] + 12
    debugger("step step finish-loop")
    assert debugger.pc == at["loop"] + 12 and debugger.number("%r3") == 0
    debugger("4 hops")
    assert debugger.pc == at["after"] - 4
    debugger("step")                            # a call of the client interface is one step
    assert debugger.pc == at["after"] and debugger.number("%r3") == 0
    debugger("skip")
    assert debugger.pc == at["after"] + 4
    debugger("step")
    assert debugger.pc == at["after"] + 8
    debugger("go")


def test_a_leaf_returns_to_its_link_register(debugger):
    at = debugger.at
    debugger.start()
    debugger(f"{at['leaf']:x} till returnl")
    assert debugger.pc == at["inner"]
    trace = debugger("ctrace")
    assert f"{at['inner']:08x}" in trace and f"{at['_start'] + 12:08x}" in trace
    debugger("go")


def test_registers_are_shown_and_set(debugger):
    at = debugger.at
    debugger.start()
    debugger(f"{at['loop']:x} till")
    shown = debugger(".registers")
    assert "r3  0000000a" in shown and f"pc   {at['loop']:08x}" in shown
    debugger("deadbeef 40091eb8 to %f2 123 to %sprg1 80000000 to %cr 20000000 to %xer")
    debugger(f"{at['after'] + 8:x} till")
    assert debugger.number("%f1 drop") == 0xDEADBEEF and debugger.number("%f1 nip") == 0x40091EB8
    assert "f1  40091eb8deadbeef" in debugger(".fregisters")
    assert debugger.number("%sprg1") == 0x123
    assert debugger.number("%lr") == at["after"]
    debugger("go")


def test_a_fault_keeps_the_registers(debugger):
    at = debugger.at
    debugger.start()
    debugger(f"{at['after']:x} till deadbee0 to %r6")
    text = debugger.prompt("go")
    assert "invalid memory address at deadbeec." in text
    assert debugger.pc == at["after"] and debugger.number("%dar") == 0xDEADBEEC
    # A fault of the firmware itself does not touch them.
    debugger.prompt("clear drop")
    assert debugger.pc == at["after"]
    debugger(f"{at['array']:x} to %r6 go")


def test_the_trap_of_a_program_is_no_breakpoint(debugger):
    debugger.start()
    debugger.prompt.machine.memory.write(0x200000, bytes.fromhex("7fe00008"))
    text = debugger.prompt("go")
    assert "illegal instruction or trap at 00200000." in text and debugger.pc == 0x200000


def test_a_program_in_real_mode(debugger):
    at = debugger.at
    debugger("setenv real-mode? true")
    try:
        debugger.start()
        assert debugger.number("%msr") == 0x3002
        debugger(f"{at['after']:x} till")
        assert debugger.number("%r3") == 0 and debugger.number("%msr") & 0xFFFF == 0x3002
        debugger("go")
    finally:
        debugger("set-default real-mode?")


WORDS_PER_INSTRUCTION = 4


def test_what_the_disassembler_shows_is_assembled_to_the_same_words(debugger):
    rng = random.Random(20261128)
    base, words = 0x300000, [0, 0xFFFFFFFF, 0x4E800020, 0x38600001, 0x7FE00008, 0x60000000]
    for row in INSTRUCTIONS:
        if row.implemented:
            free = ~(row.mask | row.reserved) & 0xFFFFFFFF
            words += [row.match | rng.getrandbits(32) & free
                      for _ in range(WORDS_PER_INSTRUCTION)]
    data = b"".join(word.to_bytes(4, "big") for word in words)
    debugger.prompt.machine.memory.write(base, data)
    debugger(": dis-many 0 ?do cr dup dis-line 4+ loop drop ;")
    shown = debugger.prompt(f"hex {base:x} {len(words):x} dis-many", instructions=60_000_000)
    lines = [line.removesuffix(" ok").split(maxsplit=2) for line in shown.splitlines()
             if line[:3] == "003"]
    assert [(int(at, 16), int(code, 16)) for at, code, _ in lines] == [
        (base + 4 * index, word) for index, word in enumerate(words)]
    source = "\n".join([f".org {base:#x}", *(text for *_, text in lines)])
    (section,) = (section for section in assemble(source).sections if section.data)
    assert bytes(section.data)[-len(data):] == data
    # Only what is no instruction is a number, and what is common has its common name.
    names = {text.split()[0] for *_, text in lines}
    assert sum(text.startswith(".long") for *_, text in lines) == 1
    assert {"li", "blr", "nop", "trap", "mfcr", "lmw", "fmadds.", "bl"} <= names


def test_dis_continues(debugger):
    debugger.start()
    first, second = debugger("200000 dis"), debugger("+dis")
    assert "00200000 7fe802a6  mflr    r31" in first and "0020003c" in first
    assert "00200040 9421fff0  stwu    r1,-16(r1)" in second
