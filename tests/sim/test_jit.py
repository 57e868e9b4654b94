"""numba's cache is safe when several processes fill it at once; compiling is no simulation."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import int64, types

from pteg import generated
from pteg.jit import njit
from pteg.waiting import waits

MODULE = '''
from pteg.jit import njit


@njit(cache=True)
def double(x):
    return x + x
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    return generated.load_module("twice", MODULE, key=str(tmp_path))


def files(tmp_path):
    return sorted(tmp_path.rglob("*double*.nbc"))


def test_each_combination_of_types_has_a_file_of_its_own(module, tmp_path):
    for kind in (np.int8, np.int32, np.int64, np.float32, np.float64):
        module.double(np.zeros(3, kind))
    assert len(files(tmp_path)) == 5
    assert list(tmp_path.rglob("*.nbi")) == []


def test_code_for_other_types_is_never_loaded(module, tmp_path):
    module.double(np.arange(4, dtype=np.int64))
    (first,) = files(tmp_path)
    module.double(np.arange(4, dtype=np.float64))
    (second,) = set(files(tmp_path)) - {first}
    shutil.copy(first, second)      # as if another process had taken the same name
    cache = module.double._cache
    floats = module.double.overloads.keys()
    (wanted,) = [key for key in floats if key[0].dtype == types.float64]
    (kept,) = [key for key in floats if key[0].dtype == int64]
    target = module.double.targetctx
    assert cache.load_overload(wanted_signature(module, wanted), target) is None
    assert cache.load_overload(wanted_signature(module, kept), target) is not None


def wanted_signature(module, arguments):
    return module.double.overloads[arguments].signature.args


@pytest.mark.parametrize("damage", [b"", b"\x80", b"not a pickle"])
def test_a_damaged_file_is_compiled_again(module, tmp_path, damage):
    module.double(np.arange(4))
    (file,) = files(tmp_path)
    file.write_bytes(damage)
    target, signature = module.double.targetctx, next(iter(module.double.overloads))
    assert module.double._cache.load_overload(signature, target) is None


def test_processes_that_compile_at_once_leave_right_code(module, tmp_path):
    code = textwrap.dedent(f"""
        import sys, numpy as np
        from pteg import generated
        module = generated.load_module("twice", {MODULE!r}, key="many")
        for kind in sys.argv[1].split(","):
            assert list(module.double(np.arange(3).astype(kind))) == [0, 2, 4], kind
    """)
    kinds = ["int8", "int16", "int32", "int64", "float32", "float64", "uint8", "uint16"]
    orders = [kinds, kinds[::-1], kinds[4:] + kinds[:4]]
    for _ in range(2):  # compile, all at once; then use what the others have left
        running = [subprocess.Popen([sys.executable, "-c", code, ",".join(order)],
                                    stderr=subprocess.PIPE, text=True) for order in orders]
        for process in running:
            _, text = process.communicate()
            assert process.returncode == 0, text
    assert len(list(tmp_path.rglob("*double*.nbc"))) == len(kinds)


FACTORY = '''
from numba import njit
from pteg.jit import named_after


def make(function, factor):
    @njit(_nrt=False)
    @named_after(function)
    def loop(array):
        total = 0
        for i in range(len(array)):
            for j in range(len(array)):
                total += function(array[i]) * factor + array[j] % (factor + 7)
                if total % 3 == 0:
                    total ^= array[i] << 2
                elif total % 5 == 0:
                    total -= array[j] * 3
        return total

    return loop
'''
USER = '''
import numba
from factory import make
from pteg.jit import njit


@numba.njit(_nrt=False)
def function(x):
    return x * {factor} + 1


loop = make(function, {factor})


@njit(cache=True)
def run(array):
    return loop(array) + 3 * loop(array[1:]) + 5 * loop(array[2:])
'''


def run_users(folder, *names):
    """What each of the modules gives, in one new process."""
    code = ("import importlib, sys, numpy as np\n"
            "for name in sys.argv[1:]:\n"
            "    print(importlib.import_module(name).run(np.arange(50)))")
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=folder, text=True,
                          capture_output=True, check=True)
    return done.stdout.split()


def test_closures_that_two_processes_have_cached_are_not_mixed_up(tmp_path):
    (tmp_path / "factory.py").write_text(FACTORY)
    for factor in (1, 2):
        (tmp_path / f"user{factor}.py").write_text(USER.format(factor=factor))
    ones, twos = run_users(tmp_path, "user1"), run_users(tmp_path, "user2")
    assert ones != twos
    assert run_users(tmp_path, "user1", "user2") == ones + twos
    assert run_users(tmp_path, "user2", "user1") == twos + ones


@pytest.mark.slow
def test_machines_that_two_processes_have_cached_are_not_mixed_up(tmp_path):
    code = ("import sys, pteg\n"
            "for ram in sys.argv[1:]:\n"
            "    machine = pteg.Machine('g3', cpu='functional', rom='first', ram=ram)\n"
            "    machine.run(until='ready', instructions=5_000_000)\n"
            "    print(ram, len(machine.console.read()), machine.instructions)")

    def run(*sizes):
        return subprocess.run([sys.executable, "-c", code, *sizes], text=True, check=True,
                              capture_output=True, env={**os.environ, "PTEG_CACHE": str(tmp_path)}
                              ).stdout.split("\n")[:-1]

    large, small = run("32M"), run("4M")
    assert run("32M", "4M") == large + small and run("4M", "32M") == small + large


EDITED = """
import sys
from pathlib import Path
sys.path.insert(0, "{folder}")
import helper                       # the old text
Path("{folder}/helper.py").write_text("def value():\\n    return 2\\n")
from pteg import generated
module = generated.load_module("edited", '''
from helper import value
from numba import njit as numba_njit
from pteg.jit import njit

value = numba_njit(value)

@njit(cache=True)
def run():
    return value()
''', ["{folder}/helper.py"])
print(module.run())
"""


def test_code_of_an_old_text_is_not_kept_under_the_name_of_a_new_one(tmp_path, monkeypatch):
    """A source that is edited after it was imported, before it is compiled."""
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "cache"))
    helper = tmp_path / "helper.py"
    helper.write_text("def value():\n    return 1\n")
    text = "import pteg\n" + EDITED.format(folder=tmp_path)
    results = [subprocess.run([sys.executable, "-c", text], capture_output=True, text=True,
                              check=True).stdout.strip() for _ in range(2)]
    # The second process rewrites the same text, and imports what the first has written.
    assert results == ["1", "2"]


def test_the_functional_model_knows_what_it_is_compiled_from():
    from pathlib import Path

    from pteg.functional.cpu import sources

    known = {str(Path(file).resolve()) for file in sources()}
    needed = {name for name in sys.modules if name.startswith("pteg.functional")}
    for name in needed | {"pteg.hw.isa.registers", "pteg.hw.isa.instructions", "pteg.hw.isa.bits"}:
        assert str(Path(sys.modules[name].__file__).resolve()) in known, name
    apart = {"pteg.errors", "pteg.cpu", "pteg.generated", "pteg.interrupts", "pteg.waiting"}
    for name in needed:
        for value in vars(sys.modules[name]).values():
            other = getattr(value, "__module__", None) or getattr(value, "__name__", "")
            if isinstance(other, str) and other.startswith("pteg.") and other in sys.modules and (
                    other not in apart) and sys.modules[other].__file__:
                assert str(Path(sys.modules[other].__file__).resolve()) in known, (name, other)


@pytest.mark.parametrize("threaded", [False, True])
def test_what_is_compiled_is_a_wait_unless_the_machine_runs_on(threaded):
    @njit()
    def add(a, b):
        return a + b

    begin, waited = time.perf_counter(), waits.seconds
    if threaded:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(add, 1, 2).result() == 3
    else:
        assert add(1, 2) == 3
    took, waited = time.perf_counter() - begin, waits.seconds - waited
    assert not waits.inside and waited <= took
    assert (waited > 0.5 * took) is not threaded and (waited == 0) is threaded
