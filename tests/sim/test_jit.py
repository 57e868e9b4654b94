"""numba's cache is safe when several processes fill it at once."""

import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numba import int64, types

from pteg import generated

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
