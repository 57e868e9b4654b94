"""A whole machine in QEMU, run to a console text and looked at through its monitor."""

import os
import re
import selectors
import socket
import subprocess
import time


class QemuMachine:
    """`qemu-system-ppc` with the serial port on a pipe; a context manager.

    Parameters
    ----------
    folder : path
        For the monitor's socket and for memory that is saved.
    arguments : sequence of str
    """

    def __init__(self, folder, *arguments):
        self._folder = folder
        monitor = folder / "monitor"
        self._process = subprocess.Popen(
            ["qemu-system-ppc", "-display", "none", "-serial", "stdio", "-monitor",
             f"unix:{monitor},server=on,wait=off", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._monitor = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                self._monitor.connect(str(monitor))
                break
            except OSError:
                time.sleep(0.05)
        self.command()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.kill()
        self._process.communicate()
        self._monitor.close()

    def wait_for(self, text, seconds=120):
        """Run until the console has printed `text`."""
        printed, end = b"", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while text not in printed:
                assert selector.select(max(0, end - time.monotonic())), printed
                printed += os.read(self._process.stdout.fileno(), 4096)
        return printed

    def command(self, text=None):
        """Give the monitor a command, and return its answer."""
        if text is not None:
            self._monitor.sendall(text.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"(qemu) "):
            answer += self._monitor.recv(65536)
        return answer.decode()

    def memory(self, address, size):
        path = self._folder / "memory"
        # Without the quotes the path would divide the size.
        self.command(f'pmemsave {address:#x} {size} "{path}"')
        return path.read_bytes()

    def register(self, name):
        text = self.command("info registers")
        return int(re.search(rf"\b{name} +([0-9a-f]+)", text)[1], 16)
