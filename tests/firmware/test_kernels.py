"""`pteg build`: kernels that are here as C source."""

import pytest

from pteg.cli.commands import app
from pteg.errors import UserError
from pteg.files import is_elf
from pteg.firmware import cbuild, kernels


@pytest.mark.skipif(not cbuild.compilers(), reason="needs a C compiler")
def test_a_kernel_becomes_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert kernels.build_file("hostl").name == "hostl.elf"
    plain = (tmp_path / "hostl.elf").read_bytes()
    assert is_elf(plain)
    kernels.build_file("hostl", "other.elf", "mem=3M")
    assert b"mem=3M" in (tmp_path / "other.elf").read_bytes() and b"mem=3M" not in plain


def test_an_unknown_kernel_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^kernel must be one of hostl, hostl-mol, not 'linux'$"):
        app(["build", "linux"], result_action="return_value")
    assert not list(tmp_path.iterdir())
