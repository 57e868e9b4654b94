"""`pteg explain`: how a checkpoint's machine translates an address."""

import pytest
from command import run_pteg

import pteg
from pteg.firmware.asm import assemble


def explain(*arguments):
    done = run_pteg("explain", *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    machine = pteg.Machine("g3", cpu="functional", rom="first")
    machine.run(until="pteg: ready", instructions=1_000_000)
    path = tmp_path_factory.mktemp("explain") / "ready"
    machine.save(path)
    return path


def test_the_text_is_that_of_the_machine(checkpoint):
    machine = pteg.Machine.restore(checkpoint)
    for arguments, walk in (
            ((0x21000,), machine.mmu.walk(0x21000)),
            (("0x90020000", "--access", "store", "--user"),
             machine.mmu.walk(0x90020000, "store", True)),
            (("0x90020000", "--access", "fetch", "--supervisor"),
             machine.mmu.walk(0x90020000, "fetch", False))):
        assert explain(arguments[0], checkpoint, *arguments[1:]) == (0, f"{walk}\n", "")


def test_symbols_can_be_named(checkpoint, tmp_path):
    """Those of the ROM, and of any file."""
    elf = tmp_path / "mine.elf"
    elf.write_bytes(assemble("mine: b .", sections={".text": 0x21000}).elf())
    for arguments, name, mapped in ((("page_fault", checkpoint), "page_fault", "IBAT0 maps it"),
                                    (("mine", checkpoint, "--symbols", elf), "mine", "21112")):
        code, output, errors = explain(*arguments, "--access", "fetch")
        assert (code, errors) == (0, "")
        assert output.splitlines()[0].endswith(f" is {name}") and mapped in output


def test_bad_input_is_refused(checkpoint, tmp_path):
    (tmp_path / "text").write_text("no checkpoint")
    for arguments, error in (
            (("no_such", checkpoint), "address must be a number, or a symbol of the ROM or of "
             "--symbols, not 'no_such'"),
            (("0x100000000", checkpoint), "address must have 32 bits, not 0x100000000"),
            ((0, tmp_path / "absent"), "absent"), ((0, tmp_path / "text"), "must be a")):
        code, output, errors = explain(*arguments)
        assert (code, output) == (2, "") and error in errors and errors.count("\n") == 1
