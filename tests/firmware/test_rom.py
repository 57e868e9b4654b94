"""The first ROM, on QEMU as an independent 750 and on the models of this project."""

import itertools
import re
import shutil
import socket
import subprocess

import pytest

import pteg
from pteg.boot.loader import read_elf
from pteg.errors import UserError
from pteg.firmware import images

TESTS = ("window", "R and C", "code", "rights", "tlbie", "spaces", "causes")
LSR, RBR = 0x0C00F005, 0x0C00F000


class QemuConsole:
    """QEMU with a bare 750 and 4 GB of RAM; the serial port is looked at through its debug stub.

    There is no UART: its line status register is RAM that always says "ready", and the processor
    is stopped at the instructions that store to and load from the data register.
    """

    def __init__(self, folder):
        program = images.program("first")
        (folder / "rom.bin").write_bytes(program.image(images.ROM_BASE))
        path = folder / "gdb.sock"
        self.process = subprocess.Popen(
            ["qemu-system-ppc", "-M", "none", "-cpu", "750", "-m", "4G", "-S", "-display", "none",
             "-nodefaults", "-chardev", f"socket,path={path},server=on,wait=off,id=gdb",
             "-gdb", "chardev:gdb", "-device",
             f"loader,file={folder / 'rom.bin'},addr=0xfff00000,force-raw=on",
             "-device", "loader,addr=0xfff00100,cpu-num=0"])
        self.socket = socket.socket(socket.AF_UNIX)
        for attempt in itertools.count():
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                assert attempt < 1000 and self.process.poll() is None
                subprocess.run(["sleep", "0.02"], check=True)
        self.buffer = b""
        # Four instructions into each, past the loop that waits.
        self.send_at = program.symbols["putc"] + 16
        self.receive_at = program.symbols["getc"] + 16
        # QEMU reads single registers for debuggers that have asked for their description only.
        self.command("qSupported:xmlRegisters=powerpc")
        self.command("qXfer:features:read:target.xml:0,ffb")
        self.stopped_at = program.symbols["stopped"]
        for address in (self.send_at, self.receive_at, self.stopped_at):
            assert self.command(f"Z1,{address:x},4") == b"OK"
        self.write_physical(LSR, 0x61)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()

    def command(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))
        while not (packet := re.search(rb"\$([^#]*)#..", self.buffer, re.S)):
            self.buffer += self.socket.recv(65536)
        self.buffer = self.buffer[packet.end():]
        self.socket.sendall(b"+")
        return packet[1]

    def write_physical(self, address, byte):
        self.command("Qqemu.PhyMemMode:1")
        assert self.command(f"M{address:x},1:{byte:02x}") == b"OK"
        self.command("Qqemu.PhyMemMode:0")

    def run(self, typed):
        """What is printed until there is nothing more to type."""
        typed, printed = list(typed), []
        while True:
            self.command("c")
            pc = int(self.command("p40"), 16)
            if pc == self.send_at:
                printed.append(int(self.command("p3"), 16) & 0xFF)
            elif pc == self.stopped_at or not typed:
                return bytes(printed).decode()
            else:
                assert pc == self.receive_at
                self.write_physical(RBR, typed.pop(0))
            self.command("s")


def check_report(text, megabytes, table):
    for test in TESTS:
        assert re.search(rf"^test {test} .*pass$", text, re.M), test
    assert "FAIL" not in text
    assert f"memory        {megabytes} MB\n" in text
    assert f"hash table    {table} KB at {(megabytes << 20) - (table << 10):08x}, " in text
    assert "PVR 00080301" in text
    faults = re.search(r"DSI (\d+), ISI (\d+), repaired (\d+), refused (\d+)", text)
    dsi, isi, repaired, refused = map(int, faults.groups())
    assert dsi + isi == repaired + refused
    # The read-only page, the ROM and the segment that is not to be run.
    assert refused == 3 and isi == 2
    assert re.search(r"^pteg: ready$", text, re.M)


@pytest.mark.skipif(not shutil.which("qemu-system-ppc"), reason="needs qemu-system-ppc")
def test_rom_under_qemu(tmp_path):
    console = QemuConsole(tmp_path)
    try:
        text = console.run(b"w 80024010\rw fff00123\rd fff00000\rd c0000000\r")
        # An exception that nobody expects, as if it had come.
        assert console.command("P40=fff00c00") == b"OK"
        end = console.run(b"")
    finally:
        console.close()
    assert re.fullmatch(r"\npteg: unexpected exception, vector@SRR0/cause/DAR = "
                        r"00000c00@\w{8}/\w{8}/c0000000\n", end)
    check_report(text, 128, 1024)  # it looks for no more
    assert "PTE 80044400 00025112 at 07f22b00, entry 1 of 16: R1C0, physical 00025010\n" in text
    assert "DBAT0, physical fff00123\n" in text
    assert "fff00000: 70746567 20666972 73742052 4f4d0000\n" in text
    assert "c0000000: exception 00000300, cause 40000000\n" in text


@pytest.fixture(scope="module")
def functional():
    machine = pteg.Machine("g3", cpu="functional", rom="first")
    machine.run(until="ok ", instructions=300_000)
    return machine, machine.console.read().decode()


def test_rom_on_the_functional_model(functional):
    machine, text = functional
    check_report(text, 32, 256)
    assert machine.instructions < 300_000


def test_hash_table_is_what_the_prompt_says_it_is(functional):
    machine, _ = functional
    machine.console.write(b"w 80024010\r")
    machine.run(until="ok ", instructions=200_000)
    text = machine.console.read().decode()
    upper, lower, place = (int(word, 16) for word in
                           re.search(r"PTE (\w+) (\w+) at (\w+),", text).groups())
    assert machine.memory.read(place, 8) == upper.to_bytes(4, "big") + lower.to_bytes(4, "big")
    # VSID 0x888, EA[4-9] = 0; the page that the tlbie test moved, read and not written since.
    assert (upper, lower) == (0x80044400, 0x00025112)
    assert machine.cpu.spr["SDR1"] == 0x01FC0003


def test_rom_finds_out_that_there_is_too_little_memory():
    machine = pteg.Machine("g3", cpu="functional", rom="first", ram="64K")
    machine.run(until="required", instructions=100_000)
    assert "pteg: 1 MB of memory is required" in machine.console.read().decode()


@pytest.mark.slow
def test_rom_on_the_pipeline():
    machine = pteg.Machine("g3", cpu="pipeline", rom="first", ram="1M")
    machine.run(until="ok ", instructions=300_000)
    check_report(machine.console.read().decode(), 1, 64)


def test_image_is_built_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "cache"))
    image = images.build("first")
    (file,) = (tmp_path / "cache").iterdir()
    assert file.read_bytes() == image
    # The second time the source is not even read.
    monkeypatch.setattr(images, "program", None)
    assert images.build("first") == image
    assert read_elf(image, "first").entry == images.ROM_BASE


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "file" / "cache"))
    assert len(images.build("first")) > 0x1000


def test_names_of_images():
    assert images.images() == ["first", "openfirmware"]
    problem = r"^image must be one of first, openfirmware, not 'second'$"
    with pytest.raises(UserError, match=problem):
        images.build("second")
