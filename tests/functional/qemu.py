"""QEMU as a judge: a 750 with 4 GB of flat memory, driven through its gdb stub on a local socket.

What QEMU 7.2 is known to do differently is either kept out of the programs (`Options.strict`) or
masked in `mismatches`, with the reason beside it.
"""

import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PROGRAM = "qemu-system-ppc"


class Qemu:
    """One emulator process with these further options. Use as a context manager."""

    def __init__(self, *options):
        self.options = options
        if shutil.which(PROGRAM) is None:
            pytest.skip(f"{PROGRAM} is not installed: NOT compared with QEMU")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        image = path / "reset.bin"
        image.write_bytes(bytes(0x100) + bytes.fromhex("48000000"))
        self.process = subprocess.Popen(
            [PROGRAM, "-M", "none", "-cpu", "750", "-m", "4G", "-S", "-display", "none",
             "-nodefaults", "-device", f"loader,file={image},addr=0xfff00000,force-raw=on",
             "-device", "loader,addr=0xfff00100,cpu-num=0",
             "-chardev", f"socket,path={path / 'gdb'},server=on,wait=off,id=gdb",
             "-gdb", "chardev:gdb", *self.options], stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(500):
            try:
                self.socket.connect(str(path / "gdb"))
                break
            except OSError:
                time.sleep(0.02)
        self.buffer = b""
        self.acknowledge = True
        self.command("qSupported:xmlRegisters=powerpc")
        self.acknowledge = self.command("QStartNoAckMode") != "OK"
        self.numbers = self._register_numbers()
        assert self.command("Qqemu.PhyMemMode:1") == "OK"
        return self

    def __exit__(self, *exception):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    # The remote protocol: $text#checksum, } escapes, * repeats.

    def command(self, text):
        data = text.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))
        return self._answer()

    def _answer(self):
        while True:
            match = re.search(rb"\$([^#]*)#..", self.buffer, re.DOTALL)
            if match:
                self.buffer = self.buffer[match.end():]
                if self.acknowledge:
                    self.socket.sendall(b"+")
                text = re.sub(rb"\}(.)", lambda m: bytes([m[1][0] ^ 32]), match[1], flags=re.DOTALL)
                return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), text,
                              flags=re.DOTALL).decode("latin1")
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError("QEMU has ended")
            self.buffer += data

    def _annex(self, name):
        text = ""
        while True:
            part = self.command(f"qXfer:features:read:{name}:{len(text):x},ffb")
            text += part[1:]
            if part[0] != "m":
                return text

    def _register_numbers(self):
        numbers, number = {}, 0
        for annex in re.findall(r'href="([^"]+)"', self._annex("target.xml")):
            for attributes in re.findall(r"<reg ([^>]*)/?>", self._annex(annex)):
                values = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
                number = int(values.get("regnum", number))
                # The SPR list repeats lr, ctr and xer with dead copies: the first ones count.
                numbers.setdefault(values["name"], number)
                number += 1
        return numbers

    def register(self, name):
        return int(self.command(f"p{self.numbers[name]:x}"), 16)

    def set_register(self, name, value):
        assert self.command(f"P{self.numbers[name]:x}={value:08x}") == "OK"

    def read(self, address, size):
        data = b""
        while len(data) < size:
            part = min(0x700, size - len(data))
            data += bytes.fromhex(self.command(f"m{address + len(data):x},{part:x}"))
        return data

    def write(self, address, data):
        for start in range(0, len(data), 0x700):
            part = data[start:start + 0x700]
            assert self.command(f"M{address + start:x},{len(part):x}:{part.hex()}") == "OK"

    def breakpoint(self, address):
        assert self.command(f"Z1,{address:x},4") == "OK"

    def run(self, timeout=10):
        """Continue to a breakpoint."""
        self.socket.settimeout(timeout)
        answer = self.command("c")
        assert answer.startswith("T05"), answer
