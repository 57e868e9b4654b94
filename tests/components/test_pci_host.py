"""PCI configuration: forms of address, byte lanes, what can be written."""

import pytest

from pteg.components.pci_host import PciFunction, PciHost
from pteg.errors import UserError

ADDRESS, DATA = 0, 0x400000


@pytest.fixture
def pci(probe):
    probe = probe(PciHost([
        PciFunction(11, vendor=0x106B, kind=0x1F, class_code=0x060000),
        PciFunction(12, vendor=0x106B, kind=0x22, class_code=0xFF0000, revision=3,
                    window=0x80000)]))

    class Pci:
        def select(self, address):
            probe.write(ADDRESS, int.from_bytes(address.to_bytes(4, "little"), "big"), 4)

        def get(self, address, offset=0, size=4):
            """A little-endian number, as the bytes on the bus are."""
            self.select(address)
            return int.from_bytes(probe.read(DATA + offset, size).to_bytes(size, "big"), "little")

        def put(self, address, value, offset=0, size=4):
            self.select(address)
            probe.write(DATA + offset, int.from_bytes(value.to_bytes(size, "little"), "big"), size)

        address = property(lambda self: probe.read(ADDRESS, 4))

    return Pci()


@pytest.mark.parametrize("address", [
    0x80000000 | 12 << 11,      # mechanism 1
    12 << 11 | 1,               # as a type 1 cycle
    1 << 12,                    # one bit for the device
])
def test_each_form_of_address_finds_the_function(pci, address):
    assert pci.get(address) == 0x0022106B
    assert pci.get(address, 2, 2) == 0x0022
    assert pci.get(address + 8) == 0xFF000003
    assert pci.get(address + 8, 3, 1) == 0xFF


def test_an_address_without_a_device_selects_none(probe):
    """Device 31 has no bit in the short form."""
    host = probe(PciHost([PciFunction(31, vendor=0x106B, kind=0x22, class_code=0xFF0000)]))
    for address, found in ((0, False), (0x8000F800, True), (31 << 11 | 1, True)):
        host.write(ADDRESS, int.from_bytes(address.to_bytes(4, "little"), "big"), 4)
        assert (host.read(DATA, 4) != 0xFFFFFFFF) == found


def test_address_bit_2_comes_from_the_data_window_in_the_short_forms(pci):
    assert pci.get((1 << 12) + 8, 4) == 0 and pci.get(1 << 12, 4, 2) == 0
    pci.put(1 << 12, 0x0006, 4, 2)
    assert pci.get(1 << 12, 4, 2) == 0x0006


def test_absent_functions_read_as_ones(pci):
    for address in (0x80000000 | 13 << 11, 1 << 13, 0x80010000 | 12 << 11,
                    0x80800000 | 12 << 11, 0x80000100 | 12 << 11):
        assert pci.get(address) == 0xFFFFFFFF
    pci.put(1 << 13, 0x1234)
    assert pci.get(1 << 13) == 0xFFFFFFFF


def test_a_base_address_register_tells_its_size_and_keeps_an_address(pci):
    bar = 0x80000000 | 12 << 11 | 0x10
    pci.put(bar, 0xFFFFFFFF)
    assert pci.get(bar) == 0xFFF80000
    pci.put(bar, 0x80000000)
    assert pci.get(bar) == 0x80000000
    other = 0x80000000 | 11 << 11 | 0x10
    pci.put(other, 0xFFFFFFFF)
    assert pci.get(other) == 0, "a register that asks for nothing"


def test_identity_cannot_be_written(pci):
    pci.put(1 << 11, 0)
    assert pci.get(1 << 11) == 0x001F106B


def test_the_address_register_is_little_endian(pci):
    pci.select(0x80006010)
    assert pci.address == 0x10600080


def test_too_many_functions_are_refused():
    with pytest.raises(UserError, match="^pci must have at most 8 PCI functions, not 9$"):
        PciHost([PciFunction(n, 1, 2, 3) for n in range(11, 20)])
