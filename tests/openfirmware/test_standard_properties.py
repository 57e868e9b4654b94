"""Each standard property on each node: the value, in the form that the standards give it.

IEEE 1275 3.6 and 3.7, the PowerPC processor binding 5, the PCI binding 2, the recommended practice
of interrupt mapping.
"""

import struct

import pytest

from pteg.firmware.openfirmware.board import Board
from pteg.firmware.openfirmware.machine_tree import machine_tree
from pteg.presets import PRESETS

#: Kinds of values.
TEXT, TEXTS, CELL, CELLS, FLAG = "text", "texts", "cell", "cells", "flag"
KINDS = {
    **dict.fromkeys("""name device_type model status state bootargs bootpath
        system-id""".split(), TEXT),
    "compatible": TEXTS,
    **dict.fromkeys("""#address-cells #size-cells #interrupt-cells clock-frequency bus-frequency
        timebase-frequency cpu-version i-cache-size i-cache-sets i-cache-block-size
        i-cache-line-size d-cache-size d-cache-sets d-cache-block-size d-cache-line-size tlb-size
        tlb-sets i-tlb-size i-tlb-sets d-tlb-size d-tlb-sets reservation-granule-size
        current-speed vendor-id device-id revision-id class-code devsel-speed min-grant
        max-latency interrupt-parent memory mmu cpu stdin stdout interrupt-controller-of-chosen
        l2-cache soft-reset timebase-enable #bytes device-rev""".split(), CELL),
    **dict.fromkeys("""reg ranges assigned-addresses available translations interrupts bus-range
        slot-names""".split(), CELLS),
    **dict.fromkeys("""tlb-split general-purpose graphics relative-addressing supports-bootinfo
        interrupt-controller built-in file-system cache-unified""".split(), FLAG),
}
REQUIRED = {
    "/": "name model compatible #address-cells #size-cells clock-frequency",
    "/cpus": "name #address-cells #size-cells",
    "/cpus/PowerPC,750@0": """name device_type reg cpu-version state clock-frequency bus-frequency
        timebase-frequency i-cache-size i-cache-sets i-cache-block-size d-cache-size d-cache-sets
        d-cache-block-size tlb-split i-tlb-size i-tlb-sets d-tlb-size d-tlb-sets tlb-size tlb-sets
        reservation-granule-size available translations""",
    "/memory@0": "name device_type reg available",
    "/openprom": "name model relative-addressing",
    "/openprom/client-services": "name",
    "/packages": "name",
    "/aliases": "name",
    "/options": "name auto-boot? boot-command boot-device boot-file load-base real-mode? nvramrc",
    "/chosen": "name stdin stdout memory mmu cpu bootargs bootpath interrupt-controller",
}
OF_A_PRESET = {
    "g3": {
        "/flipper": "name compatible #address-cells #size-cells ranges",
        "/flipper/processor-interface@c003000/pic":
            "name compatible interrupt-controller #interrupt-cells",
        "/flipper/serial@c00f000": """name device_type compatible reg clock-frequency current-speed
            interrupts interrupt-parent""",
    },
    "mac99": {
        "/pci@f2000000": """name device_type compatible reg #address-cells #size-cells ranges
            bus-range clock-frequency slot-names #interrupt-cells interrupt-parent""",
        "/pci@f2000000/mac-io@c": """name device_type compatible reg assigned-addresses vendor-id
            device-id revision-id class-code devsel-speed min-grant max-latency #address-cells
            #size-cells ranges""",
        "/pci@f2000000/mac-io@c/interrupt-controller@40000": """name device_type compatible reg
            interrupt-controller #interrupt-cells #address-cells""",
        "/pci@f2000000/mac-io@c/escc@13000/ch-a@13020":
            "name device_type compatible reg interrupts interrupt-parent",
        "/pci@f2000000/mac-io@c/ata-3@20000/disk@0": "name device_type reg",
        "/nvram@ffe04000": "name device_type reg #bytes",
    },
}


class Tree:
    """The tree as the client interface's services would read it, from the machine's memory."""

    def __init__(self, prompt):
        memory = prompt.machine.memory
        (root,) = prompt.stack('" /" find-package drop')
        self.nodes = {}

        def cells(address, count):
            return struct.unpack(f">{count}I", memory.read(address & 0xFFFFFFFF, 4 * count))

        def walk(node, path):
            magic, _, child, peer, record = cells(node, 5)
            assert magic == int.from_bytes(b"node", "big")
            properties = {}
            while record:
                record, text, length, value, size = cells(record, 5)
                name = memory.read(text, length).decode()
                assert name not in properties, (path, name)
                properties[name] = memory.read(value, size) if size else b""
            self.nodes[path] = properties
            return child, peer

        paths = prompt("show-devs").split()[:-1]
        for path in paths:
            (node,) = prompt.stack(f'" {path}" find-package drop')
            walk(node, path)
        assert root


@pytest.fixture(scope="module", params=["g3", "mac99"])
def tree(request, make_prompt):
    made = Tree(make_prompt(request.param))
    made.preset = request.param
    return made


def cells_of(value):
    return struct.unpack(f">{len(value) // 4}I", value)


def test_what_is_required_is_there(tree):
    for path, names in (REQUIRED | OF_A_PRESET[tree.preset]).items():
        assert set(names.split()) <= set(tree.nodes[path]), path


def test_every_value_has_the_form_of_its_kind(tree):
    for path, properties in tree.nodes.items():
        for name, value in properties.items():
            kind = KINDS.get("interrupt-controller-of-chosen" if path == "/chosen"
                             and name == "interrupt-controller" else name)
            if path == "/memory@0" and name == "available" or path in ("/aliases", "/options"):
                continue
            where = path, name, value
            assert kind or name.startswith("pteg,"), where
            if kind in (TEXT, TEXTS):
                assert value.endswith(b"\0") and value.isascii(), where
                assert kind == TEXTS or value.count(b"\0") == 1, where
            elif kind in (CELL, CELLS):
                assert len(value) % 4 == 0 and (kind == CELLS or len(value) == 4), where
            elif kind == FLAG:
                assert value == b"", where


def test_names_are_names(tree):
    """IEEE 1275 3.2.2.1: 1 to 31 characters of a set; the node's path has it."""
    for path, properties in tree.nodes.items():
        name = properties["name"][:-1].decode()
        assert 1 <= len(name) <= 31, path
        assert all(c.isalnum() or c in ",._+-" for c in name), path
        assert path == "/" or path.rsplit("/", 1)[1].split("@")[0] == name, path


def test_addresses_have_the_cells_of_the_parent(tree):
    for path, properties in tree.nodes.items():
        parent = tree.nodes.get(path.rsplit("/", 1)[0] or "/")
        if "reg" in properties and path != "/":
            address, = cells_of(parent.get("#address-cells", struct.pack(">I", 2)))
            size, = cells_of(parent.get("#size-cells", struct.pack(">I", 1)))
            assert len(properties["reg"]) % (4 * (address + size)) == 0, path
            if address == 1:            # the unit address is the first one
                assert cells_of(properties["reg"])[0] == int(path.rsplit("@", 1)[1], 16), path
            if ranges := properties.get("ranges"):
                child, = cells_of(properties["#address-cells"])
                length, = cells_of(properties["#size-cells"])
                assert len(ranges) % (4 * (child + address + length)) == 0, path


def test_interrupts_lead_to_a_controller(tree):
    controllers = [path for path, properties in tree.nodes.items()
                   if "interrupt-controller" in properties and path != "/chosen"]
    assert len(controllers) == 1
    number, = cells_of(tree.nodes[controllers[0]]["#interrupt-cells"])
    found = [properties for properties in tree.nodes.values() if "interrupts" in properties]
    assert found
    for properties in found:
        assert len(properties["interrupts"]) % (4 * number) == 0
        assert properties["interrupt-parent"] == tree.nodes["/chosen"]["interrupt-controller"]


def test_sizes_are_those_of_the_machine():
    platform = PRESETS["g3"](dcache=16 << 10, dcache_ways=4, tlb_sets=32, tlb_ways=4, l2=256 << 10)
    cpu = machine_tree(Board(platform)).cpu
    for name, value in {"d-cache-size": 16 << 10, "d-cache-sets": 128, "i-cache-size": 32 << 10,
                        "i-cache-sets": 128, "tlb-size": 128, "tlb-sets": 32, "d-tlb-size": 128,
                        "i-tlb-sets": 32}.items():
        assert cpu.properties[name] == [value], name
    assert Board(platform).description() != Board(PRESETS["g3"](l2=256 << 10)).description()
