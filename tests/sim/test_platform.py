"""The device graph: memory map, wiring, what is refused."""

import re

import pytest

from pteg.components.dram import Dram
from pteg.components.flipper_pic import FlipperPic
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError
from pteg.machine import Machine
from pteg.platform import RESERVED, Platform, Wire
from pteg.presets import g3


def test_overlapping_devices_are_refused():
    message = ("^address ranges must not overlap: <Dram dram at 0x00000000, 0x2000 bytes> "
               "and <Rom rom at 0x00001000, 0x1000 bytes>$")
    with pytest.raises(UserError, match=message):
        Platform([Rom(base=0x1000, size=0x1000), Dram(size=0x2000)])


def test_equal_names_are_refused():
    with pytest.raises(UserError, match="^device names must be different, not 'dram' twice$"):
        Platform([Dram(size=0x1000), Dram(base=0x1000, size=0x1000)])


def test_a_preset_with_a_device_more():
    plain = g3(ram="1M", tlb_ways=4)
    uart = Uart16550(name="second", base=0x0C00_E000)
    board = plain.extended([uart], [Wire("second", "pic", 7)])
    assert board.memory_map == {**plain.memory_map, "second": (0x0C00_E000, 8)}
    assert board.wires == [*plain.wires, Wire("second", "pic", 7)]
    assert board.parameters == plain.parameters and "second" not in plain
    machine = Machine(board, cpu="functional", rom="first")
    assert machine.run(until="ready", cycles=1_000_000) == "console"
    with pytest.raises(UserError, match="^device names must be different, not 'second' twice$"):
        board.extended([uart])


@pytest.mark.parametrize("wire, problem", [
    (Wire("nobody"), "wire must join devices of the machine, not 'nobody'"),
    (Wire("dram"), "dram has no interrupt output 'irq'"),
    (Wire("uart", "dram"), "dram has no interrupt inputs"),
    (Wire("uart", "pic", 32), "pic has no interrupt input 32"),
    (Wire("uart", number=1), "processor has no interrupt input 1"),
])
def test_impossible_wires_are_refused(wire, problem):
    with pytest.raises(UserError, match=f"^{problem}$"):
        Platform([Dram(size=0x1000), Uart16550(), FlipperPic()], [wire])


def test_interrupt_circles_are_refused():
    with pytest.raises(UserError, match="^interrupt wires must not form a circle: a -> b$"):
        Platform([FlipperPic("a"), FlipperPic("b", base=0x0C004000)],
                 [Wire("a", "b"), Wire("b", "a")])


def test_interrupts_pass_through_controllers_in_a_row():
    platform = Platform(
        [FlipperPic("outer"), FlipperPic("inner", base=0x0C004000), Uart16550()],
        [Wire("uart", "inner", 7), Wire("inner", "outer", 9), Wire("outer")])
    functions, devices = platform.functions(), platform.arrays
    functions.bus_write(devices, 0x0C004004, 4, 1 << 7)
    functions.bus_write(devices, 0x0C003004, 4, 1 << 9)
    assert functions.interrupt(devices) == 0
    functions.bus_write(devices, 0x0C00F001, 1, 2)  # the transmitter is empty
    assert functions.interrupt(devices) == 1
    functions.bus_read(devices, 0x0C00F002, 1)
    assert functions.interrupt(devices) == 0


def test_several_wires_to_the_processor_are_joined():
    platform = Platform([Uart16550("a"), Uart16550("b", base=0x0C00F008)], [Wire("a"), Wire("b")])
    functions, devices = platform.functions(), platform.arrays
    assert functions.interrupt(devices) == 0
    functions.bus_write(devices, 0x0C00F009, 1, 2)
    assert functions.interrupt(devices) == 1


def test_generated_modules_are_shared_by_equal_platforms():
    assert g3(ram="1M").functions() is g3(ram="1M").functions()
    assert g3(ram="1M").functions() is g3(ram="2M").functions()
    assert g3(ram="1M").functions() is not g3(ram="1M", dma=True).functions()


def test_the_preset_is_the_documented_memory_map():
    assert g3(ram="16M").memory_map == {
        "dram": (0, 16 << 20), "rom": (0xFFF00000, 1 << 20), "uart": (0x0C00F000, 8),
        "pic": (0x0C003000, 0x100), "fw_cfg": (0x0C00A000, 8)}


@pytest.mark.parametrize("ram", ["48M", "256M", "32K", "0"])
def test_impossible_ram_sizes_are_refused(ram):
    message = f"^ram must be a power of two from 64K to 128M, not {ram}$"
    with pytest.raises(UserError, match=message):
        g3(ram=ram)


def test_no_device_has_a_name_from_inside_the_machine():
    from pteg.hw.bus.bus import Bus
    from pteg.hw.system import System

    platform = g3(dma=True)
    native = Machine("g3", dma=True, l2="256K").model.native
    paths = [*native.signals, *native.inputs, *native.outputs]
    inside = {path.partition(".")[0] for path in paths if "." in path}
    inside |= {path.split(".")[1] for path in paths if re.match(r"bus\.\w+\.", path)}
    for component in (System(platform.memory_map, master=True), Bus(platform.memory_map)):
        inside |= {name for name in dir(component) if not name.startswith("_")}
    inside -= {device.name for device in platform.devices}
    assert {"bus", "core", "data", "signature"} <= inside
    assert sorted(name for name in inside if "$" not in name and name not in RESERVED) == []
    for name in RESERVED:
        with pytest.raises(UserError, match=rf"^'{name}' is a name inside the machine, not one "
                                            r"for a device$"):
            Platform([Dram(name, size=0x1000)])


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_any_other_identifier_names_a_device(cpu):
    names = ["class", "read", "U", "np", "tick", "target", "devices", "state"]
    platform = Platform([Dram(name, n << 16, 1 << 16) for n, name in enumerate(names)])
    machine = Machine(platform, cpu=cpu)
    machine.load(bytes.fromhex("38600005"), at=0x1000)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    machine.step()
    assert machine.cpu.gpr[3] == 5


def test_machines_with_other_devices_are_the_same_hardware():
    kinds = [Machine("g3", ram="1M"), Machine(Platform([Dram("memory", size=1 << 20), Rom()]))]
    one, other = (machine.model.native for machine in kinds)
    assert one.to_blobs() == other.to_blobs()
    assert "uart.ts" in one.outputs and not any("uart" in path for path in other.outputs)
    assert "memory.ts" in other.outputs and "bus.memory__ts" in other.signals
    assert kinds[0].model.identity != kinds[1].model.identity


def test_the_pipeline_model_refuses_addresses_that_it_cannot_decode():
    platform = Platform([Dram(size=0x1000), Rom(size=0x1000, base=0x1800)])
    Machine(platform, cpu="functional").run(instructions=1)
    with pytest.raises(UserError, match=r"^the pipeline model cannot decode these addresses: base "
                                        r"of rom must be a multiple of its size 0x1000"):
        Machine(platform).run(cycles=1)


def test_an_mmu_without_the_ports_of_one_is_refused():
    machine = Machine(Platform([Dram(size=0x1000)], mmu=lambda parameters: None))
    with pytest.raises(UserError, match=r"^mmu must make a component with the ports of "
                                        r"pteg.hw.mmu.mmu.Mmu: NoneType has no data, .*told"):
        machine.run(cycles=1)
