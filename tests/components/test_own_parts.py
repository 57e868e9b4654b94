"""Parts of users: compiled code is that of the part, wherever and however the part is defined."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pteg import UserError
from pteg.components.device import Device, compiled
from pteg.components.dram import Dram
from pteg.contents import device_class, digest_of
from pteg.engine.compiled import digest_design
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.mmu.replacement import Fifo, Lru
from pteg.platform import Platform
from pteg.presets import g3, mac99

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_replacement.py"


def constant(value):
    """A device that reads as a value: classes of one name, from one text."""
    class Constant(Device):
        @compiled
        def read(state, memory, offset, size):
            return np.uint64(value)

        @compiled
        def write(state, memory, offset, size, value):
            pass

    return Constant


def reads(*classes):
    """What a platform of these devices reads of each, as compiled."""
    platform = Platform([kind(f"d{n}", n * 8, 8) for n, kind in enumerate(classes)])
    return [int(platform.functions().bus_read(platform.arrays, n * 8, 4)[0])
            for n in range(len(classes))]


def test_classes_of_one_name_are_different_devices():
    assert reads(constant(5), constant(6)) == [5, 6]
    assert reads(constant(7), constant(6)) == [7, 6]
    assert digest_of(constant(5)) == digest_of(constant(5)) != digest_of(constant(6))


def test_the_devices_of_presets_are_kept():
    for platform in (g3(dma=True), mac99()):
        assert all(digest_of(type(device))[1] for device in platform.devices)


def test_a_class_is_found_by_name_only_with_its_contents():
    digest = digest_of(Dram)[0]
    assert device_class("pteg.components.dram", "Dram", digest) is Dram
    with pytest.raises(ImportError, match=r"^pteg.components.dram has no Dram with these contents"):
        device_class("pteg.components.dram", "Dram", "0" * 20)


def test_what_is_not_known_is_not_kept():
    """A function that calls itself: its contents would have to be told from themselves."""
    @compiled
    def depth(n):
        return 0 if n == 0 else 1 + depth(n - 1)

    class Recursive(constant(0)):
        @compiled
        def read(state, memory, offset, size):
            return np.uint64(depth(size))

    digest, known = digest_of(Recursive)
    assert not known and device_class("nowhere", "Recursive", digest) is Recursive
    platform = Platform([Recursive("d", 0, 8)])
    assert platform.functions().bus_read(platform.arrays, 0, 4)[0] == 4
    assert platform.functions().__spec__.origin is None


FILE = """
import os
import numpy as np
import constants
from helper import helped
from pteg.components.device import Device, compiled
from pteg.platform import Platform

GLOBAL = int(os.environ["GLOBAL"])

class Own(Device):
    @compiled
    def read(state, memory, offset, size):
        return np.uint64(helped(GLOBAL) + constants.HUNDREDS)

    @compiled
    def write(state, memory, offset, size, value):
        pass

if __name__ == "__main__":
    platform = Platform([Own("own", 0, 8)])
    print(platform.functions().bus_read(platform.arrays, 0, 4)[0])
"""
HELPER = """
from pteg.components.device import compiled

@compiled
def helped(x):
    return x + TENS
"""


def test_what_a_device_uses_is_part_of_it(tmp_path):
    """Functions of other files, constants of other modules, variables: new values, new code."""
    def run(tens, hundreds, variable):
        (tmp_path / "helper.py").write_text(HELPER.replace("TENS", str(tens)))
        (tmp_path / "constants.py").write_text(f"HUNDREDS = {hundreds}\n")
        done = subprocess.run([sys.executable, "-B", "own.py"], cwd=tmp_path, text=True,
                              capture_output=True, check=True,
                              env={**os.environ, "GLOBAL": str(variable)})
        return int(done.stdout)

    (tmp_path / "own.py").write_text(FILE)
    for values in ((10, 100, 1), (20, 100, 1), (20, 300, 1), (20, 300, 4), (10, 100, 1)):
        assert run(*values) == sum(values)


def test_a_device_without_a_file(tmp_path):
    """As in a notebook, or `python -c`."""
    for name in ("helper.py", "constants.py"):
        (tmp_path / name).write_text(HELPER.replace("TENS", "10") + "HUNDREDS = 100\n")
    done = subprocess.run([sys.executable, "-"], input=FILE, cwd=tmp_path, text=True,
                          capture_output=True, env={**os.environ, "GLOBAL": "1"})
    assert done.stdout == "111\n", done.stderr


# Mistakes ---------------------------------------------------------------------------------------

@compiled
def wrong(record):
    return record.nothing


def function_of(name):
    @compiled
    def unknown_field(state, memory, offset, size):
        return np.uint64(state[0].number)

    @compiled
    def in_a_helper(state, memory, offset, size):
        return np.uint64(wrong(state[0]))

    @compiled
    def unknown_name(state, memory, offset, size):
        return np.uint64(no_such_name)  # noqa: F821

    @compiled
    def two_types(state, memory, offset, size):
        return "text" if offset else np.uint64(1)

    @compiled
    def too_few(state, memory):
        return np.uint64(1)

    return locals()[name]


@pytest.mark.parametrize("name, message, line", [
    ("unknown_field", "no field 'number'", "state[0].number"),
    ("in_a_helper", "no field 'nothing'", "record.nothing"),
    ("unknown_name", "name 'no_such_name' is not defined", "np.uint64(no_such_name)"),
    ("two_types", "unify", "if offset else"),
    ("too_few", "4 argument types given", "@compiled"),
])
def test_a_mistake_is_told_in_one_line_with_its_place(name, message, line):
    class Mistaken(constant(0)):
        read = function_of(name)

    with pytest.raises(UserError) as caught:
        Platform([Mistaken("d", 0, 8)]).functions()
    text = str(caught.value)
    assert "\n" not in text and message in text
    assert text.startswith("'read' of Mistaken cannot be compiled: ")
    file, _, number = text[text.rindex("(") + 1:-1].rpartition(":")
    lines = Path(file).read_text().split("\n")
    assert line in lines[int(number) - 1]


# MMUs -------------------------------------------------------------------------------------------

def test_an_mmu_is_known_by_its_circuit():
    policies = [lambda: Mmu(64, 2, Lru), lambda: Mmu(64, 2, Lru), lambda: Mmu(64, 2, Fifo),
                lambda: Mmu(32, 2, Lru)]
    first, same, other, smaller = (digest_design(make()) for make in policies)
    assert first == same and len({first, other, smaller}) == 3


@pytest.mark.slow
def test_two_functions_of_one_name_make_two_mmus():
    spec = importlib.util.spec_from_file_location("own_replacement", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)

    def mmu_with(policy):
        return lambda parameters: Mmu(parameters.tlb_sets, parameters.tlb_ways, policy)

    assert example.misses(mmu_with(Lru)) == 300
    assert example.misses(mmu_with(example.MostRecent)) == 151
