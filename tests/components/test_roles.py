"""The machine finds devices by the roles that they declare, not by their names."""

import numpy as np
import pytest

from pteg import Machine, UserError
from pteg.components.ata_disk import AtaDisk
from pteg.components.copier import Copier
from pteg.components.device import Device, compiled
from pteg.components.dram import Dram
from pteg.components.fw_cfg import FwCfg, Key
from pteg.components.master import MASTER
from pteg.components.roles import BusMaster, ConsolePort, Disk, FirmwareConfiguration, Ram
from pteg.components.rom import Rom
from pteg.components.serial import RINGS, SerialPort, put, take, waiting
from pteg.components.uart16550 import Uart16550
from pteg.firmware.asm import assemble
from pteg.ledger import Kind, read
from pteg.platform import Platform


class Register(Device):
    """A device that is nothing but a register, for the errors."""

    dtype = np.dtype([("value", "u8")])

    def __init__(self, name="register", base=0x40000000):
        super().__init__(name, base, 8)

    @compiled
    def read(state, memory, offset, size):
        return state[0].value

    @compiled
    def write(state, memory, offset, size, value):
        state[0].value = value


class Teletype(SerialPort):
    """The smallest console: a byte at offset 0 is printed, or typed."""

    dtype = np.dtype(RINGS)

    def __init__(self, name="teletype", base=0x50000000):
        super().__init__(name, base, 8)

    @compiled
    def read(state, memory, offset, size):
        return np.uint64(take(state[0], memory) if waiting(state[0]) else 0)

    @compiled
    def write(state, memory, offset, size, value):
        put(state[0], memory, np.uint8(value))


def store_and_walk():
    """Writes memory in a loop, and gives the sum of what it reads back."""
    return assemble("""
        .org    0x1000
        li      r3, 0
        lis     r4, 1
        li      r5, 1000
        mtctr   r5
loop:   stw     r5, 0(r4)
        lwz     r6, 0(r4)
        add     r3, r3, r6
        addi    r5, r5, 3
        bdnz    loop
done:   b       done
        """)


def run(cpu, name):
    machine = Machine(Platform([Dram(name, size=1 << 20)]), cpu=cpu)
    program = store_and_walk()
    machine.load(program.elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    stop = machine.run(until=program.symbols["done"], cycles=1_000_000)
    assert stop == "address"
    return machine


@pytest.mark.parametrize("cpu", ["functional",
                                 pytest.param("pipeline", marks=pytest.mark.slow)])
def test_main_memory_may_have_any_name(cpu):
    usual, other = run(cpu, "dram"), run(cpu, "memory")
    assert other.cpu.gpr[3] == usual.cpu.gpr[3] == sum(1000 + 3 * n for n in range(1000))
    assert other.cycle == usual.cycle
    assert other.ram.name == "memory"


def test_the_functional_model_reads_main_memory_directly_whatever_its_name():
    machine = run("functional", "memory")
    model = machine.model._model[0]
    assert model["ram"] == machine.ram.memory.ctypes.data and model["ram_size"] == 1 << 20


@pytest.mark.parametrize("cpu", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_the_ledger_has_no_accesses_to_main_memory_of_another_name(cpu, tmp_path):
    machine = Machine(Platform([Dram("memory", size=1 << 20), Register()]), cpu=cpu)
    machine.load(assemble("""
        .org    0x1000
        lis     r4, 0x4000
        stw     r4, 0x100(0)
        stw     r4, 0(r4)
        lwz     r5, 0x100(0)
        """).elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    with machine.ledger(tmp_path / "events"):
        machine.step(4)
    events = read(tmp_path / "events")
    assert [(event["kind"], int(event["pa"])) for event in events] == [
        (Kind.DEVICE_WRITE, 0x40000000)]


PERIOD = 1234


class Clockwork(Teletype):
    """Prints its next letter by itself, each time that so many clocks are over."""

    dtype = np.dtype([*RINGS, ("clocks", "i8"), ("letter", "u1")])

    def reset(self):
        super().reset()
        self.state["letter"] = ord("a")

    @compiled
    def tick(state, memory, clocks):
        s = state[0]
        s.clocks += clocks
        while s.clocks >= PERIOD:
            s.clocks -= PERIOD
            put(s, memory, s.letter)
            s.letter += 1

    @compiled
    def next_event(state, memory):
        return PERIOD - state[0].clocks


@pytest.mark.parametrize("cpu", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_a_run_ends_in_the_cycle_in_which_a_device_without_a_pin_prints(cpu):
    machine = Machine(Platform([Dram(size=1 << 20), Clockwork()]), cpu=cpu)
    machine.load(assemble(".org 0x1000\n b .").elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    for turn, letter in enumerate("abc", 1):
        assert machine.run(until=letter, cycles=100_000) == "console"
        assert machine.cycle == turn * PERIOD
    machine.run(cycles=2 * PERIOD)
    assert machine.console.read() == b"abcde"


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_a_console_of_a_users_own(cpu):
    machine = Machine(Platform([Dram(size=1 << 20), Teletype()]), cpu=cpu)
    machine.load(assemble("""
        .org    0x1000
        lis     r4, 0x5000
        li      r5, 'H'
        stb     r5, 0(r4)
wait:   lbz     r6, 0(r4)
        cmpwi   r6, 0
        beq     wait
        addi    r6, r6, 1
        stb     r6, 0(r4)
        b       .
        """).elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    assert machine.run(until="H", cycles=10_000) == "console"
    machine.console.write(b"a")
    assert machine.run(until="b", cycles=10_000) == "console"
    assert machine.console.read() == b"Hb" and machine.console.printed == 2


def test_a_platform_finds_each_role():
    platform = Platform([Dram("a", size=1 << 20), Dram("b", 1 << 20, 1 << 20), Rom("c"),
                         Uart16550("d"), Copier("e"), AtaDisk("f"),
                         FwCfg({Key.CPUS: 1}, "g")])
    found = [platform.ram, platform.rom, platform.console, platform.master,
             platform.first(Disk), platform.first(FirmwareConfiguration)]
    assert [device.name for device in found] == list("acdefg")
    assert [Ram in type(d).__mro__ for d in platform.devices] == [True] * 2 + [False] * 5
    nothing = Platform([Register()])
    assert [nothing.ram, nothing.rom, nothing.console, nothing.master] == [None] * 4


def test_memory_elsewhere_is_not_main_memory():
    machine = Machine(Platform([Dram(base=1 << 20, size=1 << 20)]), cpu="functional")
    with pytest.raises(UserError, match=r"^this machine has no RAM at address 0$"):
        machine.ram  # noqa: B018
    machine.load(assemble(".org 0x100000\n li r3, 5").elf())
    machine.cpu.pc, machine.cpu.msr = 0x100000, 0
    machine.step()
    assert machine.cpu.gpr[3] == 5


def test_what_a_machine_lacks_is_said():
    machine = Machine(Platform([Dram(size=1 << 20)]))
    with pytest.raises(UserError, match=r"^this machine has no ROM$"):
        machine.program_rom(b"\x60\0\0\0")
    with pytest.raises(UserError, match=r"^this machine has no disk controller$"):
        machine.attach_disk("disk.img")
    with pytest.raises(UserError, match=r"^this machine has no console$"):
        machine.console.write(b"x")


@pytest.mark.parametrize("role, function", [(BusMaster, "answer"), (ConsolePort, "console")])
def test_a_role_asks_for_its_function(role, function):
    class Half(Register, role):
        def send(self, data): ...

        def receive(self): ...

        printed = 0

    with pytest.raises(UserError, match=rf"^register must have a function '{function}' to be a "):
        Platform([Half()])


def test_the_request_of_a_bus_master_is_one_piece():
    class Scattered(Register, BusMaster):
        dtype = np.dtype([("bus_size", "i8"), ("mine", "i8"), *MASTER[1:]])

        @compiled
        def answer(state, memory):
            state[0].bus_size = 0

    with pytest.raises(UserError, match=r"^register must have the fields pteg\.components\.master"
                                        r"\.MASTER in its state, one behind the other$"):
        Platform([Scattered()])


def test_a_role_asks_for_its_methods():
    class Half(Register, Disk):
        pass

    with pytest.raises(TypeError, match="abstract method '?attach"):
        Half()


def test_functions_must_be_compiled():
    class Interpreted(Register):
        def tick(state, memory, clocks):
            pass

    with pytest.raises(UserError, match=r"^'tick' of Interpreted must be a function under "
                                        r"@compiled$"):
        Platform([Interpreted()]).functions()

    class Deaf(Device):
        pass

    with pytest.raises(UserError, match=r"^Deaf must have a function 'read'$"):
        Platform([Deaf("deaf", 0, 8)]).functions()
