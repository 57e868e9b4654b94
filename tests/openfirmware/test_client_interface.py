"""Client interface, service by service (IEEE 1275 6.3.2)."""

import struct

import pytest

from pteg.firmware.asm import assemble


@pytest.fixture(scope="module")
def helper(load_client, prompt):
    return load_client.Client(prompt)


@pytest.fixture(scope="module")
def buffer(load_client):
    return load_client.Buffer


def one(helper, *call):
    """Returns of a single call that succeeds."""
    (status, returns, buffers), = helper(call)
    assert status == 0, call
    return (*returns, *buffers)


def node(helper, path):
    phandle, = one(helper, "finddevice", 1, path)
    return phandle


def text(helper, buffer, path, name):
    size, data = one(helper, "getprop", 1, node(helper, path), name, buffer(64), 64)
    return data[:size].rstrip(b"\0").decode()


def test_services_are_known(helper):
    for service in ("peer", "child", "parent", "getprop", "getproplen", "nextprop", "setprop",
                    "finddevice", "open", "close", "read", "write", "seek", "claim", "release",
                    "call-method", "interpret", "exit", "enter", "boot", "chain", "milliseconds",
                    "quiesce", "canon", "instance-to-path", "package-to-path",
                    "instance-to-package", "set-callback", "set-symbol-lookup", "test-method"):
        assert one(helper, "test", 1, service) == (0,), service
    assert one(helper, "test", 1, "dup") == (-1,)
    assert helper(("no-such-service", 1, 5))[0][0] == -1


def test_walk_through_the_tree(helper):
    root = node(helper, "/")
    assert one(helper, "peer", 1, 0) == (root,)
    assert one(helper, "parent", 1, root) == (0,)
    cpus = node(helper, "/cpus")
    cpu, = one(helper, "child", 1, cpus)
    assert one(helper, "parent", 1, cpu) == (cpus,)
    assert node(helper, "/cpus/PowerPC,750@0") == cpu == node(helper, "/cpus/@0")
    assert node(helper, "/cpus/750") == cpu
    assert node(helper, "/nonsense") == -1
    last = cpus
    while (following := one(helper, "peer", 1, last)[0]) != 0:
        last = following
    assert last == node(helper, "/rom")


@pytest.mark.parametrize("bad", [1, 3, 0x00345678, 0x7FFFFFFC, 0xFFFFFFFF, 0x4004, 0x80000])
def test_bad_handles_are_refused(helper, buffer, bad):
    results = helper(("peer", 1, bad), ("child", 1, bad), ("parent", 1, bad),
                     ("getproplen", 1, bad, "name"), ("getprop", 1, bad, "name", buffer(8), 8),
                     ("instance-to-package", 1, bad), ("package-to-path", 1, buffer(8), 8, bad),
                     ("instance-to-path", 1, bad, buffer(8), 8), ("setprop", 1, bad, "x", "y", 1),
                     ("nextprop", 1, bad, "", buffer(32)), ("test-method", 1, bad, "open"))
    values = [returns[0] if status == 0 else -1 for status, returns, _ in results]
    assert values == [0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1]


def test_properties(helper, buffer):
    memory = node(helper, "/memory")
    assert one(helper, "getproplen", 1, memory, "reg") == (8,)
    size, data = one(helper, "getprop", 1, memory, "reg", buffer(12), 12)
    assert (size, data) == (8, struct.pack(">II", 0, 32 << 20) + b"\xee" * 4)
    size, data = one(helper, "getprop", 1, memory, "reg", buffer(4), 4)
    assert (size, data) == (8, bytes(4))        # the whole size, and what fits
    assert one(helper, "getproplen", 1, memory, "nonsense") == (-1,)
    assert one(helper, "getprop", 1, memory, "nonsense", buffer(4), 4)[0] == -1
    assert text(helper, buffer, "/memory", "device_type") == "memory"
    assert text(helper, buffer, "/openprom", "model").startswith("OpenFirmware 3")


def test_properties_in_order(helper, buffer):
    chosen, name, names = node(helper, "/chosen"), "", []
    while True:
        more, data = one(helper, "nextprop", 1, chosen, name, buffer(32))
        name = data.partition(b"\0")[0].decode()
        if more != 1:
            break
        names.append(name)
    assert more == 0 and name == ""
    assert names[0] == "name" and len(set(names)) == len(names)
    assert set(names) >= {"stdin", "stdout", "memory", "mmu", "cpu", "bootargs", "bootpath"}
    assert one(helper, "nextprop", 1, chosen, "nonsense", buffer(32))[0] == -1


def test_setprop_makes_and_changes(helper, buffer):
    chosen = node(helper, "/chosen")
    assert one(helper, "setprop", 1, chosen, "bootargs", "a=1", 4) == (4,)
    assert text(helper, buffer, "/chosen", "bootargs") == "a=1"
    assert one(helper, "setprop", 1, chosen, "linux,new", "longer text", 12) == (12,)
    assert one(helper, "setprop", 1, chosen, "linux,new", "", 0) == (0,)
    assert one(helper, "getproplen", 1, chosen, "linux,new") == (0,)


def test_paths(helper, buffer):
    uart = node(helper, "console")
    path = b"/flipper/serial@c00f000"
    length, data = one(helper, "package-to-path", 1, uart, buffer(40), 40)
    assert data[:length] == path and data[length] == 0
    length, data = one(helper, "package-to-path", 1, uart, buffer(4), 4)
    assert (length, data) == (len(path), path[:4])
    length, data = one(helper, "canon", 1, "ttya", buffer(40), 40)
    assert data[:length] == path
    assert one(helper, "canon", 1, "nonsense", buffer(40), 40)[0] == -1
    _, data = one(helper, "getprop", 1, node(helper, "/chosen"), "stdout", buffer(4), 4)
    stdout = int.from_bytes(data, "big")
    assert one(helper, "instance-to-package", 1, stdout) == (uart,)
    length, data = one(helper, "instance-to-path", 1, stdout, buffer(40), 40)
    assert data[:length] == path


def test_devices(helper, buffer):
    ihandle, = one(helper, "open", 1, "console")
    assert ihandle != 0
    assert one(helper, "write", 1, ihandle, "printed", 7) == (7,)
    assert "printed" in helper.output
    assert one(helper, "read", 1, ihandle, buffer(4), 4)[0] == 0     # nothing was typed
    one(helper, "close", 0, ihandle)
    assert helper(("write", 1, ihandle, "x", 1))[0][0] == -1
    assert one(helper, "open", 1, "/nonsense") == (0,)
    assert one(helper, "open", 1, "/aliases") == (0,)                # has no method `open`


def test_claim_and_release(helper):
    assert one(helper, "claim", 1, 0x1000000, 0x1000, 0) == (0x1000000,)
    assert one(helper, "claim", 1, 0x1000000, 0x1000, 0) == (-1,)
    assert one(helper, "claim", 1, 0x0FFF000, 0x2000, 0) == (-1,)
    one(helper, "release", 0, 0x1000000, 0x1000)
    assert one(helper, "claim", 1, 0x1000000, 0x3000, 0) == (0x1000000,)
    one(helper, "release", 0, 0x1001000, 0x1000)                     # a part of it
    assert one(helper, "claim", 1, 0x1001000, 0x1000, 0) == (0x1001000,)
    one(helper, "release", 0, 0x1000000, 0x3000)
    for address, size in ((0, 0x1000), (0x80000, 0x1000), (0x1FFF000, 0x2000),
                          (0x10000000, 0x1000), (0xFFFFF000, 0x2000), (0x1000000, 0)):
        assert one(helper, "claim", 1, address, size, 0) == (-1,), hex(address)
    first, = one(helper, "claim", 1, 0, 0x100, 0x10000)
    second, = one(helper, "claim", 1, 0, 0x100, 0x18000)             # not a power of two
    assert first % 0x10000 == 0 and second % 0x20000 == 0 and first != second
    one(helper, "release", 0, first, 0x100)
    one(helper, "release", 0, second, 0x100)
    assert one(helper, "claim", 1, 0, 0x7FFFFFFF, 0x1000) == (-1,)


def test_available_is_what_is_not_claimed(helper, buffer):
    def available():
        size, data = one(helper, "getprop", 1, node(helper, "/memory"), "available",
                         buffer(256), 256)
        words = struct.unpack(f">{size // 4}I", data[:size])
        return list(zip(words[::2], words[1::2], strict=True))

    before = available()
    assert before[0][0] >= 0x100000 and all(size for _, size in before)
    assert sum(before[-1]) == 32 << 20
    one(helper, "claim", 1, 0x1000000, 0x10000, 0)
    assert (0x1010000, (32 << 20) - 0x1010000) in available()
    one(helper, "release", 0, 0x1000000, 0x10000)
    assert available() == before


def test_methods(helper, buffer):
    _, data = one(helper, "getprop", 1, node(helper, "/chosen"), "mmu", buffer(4), 4)
    mmu = int.from_bytes(data, "big")
    assert one(helper, "test-method", 1, node(helper, "cpu"), "translate") == (0,)
    assert one(helper, "test-method", 1, node(helper, "cpu"), "nonsense") == (-1,)
    assert one(helper, "call-method", 4, "translate", mmu, 0x123456) == (0, -1, 0x12, 0x123456)
    assert one(helper, "call-method", 2, "translate", mmu, 0x40000000) == (0, 0)
    assert one(helper, "call-method", 1, "map", mmu, -1, 0x1000, 0x40000000, 0x300000) == (0,)
    assert one(helper, "call-method", 4, "translate", mmu, 0x40000010)[3] == 0x300010
    assert one(helper, "call-method", 1, "unmap", mmu, 0x1000, 0x40000000) == (0,)
    assert one(helper, "call-method", 2, "translate", mmu, 0x40000000) == (0, 0)
    assert one(helper, "call-method", 1, "nonsense", mmu)[0] != 0
    assert one(helper, "call-method", 1, "translate", 5)[0] != 0


def test_interpret(helper):
    assert one(helper, "interpret", 3, "+ dup", 3, 4) == (0, 7, 7)
    assert one(helper, "interpret", 2, "nonsense")[0] == -13
    assert one(helper, "interpret", 1, ": half if") == (-22,)
    assert one(helper, "interpret", 2, "5") == (0, 5)
    assert one(helper, "interpret", 5, "1 2") == (0, 2, 1, 0, 0)     # more than there are


def test_bad_arrays(helper):
    assert helper(("interpret", 40, "1"))[0][0] == -1
    assert helper(("drop", 1, 1))[0][0] == -1
    assert one(helper, "milliseconds", 1)[0] >= 0


def test_exit_comes_back_to_the_prompt(helper, prompt):
    helper(("exit", 0))
    assert prompt("decimal 2 3 + .") == "5  ok\n"


def test_a_fault_of_the_client_comes_back_to_the_prompt(load_client, prompt, helper):
    helper(("getprop", 1, 0x4000, 0xDEADBEE0, 0, 4))
    prompt("hex")
    prompt.machine.memory.write(0x200000, bytes.fromhex("3c60dead" "80630000"))
    text = prompt("200000 to program-entry go")
    assert "invalid memory address at dead0000" in text
    assert "pc   00200004" in prompt(".registers")
    assert prompt("decimal 2 3 + .") == "5  ok\n"


def test_physical_and_virtual_memory_are_claimed_apart(helper, buffer):
    """As the loader of FreeBSD does it: memory, then the same virtual addresses, then `map`."""
    def instance(name):
        return int.from_bytes(one(helper, "getprop", 1, node(helper, "/chosen"), name, buffer(4),
                                  4)[1], "big")

    memory, mmu = instance("memory"), instance("mmu")
    claim = ("call-method", 2, "claim")
    assert one(helper, *claim, memory, 0, 0x4000, 0x1200000) == (0, 0x1200000)
    assert one(helper, *claim, mmu, 0, 0x4000, 0x1200000) == (0, 0x1200000)
    assert one(helper, *claim, memory, 0, 0x1000, 0x1201000)[0] == -59
    assert one(helper, *claim, mmu, 0, 0x1000, 0x1201000)[0] == -59
    assert one(helper, "claim", 1, 0x1200000, 0x1000, 0) == (-1,)
    assert one(helper, "call-method", 1, "map", mmu, -1, 0x4000, 0x1200000, 0x1200000) == (0,)
    assert one(helper, "call-method", 1, "release", memory, 0x4000, 0x1200000) == (0,)
    assert one(helper, "claim", 1, 0x1200000, 0x1000, 0) == (-1,)       # the other half is left
    assert one(helper, "call-method", 1, "release", mmu, 0x4000, 0x1200000) == (0,)
    assert one(helper, "claim", 1, 0x1200000, 0x1000, 0) == (0x1200000,)
    one(helper, "release", 0, 0x1200000, 0x1000)
    # Virtual addresses without memory, aligned, and none that a device has.
    status, base = one(helper, *claim, mmu, 0x100000, 0x100000)
    assert status == 0 and base & 0xFFFFF == 0 and base & 0xFFFFFFFF >= 32 << 20
    assert one(helper, "call-method", 1, "release", mmu, 0x100000, base) == (0,)
    assert one(helper, *claim, mmu, 0, 0x1000, 0x0C00F000)[0] == -59
    assert one(helper, *claim, memory, 0, 0x1000, 0x0C00F000)[0] == -59


def test_whole_pages_are_claimed(helper, buffer):
    assert one(helper, "claim", 1, 0x1400800, 0x100, 0) == (0x1400800,)
    assert one(helper, "claim", 1, 0x1400000, 0x100, 0) == (-1,)
    one(helper, "release", 0, 0x1400800, 0x100)         # not its beginning: the page stays
    assert one(helper, "claim", 1, 0x1400000, 0x100, 0) == (-1,)
    one(helper, "release", 0, 0x1400000, 1)
    assert one(helper, "claim", 1, 0x1400000, 0x1001, 0) == (0x1400000,)
    assert one(helper, "claim", 1, 0x1401800, 0x100, 0) == (-1,)
    one(helper, "release", 0, 0x1400000, 0x1001)
    for arguments in ((0xFFFFF800, 0x7FF, 0), (0, 0xFFFFFFFF, 0x1000), (0, 0x1000, 0x90000000)):
        assert one(helper, "claim", 1, *arguments) == (-1,)


SECOND = """
        .org    0x600000
_start: lis     r29, 0x60
        stw     r6, 0x800(r29)
        stw     r7, 0x804(r29)
        blr
"""


@pytest.fixture
def second(prompt):
    """A program at 600000, as an ELF file at 800000, that stores r6 and r7 at 600800."""
    program = assemble(SECOND)
    prompt.machine.memory.write(0x800000, program.elf())
    prompt.machine.memory.write(0x600000, bytes(0x1000))
    yield program
    prompt("hex 600000 1000 release decimal")


def test_boot_starts_another_program(helper, prompt, second):
    prompt("hex 200000 100000 release")
    helper(("boot", 0, "ram:800000 two words"))
    assert prompt('" /chosen" find-device .properties device-end').count("two words") == 1
    assert prompt.machine.memory.read(0x600000, 4) == bytes(second.sections[0].data)[:4]
    assert prompt("decimal 2 3 + .") == "5  ok\n"


def test_chain_releases_the_program_and_starts_the_next_with_its_arguments(helper, prompt, second):
    prompt.machine.memory.write(0x600000, bytes(second.sections[0].data)[:0x800])
    prompt("hex 1600000 3000 0 claim drop decimal")
    # What runs stays claimed; the pages that the caller gives back are free.
    helper(("chain", 0, 0x1600000, 0x3000, 0x600000, 0x123400, 56))
    assert struct.unpack(">2I", prompt.machine.memory.read(0x600800, 8)) == (0x123400, 56)
    assert prompt("hex 1600000 3000 0 claim u. 1600000 3000 release decimal") == "1600000  ok\n"


def test_restart_is_a_reset(helper, prompt):
    prompt("variable before-it")
    helper(("restart", 0))
    assert "pteg Open Firmware" in helper.output
    assert prompt.error("before-it") == "before-it, unknown word."


#: Services, and how many arguments they take. Those that claim or do not come back are not here.
ARGUMENTS = {
    "test": 1, "peer": 1, "child": 1, "parent": 1, "getproplen": 2, "getprop": 4, "nextprop": 3,
    "setprop": 4, "finddevice": 1, "open": 1, "close": 1, "read": 3, "write": 3, "seek": 3,
    "call-method": 2, "interpret": 1, "milliseconds": 0, "quiesce": 0,
    "canon": 3, "instance-to-path": 3, "package-to-path": 3, "instance-to-package": 1,
    "set-symbol-lookup": 2, "test-method": 2, "instance-to-interposed-path": 3}


@pytest.mark.parametrize("bad", [0, 1, -1, 0x4000, 0xDEADBEE0, 0x7FFFFFFF, 0x300000])
def test_bad_arguments_do_no_harm(helper, prompt, bad):
    """The same bad number for all arguments, also too few and too many of them."""
    calls = [(service, 1, *[bad] * count) for service, right in ARGUMENTS.items()
             for count in {max(0, right - 1), right, right + 3}]
    before = prompt("dev /memory .properties device-end")
    results = helper(*calls)
    assert all(status in (0, -1) for status, _, _ in results)
    assert prompt("clear decimal 2 3 + .") == "5  ok\n"
    prompt("hex 0 0 set-symbols clear decimal")
    assert prompt("dev /memory .properties device-end") == before
