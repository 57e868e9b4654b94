"""Files that cannot be written: one line, nothing half-written, and caches that are skipped."""

import json
import os
import resource
import subprocess
import sys

import pytest
from command import run_pteg

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.outputs import OutputFile, write_file

#: Asks the serial port for ever.
SOURCE = "_start: lis r4,0x0c01\n1: lbz r3,-0x0ffb(r4)\n b 1b\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "loop.s").write_text(SOURCE)
    (tmp_path / "loop.elf").write_bytes(assemble(SOURCE, sections={".text": 0x1000}).elf())
    return tmp_path


def pteg(folder, *arguments, **options):
    return run_pteg(*arguments, cwd=folder, **options)


@pytest.mark.parametrize("option, name", [
    ("--vcd", "x.vcd"), ("--kanata", "x.kanata"), ("--pipeline", "x.txt"), ("--ledger", "x.jsonl"),
    ("--save", "x.save"), ("--json", "x.json")])
def test_a_full_disk_is_one_line_and_leaves_no_file(folder, option, name):
    before = set(os.listdir(folder))
    run = ["run", "--kernel", "loop.elf", "--cycles", 3000, "-q", option, name]
    assert pteg(folder, *run).returncode == 0   # compiled: what follows could not keep that
    assert (folder / name).stat().st_size > 500
    for file in set(os.listdir(folder)) - before:
        (folder / file).unlink()
    done = pteg(folder, *run, limit=500)
    assert (done.returncode, done.stderr) == (2, f"pteg: cannot write {name!r}: File too large\n")
    assert set(os.listdir(folder)) == before


def test_a_full_disk_stops_the_assembler(folder):
    (folder / "loop.elf").write_text("older")
    done = pteg(folder, "asm", "loop.s", limit=50)
    assert (done.returncode, done.stderr) == (2, "pteg: cannot write 'loop.elf': File too large\n")
    assert (folder / "loop.elf").read_text() == "older"
    assert sorted(os.listdir(folder)) == ["loop.elf", "loop.s"]


def test_a_full_disk_stops_the_graph(folder):
    done = pteg(folder, "graph", "-o", "graph.txt", limit=50)
    assert (done.returncode, done.stderr) == (2, "pteg: cannot write 'graph.txt': File too large\n")
    assert "graph.txt" not in os.listdir(folder)


@pytest.mark.parametrize("arguments", [
    ["run", "--rom", "first", "--cpu", "functional", "--instructions", "1000000", "-q"],
    ["run", "--kernel", "loop.elf", "--cpu", "functional", "--cycles", "9", "-q", "--json", "-"],
    ["dis", "38640005"], ["asm", "loop.s", "--listing", "-"], ["graph"], ["--help"], ["--version"]])
def test_standard_output_on_a_full_device(folder, arguments):
    done = pteg(folder, *arguments, stdout="/dev/full")
    assert (done.returncode, done.stderr) == (
        2, "pteg: cannot write standard output: No space left on device\n")


def test_recordings_on_a_full_device(folder):
    for option in ("--vcd", "--ledger", "--kanata"):
        os.symlink("/dev/full", folder / f"full{option}")
        done = pteg(folder, "run", "--kernel", "loop.elf", "--cycles", 3000, "-q", option,
                    f"full{option}")
        assert (done.returncode, done.stderr) == (
            2, f"pteg: cannot write 'full{option}': No space left on device\n")
        assert os.path.islink(folder / f"full{option}")


@pytest.mark.parametrize("where", ["/dev/null/cache", "a file", "full"])
def test_a_cache_that_cannot_be_written_is_skipped(folder, where):
    """Neither the generated modules, nor the built ROM, nor what numba has compiled."""
    (folder / "a file").write_text("")
    code = ("import pteg\n"
            "machine = pteg.Machine('g3', cpu='functional', ram='64K')\n"
            "program = pteg.machine.read_elf(open('loop.elf', 'rb').read(), '')\n"
            "from pteg.functional.float_unit import compiled_unit\n"
            "from pteg.firmware.images import build\n"
            "from pteg.jit import njit, cfunc\n"
            "from pteg.generated import load_module\n"
            "text = 'from pteg.jit import njit, cfunc\\nfrom numba import int64\\n' \\\n"
            "    '@njit(cache=True)\\ndef double(x):\\n    return 2 * x\\n' \\\n"
            "    '@cfunc(int64(int64), cache=True)\\ndef triple(x):\\n    return 3 * x\\n'\n"
            "module = load_module('test', text)\n"
            "assert load_module('test', text) is module\n"
            "assert module.double(21) == 42 and module.triple.ctypes(3) == 9\n"
            "assert build('first')[:4] == b'\\x7fELF'\n"
            "machine.load('loop.elf')\n"
            "print('done')\n")
    limit = {"full": (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))}.get(where)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, preexec_fn=limit,
        env=os.environ | {"PTEG_CACHE": str(folder / where), "PYTHONDONTWRITEBYTECODE": "1",
                          "NUMBA_CACHE_DIR": str(folder / where / "numba")}, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_a_machine_runs_without_any_cache(folder, cpu):
    """With a full disk, and no folder that could be made; it compiles everything itself."""
    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    # A process of its own: imports read these variables, and its output goes to pipes.
    done = subprocess.run(
        [sys.executable, "-m", "pteg", "run", "--kernel", "loop.elf", "--cpu", cpu, "--cycles",
         "3000", "-q", "--json", "-"], capture_output=True, text=True, cwd=folder, preexec_fn=full,
        stdin=subprocess.DEVNULL, timeout=300, env=os.environ | {
            "PTEG_CACHE": "/dev/null/cache", "NUMBA_CACHE_DIR": "/dev/null/numba",
            "PYTHONDONTWRITEBYTECODE": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["stats"]["cycles"] >= 3000


def test_a_user_without_a_home_has_no_cache(monkeypatch, tmp_path):
    from pteg import cache_folder

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PTEG_CACHE", raising=False)
    monkeypatch.setattr(cache_folder, "user_cache_dir", lambda *_, **__: "~/.cache/pteg")
    assert not cache_folder.keep("name", b"")
    assert os.listdir(tmp_path) == []


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"older")
    path.chmod(0o640)
    with pytest.raises(TypeError):
        write_file(path, b"new", None)
    assert path.read_bytes() == b"older" and os.listdir(tmp_path) == ["file"]
    link = tmp_path / "link"
    link.symlink_to(path)
    write_file(link, b"new", b"er")
    assert path.read_bytes() == b"newer" and link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["missing/file", ".", "file/inside"])
def test_what_cannot_be_opened_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    for write in (OutputFile, lambda path: write_file(path, b"")):
        with pytest.raises(UserError, match=f"cannot write '{path}': "):
            write(path)


def test_a_folder_that_vanishes(tmp_path):
    (tmp_path / "folder").mkdir()
    file = OutputFile(tmp_path / "folder" / "file")
    (tmp_path / "folder" / "file").unlink()
    (tmp_path / "folder").rmdir()
    file.write(b"1")
    file.close()
    with pytest.raises(UserError, match="No such file"):
        write_file(tmp_path / "folder" / "file", b"")


def test_a_recording_that_is_never_closed_fails_in_one_line():
    code = ("from pteg.outputs import OutputFile\nfrom pteg.recording import Recording\n"
            "file = OutputFile('/dev/full')\nfile.write(b'1')\nRecording(file.close)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "pteg: cannot write '/dev/full': No space left on device\n"


def test_what_comes_after_a_failure_is_ignored():
    file = OutputFile("/dev/full", "ascii")
    with pytest.raises(UserError, match="cannot write '/dev/full': No space left on device"):
        file.write("x" * 100_000)
    assert file.failed and file.closed and os.path.exists("/dev/full")
    file.write("y")
    file.close()
