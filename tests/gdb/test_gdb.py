"""`pteg gdb`, with GDB itself and with whatever bytes a stranger might send."""

import functools
import re
import shutil
import socket
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import pteg
from pteg.firmware.asm import assemble
from pteg.gdb import memory, registers
from pteg.gdb.packets import LONGEST, Packets, frame
from pteg.gdb.stub import Stub

CPUS = ("functional", "pipeline")
GDB = shutil.which("gdb-multiarch")
#: Data are reached through translation: page 0x20000000 is 0x8000, by the page table at 0x10000.
PROGRAM = assemble("""
        .globl  _start
_start: li      r3,0
        lis     r4,0x2000
loop:   addi    r3,r3,1
        stw     r3,16(r4)
        lwz     r5,20(r4)
        bl      work
        b       loop
work:   stw     r3,24(r4)
        blr
""", sections={".text": 0x1000})
SYMBOLS = PROGRAM.symbols
VSID, PAGE = 0x123, 0x20000000


def new_machine(cpu="functional"):
    machine = pteg.Machine("g3", cpu=cpu, ram="1M")
    machine.load(PROGRAM.elf())
    group = 0x10000 | ((VSID ^ PAGE >> 12 & 0xFFFF) & 0x3FF) << 6
    machine.memory.write_word(group + 8, 0x80000000 | VSID << 7 | PAGE >> 22 & 0x3F)
    machine.memory.write_word(group + 12, 0x8000 | 0b10)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sdr1"] = 0x1000, 0x1030, 0x10000
        state["sr"][0, 2] = VSID
        state["ibat0u"], state["ibat0l"] = 0x00000002, 0x00000002
    return machine


SERVER = """if 1:
    import sys
    sys.path.insert(0, sys.argv[2])
    from test_gdb import new_machine
    from pteg.gdb import serve
    serve(new_machine(sys.argv[1]), 0)
"""


@pytest.fixture
def server(request):
    """Function that starts a server and returns its port."""
    def start(*command):
        process = subprocess.Popen([sys.executable, *command], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        request.addfinalizer(lambda: (process.kill(), process.wait(), process.stderr.close()))
        for line in process.stderr:
            if found := re.search(r"target remote 127.0.0.1:(\d+)", line):
                return int(found[1])
        raise AssertionError("no server")

    return start


def received(client):
    """What comes up to the end of a packet."""
    data = b""
    while b"#" not in data[:-2]:
        data += client.recv(100) or b"###"
    return data


def gdb(port, commands, tmp_path):
    """Output of a GDB session."""
    if GDB is None:
        pytest.skip("gdb-multiarch is not installed: the server is not tested with GDB itself")
    (tmp_path / "p.elf").write_bytes(PROGRAM.elf())
    lines = ["set pagination off", "set confirm off", "set tcp connect-timeout 20",
             "set remotetimeout 60", f"target remote 127.0.0.1:{port}", *commands, "kill"]
    arguments = [part for line in lines for part in ("-ex", line)]
    done = subprocess.run([GDB, "-nx", "-batch", *arguments, tmp_path / "p.elf"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=240, stdin=subprocess.DEVNULL)
    return done.stdout


@pytest.mark.parametrize("cpu", CPUS)
def test_a_session_with_gdb(server, tmp_path, cpu):
    port = server("-c", SERVER, cpu, str(__file__).rpartition("/")[0])
    out = gdb(port, [
        "echo A:\\n", "info registers pc msr sr2", "info registers sdr1",
        "echo B:\\n", "stepi", "stepi", "info registers r4",
        "echo C:\\n", "break work", "continue", "bt 1", "p $r3", "p/x $lr",
        "echo D:\\n", "continue", "p $r3", "x/wx 0x20000010",
        "echo E:\\n", "delete", "watch *(int*)0x20000018", "continue", "p $pc", "p $r3",
        "echo F:\\n", "delete", "rwatch *(int*)0x20000014", "continue", "p $pc",
        "echo G:\\n", "delete", "set $r3 = 1000", "set var *(int*)0x20000014 = 77",
        "break work", "continue", "continue", "p $r3", "p $r5", "p $f1 = 1.5", "p $f1",
        "echo H:\\n", "hbreak *0x1008", "continue", "p/x $pc",
        "echo I:\\n", "monitor walk 20000010", "monitor phys 8010 8", "monitor sr",
        "monitor bat", "monitor pteg 0x20000000", "monitor tlb", "monitor nonsense",
        "echo J:\\n", "x/wx 0x70000000", "set $pvr = 1", "p/x $pvr", "disassemble 0x1000,0x1008",
    ], tmp_path)
    parts = dict(re.findall(r"^([A-J]):\n(.*?)(?=^[A-J]:\n|\Z)", out, re.M | re.S))
    assert len(parts) == 10, out
    assert re.search(r"pc +0x1000 ", parts["A"]) and re.search(r"msr +0x1030 ", parts["A"])
    assert re.search(r"sr2 +0x123 ", parts["A"]) and re.search(r"sdr1 +0x10000 ", parts["A"])
    assert re.search(r"r4 +0x20000000 ", parts["B"])
    assert re.search(r"Breakpoint 1, .*work", parts["C"]) and "$1 = 1" in parts["C"]
    assert f"$2 = {SYMBOLS['work'] - 4:#x}" in parts["C"]
    assert "$3 = 2" in parts["D"] and re.search(r"0x20000010:\s+0x00000002", parts["D"])
    assert re.search(r"Old value = 1\s+New value = 2", parts["E"])
    assert re.search(rf"= .*{SYMBOLS['work'] + 4:#x}", parts["E"]) and "= 2" in parts["E"]
    assert "Value = 0" in parts["F"] and re.search(r"= .*0x1014", parts["F"])
    assert "= 1001" in parts["G"] and re.search(r"= 77$", parts["G"], re.M)
    assert parts["G"].count("= 1.5") == 2
    assert "= 0x1008" in parts["H"]
    assert "load from 20000010 -> 00008010" in parts["I"]
    assert "fetch from 20000010 -> 00008010" in parts["I"]
    assert re.search(r"00008010: 0000\w{4} 0000004d", parts["I"])
    assert "SR2  00000123" in parts["I"] and "IBAT0 00000002" in parts["I"]
    assert parts["I"].count("VSID 000123, H 0, API 00 -> 00008000") == 3
    assert re.search(r"^data TLB set  0 way 0  VSID 000123, EA \?0000000", parts["I"], re.M)
    assert "no such command: 'nonsense'" in parts["I"]
    assert "Cannot access memory at address 0x70000000" in parts["J"]
    assert "0x80301" in parts["J"]
    assert "li      r3,0" in parts["J"] and "lis     r4,8192" in parts["J"]


@pytest.mark.parametrize("cpu", CPUS)
def test_ctrl_c_stops_a_running_machine(server, cpu):
    port = server("-c", SERVER, cpu, str(__file__).rpartition("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=120) as client:
        client.sendall(frame(b"c"))
        assert client.recv(1) == b"+"
        client.settimeout(2)
        with pytest.raises(TimeoutError):
            client.recv(1)  # it runs
        client.settimeout(120)
        client.sendall(b"\x03")
        assert client.recv(100).startswith(b"$T02thread:1;40:0000")
    # Another client finds the same machine.
    with socket.create_connection(("127.0.0.1", port), timeout=120) as client:
        client.sendall(frame(b"p3"))
        assert int(received(client)[2:10], 16) > 10


def test_the_command_runs_to_a_point_and_waits(server, tmp_path):
    (tmp_path / "p.elf").write_bytes(PROGRAM.elf())
    port = server("-m", "pteg", "gdb", "--cpu", "functional", "--ram", "1M", "--port", "0",
                  "--kernel", tmp_path / "p.elf", "--fast-forward-until", "loop")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(frame(b"p40"))
        assert received(client).startswith(b"+$00001008#")


def test_a_port_in_use_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "pteg", "gdb", "--cpu", "functional", "--port", str(port)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    assert (done.returncode, done.stderr) == (
        2, f"pteg: cannot listen on port {port}: Address already in use\n")


# Packets ----------------------------------------------------------------------------------------

@given(st.binary(max_size=200))
def test_framing_and_its_reverse(data):
    assert Packets().feed(frame(data)) == [data]


@given(st.lists(st.binary(max_size=30)), st.integers(1, 7))
def test_packets_in_pieces(parts, size):
    stream, packets, found = b"+".join(map(frame, parts)), Packets(), []
    for start in range(0, len(stream), size):
        found += packets.feed(stream[start:start + size])
    assert found == parts


def test_wrong_checksums_and_endless_packets_are_dropped():
    packets = Packets()
    assert packets.feed(b"$g#00$g#zz$g#+7") == [None] * 3
    assert packets.feed(b"$" + b"x" * 10 * LONGEST) == []
    assert packets.feed(b"\x03$g#67") == [b"g"] or packets.feed(b"$g#67")[-1:] == [b"g"]


@functools.cache
def stubs():
    made = {}
    for cpu in CPUS:
        machine = new_machine(cpu)
        machine.step()
        made[cpu] = machine
    return made


_CONTENT = st.binary(max_size=40) | st.text("0123456789abcdef,:;=", max_size=40).map(str.encode)
REQUESTS = st.builds(
    bytes.__add__,
    st.sampled_from([b"", b"qSupported", b"qXfer:features:read:target.xml:", b"qRcmd,", b"vCont;",
                     b"vCont?", b"H", b"T", *(c.encode() for c in "?gGpPmMXZzcCsSDk!R")]),
    _CONTENT)
_COMMANDS = st.text("tlbasrpegwkhy 0123456789abcdefxonf-", max_size=30).map(
    lambda text: b"qRcmd," + text.encode().hex().encode())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cpu=st.sampled_from(CPUS), packets=st.lists(REQUESTS | _COMMANDS, max_size=6))
@example(cpu="functional", packets=[b"m0,ffffffffffffffff", b"X0,0:", b"Z1,1000,4", b"c"])
@example(cpu="pipeline", packets=[b"Z2,20000010,4", b"c", b"p" + b"9" * 40, b"P40=ffffffff", b"s"])
def test_no_packet_crashes_it(cpu, packets):
    stub = Stub(stubs()[cpu], interrupted=lambda: True)
    for packet in packets:
        reply = stub.answer(packet)
        assert reply is None or isinstance(reply, bytes) and len(frame(reply)) < 3 * LONGEST
    # It still works.
    assert len(stub.answer(b"g")) == 2 * sum(row[2] for row in registers.REGISTERS) // 8


def test_replies_to_bad_requests():
    stub = Stub(new_machine())
    for packet, reply in [
            (b"m1000", b"E01"), (b"mx,4", b"E01"), (b"m100000000,4", b"E01"), (b"p1000", b"E01"),
            (b"m70000000,4", b"E0e"), (b"M70000000,1:00", b"E0e"), (b"M1000,2:00", b"E01"),
            (b"Z1,1001,4", b"E01"), (b"Z9,1000,4", b"E01"), (b"P3=zz", b"E01"), (b"P3=00", b"E0e"),
            (b"vCont;x", b"E01"), (b"vFile:open:00", b""), (b"qCRC:0,4", b""), (b"", b"")]:
        assert stub.answer(packet) == reply, packet


@pytest.mark.parametrize("cpu", CPUS)
def test_registers_round_trip(cpu):
    machine = new_machine(cpu)
    stub = Stub(machine)
    everything = stub.answer(b"g")
    assert stub.answer(b"G" + everything) == b"OK" and stub.answer(b"g")[:512] == everything[:512]
    for name, value in (("r7", 0x12345678), ("f3", 0x400921FB54442D18), ("lr", 0x1000),
                        ("sr5", 0x20000007), ("dbat1l", 0x12), ("srr0", 0x2000), ("fpscr", 0xF8),
                        ("xer", 0xE000007F), ("cr", 0x87654321)):
        number = next(n for n, row in enumerate(registers.REGISTERS) if row[1] == name)
        digits = f"{value:0{registers.REGISTERS[number][2] // 4}x}".encode()
        assert stub.answer(b"P%x=%b" % (number, digits)) == b"OK", name
        assert stub.answer(b"p%x" % number) == digits, name


def test_processors_are_threads():
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="1M", processors=2, quantum=3)
    loop = assemble("_start: addi r3, r3, 1\n b _start\nother: addi r4, r4, 1\n b other\n",
                    sections={".text": 0x1000})
    machine.load(loop.elf())
    other = machine.symbols.address("other")
    machine.model.set_held(1, False)
    machine.cpu.pc, machine.cpus[1].pc = 0x1000, other
    stub = Stub(machine)
    number = next(n for n, row in enumerate(registers.REGISTERS) if row[1] == "r4")
    assert stub.answer(b"qfThreadInfo") == b"m1,2" and stub.answer(b"qC") == b"QC1"
    assert stub.answer(b"Z1,%x,4" % other) == b"OK" and stub.answer(b"T3") == b"E01"
    assert b"thread:2;" in stub.answer(b"c")        # it stops where the breakpoint is
    assert stub.answer(b"p%x" % number) == b"%08x" % machine.cpus[1].gpr[4]
    assert stub.answer(b"z1,%x,4" % other) == b"OK" and stub.answer(b"Hg2") == b"OK"
    for _ in range(5):
        before = machine.cpus[1].pc
        assert b"thread:2;" in stub.answer(b"vCont;s:2;c")
        assert machine.cpus[1].pc != before
    assert stub.answer(b"Hg1") == b"OK"
    assert stub.answer(b"p%x" % number) == b"00000000"


def test_looking_changes_nothing():
    machine = new_machine()
    before = machine.memory.read(0, 1 << 20)
    output = []
    stub = Stub(machine, output=output.append)
    assert stub.answer(b"m20000000,40") and stub.answer(b"mc00f000,8") == b"E0e"
    for command in ("walk 20000000", "pteg 20000000", "tlb", "sr", "bat", "walk 30000000",
                    "walk 1004"):
        assert stub.answer(b"qRcmd," + command.encode().hex().encode()) == b"OK"
    text = "".join(output)
    assert "00001004 is _start+0x4" in text and "fetch from 00001004 -> 00001004" in text
    assert "R 0, C 0" in text and "load from 30000000: page fault, DSI" in text
    assert machine.memory.read(0, 1 << 20) == before
    assert "no entries" in text


def test_physical_access_on_request():
    stub = Stub(new_machine())
    assert stub.answer(b"M20000004,2:abcd") == b"OK"
    assert stub.answer(b"qRcmd," + b"phys on".hex().encode()) == b"OK"
    assert stub.answer(b"m8004,2") == b"abcd" and stub.answer(b"m20000004,2") == b"E0e"


@pytest.mark.parametrize("source, access", [
    ("lwz r5,-4(r3)", (0xFFC, 4, False)), ("lbz r5,8(0)", (8, 1, False)),
    ("sthux r5,r3,r4", (0x1234, 2, True)), ("stmw r29,0(r3)", (0x1000, 12, True)),
    ("lswi r5,r3,0", (0x1000, 32, False)), ("dcbz 0,r4", (0x220, 32, True)),
    ("stfd f1,0(r3)", (0x1000, 8, True)), ("add r3,r4,r5", None), ("icbi 0,r3", None),
    ("lswx r5,r3,r4", None),
])
def test_what_an_instruction_accesses(source, access):
    machine = new_machine()
    machine.cpu.gpr[3], machine.cpu.gpr[4] = 0x1000, 0x234
    word = int.from_bytes(assemble(f"{source}\n", sections={".text": 0}).image(0)[:4], "big")
    assert memory.data_access(machine.cpu.state(), word) == access
