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


@pytest.mark.skipif(not cbuild.compilers(), reason="needs a C compiler")
def test_guests_are_in_the_archive(tmp_path):
    tree = tmp_path / "tree"
    tree.write_bytes(b"not an ELF file: as it is")
    image = kernels.build("hostl-mol", guests=[tree])
    assert tree.read_bytes() in image
    assert image.count(b"HostL\0") == 2        # the host, and the guest that is always there


@pytest.mark.parametrize("kernel, name, message", [
    ("hostl", "g", r"^hostl runs no guests; hostl-mol does$"),
    ("hostl-mol", "a" * 24, "^a{24}: the name of a guest has at most 23 bytes$"),
    ("hostl-mol", None, "missing"),
])
def test_a_guest_that_cannot_be_is_refused(tmp_path, kernel, name, message):
    file = tmp_path / (name or "missing")
    if name:
        file.write_bytes(b"guest")
    with pytest.raises(UserError, match=message):
        app(["build", kernel, "-o", str(tmp_path / "out.elf"), "--guest", str(file)],
            result_action="return_value")
    assert not (tmp_path / "out.elf").exists()


def test_an_unknown_kernel_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = "hostl, hostl-mol, hostx, hostx-mol"
    with pytest.raises(UserError, match=rf"^kernel must be one of {names}, not 'linux'$"):
        app(["build", "linux"], result_action="return_value")
    assert not list(tmp_path.iterdir())
