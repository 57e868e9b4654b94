"""The script interface, the same for both processor models."""

import gc
import re
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.parameters import NAMES
from pteg.statistics import new_statistics, put
from pteg.waiting import waiting, waits

CPUS = ("pipeline", "functional")
PROGRAM = assemble("""
_start:
    li      r3,10
    mtctr   r3
    li      r4,0
loop:
    addi    r4,r4,3
    bdnz    loop
done:
    lis     r5,0x0c01
    li      r6,3
    stb     r6,-0x1000+3(r5)
    lis     r7,text@ha
    addi    r7,r7,text@l
next:
    lbz     r8,0(r7)
    cmpwi   r8,0
    beq     echo
    stb     r8,-0x1000(r5)
    addi    r7,r7,1
    b       next
echo:
    lbz     r8,-0x1000+5(r5)
    andi.   r8,r8,1
    beq     echo
    lbz     r8,-0x1000(r5)
    stb     r8,-0x1000(r5)
    b       echo
text:
    .asciz  "hello, machine\\n"
""", sections={".text": 0x1000})
SYMBOLS = PROGRAM.symbols


@pytest.fixture(scope="module", params=CPUS)
def shared(request):
    return pteg.Machine("g3", cpu=request.param, ram="1M")


@pytest.fixture
def m(shared):
    """A machine after reset with the program loaded; made once, because compiling takes time."""
    shared.reset()
    shared.console.read()
    shared.memory.write(0, bytes(shared.ram.size))
    shared.cpu.pc = shared.load(PROGRAM.elf())
    shared.cpu.msr = 0
    return shared


def test_state_after_reset(shared):
    shared.reset()
    assert shared.cpu.pc == 0xFFF00100 and shared.cpu.msr == 0x40
    assert shared.instructions == 0
    assert shared.cpu.spr["PVR"] == 0x00080301


def test_a_machine_shows_what_it_is_and_where(m):
    m.run(until=m.symbols.address("done"))
    assert re.fullmatch(r"<Machine g3 \(dram, rom, uart, pic, fw_cfg\), \w+: cycle [\d,]+, "
                        r"pc 0x\w+ done>", repr(m))
    assert repr(pteg.Machine(cpu="functional")).endswith("functional: not started>")


def test_registers_hold_what_is_written(m):
    for n in range(32):
        m.cpu.gpr[n] = 0x01010101 * n
        m.cpu.fpr[n] = (0x0101010101010101 * n)
    for n in range(16):
        m.cpu.sr[n] = 0x20000000 | n
    m.cpu.cr, m.cpu.xer, m.cpu.lr, m.cpu.ctr, m.cpu.fpscr = 0x12345678, 0xE000007F, 4, 8, 0x1F
    for name, value in {"SDR1": 0x00FF0007, "SPRG2": 77, "DBAT3U": 0x8000001F, "DAR": 5}.items():
        m.cpu.spr[name] = value
        assert m.cpu.spr[name] == value
    m.cpu.tb = 0x1_0000_0002
    assert list(m.cpu.gpr) == [0x01010101 * n for n in range(32)]
    assert list(m.cpu.fpr) == [0x0101010101010101 * n for n in range(32)]
    assert list(m.cpu.sr) == [0x20000000 | n for n in range(16)]
    assert (m.cpu.cr, m.cpu.xer, m.cpu.lr, m.cpu.ctr, m.cpu.fpscr) == (
        0x12345678, 0xE000007F, 4, 8, 0x1F)
    assert m.cpu.spr["TBU"] == 1 and m.cpu.spr["TBL"] in (2, 3)
    m.cpu.gpr[3] = -1
    assert m.cpu.gpr[3] == 0xFFFFFFFF
    assert m.cpu.pc == 0x1000


@pytest.mark.parametrize("change, message", [
    (lambda m: m.cpu.gpr[32], "gpr number must be 0 to 31, not 32"),
    (lambda m: m.cpu.gpr.__setitem__(1, 1 << 32), "gpr must fit in 32 bits, not 0x100000000"),
    (lambda m: m.cpu.gpr.__setitem__(1, "x"), "gpr must be an integer, not 'x'"),
    (lambda m: m.cpu.spr["NONE"], "there is no special-purpose register 'NONE'"),
    (lambda m: m.cpu.spr.__setitem__("PVR", 1), "PVR cannot be written"),
    (lambda m: setattr(m.cpu, "pc", 0x1002), "pc must be a multiple of 4, not 0x1002"),
    (lambda m: m.run(cycles=-1), "cycles must be an integer that is not negative, not -1"),
    (lambda m: m.run(until=""), "until must be an address, a text or a function, not empty text"),
    (lambda m: m.run(until=3), "until must be an address, a text or a function, not 3"),
    (lambda m: m.memory.read(0x100000, 1),
     "address must be inside RAM or ROM (0x00000000 to 0x000fffff, 0xfff00000 to 0xffffffff), "
     "not 0x00100000"),
    (lambda m: m.memory.write(0xFFFFE, b"abc"),
     "address must be inside RAM or ROM (0x00000000 to 0x000fffff, 0xfff00000 to 0xffffffff), "
     "not 0x000ffffe to 0x00100000"),
    (lambda m: m.load(b"abc", at=0x0C00F000),
     "address must be inside RAM or ROM (0x00000000 to 0x000fffff, 0xfff00000 to 0xffffffff), "
     "not 0x0c00f000 to 0x0c00f002"),
    (lambda m: m.run(cycles=1e6),
     "cycles must be an integer that is not negative, not 1000000.0"),
    (lambda m: m.memory.write(0x1000, 5), "data must be bytes, not 5: write_word stores a number"),
    (lambda m: m.load(b"abc"), "program: must be an ELF file, not a text file"),
])
def test_bad_requests_are_refused(m, change, message):
    with pytest.raises(pteg.UserError, match=f"^{re.escape(message)}$"):
        change(m)


def test_what_the_assembler_returns_can_be_loaded():
    program = assemble("_start: li r3,5\ndone: b done\n", sections={".text": 0x1000})
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="1M")
    assert machine.load(program) == machine.load(program.elf()) == 0x1000
    assert machine.memory.read(0x1000, 4) == bytes.fromhex("38600005")
    assert machine.symbols.address("done") == 0x1004


def test_memory_is_bytes_at_physical_addresses(m):
    m.memory.write(0x8000, b"\x12\x34\x56\x78")
    assert m.memory.read(0x8001, 2) == b"\x34\x56"
    assert m.memory.read_word(0x8000) == 0x12345678
    m.memory.write_word(0xFFF00000, 0xCAFEBABE)
    assert m.memory.read(0xFFF00000, 4) == b"\xca\xfe\xba\xbe"


def test_a_program_that_does_not_fit_changes_nothing(m):
    before = m.memory.read(0, 0x3000)
    large = assemble(".text\n nop\n.data\n.long 1\n",
                     sections={".text": 0x2000, ".data": 0x200000}).elf()
    with pytest.raises(pteg.UserError, match="^program: address must be inside RAM or ROM .*"):
        m.load(large)
    assert m.memory.read(0, 0x3000) == before


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
def test_a_machine_that_nobody_uses_is_gone_without_garbage_collection(cpu):
    machine = pteg.Machine("g3", cpu=cpu, rom="first")
    machine.run(cycles=10)
    machine.memory.read(0, 4)
    machine.stats()
    parts = [weakref.ref(part) for part in (machine, machine.model, machine.platform)]
    gc.disable()
    try:
        del machine
        assert [part() for part in parts] == [None] * 3
    finally:
        gc.enable()


def test_steps_are_instructions(m):
    assert m.step() is Stop.INSTRUCTIONS
    assert (m.cpu.pc, m.cpu.gpr[3], m.instructions) == (0x1004, 10, 1)
    m.step(2)
    assert (m.cpu.pc, m.cpu.ctr) == (0x100C, 10)
    m.step(4)
    assert (m.cpu.pc, m.cpu.gpr[4], m.cpu.ctr) == (0x100C, 6, 8)


def test_a_run_ends_at_an_address_and_can_go_on_from_there(m):
    for turn in range(3):
        assert m.run(until=SYMBOLS["loop"]) is Stop.ADDRESS
        assert (m.cpu.pc, m.cpu.gpr[4]) == (SYMBOLS["loop"], 3 * turn)
    assert m.run(until=SYMBOLS["done"]) is Stop.ADDRESS
    assert m.cpu.gpr[4] == 30


def test_a_text_is_found_by_runs_that_each_print_a_part_of_it(m):
    pieces = 0
    while m.run(until="machine", instructions=3, undisturbed=True) is Stop.INSTRUCTIONS:
        pieces += 1
    assert pieces > 20 and m.console.read() == b"hello, machine"
    # What another run has printed is not looked at again.
    m.reset()
    m.cpu.pc, m.cpu.msr = SYMBOLS["_start"], 0
    assert m.run(until="hello, mach", instructions=1000) is Stop.CONSOLE
    assert m.run(until="machine", instructions=1000) is Stop.INSTRUCTIONS
    assert m.console.read() == b"hello, machine\n"


def test_a_run_ends_with_console_text(m):
    assert m.run(until="machine", cycles=100_000) is Stop.CONSOLE
    assert m.console.read() == b"hello, machine"
    cycle = m.cycle
    assert m.run(until="machine", cycles=5000) is Stop.CYCLES
    assert m.cycle == cycle + 5000
    assert m.console.read() == b"\n"


def test_a_run_ends_when_a_function_says_so(m):
    assert m.run(until=lambda m: m.cpu.gpr[4] == 12, cycles=10_000) is Stop.CONDITION
    assert m.cpu.gpr[4] == 12
    assert m.run(until=lambda m: False, instructions=7) is Stop.INSTRUCTIONS


def test_limits_count_from_now(m):
    begin = m.instructions
    assert m.run(instructions=25) is Stop.INSTRUCTIONS
    assert m.instructions == begin + 25
    begin = m.cycle
    assert m.run(cycles=123) is Stop.CYCLES
    assert m.cycle == begin + 123
    assert m.run(cycles=0) is Stop.CYCLES and m.cycle == begin + 123


def test_console_input_is_echoed(m):
    m.run(until="machine\n", cycles=100_000)
    m.console.read()
    m.console.write("type")
    m.console.write(b"d!")
    assert m.run(until="typed!", cycles=100_000) is Stop.CONSOLE
    assert m.console.read() == b"typed!"


def test_a_run_can_be_ended_between_pieces(m):
    calls = []
    assert m.run(cycles=10**12, between=lambda: calls.append(1) or len(calls) == 3) is (
        Stop.INTERRUPTED)
    assert len(calls) == 3


def test_equal_runs_end_in_the_same_cycle(m):
    def once():
        m.reset()
        m.cpu.pc = 0x1000
        m.cpu.msr = 0
        m.console.write("xyz")
        assert m.run(until="xyz", cycles=100_000) is Stop.CONSOLE
        return m.cycle, m.instructions, m.cpu.state().tobytes(), m.console.read(), m.stats()

    assert once() == once()


def test_pieces_do_not_change_a_run(m, monkeypatch):
    """The same stop, cycle and state, however the run is cut."""
    results = []
    for chunk in (0.05, 0):
        monkeypatch.setattr("pteg.running.CHUNK", chunk)
        m.reset()
        m.cpu.pc = 0x1000
        m.cpu.msr = 0
        m.run(cycles=30_000)
        results.append((m.cycle, m.instructions, m.cpu.state().tobytes()))
    assert results[0] == results[1]


@pytest.mark.parametrize("run", [lambda m: m.step(), lambda m: m.run(until="never"),
                                 lambda m: m.run(until=lambda: False)])
def test_exceptions_without_end_end_a_run(m, run):
    """The handler of the illegal instruction is an illegal instruction."""
    m.memory.write_word(0x700, 0)
    m.memory.write_word(0x2000, 0x60000000)     # nop: something completes at first
    m.cpu.pc = 0x2000
    m.memory.write_word(0x2004, 0)
    begin = m.cycle
    assert m.run(cycles=120) is Stop.CYCLES and m.instructions == 1
    assert run(m) is Stop.STUCK
    assert m.cycle == begin + 120 + m.model.look and m.instructions == 1
    assert m.run(cycles=500) is Stop.CYCLES, "limits hold"


def leaves(counts, path=()):
    """Every number of nested dicts with the names that lead to it."""
    for name, value in counts.items():
        assert isinstance(name, str)
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def test_statistics_are_plain_numbers(m):
    m.run(until="machine")
    stats = m.stats()
    assert stats["cycles"] == m.cycle and stats["instructions"] == m.instructions
    uncounted = [path for path, value in leaves(stats) if type(value) not in (int, float)]
    assert m.cpu_name == "functional" or not uncounted
    assert all(value is None for path, value in leaves(stats) if path in uncounted)


@pytest.mark.parametrize("preset, options", [("g3", {}), ("g3", {"l2": "256K", "dma": True}),
                                             ("mac99", {})])
def test_statistics_have_one_shape(preset, options):
    machine = pteg.Machine(preset, cpu="functional", rom="none", **options)
    shape = [path for path, value in leaves(machine.stats())]
    assert shape == [path for path, value in leaves(new_statistics(machine.platform))]
    with pytest.raises(KeyError):
        put(new_statistics(machine.platform), {"mmu": {"data": {"wrong": 1}}})


def test_the_documentation_has_every_statistic():
    machine = pteg.Machine("g3", cpu="functional", rom="none", l2="256K", processors=2)
    page = (Path(__file__).parents[2] / "docs" / "script-interface.md").read_text()
    table = page.partition("| key | value |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (`.*?`) \| (.*) \|$", table, re.M))
    texts = {name: text for keys, text in rows.items() for name in re.findall(r"`(\w+)`", keys)}
    assert texts.keys() == machine.stats().keys()
    named = {name: set(re.findall(r"`(\w+)`", text)) for name, text in texts.items()}
    stats = machine.stats()
    assert stats["processors"].keys() == {0, 1}
    assert named["processors"] == stats.pop("processors")[0].keys()
    for path, _ in leaves(stats):
        names = path[2:] if path[0] == "bus" else path[1:]     # devices have their own
        assert named[path[0]] >= {*names}, path


def test_both_models_count_the_same_exceptions(m):
    """Each `sc`, and the illegal instruction behind it."""
    m.load(assemble("sc\n .long 0\n", sections={".text": 0x2000}).elf())
    m.memory.write_word(0xC00, 0x4C000064)  # rfi
    m.cpu.pc, m.cpu.msr = 0x2000, 0
    before = m.stats()["exceptions"]
    m.run(until=0x700, cycles=10_000)
    assert m.stats()["exceptions"] - before == 2


@pytest.mark.parametrize("slow", [
    "lis r4,0x0c01\n 1: lbz r3,-0x0ffb(r4)\n b 1b",                # a device
    "mfspr r3,1008\n oris r3,r3,0x80\n mtspr 1008,r3\n"            # HID0[DOZE], MSR[POW]
    "lis r3,0x0004\n mtmsr r3\n isync\n nop"])
def test_waiting_is_not_being_stuck(m, slow):
    m.load(assemble(slow, sections={".text": 0x2000}).elf())
    m.cpu.pc, m.cpu.msr = 0x2000, 0
    assert m.run(cycles=5 * m.model.look // (1 if m.cpu_name == "pipeline" else 8)) is Stop.CYCLES


def test_exceptions_whose_handlers_run_are_not_being_stuck(m):
    """A handler that returns to the illegal instruction at once."""
    m.memory.write_word(0x700, 0x4C000064)  # rfi
    m.memory.write_word(0x2000, 0)
    m.cpu.pc, m.cpu.msr = 0x2000, 0
    assert m.run(cycles=3 * m.model.look // (1 if m.cpu_name == "pipeline" else 2)) is Stop.CYCLES


def test_a_machine_that_hangs_without_exceptions_is_stuck(m, monkeypatch):
    """As with a device that never answers: here, the limit is shorter than one instruction."""
    monkeypatch.setattr("pteg.running.PATIENCE", 1)
    monkeypatch.setattr(type(m.model), "look", 1)
    monkeypatch.setattr(type(m.model), "instructions", 7)
    assert m.run(cycles=1000) is Stop.STUCK


def test_the_time_of_runs_is_simulation_alone(m, monkeypatch):
    begin, waited = m.seconds, waits.seconds
    with waiting("a test"), waiting("in a test"):
        time.sleep(0.05)
    assert 0.05 <= waits.seconds - waited < 1
    m.run(cycles=2000)
    plain = m.seconds - begin
    assert 0 < plain < 5
    slow = m.model.run

    def run(limits):
        with waiting("compiling"):
            time.sleep(0.2)
        return slow(limits)

    monkeypatch.setattr(m.model, "run", run)
    begin = m.seconds
    m.run(cycles=100)
    assert m.seconds - begin < 0.2


def test_a_preset_has_the_rom_of_the_command_line(monkeypatch, tmp_path):
    machine = pteg.Machine("g3", cpu="functional")
    assert machine.run(until="0 > ", instructions=5_000_000) is Stop.CONSOLE
    assert (pteg.Machine("g3", cpu="functional", rom="none").platform.rom.memory == 0xFF).all()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    with pytest.raises(pteg.UserError, match="openbios: no qemu/openbios-ppc in .* name a file"):
        pteg.Machine("mac99", cpu="functional")


def test_jumping_to_nowhere_is_a_checkstop(m):
    m.cpu.pc = 0x40000000
    assert m.run(cycles=10_000) is Stop.CHECKSTOP
    assert m.cpu.pc == 0x40000000


def test_jumping_to_nowhere_is_a_machine_check_when_enabled(m):
    m.cpu.pc, m.cpu.msr = 0x40000000, 0x1000
    assert m.run(until=0x200, cycles=10_000) is Stop.ADDRESS
    assert m.cpu.spr["SRR0"] == 0x40000000
    assert m.cpu.spr["SRR1"] & 0x00040000, "SRR1[13]: transfer error"


def test_the_interrupt_of_the_serial_port_reaches_the_processor(m):
    m.memory.write_word(0x500, 0x48000000)  # b .
    # Mask of the controller, interrupt enable of the port, then a loop.
    code = assemble("""
        lis r4,0x0c00
        ori r4,r4,0x3000
        li r5,0x40
        stw r5,4(r4)
        lis r6,0x0c01
        li r5,1
        stb r5,-0xfff(r6)
    loop: b loop
    """, sections={".text": 0x2000})
    m.load(code.elf())
    m.cpu.pc, m.cpu.msr = 0x2000, 0x8000
    assert m.run(until=0x500, cycles=1000) is Stop.CYCLES
    m.console.write("x")
    assert m.run(until=0x500, cycles=1000) is Stop.ADDRESS
    assert m.cpu.spr["SRR0"] == code.symbols["loop"]


def test_both_models_end_alike():
    machines = [pteg.Machine("g3", cpu=cpu, ram="1M") for cpu in CPUS]
    for machine in machines:
        machine.cpu.pc = machine.load(PROGRAM.elf())
        machine.cpu.msr = 0
        assert machine.run(instructions=60) is Stop.INSTRUCTIONS
    a, b = (machine.cpu.state() for machine in machines)
    for name in a.dtype.names:
        if name not in ("tb", "dec"):  # time is not the same
            assert np.array_equal(a[name], b[name]), name
    assert machines[0].memory.read(0, 1 << 20) == machines[1].memory.read(0, 1 << 20)


# Construction -----------------------------------------------------------------------------------

def test_presets_are_listed():
    assert pteg.Machine.presets()["g3"].startswith("A small board")


@pytest.mark.parametrize("arguments, message", [
    (("g5",), "machine must be one of g3, mac99, not 'g5'"),
    ({"cpu": "fast"}, "cpu must be one of pipeline, functional, not 'fast'"),
    ({"rom": bytes(0x100001)}, "ROM image: ROM image must fit in 0x100000 bytes, not 0x100001"),
    ({"disk": 1}, "option of machine g3 must be one of ram, timed_uart, dma, board, dram, "
     f"{', '.join(NAMES)}, "
                  "not 'disk'"),
    ({"rom": "nosuch"}, "ROM must be a file or one of first, openfirmware, openbios, not 'nosuch'"),
])
def test_bad_construction_is_refused(arguments, message):
    with pytest.raises(pteg.UserError, match=f"^{re.escape(message)}$"):
        pteg.Machine(**arguments) if isinstance(arguments, dict) else pteg.Machine(*arguments)


def test_roms_from_files_and_elfs(tmp_path):
    raw = tmp_path / "rom.bin"
    raw.write_bytes(b"\x01\x02")
    machine = pteg.Machine(rom=raw)
    assert machine.memory.read(0xFFF00000, 3) == b"\x01\x02\x00"
    elf = tmp_path / "rom.elf"
    elf.write_bytes(assemble("nop", sections={".text": 0xFFF00100}).elf())
    assert pteg.Machine(rom=str(elf)).memory.read_word(0xFFF00100) == 0x60000000
    elf.write_bytes(assemble("nop", sections={".text": 0x1000}).elf())
    with pytest.raises(pteg.UserError, match="ROM image must lie in 0xfff00000 to 0xffffffff, not"):
        pteg.Machine(rom=elf)


# Files that are written while it runs -----------------------------------------------------------

def test_a_waveform_of_a_window(tmp_path):
    machine = pteg.Machine(ram="1M")
    machine.cpu.pc = machine.load(PROGRAM.elf())
    machine.cpu.msr = 0
    with machine.trace(tmp_path / "a.vcd", signals=["core.completion.*"], window=(20, 60)):
        machine.run(cycles=200)
    machine.run(cycles=200)
    text = (tmp_path / "a.vcd").read_text()
    assert "$scope module completion $end" in text and "$enddefinitions" in text
    assert (tmp_path / "a.gtkw").exists()
    size = len(text)
    assert 1000 < size and not machine.model.driver.taps


def test_a_trace_does_not_change_the_run(tmp_path):
    ends = []
    for traced in (False, True):
        machine = pteg.Machine(ram="1M")
        machine.cpu.pc = machine.load(PROGRAM.elf())
        if traced:
            machine.trace(tmp_path / "b.vcd", "core.fetch.*").__enter__()
        machine.run(cycles=5000)
        ends.append((machine.cycle, machine.instructions, machine.cpu.state().tobytes()))
    assert ends[0] == ends[1]


def test_waveforms_need_the_pipeline(tmp_path):
    machine = pteg.Machine(cpu="functional", ram="1M")
    with pytest.raises(pteg.UserError, match="^a waveform needs cpu='pipeline'"):
        machine.trace(tmp_path / "c.vcd")


# Linux ------------------------------------------------------------------------------------------

LINUX = Path(__file__).parents[2].parent / "shared" / "linux"


def test_a_kernel_is_entered_as_its_boot_protocol_says():
    if not LINUX.exists():
        pytest.skip("optional data not present: shared/linux")
    machine = pteg.Machine(cpu="functional", ram="16M")
    machine.boot_linux(LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb", "console=none")
    assert (machine.cpu.pc, machine.cpu.msr) == (0, 0)
    tree = machine.cpu.gpr[3]
    assert machine.memory.read_word(tree) == 0xD00DFEED
    assert b"console=none\0" in machine.memory.read(tree, 4096)
    assert tree < machine.cpu.gpr[1] < 16 << 20
    assert machine.cpu.gpr[4] == machine.cpu.gpr[5] == 0


@pytest.mark.slow
def test_a_kernel_boots_to_user_space():
    if not LINUX.exists():
        pytest.skip("optional data not present: shared/linux")
    machine = pteg.Machine(cpu="functional")
    machine.boot_linux(LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb")
    assert machine.run(until="INIT:", instructions=20_000_000) is Stop.CONSOLE
