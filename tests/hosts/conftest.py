"""HostL or HostX at its shell, with its checker beside it."""

from functools import partial
from pathlib import Path

import pytest

import pteg
from pteg.firmware import cbuild
from pteg.firmware.hosts.hostl import image
from pteg.firmware.hosts.hostl.checker import Checker
from pteg.firmware.hosts.hostx import checker as hostx_checker
from pteg.firmware.hosts.hostx import image as hostx_image

PROGRAMS = {path.stem: path for path in (Path(__file__).parent / "programs").glob("*.c")}
SMALL = "mem=1M swap=2M hash=64K"


class Session:
    """A machine at HostL's prompt.

    Parameters
    ----------
    arguments : str
        Of the kernel.
    cpu, compiler
        See `pteg.Machine` and `pteg.firmware.hosts.hostl.image.build`.
    prompt : bool
        Run to the first prompt.
    elf : bytes, optional
        Another kernel.
    build, checker
        Those of HostL, or HostX's.
    options
        More of them, for `pteg.Machine`.
    """

    def __init__(self, arguments="", cpu="functional", compiler=None, prompt=True,
                 elf=None, build=image.build, checker=Checker, **options):
        self.elf = elf or build(arguments, PROGRAMS, compiler)
        self.machine = pteg.Machine("g3", cpu=cpu, rom="none", **options)
        entry = self.machine.load(self.elf)
        with self.machine.cpu.changed() as state:
            state["pc"], state["msr"] = entry, 0
            state["gpr"][0, :] = 0
            state["gpr"][0, 1] = self.machine.ram.size - 0x100
        self.checker = checker(self.machine, self.elf)
        self.banner = self.read() if prompt else ""

    def read(self, instructions=30_000_000):
        """What is printed up to the next prompt."""
        stop = self.machine.run(until="$ ", instructions=instructions)
        text = self.machine.console.read().decode("latin-1").replace("\r\n", "\n")
        assert stop == "console", (stop, text, self.machine.symbols.describe(self.machine.cpu.pc))
        return text.removesuffix("$ ")

    def read_checked(self, every, instructions=100_000_000):
        """The same; everything is checked each time after so many instructions."""
        text = ""
        for _ in range(instructions // every):
            self.machine.run(instructions=every)
            self.check()
            text += self.machine.console.read().decode("latin-1")
            if text.endswith("$ "):
                return text.replace("\r\n", "\n").removesuffix("$ ")
        raise AssertionError(text)

    def type(self, line):
        self.machine.console.write(line.encode("latin-1") + b"\r")

    def __call__(self, line, instructions=30_000_000):
        """What a command prints."""
        self.type(line)
        text = self.read(instructions)
        echo, _, rest = text.partition("\n")
        assert echo == line
        return rest

    def check(self):
        """Everything is as it must be."""
        self.checker.settle()
        problems = self.checker.check()
        assert not problems, "\n".join(problems[:10])

    def free(self):
        """Free frames and free slots, from the kernel's memory."""
        self.check()
        data = self.checker.data
        return data.free_pages, data.free_slots


@pytest.fixture(scope="session")
def new_session():
    """The class, for sessions of all kinds."""
    if not cbuild.compilers():
        pytest.skip("needs a C compiler: the extra cc, or gcc-powerpc-linux-gnu")
    return Session


@pytest.fixture(scope="module")
def hostl(new_session):
    """A session with plenty of memory, for the tests of a file."""
    return new_session()


@pytest.fixture(scope="module")
def small(new_session):
    """A session with 256 frames, for the tests of a file."""
    return new_session(SMALL)


@pytest.fixture(scope="session")
def new_hostx(new_session):
    """Makes sessions of HostX."""
    return partial(new_session, build=hostx_image.build, checker=hostx_checker.Checker)


@pytest.fixture(scope="module")
def hostx(new_hostx):
    """A session of HostX with plenty of memory, for the tests of a file."""
    return new_hostx()


@pytest.fixture(scope="module")
def small_hostx(new_hostx):
    """A session of HostX with 256 frames, for the tests of a file."""
    return new_hostx(SMALL)
