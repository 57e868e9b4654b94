"""Address breakpoints (IABR, DABR) in the pipeline, the functional model, and both in lockstep."""

import struct

import pytest

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.exceptions import Dsisr, Srr1, Vector
from pteg.hw.isa.registers import Dabr, Hid0, Iabr, Msr
from pteg.lockstep import Lockstep

LOG, DATA = 0x4000, 0x8000
BYTES = bytes(range(7, 135))
#: Sends an exception to the log, five words each: vector, SRR0, SRR1, DSISR, DAR. A breakpoint is
#: cleared and the instruction repeated; an ISI returns to LR, other causes are skipped.
HANDLER = """
        .org    0x2000
report: mfsprg  r30, 3
        stw     r31, 0(r30)
        mfsrr0  r29
        stw     r29, 4(r30)
        mfsrr1  r29
        stw     r29, 8(r30)
        mfdsisr r29
        stw     r29, 12(r30)
        mfdar   r28
        stw     r28, 16(r30)
        addi    r30, r30, 20
        mtsprg  3, r30
        cmpwi   cr7, r31, 0xC00
        beq     cr7, out
        cmpwi   cr7, r31, 0xD00
        beq     cr7, out
        cmpwi   cr7, r31, 0x1300
        beq     cr7, clear
        rlwinm  r29, r29, 10, 31, 31    # DSISR[9]
        cmpwi   cr7, r29, 0
        bne     cr7, clear
        mfsrr0  r29
        addi    r29, r29, 4
        cmpwi   cr7, r31, 0x400
        bne     cr7, skip
        mflr    r29
skip:   mtsrr0  r29
        b       out
clear:  li      r29, 0
        mtspr   1010, r29
        mtspr   1013, r29
        mtdsisr r29
out:    rfi
"""
VECTORS = "".join(f"        .org {vector:#x}\n        li r31, {vector:#x}\n        b report\n"
                  for vector in Vector if vector)
#: MSR with recoverable interrupts, machine checks and floating point.
MSR = int(Msr.RI | Msr.ME | Msr.FP)
TRANSLATED = MSR | int(Msr.IR | Msr.DR)
#: A block of 1 MB, addresses unchanged, for both sides, in supervisor and user state.
BLOCKS = {f"{side}bat0{half}": value for side in "id" for half, value in (("u", 0x1F), ("l", 2))}
CACHES = int(Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC)


@pytest.fixture(scope="module", params=["pipeline", "functional", "lockstep"])
def run(request):
    """A function that runs a program from `start` to `end`."""
    machine = pteg.Machine(
        "g3", cpu="functional" if request.param == "functional" else "pipeline", ram="1M")

    def run(body, msr=MSR, handler=HANDLER, **registers):
        """A register is a number, or a label and what is to be added. The result is the log, with
        labels, and the machine."""
        text = f"{VECTORS}{handler}        .org 0x3000\nstart:\n{body}\nend:    b end\n"
        program = assemble(text, sections={".text": 0})
        machine.reset()
        machine.memory.write(0, program.image(0))
        machine.memory.write(LOG, bytes(0x400))
        machine.memory.write(DATA, BYTES)
        symbols = program.symbols
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = symbols["start"], msr
            for name, value in {"hid0": CACHES, **BLOCKS, "r3": DATA, "sprg3": LOG,
                                **registers}.items():
                if isinstance(value, tuple):
                    value = symbols[value[0]] + value[1]
                if name in state.dtype.names:
                    state[name] = value
                else:
                    state["gpr"][0][int(name[1:])] = value
        if request.param == "lockstep":
            Lockstep(machine.model).run(5000, address=symbols["end"])
        else:
            machine.run(until=symbols["end"], instructions=5000)
        assert machine.cpu.pc == symbols["end"]
        words = (machine.cpu.spr["SPRG3"] - LOG) // 4
        log = struct.unpack(f">{words}I", machine.memory.read(LOG, 4 * words))
        names = {address: name for name, address in symbols.items()}
        return [(Vector(log[n]), names.get(log[n + 1], log[n + 1]), *log[n + 2:n + 5])
                for n in range(0, words, 5)], machine

    return run


BE, TE = Iabr.BE.mask, Iabr.TE.mask
BREAKPOINT = Vector.INSTRUCTION_BREAKPOINT


#: More than there can be in flight.
NOPS = "        nop\n" * 16


# -- IABR -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("place", range(6))
def test_an_instruction_anywhere_in_a_quad_word_is_stopped_before_it_executes(run, place):
    lines = ["        addi r4, r4, 1"] * 8
    lines[place] = f"here:   lwz r5, 0x{LOG:x}(0)\n        addi r4, r4, 1"
    log, machine = run("\n".join(lines), iabr=("here", BE))
    assert log == [(BREAKPOINT, "here", MSR, 0, 0)]
    # It has seen the log: it was executed afterwards, once.
    assert machine.cpu.gpr[5] == BREAKPOINT and machine.cpu.gpr[4] == 8


@pytest.mark.parametrize("body", [
    "here:   b end",
    "here:   bl end",
    "        cmpwi r4, 0\nhere:   beq end",
    "        cmpwi r4, 0\nhere:   bne end",
    "        lwz r4, 0(r3)\n        cmpwi r4, 0\nhere:   bne end",
    "        lwz r4, 0(r3)\n        cmpwi r4, 0\n        bne here\n        nop\nhere:   nop",
    "        li r5, 9\n        mtctr r5\nhere:   bdnz here",
    "        b here\n        nop\nhere:   nop",
    "        bl there\nhere:   b end\nthere:  blr",
    "        bl there\n        b end\nthere:  nop\nhere:   blr",
    "        cmpwi r4, 0\nhere:   crand 0, 2, 2\n        blt end",
    "        bl there\n        b end\nthere:  mflr r5\nhere:   mtlr r5\n        blr",
])
def test_branches_and_what_they_depend_on_are_stopped(run, body):
    assert run(body, iabr=("here", BE))[0] == [(BREAKPOINT, "here", MSR, 0, 0)]


def test_an_instruction_behind_a_target_in_the_branch_target_cache_is_stopped(run):
    """Nine times it is fetched and not executed, because the condition is known early."""
    log, machine = run(f"""
        cmpwi   r5, 9
loop:   bne     over
here:   addi    r4, r4, 1
        b       end
over:   addi    r5, r5, 1
        cmpwi   r5, 9
{NOPS}
        b       loop
        nop                     # a branch next to the end is not folded
    """, iabr=("here", BE))
    assert log == [(BREAKPOINT, "here", MSR, 0, 0)]
    assert machine.cpu.gpr[4] == 1 and machine.cpu.gpr[5] == 9


@pytest.mark.parametrize("line, msr, after", [
    (".long 0", MSR, (Vector.PROGRAM, Srr1.ILLEGAL)),
    ("mfmsr r4", MSR | int(Msr.PR), (Vector.PROGRAM, Srr1.PRIVILEGED)),
    ("twi 31, r4, 0", MSR, (Vector.PROGRAM, Srr1.TRAP)),
    ("sc", MSR, (Vector.SYSTEM_CALL, 0)),
    ("fmr f1, f2", MSR & ~int(Msr.FP), (Vector.FP_UNAVAILABLE, 0)),
    ("lmw r20, 2(r3)", MSR, (Vector.ALIGNMENT, 0)),
])
def test_the_breakpoint_comes_before_everything_that_execution_finds(run, line, msr, after):
    log, _ = run(f"        nop\nhere:   {line}\nbehind: nop", msr=msr, iabr=("here", BE))
    vector, bits = after
    assert log[0] == (BREAKPOINT, "here", msr, 0, 0)
    assert [row[:3] for row in log[1:]] == [
        (vector, "behind" if vector is Vector.SYSTEM_CALL else "here", msr | int(bits))]


def test_an_instruction_that_cannot_be_fetched_is_an_isi(run):
    msr = TRANSLATED
    log, _ = run("        lis r4, 0x7000\n        mtctr r4\n        bctrl",
                 msr, iabr=0x70000000 | BE | TE)
    assert log == [(Vector.ISI, 0x70000000, msr | Srr1.PAGE_FAULT, 0, 0)]


@pytest.mark.parametrize("msr, bits, stops", [
    (MSR, 0, False), (MSR, TE, False), (MSR, BE | TE, False), (MSR, BE, True),
    (TRANSLATED, BE, False), (TRANSLATED, BE | TE, True), (TRANSLATED | int(Msr.PR), BE | TE, True),
])
def test_iabr_is_enabled_by_be_and_by_te_as_msr_ir(run, msr, bits, stops):
    log, _ = run("        nop\nhere:   nop", msr=msr, iabr=("here", bits))
    assert log == [(BREAKPOINT, "here", msr, 0, 0)] * stops


def test_mtspr_to_iabr_counts_from_the_next_instruction_on(run):
    log, machine = run("""
loop:   mtspr   1010, r4
here:   addi    r5, r5, 1
        mr      r4, r6
        cmpwi   r5, 5
        bne     loop
    """, r6=("here", BE))
    assert log == [(BREAKPOINT, "here", MSR, 0, 0)] * 4
    assert machine.cpu.gpr[5] == 5


def test_a_traced_instruction_completes_before_the_breakpoint_behind_it(run):
    log, _ = run("        nop\nhere:   nop\nbehind: nop", msr=MSR | int(Msr.SE), iabr=("here", BE))
    assert [row[:2] for row in log] == [
        (Vector.TRACE, "here"), (BREAKPOINT, "here"), (Vector.TRACE, "behind"),
        (Vector.TRACE, "end")]


# -- DABR -----------------------------------------------------------------------------------------

BT, DW, DR = Dabr.BT.mask, Dabr.DW.mask, Dabr.DR.mask
BLOCK = (0, 8, 16, 24)


def match(ea, store, msr=MSR):
    """The log of one match."""
    return [(Vector.DSI, "here", msr, int(Dsisr.DABR | (Dsisr.STORE if store else 0)), DATA + ea)]


def watch(run, line, double_word, kinds=DR | DW, msr=MSR):
    """Run the instruction at `here`, with r3 = DATA + 64, r4 = 40, r7 = 32."""
    return run(f"here:   {line}", msr, r3=DATA + 64, r4=40, r7=32, xer=5, ear=1 << 31,
               dabr=DATA + 64 + double_word | kinds)


@pytest.mark.parametrize("line, first, last", [
    ("lbz r8, 7(r3)", 7, 7), ("lhz r8, 2(r3)", 2, 3), ("lha r8, 7(r3)", 7, 8),
    ("lwz r8, 0(r3)", 0, 3), ("lwz r8, 4(r3)", 4, 7), ("lwz r8, 5(r3)", 5, 8),
    ("lwzx r8, r3, r4", 40, 43), ("lwbrx r8, r3, r4", 40, 43), ("lwarx r8, r3, r4", 40, 43),
    ("lwzu r8, 6(r3)", 6, 9), ("lbzux r8, r3, r4", 40, 40),
    ("lfs f8, 4(r3)", 4, 7), ("lfd f8, 8(r3)", 8, 15), ("lfdu f8, 4(r3)", 4, 11),
    ("eciwx r8, r3, r4", 40, 43),
    ("stb r8, 7(r3)", 7, 7), ("sth r8, 7(r3)", 7, 8), ("stw r8, 5(r3)", 5, 8),
    ("stwx r8, r3, r4", 40, 43), ("stwbrx r8, r3, r4", 40, 43), ("stwu r8, 6(r3)", 6, 9),
    ("stfs f8, 4(r3)", 4, 7), ("stfd f8, 8(r3)", 8, 15), ("stfdu f8, 4(r3)", 4, 11),
    ("stfiwx f8, r3, r4", 40, 43), ("stwcx. r8, r3, r4", 40, 43), ("ecowx r8, r3, r4", 40, 43),
])
def test_an_access_to_any_byte_of_the_double_word_matches(run, line, first, last):
    name = line.split()[0]
    store = name.startswith("st") or name == "ecowx"
    mine, other = (DW, DR) if store else (DR, DW)
    for double_word in (-8, 0, 8, 40, 48):
        touched = double_word <= last and first < double_word + 8
        log, machine = watch(run, line, double_word, mine)
        assert log == (match(64 + max(first, double_word), store) if touched else []), double_word
        if name.endswith(("u", "ux")):   # rA is written once, and not by what has been stopped
            assert machine.cpu.gpr[3] == DATA + 64 + first
        assert not (touched and watch(run, line, double_word, other)[0])


def test_a_stwcx_that_is_stopped_keeps_its_reservation(run):
    log, machine = run("        lwarx r4, 0, r3\nhere:   stwcx. r7, 0, r3", dabr=DATA | DW, r7=32)
    assert log == match(0, store=True)
    assert machine.cpu.cr >> 28 == 2 and machine.memory.read(DATA, 4) == bytes((0, 0, 0, 32))


@pytest.mark.parametrize("line, first, count, store", [
    ("lmw r8, 4(r3)", 4, 96, False), ("stmw r8, 4(r3)", 4, 96, True),
    ("lswi r8, r3, 21", 0, 21, False), ("stswi r8, r3, 21", 0, 21, True),
    ("lswx r8, r3, r4", 40, 5, False), ("stswx r8, r3, r4", 40, 5, True),
])
def test_any_word_of_a_multiple_or_string_matches(run, line, first, count, store):
    for double_word in range(-8, 112, 8):
        touched = double_word < first + count and first < double_word + 8
        expected = match(64 + max(first, double_word), store) if touched else []
        assert watch(run, line, double_word)[0] == expected, double_word


def test_nothing_matches_without_a_byte(run):
    body = "        li r5, 0\n        mtxer r5\nhere:   lswx r8, 0, r3\n        stswx r8, 0, r3"
    assert run(body, dabr=DATA | DR | DW)[0] == []


def test_dcbz_matches_anywhere_in_its_block_and_other_cache_instructions_nowhere(run):
    for double_word in (-8, *BLOCK, 32):
        expected = match(64, store=True) if double_word in BLOCK else []
        assert watch(run, "dcbz 0, r3", double_word, DW)[0] == expected
        assert watch(run, "dcbz 0, r3", double_word, DR)[0] == []
        log, machine = watch(run, "addi r3, r3, 20\nhere2:  dcbz 0, r3", double_word, DW)
        assert [row[4] for row in log] == [row[4] for row in expected]
        assert machine.memory.read(DATA + 64, 32) == bytes(32)
    for name in ("dcbst", "dcbf", "dcbi", "icbi", "dcbt", "dcbtst"):
        assert watch(run, f"{name} 0, r3", 0)[0] == [], name


@pytest.mark.parametrize("msr, bits, stops", [
    (MSR, 0, True), (MSR, BT, False), (TRANSLATED, 0, False), (TRANSLATED, BT, True),
    (TRANSLATED | int(Msr.PR), BT, True),
])
def test_bt_is_compared_with_msr_dr(run, msr, bits, stops):
    for line, kinds in (("lwz r8, 0(r3)", DR), ("stw r8, 0(r3)", DW)):
        log, _ = watch(run, line, 0, bits | kinds, msr)
        assert log == (match(64, kinds == DW, msr) if stops else [])


@pytest.mark.parametrize("line, msr, registers, expected", [
    ("lmw r31, 2(r3)", MSR, {}, (Vector.ALIGNMENT, None)),
    ("lwarx r8, r3, r7", MSR, {"r7": 2}, (Vector.ALIGNMENT, None)),
    ("dcbz 0, r3", MSR, {"hid0": 0}, (Vector.ALIGNMENT, None)),
    ("eciwx r8, 0, r3", MSR, {"ear": 0}, (Vector.DSI, Dsisr.EXTERNAL_ACCESS)),
    ("ecowx r8, 0, r3", MSR, {"ear": 0}, (Vector.DSI, Dsisr.EXTERNAL_ACCESS | Dsisr.STORE)),
    ("lwz r8, 0(r3)", TRANSLATED, {"dbat0l": 0}, (Vector.DSI, Dsisr.PROTECTION)),
    ("stw r8, 0(r3)", TRANSLATED, {"dbat0l": 1}, (Vector.DSI, Dsisr.PROTECTION | Dsisr.STORE)),
    ("dcbz 0, r3", TRANSLATED, {"dbat0l": 1}, (Vector.DSI, Dsisr.PROTECTION | Dsisr.STORE)),
    ("lwz r8, 0(r3)", TRANSLATED, {"dbat0u": 0}, (Vector.DSI, Dsisr.PAGE_FAULT)),
    ("ecowx r8, 0, r3", TRANSLATED, {"dbat0l": 0x42},
     (Vector.DSI, Dsisr.DIRECT_STORE | Dsisr.STORE)),
    ("dcbz 0, r3", TRANSLATED, {"dbat0l": 0x42}, (Vector.ALIGNMENT, None)),
])
def test_the_breakpoint_comes_after_everything_else_that_stops_an_access(
        run, line, msr, registers, expected):
    registers = dict(registers)
    bt = BT if msr & Msr.DR else 0
    body = f"        li r7, {registers.pop('r7', 0)}\nhere:   {line}"
    log, _ = run(body, msr, **{"dabr": DATA | DR | DW | bt, "ear": 1 << 31, **registers})
    vector, dsisr = expected
    assert [row[:2] for row in log] == [(vector, "here")]
    assert dsisr is None or log[0][3] == dsisr


def test_what_has_been_stored_before_the_double_word_stays(run):
    """The handler finds the first part of a word there, and the second not yet."""
    body = """
        lis     r8, 0x1122
        ori     r8, r8, 0x3344
here:   stw     r8, 6(r3)
    """
    text = HANDLER.replace("clear:", "clear:  lwz r27, 4(r3)\n        lwz r26, 8(r3)\n")
    log, machine = run(body, handler=text, dabr=DATA + 8 | DW)
    assert log == [(Vector.DSI, "here", MSR, int(Dsisr.DABR | Dsisr.STORE), DATA + 8)]
    before = BYTES[4:6] + b"\x11\x22" + BYTES[8:12]
    assert struct.pack(">II", machine.cpu.gpr[27], machine.cpu.gpr[26]) == before
    assert machine.memory.read(DATA + 6, 4) == b"\x11\x22\x33\x44"


def test_registers_of_a_multiple_that_were_loaded_before_the_double_word_stay(run):
    """The second word of r24, r25, ... is behind the one that is stopped."""
    text = HANDLER.replace("clear:", "clear:  mr r5, r24\n        mr r6, r25\n")
    log, machine = run("here:   lmw r24, 4(r3)", handler=text, dabr=DATA + 8 | DR, r25=99)
    assert log == [(Vector.DSI, "here", MSR, int(Dsisr.DABR), DATA + 8)]
    assert struct.pack(">II", machine.cpu.gpr[5], machine.cpu.gpr[6]) == BYTES[4:8] + b"\0\0\0c"


def test_a_load_behind_mtspr_is_stopped_though_it_could_go_ahead(run):
    log, _ = run("        divw r6, r7, r8\n        mtspr 1013, r5\nhere:   lwz r4, 0(r3)",
                 r5=DATA | DR, r7=100, r8=7)
    assert log == match(0, store=False)


def test_fast_paths_are_left_when_dabr_is_set(run):
    """The page is used before, and by another kind of access."""
    log, machine = run("""
        li      r6, 100
        mtctr   r6
loop:   lwz     r7, 0(r3)
        stw     r7, 4(r3)
        bdnz    loop
        mtspr   1013, r5
        lwz     r7, 0(r3)
        stw     r7, 64(r3)
here:   stw     r7, 4(r3)
        stw     r7, 4(r3)
    """, r5=DATA | DW)
    assert log == [(Vector.DSI, "here", MSR, int(Dsisr.DABR | Dsisr.STORE), DATA + 4)]


def test_a_restored_functional_model_stops_where_it_should(tmp_path):
    """Both registers were set when it was saved, in the middle of a loop."""
    program = assemble(f"""{VECTORS}{HANDLER}
        .org    0x3000
loop:   lwz     r7, 4(r3)
        addi    r4, r4, 1
        cmpwi   r4, 500
        bne     loop
here:   stw     r4, 4(r3)
end:    b       end
    """, sections={".text": 0})
    machine = pteg.Machine("g3", cpu="functional", ram="1M")
    machine.memory.write(0, program.image(0))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sprg3"] = program.symbols["loop"], MSR, LOG
        state["gpr"][0][3], state["dabr"] = DATA, DATA | DW
        state["iabr"] = program.symbols["here"] | BE
    machine.run(instructions=1000)
    machine.save(tmp_path / "checkpoint")
    restored = pteg.Machine.restore(tmp_path / "checkpoint")
    restored.run(until=program.symbols["end"], instructions=5000)
    # The handler of the first clears both.
    assert struct.unpack(">5I", restored.memory.read(LOG, 20)) == (
        BREAKPOINT, program.symbols["here"], MSR, 0, 0)
    again = pteg.Machine.restore(tmp_path / "checkpoint")
    with again.cpu.changed() as state:
        state["iabr"] = 0
    again.run(until=program.symbols["end"], instructions=5000)
    assert struct.unpack(">5I", again.memory.read(LOG, 20)) == (
        Vector.DSI, program.symbols["here"], MSR, int(Dsisr.DABR | Dsisr.STORE), DATA + 4)
