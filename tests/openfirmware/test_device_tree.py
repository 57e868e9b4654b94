"""The device tree at the prompt: what nodes there are, their properties, and making more."""

import re
import struct

import pytest

from pteg.components.copier import Copier
from pteg.components.device import Device, compiled
from pteg.firmware.openfirmware.board import Board
from pteg.firmware.openfirmware.build import build
from pteg.firmware.openfirmware.machine_tree import machine_tree
from pteg.firmware.openfirmware.tokenizer import tokenize
from pteg.platform import Platform
from pteg.presets import g3

PACKAGES = [f"/packages/{name}" for name in ("deblocker", "disk-label", "iso9660", "hfs-plus",
                                             "hfs", "fat", "ext2")]


def properties(prompt, path):
    """Names of a node's properties and what .properties shows of them."""
    rows = prompt(f"dev {path} .properties device-end").splitlines()
    return {row[:24].strip(): row[24:].strip() for row in rows if row and row != " ok"}


def test_all_nodes(prompt):
    assert prompt("show-devs").split()[:-1] == [
        "/", "/cpus", "/cpus/PowerPC,750@0", "/memory@0", "/openprom",
        "/openprom/client-services", "/packages", *PACKAGES, "/options", "/aliases", "/chosen",
        "/ram-image", "/flipper", "/flipper/processor-interface@c003000",
        "/flipper/processor-interface@c003000/pic", "/flipper/serial@c00f000",
        "/flipper/fw-cfg@c00a000", "/rom@fff00000"]


REQUIRED = {
    "/": {"name", "model", "compatible", "#address-cells", "#size-cells", "clock-frequency"},
    "/cpus": {"#address-cells", "#size-cells"},
    "/cpus/@0": {"device_type", "reg", "cpu-version", "clock-frequency", "timebase-frequency",
                 "bus-frequency", "i-cache-size", "i-cache-sets", "i-cache-block-size",
                 "d-cache-size", "d-cache-sets", "d-cache-block-size", "tlb-size", "tlb-sets",
                 "reservation-granule-size", "state", "translations"},
    "/memory": {"device_type", "reg", "available"},
    "/openprom": {"model", "relative-addressing"},
    "/chosen": {"stdin", "stdout", "memory", "mmu", "cpu", "bootargs", "bootpath"},
    "console": {"device_type", "compatible", "reg", "clock-frequency", "current-speed",
                "interrupts", "interrupt-parent"},
    "/flipper/processor-interface/pic": {"interrupt-controller", "#interrupt-cells",
                                         "compatible"},
}


@pytest.mark.parametrize("path", REQUIRED)
def test_standard_properties(prompt, path):
    assert REQUIRED[path] <= set(properties(prompt, path))


def test_interrupts_point_to_the_controller(prompt):
    console = properties(prompt, "console")
    assert console["interrupts"] == "00000006"
    pic = int(console["interrupt-parent"], 16)
    name = struct.pack(">I", prompt.machine.memory.read_word(pic))
    assert name == b"node"
    prompt("hex")
    assert prompt(f"{pic:x} node-path type decimal").startswith(
        "/flipper/processor-interface@c003000/pic")


def test_memory_is_what_the_machine_has(make_prompt):
    assert properties(make_prompt(), "/memory")["reg"] == "00000000 02000000"


def test_moving_around(prompt):
    assert prompt("dev /cpus pwd") == "/cpus  ok\n"
    assert re.match(r"\w{8} PowerPC,750@0\n", prompt("ls"))
    assert prompt("dev 750 pwd") == "/cpus/PowerPC,750@0  ok\n"
    assert prompt(".. .. pwd") == "/  ok\n"
    assert prompt.error("..") == ".., no such device."
    assert prompt.error("device-end pwd") == "pwd, no device is selected."
    assert prompt.error("dev /cpus/9") == "/cpus/9, no such device."
    assert prompt("dev ttya pwd device-end") == "/flipper/serial@c00f000  ok\n"
    assert prompt("dev /flipper/@0C00F000 pwd device-end") == "/flipper/serial@c00f000  ok\n"
    assert prompt("dev /serial pwd device-end") == "/flipper/serial@c00f000  ok\n"


def test_aliases(prompt):
    prompt("devalias uart2 console")
    assert prompt("devalias uart2") == "console  ok\n"
    assert prompt("dev uart2 pwd device-end") == "/flipper/serial@c00f000  ok\n"
    assert "uart2" in prompt("devalias")
    prompt("devalias me me")
    assert prompt.error("dev me") == "me, no such device."


def test_a_new_node_with_methods(prompt):
    prompt('dev / new-device " lamp" device-name " lamp" device-type 5 9 reg',
           " variable on?  : open true ; : close ; : switch on? @ invert dup on? ! ;",
           '1 encode-int 2 encode-int encode+ " a b" encode-string encode+ " odd" property',
           "finish-device device-end")
    assert properties(prompt, "/lamp@5") == {
        "name": "lamp", "device_type": "lamp", "reg": "00000005 00000009",
        "odd": "00000001 00000002 61206200"}
    assert prompt.stack('" /lamp" open-dev dup " switch" rot $call-method '
                        'swap dup " switch" rot $call-method swap close-dev') == [-1, 0]
    assert prompt.stack('s" /lamp" s" switch" execute-device-method') == [-1, -1]
    assert prompt.error('s" /lamp" open-dev s" nonsense" rot $call-method') == (
        "nonsense, no such method.")
    assert prompt.stack('" /lamp" find-package swap drop " nosuch" find-package 0=')[-1] == -1
    prompt('dev /lamp " odd" delete-property device-end')
    assert "odd" not in properties(prompt, "/lamp")
    assert set(prompt("dev /lamp words device-end").split()) >= {"switch", "close", "on?", "open"}


def test_a_device_whose_parent_was_closed_first_can_be_closed(prompt):
    """The parent's memory is another's by then: it is not taken for an instance."""
    prompt('" /memory" open-dev value child', "' my-parent child call-package value above",
           "/instance above >node @ >instance-size @ + constant size",
           "above close-dev  size alloc-mem value mine  mine size h# 55 fill")
    assert prompt.stack("child close-dev  mine c@ mine size 1- + c@",
                        "size alloc-mem mine <>") == [0x55, 0x55, -1]


def test_values_of_properties(prompt):
    assert prompt.stack('" abc" encode-string 5 encode-int encode+ decode-string nip -rot',
                        "decode-int nip nip") == [3, 5]
    assert prompt.stack('" reg" " /memory" find-package drop get-package-property',
                        "drop nip") == [8]
    assert prompt.stack('" nonsense" " /memory" find-package drop get-package-property') == [-1]
    assert prompt.stack('" name" " /memory" find-package drop next-property nip nip') == [-1]


def test_instances_know_who_and_where_they_are(prompt):
    prompt('dev / new-device " probe" device-name 7 1 reg : open true ; : close ;',
           ": who my-args type space my-unit . my-parent ihandle>phandle node-path type ;",
           "finish-device device-end hex")
    assert prompt('" /probe@7:x,y" open-dev dup " who" rot $call-method close-dev') == (
        "x,y 7 / ok\n")
    assert prompt("my-self . decimal") == "0  ok\n"
    prompt('dev /probe : fails 1 throw ; : broken-open 1 throw ; device-end')
    assert prompt.error('" /probe" open-dev " fails" rot $call-method') == "fails, error 1."
    assert prompt("my-self .") == "0  ok\n"


class Dial(Device):
    """A device that the firmware has never heard of, with a driver of its own."""

    fcode = tokenize("fcode-version3 : open -1 ; : close ; fcode-end")

    @compiled
    def read(state, memory, offset, size):
        return 0

    @compiled
    def write(state, memory, offset, size, value):
        pass


def test_a_device_of_the_user_is_in_the_tree():
    base = g3()
    platform = Platform([*base.devices, Dial("dial", 0x0D000000, 0x1000), Copier()], base.wires)
    nodes = {node.path: node for node in machine_tree(Board(platform)).root.walk()}
    assert nodes["/dial@d000000"].fcode == Dial.fcode
    assert nodes["/flipper/dma-controller@c006000"].fcode
    # All of it is in the ROM, and another driver makes another ROM.
    assert Dial.fcode in build(platform).image()
    description = Board(platform).description()
    Dial.fcode += b"x"
    assert Board(platform).description() != description


def test_the_tree_of_a_mac99(make_prompt):
    prompt = make_prompt("mac99")
    paths = prompt("show-devs").split()
    assert {"/uni-n@f8000000", "/pci@f2000000", "/pci@f2000000/mac-io@c",
            "/pci@f2000000/mac-io@c/interrupt-controller@40000",
            "/pci@f2000000/mac-io@c/escc@13000/ch-a@13020",
            "/pci@f2000000/mac-io@c/ata-3@20000", "/nvram@ffe04000"} <= set(paths)
    mac_io = properties(prompt, "mac-io")
    assert mac_io["reg"].startswith("00006000 00000000 00000000")
    assert properties(prompt, "/pci/@0c,0")["name"] == "mac-io"
    assert prompt.error("dev /pci/@b") == "/pci/@b, no such device."
    # The base address register has the address that the tree says.
    assert prompt("hex dev pci 6010 config-l@ 6004 config-l@ device-end u. u.") == (
        "2 80000000  ok\n")
    assert properties(prompt, "scca")["interrupts"] == "00000025 00000001"
