"""A machine at the Open Firmware prompt, for all tests of this folder."""

import importlib.util
import re
from pathlib import Path

import pytest

import pteg

PROMPT = re.compile(r"(?:^|\n)(-?\d+) > $")


class Prompt:
    """Types lines at the prompt and reads what comes back."""

    def __init__(self, preset="g3", cpu="functional", disk=None, **options):
        self.machine = pteg.Machine(preset, cpu=cpu, rom="openfirmware", **options)
        if disk:
            self.machine.attach_disk(disk)
        #: What was printed up to the first prompt.
        self.banner = self.read(3_000_000)

    def read(self, instructions=5_000_000):
        """Output up to the next prompt."""
        text, left = "", instructions
        while not PROMPT.search(text.replace("\r\n", "\n")):
            before = self.machine.instructions
            stop = self.machine.run(until="> ", instructions=left)
            text += self.machine.console.read().decode("latin-1")
            left -= self.machine.instructions - before
            assert stop == "console" and left > 0, f"no prompt after {text!r}"
        self.depth = int(PROMPT.search(text.replace("\r\n", "\n"))[1])
        return text

    def __call__(self, *lines, instructions=5_000_000):
        """What the lines print, without echo and prompts."""
        output = ""
        for line in lines:
            self.machine.console.write(line.encode("latin-1") + b"\r")
            text = self.read(instructions)
            echo, _, rest = text.partition("\r\n")
            assert echo == line, (echo, line)
            output += PROMPT.sub("\n", rest.replace("\r\n", "\n")).strip("\n") + "\n"
        return output

    def load_file(self, path, room=0x400000, instructions=100_000_000):
        """A file on a disk as the firmware reads it, by the method `load`."""
        self("clear hex 0 value handle : ?open open-dev dup to handle 0= abort\" not opened\" ;")
        text = self(f'" {path}" ?open {room:x} " load" handle $call-method . handle close-dev',
                    instructions=instructions)
        assert text.endswith(" ok\n"), text
        return self.machine.memory.read(room, int(text.split()[0], 16))

    def stack(self, *lines):
        """Items that the lines leave on the stack; it is cleared before and after."""
        self("clear decimal")
        for line in lines:
            text = self(line)
            assert text.endswith((" ok\n", " compiled\n")), (line, text)
        items = [int(word) for word in self(".s clear").split()[:-1]]
        return items

    def error(self, line):
        """The message that a line ends with."""
        text = self(line).strip()
        assert not text.endswith(" ok"), (line, text)
        return text.splitlines()[-1]


@pytest.fixture(scope="module")
def prompt():
    """A g3 at the prompt, one for the tests of a file."""
    return Prompt()


@pytest.fixture(scope="session")
def make_prompt():
    """The class, for machines of another kind."""
    return Prompt


@pytest.fixture
def disk_prompt():
    """A mac99 with a file as its disk, at the prompt."""
    return lambda disk, **options: Prompt("mac99", disk=disk, **options)


def _module(name):
    """A module of this folder."""
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load_client():
    """The module client.py of this folder."""
    return _module("client")


@pytest.fixture(scope="session")
def images():
    """The module disk_images.py of this folder."""
    return _module("disk_images")
