"""One rule book of registers: the same value whoever writes it, and as the instruction would."""

import random
import re

import numpy as np
import pytest

from pteg import Machine, UserError
from pteg.firmware.asm import assemble
from pteg.gdb import registers as gdb
from pteg.hw.isa.registers import SPR_BY_NAME, SPRS
from pteg.registers import get
from pteg.state import ARCH_STATE

VALUES = [0, 0xFFFFFFFF, 0x80000001, 0x12345678, 0xAAAAAAAA, 0x55555555]
#: Registers that a program writes with one instruction, and that keep what was written.
CHANGING = ("TBL", "TBU", "DEC", "HID0", "L2CR", "MMCR0", "MMCR1", "PMC1", "PMC2", "PMC3", "PMC4",
            "THRM1", "THRM2", "THRM3")
#: What changes while the pipeline takes up a state.
GOING_ON = ("tb", "dec", "pmc1", "pmc2", "pmc3", "pmc4")
WRITTEN = [spr.name for spr in SPRS if spr.writable and spr.name not in CHANGING]


@pytest.fixture(scope="module", params=["functional", "pipeline"])
def machine(request):
    return Machine("g3", cpu=request.param)


def by_script(machine, name, value):
    if name in WRITTEN:
        machine.cpu.spr[name] = value
        return machine.cpu.spr[name]
    setattr(machine.cpu, name, value)
    return getattr(machine.cpu, name)


def by_attribute(machine, name, value):
    setattr(machine.cpu, name.lower(), value)
    return getattr(machine.cpu, name.lower())


def by_record(machine, name, value):
    with machine.cpu.changed() as state:
        state[name.lower()] = value
    return get(machine.cpu.state(), name.lower())


def by_gdb(machine, name, value):
    number = [row[1] for row in gdb.REGISTERS].index(name.lower())
    with machine.cpu.changed() as state:
        gdb.write(state, number, value.to_bytes(4, "big"))
    return int.from_bytes(gdb.read(machine.cpu.state(), number), "big")


def by_program(machine, name, value):
    """The instruction that writes it, in supervisor state with translation off."""
    write = {"msr": "mtmsr r3", "cr": "mtcrf 255, r3", "fpscr": "mtfsf 255, f1"}.get(
        name, f"mtspr {name.lower()}, r3")
    code = assemble(f"    .org 0x1000\n    {write}\n    isync\n").elf()
    machine.load(code)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = 0x1000, 0x2000  # FP
        state["gpr"][0, 3], state["fpr"][0, 1] = value, value
    machine.step()
    return get(machine.cpu.state(), name.lower())


@pytest.mark.parametrize("name", ["cr", "fpscr", *WRITTEN])
@pytest.mark.parametrize("value", VALUES)
def test_every_way_of_writing_gives_the_same(machine, name, value):
    if name == "fpscr" and value & 0xF8:
        value &= ~0xF8  # enabled exceptions would be taken by the program
    ways = [by_script, by_record, by_gdb, by_program]
    if name in ("XER", "LR", "CTR"):
        ways.append(by_attribute)
    found = {way.__name__: way(machine, name, value) for way in ways}
    assert len(set(found.values())) == 1, {way: hex(n) for way, n in found.items()}


@pytest.mark.parametrize("value", VALUES)
def test_msr_keeps_its_bits_whoever_writes_it(machine, value):
    value &= ~0x40030  # no power-save mode, no translation: the program must go on
    found = {way.__name__: way(machine, "msr", value)
             for way in (by_script, by_record, by_gdb, by_program)}
    assert len(set(found.values())) == 1, {way: hex(n) for way, n in found.items()}


@pytest.mark.parametrize("value", VALUES)
def test_segment_registers_keep_their_bits(machine, value):
    """All of them, as recorded on a 750CL."""
    kept = value
    machine.cpu.sr[5] = value
    assert machine.cpu.sr[5] == kept
    with machine.cpu.changed() as state:
        state["sr"][0, 6] = value
    assert machine.cpu.sr[6] == kept
    assert list(machine.cpu.sr)[5:7] == [kept, kept]
    code = assemble("    .org 0x1000\n    mtsr 7, r3\n    mfsr r4, 7\n    mfsrin r5, r6\n").elf()
    machine.load(code)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = 0x1000, 0
        state["gpr"][0, 3], state["gpr"][0, 6] = value, 0x7FFFFFFF
    machine.step(3)
    assert machine.cpu.sr[7] == machine.cpu.gpr[4] == machine.cpu.gpr[5] == kept


@pytest.mark.parametrize("name, kept", [
    ("XER", 0xE000FF7F), ("SDR1", 0xFFFF01FF), ("SRR0", 0xFFFFFFFC), ("SRR1", 0xFFFFFFFF),
    ("EAR", 0x8000003F), ("IBAT0U", 0xFFFE1FFF), ("IBAT3L", 0xFFFE007B), ("DBAT2L", 0xFFFE007B),
    ("DAR", 0xFFFFFFFF), ("DSISR", 0xFFFFFFFF), ("IABR", 0xFFFFFFFF), ("DABR", 0xFFFFFFFF),
    ("SPRG3", 0xFFFFFFFF), ("ICTC", 0x1FF), ("PVR", 0x00080301), ("HID1", 0xA0000000)])
def test_a_program_reads_back_of_all_ones_what_was_recorded(machine, name, kept):
    """On a 750CL and a 604; mtspr to a constant does nothing."""
    code = f"    .org 0x1000\n    mtspr {name.lower()}, r3\n    mfspr r4, {name.lower()}\n"
    if name in ("PVR", "HID1"):     # the assembler has no mtspr to these
        code = code.replace(f"mtspr {name.lower()}", f"mtspr {SPR_BY_NAME[name].number}")
    machine.load(assemble(code).elf())
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = 0x1000, 0
        state["gpr"][0, 3] = 0xFFFFFFFF
    machine.step(2)
    assert machine.cpu.pc == 0x1008
    assert machine.cpu.gpr[4] == kept == machine.cpu.spr[name]


def test_random_records_become_states_that_can_be(machine):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    with machine.cpu.changed() as state:
        for name in ARCH_STATE.names:
            shape = ARCH_STATE[name].shape
            state[name][0] = rng.integers(0, 1 << 32, shape, dtype=np.uint64)
        state["reservation"] = 0
        given = state.copy()
    kept = machine.cpu.state()
    for name in ARCH_STATE.names:
        if name not in ("fpscr", *GOING_ON):    # VX and FEX follow
            assert np.all(kept[name] & ~given[name] == 0), name
    with machine.cpu.changed():
        pass
    again = machine.cpu.state()
    assert [name for name in ARCH_STATE.names if name not in GOING_ON
            and not np.array_equal(kept[name], again[name])] == []


def test_misspelt_registers_are_errors(machine):
    for name in ("r3", "pcc", "srr0", "gpr", "fpr", "sr", "spr"):
        with pytest.raises(AttributeError, match=f"'?{name}'?"):
            setattr(machine.cpu, name, 4)
    with pytest.raises(AttributeError):
        machine.cpu.r3  # noqa: B018
    with pytest.raises(AttributeError):
        machine.cpu.gpr.r3 = 4


@pytest.mark.parametrize("number", [-1, 32, "3", 1.5, None, slice(3)])
def test_numbers_of_banks_are_checked(machine, number):
    for access in (lambda: machine.cpu.gpr[number], lambda: machine.cpu.gpr.__setitem__(number, 1)):
        with pytest.raises(UserError, match=r"^gpr number must be 0 to 31, not "):
            access()


@pytest.mark.parametrize("name, value, message", [
    ("pc", 0x1002, r"^pc must be a multiple of 4, not 0x1002$"),
    ("cr", 1 << 32, r"^cr must fit in 32 bits, not 0x100000000$"),
    ("xer", "1", r"^XER must be an integer, not '1'$"),
    ("tb", 1 << 64, r"^tb must fit in 64 bits, not "),
])
def test_values_are_checked(machine, name, value, message):
    with pytest.raises(UserError, match=message):
        setattr(machine.cpu, name, value)


def test_constants_cannot_be_written(machine):
    for name in ("PVR", "HID1", "UPMC1"):
        with pytest.raises(UserError, match=rf"^{name} cannot be written$"):
            machine.cpu.spr[name] = 1


def test_halves_of_the_time_base(machine):
    machine.cpu.tb = 0x1122334455667788
    machine.cpu.spr["TBU"] = 0xAABBCCDD
    assert machine.cpu.tb >> 32 == 0xAABBCCDD and machine.cpu.spr["TBU"] == 0xAABBCCDD
    machine.cpu.spr["TBL"] = 5
    assert machine.cpu.tb >> 8 == 0xAABBCCDD000000


def test_registers_are_shown_by_name(machine):
    machine.cpu.gpr[31], machine.cpu.sr[2], machine.cpu.pc = 0xABCD, 0x123, 0x1000
    machine.cpu.fpr[3], machine.cpu.spr["SDR1"] = 0x123456789, 0x10000
    text = repr(machine.cpu)
    assert re.search(r"^pc +00001000 .* msr ", text) and "r31 0000abcd" in text
    assert "sr2  00000123" in repr(machine.cpu.sr)
    assert "f3  0000000123456789" in repr(machine.cpu.fpr)
    assert re.search(r"SDR1 +00010000", repr(machine.cpu.spr))
    assert max(map(len, f"{text}\n{machine.cpu.fpr!r}\n{machine.cpu.spr!r}".split("\n"))) <= 80
