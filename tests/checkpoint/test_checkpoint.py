"""Checkpoints and hand-over: nothing is lost, and nothing is believed that a file says."""

import copy
import hashlib
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from command import run_pteg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import pteg
from pteg.checkpoint import container, pages, records
from pteg.components.serial import IN_RING, OUT_RING
from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.sizes import CREDITS
from pteg.parameters import read_parameters
from pteg.pipeline.places import System
from pteg.presets import PRESETS

CPUS = ("functional", "pipeline")
#: Where the pipeline model takes long.
QUICK = ("functional", pytest.param("pipeline", marks=pytest.mark.slow))
#: Calculates, stores and prints; interrupts of the decrementer only count, in r20.
PROGRAM = assemble("""
        .org    0x900
        addi    r20,r20,1
        li      r21,100
        mtdec   r21
        rfi
        .org    0x1000
_start: lis     r10,0x0c01
        li      r3,0
        li      r4,0x4000
        lis     r5,0x1234
        mtdec   r3
        mfmsr   r8
        ori     r8,r8,0x8000
        mtmsr   r8
loop:   addi    r3,r3,7
        mullw   r5,r5,r3
        addi    r5,r5,1
        stw     r5,0(r4)
        lwz     r6,0(r4)
        add     r7,r7,r6
        addi    r4,r4,4
        andi.   r4,r4,0x7ffc
        andi.   r0,r3,0x3f
        bne     again
        clrlwi  r6,r7,26
        addi    r6,r6,33
        stb     r6,-0x1000(r10)
again:  cmpwi   r3,14000
        bne     loop
done:   b       done
""", sections={".text": 0})
DONE = PROGRAM.symbols["done"]
#: What the pipeline may complete to come to an end: an instruction, and folded branches before it.
FINISHES = 1 + 2 * CREDITS


@pytest.fixture
def machine():
    """Function that makes a machine with the program."""
    def make(cpu):
        machine = pteg.Machine("g3", cpu=cpu, ram="1M")
        machine.memory.write(0, PROGRAM.image(0))
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = 0x1000, 0x1000
        return machine

    return make


def check_same(one, other):
    """Everything that a program could see is the same, and at one time."""
    assert (one.cycle, one.instructions) == (other.cycle, other.instructions)
    assert one.cpu.state().tobytes() == other.cpu.state().tobytes()
    for a, b in zip(one.platform.devices, other.platform.devices, strict=True):
        assert np.array_equal(a.memory, b.memory), a.name
        if a is not one.platform.console:  # it counts what the host has taken too
            assert a.state.tobytes() == b.state.tobytes(), a.name


def result(machine):
    """What the program has calculated: registers, its table and the text, but nothing of time."""
    return (list(machine.cpu.gpr)[:20], machine.memory.read(0x4000, 0x8000),
            machine.console.read())


# Going on ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("cpu", CPUS)
def test_the_same_model_goes_on_exactly(machine, tmp_path, cpu):
    uninterrupted, saved = machine(cpu), machine(cpu)
    uninterrupted.run(cycles=20_000)
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cycles = 0
    for part in sorted(random.Random(seed).sample(range(1, 20_000), 4)):
        saved.run(cycles=part - cycles)
        cycles = part
        saved.save(tmp_path / "m")
        restored = pteg.Machine.restore(tmp_path / "m")
        assert restored.restored == "exact"
        check_same(saved, restored)
        saved = restored
    saved.run(cycles=20_000 - cycles)
    check_same(uninterrupted, saved)


def test_a_waveform_after_it_has_the_same_bytes(machine, tmp_path):
    one = machine("pipeline")
    one.run(cycles=3_333)
    one.save(tmp_path / "m")
    other = pteg.Machine.restore(tmp_path / "m")
    for number, each in enumerate((one, other)):
        with each.trace(tmp_path / f"{number}.vcd"):
            each.run(cycles=2_000)
    waves = [(tmp_path / f"{number}.vcd").read_bytes() for number in range(2)]
    assert waves[0] == waves[1] and len(waves[0]) > 100_000


@pytest.mark.parametrize("first", CPUS)
def test_hand_over_at_random_points_does_not_change_the_result(machine, first):
    alone, changing = machine(first), machine(first)
    assert alone.run(until=DONE, instructions=100_000) is Stop.ADDRESS
    expected = result(alone)
    assert len(expected[2]) > 20 and alone.cpu.gpr[20] > 10
    seed = random.randrange(1 << 32)
    print("seed", seed)
    source = random.Random(seed)
    for _ in range(8):
        assert changing.run(cycles=source.randrange(1, 4000)) is Stop.CYCLES
        before = changing.instructions
        changing.hand_over(CPUS[changing.cpu_name == "functional"])
        assert 0 <= changing.instructions - before <= FINISHES
    assert changing.run(until=DONE, instructions=100_000) is Stop.ADDRESS
    assert result(changing) == expected
    assert changing.cpu.gpr[20] > 10


@pytest.mark.parametrize("first", CPUS)
def test_the_other_model_restores_a_checkpoint(machine, tmp_path, first):
    saved = machine(first)
    # The pipeline is within an instruction, and has printed something.
    saved.run(cycles={"functional": 7_001, "pipeline": 40_001}[first])
    saved.save(tmp_path / "m")
    other = pteg.Machine.restore(tmp_path / "m", cpu=CPUS[first == "functional"])
    assert other.restored == "architectural" and other.cpu_name != first
    assert 0 <= other.instructions - saved.instructions <= FINISHES
    text = saved.console.read()
    assert saved.run(until=DONE) is other.run(until=DONE) is Stop.ADDRESS
    assert result(saved) == result(other)
    assert text  # printed before the checkpoint, so not part of it


@pytest.mark.parametrize("first", CPUS)
def test_a_pending_decrementer_exception_passes_over(machine, first):
    m = machine(first)
    with m.cpu.changed() as state:
        state["pc"], state["dec"] = DONE, 3
    m.run(cycles=200)
    m.hand_over(CPUS[first == "functional"])
    assert m.cpu.gpr[20] == 0 and m.cpu.spr["DEC"] >> 31
    m.cpu.msr = 0x9000
    m.run(instructions=10)
    assert m.cpu.gpr[20] == 1


def test_time_goes_on_from_where_it_was(machine):
    m = machine("functional")
    m.run(instructions=1001)
    ticks, cycle = m.cpu.tb, m.cycle
    m.hand_over("pipeline")
    m.run(cycles=799)
    assert abs((m.cpu.tb - ticks) - (m.cycle - cycle) / 16) < 1
    m.hand_over("functional")
    assert m.cpu.tb == m.cycle // 16


def test_a_ledger_follows_a_hand_over(machine, tmp_path):
    m = machine("functional")
    with m.ledger(tmp_path / "l", kinds=["exception"]):
        m.run(instructions=5_000)
        half = m.instructions
        m.hand_over("pipeline")
        m.run(instructions=5_000)
    taken = [json.loads(line) for line in (tmp_path / "l").read_text().splitlines()]
    taken = [event["instruction"] for event in taken if event.get("kind") == "EXCEPTION"]
    assert any(n < half for n in taken) and any(n > half for n in taken)


def test_typed_text_is_kept(machine, tmp_path):
    m = machine("functional")
    text = bytes(range(1, 251)) * 40
    assert len(text) > IN_RING
    m.console.write(text)
    m.save(tmp_path / "m")
    uart = pteg.Machine.restore(tmp_path / "m").platform["uart"]
    assert uart.memory[OUT_RING:OUT_RING + len(text)].tobytes() == text


def test_the_timing_of_memory_is_in_the_checkpoint(tmp_path):
    pteg.Machine("g3", cpu="functional", rom="none", dram="6:3:3:3").save(tmp_path / "m")
    ram = pteg.Machine.restore(tmp_path / "m").ram
    assert (ram.first, ram.next) == (6, 3)


def test_names_of_a_built_in_rom_come_back(tmp_path):
    """Unless the checkpoint has other contents in the ROM than this version's image."""
    machine, path = pteg.Machine("g3", cpu="functional", rom="first"), tmp_path / "a.ckpt"
    machine.save(path)
    again = pteg.Machine.restore(path)
    assert again.symbols.address("page_fault") == machine.symbols.address("page_fault")
    assert again.rom == "first"
    again.platform.rom.memory[0x2000] ^= 1
    again.save(path)
    other = pteg.Machine.restore(path)
    assert other.symbols.address("page_fault") is None and other.rom is None
    assert (other.platform.rom.memory == again.platform.rom.memory).all()


def test_a_machine_of_ones_own_needs_its_platform(tmp_path):
    def platform():
        return PRESETS["g3"]("1M")

    m = pteg.Machine(platform(), cpu="functional", rom="first")
    m.run(instructions=100)
    m.save(tmp_path / "m")
    with pytest.raises(UserError, match="platform= must give the devices$"):
        pteg.Machine.restore(tmp_path / "m")
    check_same(m, pteg.Machine.restore(tmp_path / "m", platform=platform()))
    other = platform()
    other.devices.pop()
    other.wires.clear()
    with pytest.raises(UserError, match="its devices are not those of this machine: dram, rom"):
        pteg.Machine.restore(tmp_path / "m", platform=other)


# Files ------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint of each model, as bytes."""
    files = {}
    for cpu in CPUS:
        m = pteg.Machine("g3", cpu=cpu, ram="1M", rom="first")
        m.run(cycles=30_000)
        path = tmp_path_factory.mktemp("saved") / cpu
        m.save(path)
        files[cpu] = path.read_bytes()
    return files


def test_the_same_state_gives_the_same_bytes(saved, tmp_path):
    (tmp_path / "a").write_bytes(saved["pipeline"])
    pteg.Machine.restore(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == saved["pipeline"]


@pytest.mark.parametrize("change, message", [
    (lambda data: b"", "must be a checkpoint of pteg, not an empty file"),
    (lambda data: b"\x7fELF", "must be a checkpoint of pteg, not a truncated ELF file"),
    (lambda data: b"<HTML>\n", "must be a checkpoint of pteg, not an HTML page"),
    (lambda data: b"p" + data, "must be a checkpoint of pteg, not other data"),
    (lambda data: data[:30], "damaged checkpoint: it is cut short"),
    (lambda data: data[:-1], "damaged checkpoint: its length is wrong"),
    (lambda data: data + b"\0", "damaged checkpoint: its length is wrong"),
    (lambda data: data[:16] + struct.pack(">I", 2) + data[20:],
     "checkpoint must have format version 4, not 2; it was saved by another version of pteg"),
    (lambda data: data[:20] + b"\xff" * 4 + data[24:],
     "damaged checkpoint: its manifest is too long"),
    (lambda data: data[:60] + b"!" + data[61:],
     "damaged checkpoint: its manifest has a wrong checksum"),
    (lambda data: data[:-1] + bytes([data[-1] ^ 1]),
     "damaged checkpoint: section 'model.functional' has a wrong checksum"),
])
def test_a_damaged_or_foreign_file_is_refused_with_one_line(saved, tmp_path, change, message):
    (tmp_path / "x").write_bytes(change(saved["functional"]))
    with pytest.raises(UserError) as caught:
        pteg.Machine.restore(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path}/x: {message}"


def test_a_section_that_unpacks_to_more_than_it_says_costs_no_memory(tmp_path):
    bomb = zlib.compress(bytes(1 << 26))
    table = [["x", 1 << 17, len(bomb), hashlib.sha256(bomb).hexdigest()]]
    text = json.dumps({"sections": table}).encode()
    (tmp_path / "x").write_bytes(
        b"pteg-checkpoint\n" + struct.pack(">II", container.VERSION, len(text))
        + hashlib.sha256(text).digest() + text + bomb)
    with (container.Reader(tmp_path / "x") as file,
          pytest.raises(UserError, match="section 'x' must hold 131072 bytes$")):
        file.section("x", 1 << 17)


def restored_or_refused(path):
    """Restore; the machine, which has been run, or the one line of refusal."""
    try:
        m = pteg.Machine.restore(path)
        m.run(instructions=300, cycles=3000)
        return m
    except UserError as error:
        assert "\n" not in str(error) and str(error).startswith(str(path))
        return str(error)


HOSTILE = settings(max_examples=60, deadline=None,
                   suppress_health_check=[HealthCheck.function_scoped_fixture],
                   phases=set(Phase) - {Phase.shrink})


@HOSTILE
@given(data=st.data())
@pytest.mark.parametrize("cpu", CPUS)
def test_changed_bytes_are_always_noticed(saved, tmp_path, cpu, data):
    content = bytearray(saved[cpu])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    content = content[:data.draw(st.sampled_from([len(content), len(content) // 2]))]
    if bytes(content) != saved[cpu]:
        (tmp_path / "x").write_bytes(content)
        assert isinstance(restored_or_refused(tmp_path / "x"), str)


@pytest.mark.parametrize("cpu", CPUS)
def test_damage_in_any_section_is_noticed(saved, tmp_path, cpu):
    path = tmp_path / "x"
    path.write_bytes(saved[cpu])
    with container.Reader(path) as file:
        lengths = [row[2] for row in file.manifest["sections"]]
    at = len(saved[cpu]) - sum(lengths)
    for length in lengths:
        content = bytearray(saved[cpu])
        content[at + length // 2] ^= 0x10
        path.write_bytes(content)
        assert "wrong checksum" in restored_or_refused(path)
        at += length


@pytest.fixture(scope="module")
def opened(saved, tmp_path_factory):
    """Manifest and sections of each file."""
    found = {}
    for cpu, content in saved.items():
        path = tmp_path_factory.mktemp("opened") / cpu
        path.write_bytes(content)
        with container.Reader(path) as file:
            sections = {row[0]: file.section(row[0], row[1]) for row in file.manifest["sections"]}
            found[cpu] = file.manifest, sections
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1 << 70, 1 << 70) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner,
                                                               max_size=4), max_leaves=8)


@HOSTILE
@given(data=st.data())
@pytest.mark.parametrize("cpu", QUICK)
def test_a_manifest_with_nonsense_is_refused_or_harmless(opened, tmp_path, cpu, data):
    manifest, sections = copy.deepcopy(opened[cpu])
    place = manifest
    while True:
        key = data.draw(st.sampled_from(
            sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    if not isinstance(manifest, dict):
        return
    container.write(tmp_path / "x", manifest, sections)
    restored_or_refused(tmp_path / "x")


@HOSTILE
@given(data=st.data())
@pytest.mark.parametrize("cpu", QUICK)
def test_forged_state_is_refused_or_harmless(opened, tmp_path, cpu, data):
    manifest, sections = opened[cpu]
    name = data.draw(st.sampled_from([n for n in sections if not n.startswith("memory")]))
    content = bytearray(sections[name])
    for _ in range(data.draw(st.integers(1, 8))):
        if content:
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    container.write(tmp_path / "x", manifest, {**sections, name: bytes(content)})
    restored_or_refused(tmp_path / "x")


def test_devices_that_are_elsewhere_in_the_circuit_than_on_the_bus_are_refused(machine, tmp_path):
    one = machine("pipeline")
    state, ranges = one.model.driver.state, System("").ranges
    one.model.native.write(state, ranges, one.model.native.read(state, ranges) ^ 1 << 16)
    one.save(tmp_path / "x")
    with pytest.raises(UserError, match="the pipeline model cannot have been in this state$"):
        pteg.Machine.restore(tmp_path / "x")


# Parameters of the processor ----------------------------------------------------------------------

@pytest.mark.parametrize("cpu, parameters, message", [
    ("functional", {"tlb_sets": 32}, "tlb_sets is 32, not 64 as in the checkpoint: the functional "
     "model cannot go on from it, the other one can from an instruction boundary"),
    ("functional", {"ratio": "2:1"}, "ratio is 2:1, not 4:1 as in the checkpoint: the functional "
     "model cannot go on from it, the other one can from an instruction boundary"),
    ("pipeline", {"dcache": "16K"}, "dcache is 16K, not 32K as in the checkpoint: the pipeline "
     "model cannot go on from it, the other one can from an instruction boundary"),
])
def test_a_model_does_not_go_on_in_a_machine_of_other_sizes(machine, tmp_path, cpu, parameters,
                                                            message):
    one = machine(cpu)
    one.run(instructions=500)
    one.save(tmp_path / "x")
    with pytest.raises(UserError) as refused:
        pteg.Machine.restore(tmp_path / "x", **parameters)
    assert str(refused.value) == f"{tmp_path / 'x'}: {message}"


@pytest.mark.parametrize("first, parameters", [
    ("functional", {"dcache": "16K", "bht": 64}), ("pipeline", {"tlb_sets": 32, "dcache": "16K"})])
def test_the_functional_model_goes_on_where_the_sizes_do_not_matter_to_it(machine, tmp_path, first,
                                                                          parameters):
    one = machine(first)
    one.run(instructions=500)
    one.save(tmp_path / "x")
    two = pteg.Machine.restore(tmp_path / "x", cpu="functional", **parameters)
    assert two.platform.parameters == read_parameters(parameters)
    one.hand_over("functional")
    for each in (one, two):
        each.run(until=DONE, instructions=100_000)
    assert result(one) == result(two)


def test_parameters_are_in_the_checkpoint(tmp_path):
    one = pteg.Machine("g3", cpu="functional", ram="1M", tlb_ways=4, bht=64)
    one.save(tmp_path / "x")
    two = pteg.Machine.restore(tmp_path / "x")
    assert two.platform.parameters == one.platform.parameters
    assert two.restored == "exact"
    with container.Reader(tmp_path / "x") as file:
        assert file.manifest["parameters"] == {"tlb_ways": 4, "bht": 64}


def test_parameters_that_no_machine_has_are_refused(machine, tmp_path):
    machine("functional").save(tmp_path / "x")
    for name, value in {"dcache": 5, "other": 1}.items():
        with pytest.raises(UserError, match=f"x: .*{name}"):
            pteg.Machine.restore(tmp_path / "x", **{name: value})


# Disks ------------------------------------------------------------------------------------------

@pytest.fixture(params=["small", "large"])
def disk(request, tmp_path, monkeypatch):
    """A file of 9 sectors beyond two pages, which a checkpoint holds, or only names."""
    if request.param == "large":
        monkeypatch.setattr("pteg.checkpoint.pages.LARGEST", 4096)
    path = tmp_path / "disk.img"
    path.write_bytes(random.Random(1).randbytes(25 * 512))
    return path, request.param == "large"


def with_disk(path, writable=False):
    m = pteg.Machine("mac99", cpu="functional", ram="16M")
    m.attach_disk(path, writable)
    return m


def test_a_disk_is_kept_with_what_was_written_to_it(disk, tmp_path):
    path, large = disk
    m = with_disk(path)
    m.platform["disk"].memory[[0, 5000, 25 * 512 - 1]] ^= 0xFF
    m.save(tmp_path / "x")
    again = pteg.Machine.restore(tmp_path / "x")
    assert np.array_equal(again.platform["disk"].memory, m.platform["disk"].memory)
    again.save(tmp_path / "y")
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    again.platform["disk"].memory[:] = 0
    assert path.read_bytes() == random.Random(1).randbytes(25 * 512), "only read"
    with container.Reader(tmp_path / "x") as file:
        assert file.size("memory.disk") == (3 if large else 4) * 4096


def test_a_large_disk_needs_its_file_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("pteg.checkpoint.pages.LARGEST", 4096)
    path, moved = tmp_path / "disk.img", tmp_path / "elsewhere"
    path.write_bytes(bytes(8192))
    with_disk(path, writable=True).save(tmp_path / "x")
    moved.mkdir()
    (tmp_path / "x").rename(moved / "x")
    assert len(pteg.Machine.restore(moved / "x").platform["disk"].memory) == 8192
    path.rename(moved / "disk.img")
    pteg.Machine.restore(moved / "x")
    (moved / "disk.img").write_bytes(bytes(8191) + b"!")
    with pytest.raises(UserError, match="disk needs the file .* as it was, and it has changed$"):
        pteg.Machine.restore(moved / "x")
    (moved / "disk.img").unlink()
    with pytest.raises(UserError, match="which is neither there nor beside the checkpoint$"):
        pteg.Machine.restore(moved / "x")


def test_a_large_disk_without_its_file_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("pteg.checkpoint.pages.LARGEST", 4096)
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(8192))
    m = with_disk(path)
    path.unlink()
    with pytest.raises(UserError, match="disk.img: a checkpoint needs this file: "):
        m.save(tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 20000])
def test_pages_put_back_what_has_changed(size):
    source = np.random.default_rng(size)
    before = source.integers(0, 256, size, np.uint8)
    after = before.copy()
    if size:
        after[source.integers(0, size, 3)] ^= 1
    for base in (before, np.zeros(size, np.uint8)):
        again = base.copy()
        pages.fill(again, *pages.changed(after, base))
        assert np.array_equal(again, after)


# Writing ----------------------------------------------------------------------------------------

def test_a_full_disk_leaves_the_old_file(tmp_path):
    script = """if 1:
        import resource, signal, sys
        from pteg.checkpoint import container
        from pteg.checkpoint import pages
        from pteg.errors import UserError
        import os
        container.write(sys.argv[1], {"n": 1}, {"x": b"abc"})
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            container.write(sys.argv[1], {"n": 2}, {"x": os.urandom(1 << 20)})
        except UserError as error:
            print(error)
    """
    path = tmp_path / "m"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert done.stdout == f"cannot write {str(path)!r}: File too large\n"
    assert os.listdir(tmp_path) == ["m"]
    with container.Reader(path) as file:
        assert file.manifest["n"] == 1


def test_kill_during_a_save_leaves_a_whole_file(tmp_path):
    script = """if 1:
        import os, sys
        from pteg.checkpoint import container
        from pteg.checkpoint import pages
        data, n = os.urandom(1 << 20), 0
        while True:
            n += 1
            container.write(sys.argv[1], {"n": n}, {"x": data})
    """
    path, seed = tmp_path / "m", random.randrange(1 << 32)
    print("seed", seed)
    source = random.Random(seed)
    for _ in range(5):
        path.unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", script, path])
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(source.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        with container.Reader(path) as file:
            assert len(file.section("x", 1 << 20)) == 1 << 20
    assert all(name == "m" or name.endswith(".part") for name in os.listdir(tmp_path))


def test_only_files_are_written_and_links_are_kept(tmp_path):
    (tmp_path / "link").symlink_to("m")
    container.write(tmp_path / "link", {}, {})
    assert (tmp_path / "link").is_symlink() and (tmp_path / "m").is_file()
    with pytest.raises(UserError, match="^cannot write '/dev/null': not a regular file$"):
        container.write("/dev/null", {}, {})


def test_records_have_no_padding_and_one_byte_order():
    dtype = np.dtype([("a", "u1"), ("b", "u4", 2)], align=True)
    array = np.array([(1, (2, 0x03040506))], dtype)
    assert records.pack(array) == bytes([1, 2, 0, 0, 0, 6, 5, 4, 3])
    unpacked = records.unpack(records.pack(array), dtype)
    assert all(np.array_equal(unpacked[name], array[name]) for name in dtype.names)
    assert records.layout(dtype) == [["a", "u1", []], ["b", "u4", [2]]]


# The command line -------------------------------------------------------------------------------

def run(*arguments, cwd):
    return run_pteg("run", *arguments, cwd=cwd)


def test_fast_forward_save_and_restore(tmp_path):
    first = run("--rom", "first", "--ram", "1M", "--fast-forward-until", "blocks",
                "--until", "translation", "--cycles", 1_000_000, "--save", "m",
                "--json", "1.json", cwd=tmp_path)
    assert first.returncode == 0 and "[fast-forward: " in first.stderr
    assert "hash table" in first.stdout and first.stdout.endswith("translation")
    second = run("--restore", "m", "--until", "ready", "--cycles", 1_000_000, "--json", "2.json",
                 cwd=tmp_path)
    assert second.returncode == 0
    assert second.stdout.startswith("   on, MSR ") and second.stdout.endswith("ready")
    one, two = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (1, 2))
    assert one["cpu"] == two["cpu"] == "pipeline" and two["machine"] == "g3"
    assert two["stats"]["instructions"] > one["stats"]["instructions"]
    exclusive = run("--restore", "m", "--ram", "1M", cwd=tmp_path)
    assert (exclusive.returncode, exclusive.stderr) == (
        2, "pteg: --ram cannot be used with --restore: the checkpoint says what the machine is\n")


def test_fast_forward_to_a_symbol_of_the_kernel(tmp_path):
    (tmp_path / "p.elf").write_bytes(PROGRAM.elf())
    done = run("--ram", "1M", "--kernel", "p.elf", "--fast-forward-until", "again", "--cycles", 1,
               "--json", "j", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "j").read_text())["pc"] == PROGRAM.symbols["again"]


@pytest.mark.parametrize("arguments, message", [
    (["--fast-forward-until", ""],
     "--fast-forward-until needs an address or a text that is not empty"),
    (["--fast-forward-until", "0x1002"],
     "--fast-forward-until must be the address of an instruction, not 0x1002"),
    (["--restore", "nothing"], "nothing: No such file or directory"),
    (["--save", "none/x"], "cannot write 'none/x': its folder does not exist"),
])
def test_bad_usage(tmp_path, arguments, message):
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"pteg: {message}\n")
