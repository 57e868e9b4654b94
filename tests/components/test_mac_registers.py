"""fw_cfg, NVRAM, KeyLargo's registers, open bus: what firmware finds in a mac99."""

import pytest

import pteg
from pteg.components.dram import Dram
from pteg.components.fw_cfg import FwCfg, Key
from pteg.components.keylargo import KeyLargo
from pteg.components.nvram import Nvram
from pteg.components.open_bus import OpenBus
from pteg.errors import UserError
from pteg.platform import Platform


@pytest.fixture
def fw_cfg(probe):
    probe = probe(FwCfg({Key.RAM_SIZE: 0x08000000, Key.BOOT_DEVICE: b"c"}))

    def item(key, size):
        probe.write(0, key, 2)
        return bytes(probe.read(2) for _ in range(size))

    item.device = probe.device
    item.probe = probe
    return item


def test_items_are_read_byte_by_byte_and_end_in_zeros(fw_cfg):
    assert fw_cfg(Key.SIGNATURE, 6) == b"QEMU\0\0"
    assert fw_cfg(Key.ID, 4) == b"\1\0\0\0"
    assert fw_cfg(Key.RAM_SIZE, 4) == b"\0\0\0\x08"
    assert fw_cfg(Key.BOOT_DEVICE, 2) == b"c\0"
    assert fw_cfg(Key.FILE_DIRECTORY, 4) == bytes(4)
    assert fw_cfg(0xFFFF, 1) == b"\0"
    assert fw_cfg(Key.SIGNATURE, 2) == b"QE" and fw_cfg(Key.SIGNATURE, 2) == b"QE"


def test_an_item_can_be_replaced(fw_cfg):
    fw_cfg.device[Key.KERNEL_ADDRESS] = 0x01000000
    fw_cfg.device[Key.BOOT_DEVICE] = b"m"
    assert fw_cfg(Key.KERNEL_ADDRESS, 4) == b"\0\0\0\1" and fw_cfg(Key.BOOT_DEVICE, 1) == b"m"


def test_a_selection_beyond_the_items_is_refused(fw_cfg):
    fw_cfg.device.state["at"], fw_cfg.device.state["end"] = 3, 1 << 40
    with pytest.raises(UserError, match="^fw_cfg cannot be in this state$"):
        fw_cfg.device.check()


def test_nvram_has_a_byte_in_each_stride_and_survives_a_reset(probe):
    nvram = probe(Nvram(size=0x100, stride=16))
    assert len(nvram.device.memory) == 16
    nvram.write(0x20, 0x5A)
    nvram.write(0x21, 0xFF)
    nvram.platform.reset()
    assert nvram.read(0x20) == 0x5A and nvram.read(0x21) == 0 and nvram.read(0x20, 4) == 0x5A000000


def test_keylargo_remembers_what_is_switched_on_until_it_is_reset(probe):
    keylargo = probe(KeyLargo())
    keylargo.write(0x38, 0x12345678, 4)
    assert keylargo.read(0x38, 4) == 0x12345678 and keylargo.read(0x3B) == 0x78
    keylargo.platform.reset()
    assert keylargo.read(0x38, 4) == 0


def open_platform():
    return Platform([OpenBus(), Dram(size=0x10000)])


def test_open_bus_reads_as_zero_where_nothing_else_is():
    platform = open_platform()
    functions, devices = platform.functions(), platform.arrays
    assert functions.bus_write(devices, 0x100, 4, 0x12345678) == 0
    assert functions.bus_read(devices, 0x100, 4) == (0x12345678, 0)
    assert functions.bus_write(devices, 0x90000000, 4, 1) == 0
    assert functions.bus_read(devices, 0x90000000, 4) == (0, 0)
    assert platform["open_bus"].state["latest"][0] == 0x90000000


def test_only_one_device_can_be_everywhere():
    with pytest.raises(UserError, match="^only one device can have the whole address space$"):
        Platform([OpenBus(), OpenBus("other")])


LOAD_AND_STORE_NOWHERE = [
    0x3C809000,  # lis  r4,0x9000
    0x38A00007,  # li   r5,7
    0x90A40004,  # stw  r5,4(r4)
    0x80A40004,  # lwz  r5,4(r4)
    0x38C00001,  # li   r6,1
    0x48000000,  # b    .
]


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_both_models_read_zero_from_an_open_bus(cpu):
    machine = pteg.Machine("mac99", rom="none", cpu=cpu)
    machine.load(b"".join(word.to_bytes(4, "big") for word in LOAD_AND_STORE_NOWHERE), at=0x1000)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = 0x1000, 0
    assert machine.run(until=0x1014, cycles=5000) == "address"
    assert (machine.cpu.gpr[5], machine.cpu.gpr[6]) == (0, 1)
    assert machine.platform["open_bus"].state["latest"][0] == 0x90000004


def test_gpios_of_keylargo_drive_soft_resets_and_stop_the_time_base(probe):
    probe = probe(KeyLargo())

    def pins():
        state = probe.device.state[0]
        return [int(state[f"sreset{n}"]) for n in range(4)] + [int(state["timebase_stopped"])]

    assert pins() == [0] * 5
    for place, offset in enumerate((0x5B, 0x5C, 0x67, 0x68, 0x73)):
        probe.write(offset, 4)              # drives a zero
        assert pins() == [n == place for n in range(5)]
        assert probe.read(offset) == 4
        probe.write(offset, 5)              # drives a one
        assert pins() == [0] * 5
        probe.write(offset, 4)
        probe.write(offset, 0)              # does not drive
        assert pins() == [0] * 5
