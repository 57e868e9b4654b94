"""The command line: exit codes, output, bad input, Ctrl-C, terminals, start-up."""

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from command import run_pteg

from pteg.cli.exits import ExitCode
from pteg.firmware.asm import assemble

#: Prints "ready", then echoes; `q` reads where nothing is, `!` enables machine checks.
SOURCE = """
_start:
    lis     r4,0x0c01
    addi    r4,r4,-0x1000
    li      r5,3
    stb     r5,3(r4)
    lis     r6,text@ha
    addi    r6,r6,text@l
1:  lbz     r7,0(r6)
    cmpwi   r7,0
    beq     2f
    stb     r7,0(r4)
    addi    r6,r6,1
    b       1b
2:  lbz     r7,5(r4)
    andi.   r7,r7,1
    beq     2b
    lbz     r7,0(r4)
    cmpwi   r7,'q'
    beq     3f
    stb     r7,0(r4)
    b       2b
3:  lis     r3,0x4000
    lwz     r3,0(r3)
    b       3b
text: .asciz "ready\\n"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "echo.s").write_text(SOURCE)
    (folder / "echo.elf").write_bytes(assemble(SOURCE, sections={".text": 0x1000}).elf())
    return folder


def pteg(*arguments, stdin=b"", cwd=None, timeout=300):
    """Run the command; its result has bytes for stdout and text for stderr."""
    done = run_pteg(*arguments, stdin=stdin, cwd=cwd, timeout=timeout, text=False)
    done.stderr = done.stderr.decode()
    return done


def test_until_ends_with_0_and_prints_statistics(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--until", "ready", "--cycles", 10_000)
    assert (done.returncode, done.stdout) == (0, b"ready")
    assert "--- console after" in done.stderr and "cycles per instruction" in done.stderr
    assert "dram" in done.stderr


def test_statistics_of_several_processors(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--processors", 2, "--cpu", "functional",
                "--until", "ready", "--cycles", 10_000)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\nprocessors +instructions.*\n  0 +[1-9]\d+ ", done.stderr), done.stderr


def test_a_limit_before_the_text_ends_with_1(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--until", "never", "--cycles", 5000, "-q")
    assert (done.returncode, done.stdout) == (1, b"ready\n")
    assert done.stderr.startswith("pteg: ended (cycles) at pc 0x000010")
    assert done.stderr.endswith("before the console printed 'never'\n")


def test_a_limit_alone_ends_with_0(folder):
    for option in ("--cycles", "--instructions"):
        done = pteg("run", "--kernel", folder / "echo.elf", option, 2_000, "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", "")


def test_piped_input_is_typed(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--until", "xyz", "-q", stdin=b"xyz")
    assert (done.returncode, done.stdout) == (0, b"ready\nxyz")


def test_input_from_a_file_after_a_text(folder):
    (folder / "typed").write_bytes(b"abc")
    done = pteg("run", "--kernel", folder / "echo.elf", "--input", folder / "typed",
                "--input-after", "ready\n", "--until", "abc", "-q")
    assert (done.returncode, done.stdout) == (0, b"ready\nabc")


def test_a_checkstop_is_reported_with_pc_and_cause(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 100_000, "-q", stdin=b"q")
    assert done.returncode == 1
    assert done.stderr.startswith("pteg: checkstop at pc 0x0000105")
    assert "machine check" in done.stderr and done.stderr.count("\n") == 1


def test_exceptions_without_end_are_reported(tmp_path):
    """An illegal instruction, and nothing where its handler should be."""
    (tmp_path / "x.elf").write_bytes(
        assemble("_start: .long 0\n", sections={".text": 0x1000}).elf())
    done = pteg("run", "--kernel", tmp_path / "x.elf", "--cpu", "functional", "-q")
    assert done.returncode == 1
    assert done.stderr.startswith("pteg: stuck at pc 0x00000700: every instruction causes an exc")


def test_symbols_of_a_file_name_addresses(folder, tmp_path):
    (tmp_path / "x.elf").write_bytes(
        assemble("below: nop\n", sections={".text": 0xFFF00000}).elf())
    run = ["run", "--cpu", "functional", "--instructions", 3, "--json", "-", "-q"]
    known = [json.loads(pteg(*run, *options).stdout)["symbol"] for options in (
        (), ("--symbols", tmp_path / "x.elf"), ("--kernel", folder / "echo.elf"))]
    assert "below" not in known[0] and known[1].startswith("below+0x")
    assert known[2].startswith("_start")
    done = pteg(*run, "--symbols", tmp_path / "no.elf")
    assert done.returncode == 2 and "no.elf: No such file" in done.stderr


def test_json_report(folder):
    report = folder / "report.json"
    done = pteg("run", "--kernel", folder / "echo.elf", "--until", "ready", "--json", report, "-q")
    assert done.returncode == 0
    data = json.loads(report.read_text())
    assert (data["stop"], data["exit"], data["problem"]) == ("console", 0, None)
    assert data["stats"]["bus"]["uart"]["writes"] >= 5
    assert data["options"]["until"] == "ready"
    done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 500, "--json", "-", "-q")
    assert json.loads(done.stdout)["stop"] == "cycles"


def test_waveform_and_equal_runs(folder):
    files = [folder / name for name in ("one.vcd", "two.vcd")]
    for file in files:
        done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 400, "--vcd", file,
                    "--window", "100:300", "--signals", "core.completion.*", "-q")
        assert done.returncode == 0, done.stderr
    assert files[0].read_bytes() == files[1].read_bytes() and files[0].stat().st_size > 1000
    assert files[0].with_suffix(".gtkw").exists()


@pytest.mark.parametrize("options, expected", [
    (["--vcd", "{}/w.vcd", "--window", "900:"], ["{}/w.vcd: window 900: was never reached"]),
    (["--vcd", "{}/w.vcd", "--trigger", "mmu.walker.busy"],
     ["{}/w.vcd: trigger 'mmu.walker.busy' was never reached"]),
    (["--vcd", "{}/w.vcd", "--kanata", "{}/w.kanata", "--pipeline", "{}/w.txt", "--window",
      "900:901"], [f"{{}}/{name}: window 900:901 was never reached"
                   for name in ("w.vcd", "w.kanata", "w.txt")]),
    (["--vcd", "{}/w.vcd", "--window", "100:900"], []),
    (["--vcd", "{}/w.vcd", "--trigger", "core.completion.complete", "--after", "2", "--again"],
     []),
])
def test_a_window_or_trigger_that_was_not_reached_is_a_failure(folder, options, expected):
    options = [option.format(folder) for option in options]
    done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 400, "-q", *options,
                "--signals", "core.completion.*", "--json", folder / "unreached.json")
    lines = [f"pteg: {line.format(folder)}" for line in expected]
    assert done.returncode == (1 if expected else 0), done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("pteg")] == lines
    problem = json.loads((folder / "unreached.json").read_text())["problem"]
    assert problem == ("; ".join(line.removeprefix("pteg: ") for line in lines) or None)


def test_a_pure_waveform_has_no_strings(folder):
    for pure, strings in (((), True), (("--pure",), False)):
        done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 50, "-q", *pure,
                    "--vcd", folder / "p.vcd", "--signals", "core.completion.*")
        assert done.returncode == 0, done.stderr
        assert (b"$var string" in (folder / "p.vcd").read_bytes()) == strings


def test_a_profile_says_where_the_cycles_go(folder):
    done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 400, "-q",
                "--profile", folder / "p.csv")
    assert done.returncode == 0, done.stderr
    head, *rows = (folder / "p.csv").read_text().splitlines()
    assert head.startswith("symbol,cycles,") and sum(int(row.split(",")[1]) for row in rows) == 400


def elf_with(folder, name, offset, format, value):
    data = bytearray((folder / "echo.elf").read_bytes())
    struct.pack_into(f">{format}", data, offset, value)
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("arguments, message", [
    (["run", "--machine", "g9"], "machine must be one of g3, mac99, not 'g9'"),
    (["run", "--profile", "p.txt"], "a profile's name must end in .csv, .parquet, .folded, .json, "
                                    "not 'p.txt'"),
    (["run", "--cpu", "functional", "--profile", "p.csv"],
     "--profile needs --cpu pipeline: the functional model has no signals"),
    (["run", "--cpu", "fast"], "cpu must be one of pipeline, functional, not 'fast'"),
    (["run", "--l2", "300K"], "l2 must be 256K, 512K, 1M or 0, not 300K"),
    (["run", "--ram", "lots"], "ram must be a number of bytes such as 32M, not 'lots'"),
    (["run", "--cycles", "-4"], "Invalid value for --cycles: must not be negative, not -4"),
    (["run", "--rom", "nosuch"],
     "ROM must be a file or one of first, openfirmware, openbios, not 'nosuch'"),
    (["run", "--rom", "{}/large"], "{}/large: ROM image must fit in 0x100000 bytes, not 0x100001"),
    (["run", "--kernel", "{}/nothing"], "{}/nothing: No such file or directory"),
    (["run", "--kernel", "{}/short.elf"], "{}/short.elf: truncated ELF file: no program headers"),
    (["run", "--kernel", "{}/little.elf"],
     "{}/little.elf: must be a 32-bit big-endian ELF executable for PowerPC, "
     "not a 32-bit little-endian ELF file of type 512 for machine 5120"),
    (["run", "--kernel", "{}/wide.elf"],
     "{}/wide.elf: must be a 32-bit big-endian ELF executable for PowerPC, "
     "not a 64-bit big-endian ELF executable for PowerPC"),
    (["run", "--rom", "{}/echo.s"],
     "{}/echo.s: must be a ROM image, as an ELF file or raw bytes, not a text file"),
    (["run", "--input", "{}"], "{}: must be a regular file, not a directory"),
    (["run", "--kernel", "{}/far.elf"],
     "{}/far.elf: address must be inside RAM or ROM (0x00000000 to 0x01ffffff, 0xfff00000 to "
     "0xffffffff), not 0x20000000 to 0x20000003"),
    (["run", "--kernel", "{}/echo.elf", "--dtb", "{}/echo.s"],
     "{}/echo.s: must be a flattened device tree (.dtb), not a text file"),
    (["run", "--append", "x"], "--append needs --kernel"),
    (["run", "--append", "x", "--kernel", "{}/echo.elf"],
     "--append needs --dtb, or firmware that starts programs"),
    (["run", "--kernel", "{}/echo.elf", "--rom", "first"],
     "--kernel needs another ROM: the first ROM starts no programs"),
    (["run", "--kernel", "{}/echo.elf", "--dtb", "{}/echo.s", "--rom", "openbios",
      "--machine", "mac99"], "--dtb needs --rom none: firmware makes a device tree of its own"),
    (["run", "--machine", "mac99", "--ram", "8M"],
     "ram must be a power of two from 16M to 1024M, not 8M"),
    (["run", "--disk", "{}/large"], "this machine has no disk controller"),
    (["run", "--disk-write"], "--disk-write needs --disk"),
    (["run", "--machine", "mac99", "--rom", "first", "--disk", "{}/large"],
     "{}/large: a disk must have a multiple of 512 bytes, at most 128 GB, not 1048577"),
    (["run", "--window", "1:2"], "--window needs --vcd, --kanata, --pipeline or --report"),
    (["run", "--vcd", "{}/x.vcd", "--window", "9:3"],
     "a window must be A:B, cycle numbers with A < B, not '9:3'"),
    (["run", "--pure"], "--pure needs --vcd"),
    (["run", "--vcd", "{}/x.vcd", "--trigger", "interrupt", "--again"], "--again needs --after"),
    (["run", "--vcd", "{}/none/x.vcd"], "cannot write '{}/none/x.vcd': its folder does not exist"),
    (["run", "--vcd", "{}"], "cannot write '{}': is a folder"),
    (["run", "--json", "{}/none/x"], "cannot write '{}/none/x': its folder does not exist"),
    (["run", "--vcd", "{}/x.vcd", "--cpu", "functional"],
     "--vcd needs --cpu pipeline: the functional model has no signals"),
    (["run", "--kanata", "{}/x.kanata", "--cpu", "functional"],
     "--kanata needs --cpu pipeline: the functional model has no signals"),
    (["run", "--pipeline", "{}/none/x"], "cannot write '{}/none/x': its folder does not exist"),
    (["run", "--input", "{}/nothing", "--kernel", "{}/echo.elf"],
     "{}/nothing: No such file or directory"),
    (["run", "--kanata", "{}/x.log", "--pipeline", "{}/x.log"],
     "--kanata and --pipeline need different files, not both '{}/x.log'"),
    (["run", "--until", ""], "--until and --input-after need a text that is not empty"),
    (["asm", "{}/nothing"], "{}/nothing: No such file or directory"),
    (["dis", "{}/nothing"], "input must be a file or words of 8 hexadecimal digits, not "
     "'{}/nothing'"),
    (["asm", "{}/echo.s", "-D", "A=b"], "--define must be NAME=NUMBER, not 'A=b'"),
    (["graph", "--depth", "-1"], "Invalid value for --depth: must not be negative, not -1"),
])
def test_bad_input_is_one_line_and_2(folder, arguments, message):
    (folder / "large").write_bytes(bytes(0x100001))
    (folder / "short.elf").write_bytes((folder / "echo.elf").read_bytes()[:70])
    elf_with(folder, "little.elf", 5, "B", 1)
    elf_with(folder, "wide.elf", 4, "B", 2)
    (folder / "far.elf").write_bytes(assemble("nop", sections={".text": 0x20000000}).elf())
    done = pteg(*(argument.format(folder) for argument in arguments))
    assert (done.returncode, done.stderr) == (2, f"pteg: {message.format(folder)}\n")


def test_pipeline_logs_of_a_window(folder, tmp_path):
    done = pteg("run", "--kernel", folder / "echo.elf", "--cycles", 300, "--window", "100:200",
                "--kanata", "run.kanata", "--pipeline", "run.txt", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run.kanata").read_text().startswith("Kanata\t0004\nC=\t10")
    assert "from cycle 10" in (tmp_path / "run.txt").read_text()


@pytest.mark.parametrize("arguments", [
    ["run", "--nosuch"], ["run", "--cycles", "many"], ["nosuch"], ["asm"],
    ["graph", "--format", "png"],
])
def test_bad_usage_is_one_line_and_2(arguments):
    done = pteg(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("pteg: ") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_help_and_version():
    done = pteg("--help")
    assert done.returncode == 0 and b"run" in done.stdout and b"graph" in done.stdout
    assert pteg("--version").stdout.strip() == b"0.1.0"


def test_help_loads_none_of_the_large_packages():
    code = ("import sys, pteg.cli\n"
            "try: pteg.cli.commands.execute(['--help'])\n"
            "except SystemExit: pass\n"
            "print(sorted({'numba', 'numpy', 'amaranth', 'networkx'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_asm_and_dis(folder):
    done = pteg("asm", folder / "echo.s", "-o", folder / "out.bin", "--format", "bin",
                "--section-start", ".text=0x1000", "--listing", "-")
    assert done.returncode == 0 and b"lis" in done.stdout
    data = (folder / "out.bin").read_bytes()
    assert data[:4].hex() == "3c800c01"
    done = pteg("dis", folder / "out.bin", "--base", "0x1000")
    assert done.stdout.startswith(b"00001000:  3c800c01  lis     r4,3073")
    done = pteg("dis", "38640005", "4e800020")
    assert [line.split()[2:] for line in done.stdout.splitlines()] == [
        [b"addi", b"r3,r4,5"], [b"blr"]]


def test_assembly_errors_name_file_and_line(folder):
    (folder / "bad.s").write_text("nop\nfrobnicate r3\n")
    done = pteg("asm", folder / "bad.s")
    assert done.returncode == 2
    assert done.stderr.startswith(f"pteg: {folder}/bad.s:2: ")


def test_graph_formats(folder):
    text = pteg("graph", "--depth", "1", "--dram", "6:3:3:3").stdout.decode()
    assert "core: Core" in text and "dram: Dram 0x00000000" in text
    assert "0x2000000 bytes, beats after 6 and 3 bus clocks" in text
    data = json.loads(pteg("graph", "--format", "json").stdout)
    names = {node["id"] for node in data["nodes"]}
    assert {"processor", "processor.mmu.walker", "uart"} <= names
    done = pteg("graph", "--format", "dot", "-o", folder / "g.dot")
    assert done.returncode == 0
    assert (folder / "g.dot").read_text().startswith("digraph machine {")


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m pteg graph | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.startswith("processor")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_the_run_cleanly(folder, number):
    wave, report = folder / "cut.vcd", folder / "cut.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "pteg", "run", "--kernel", folder / "echo.elf", "--vcd", wave,
         "--signals", "core.completion.pc", "--json", report],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 128 + number and b"--- interrupted after" in errors
    assert b"Traceback" not in errors
    ended = json.loads(report.read_text())
    assert (ended["stop"], ended["exit"]) == ("interrupted", 128 + number)
    assert wave.read_bytes().endswith(b"\n")


class Terminal:
    """The command in a pseudo-terminal."""

    def __init__(self, *arguments, start_new_session=False, **environment):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pteg", *map(str, arguments)],
            stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env=os.environ | environment, start_new_session=start_new_session)
        self.text = b""

    def expect(self, text, seconds=120):
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.master], [], [], 0.2)[0]:
                self.text += os.read(self.master, 4096)
        self.text = self.text.partition(text)[2]

    def type(self, data):
        os.write(self.master, data)

    def close(self, code=0):
        assert self.process.wait(240) == code
        assert termios.tcgetattr(self.slave) == self.before, "settings are restored"
        os.close(self.master)
        os.close(self.slave)


@pytest.mark.parametrize("ending, code", [(b"\x03", 130), (b"\x1dq", 0)])
def test_keys_reach_the_machine_at_a_terminal(folder, ending, code):
    terminal = Terminal("run", "--kernel", folder / "echo.elf")
    terminal.expect(b"ready\r\n")
    terminal.type(b"k")  # no line end, and echoed once: by the program
    terminal.expect(b"k")
    terminal.type(b"\x1d\x1d\r\x1d\x03!")  # Ctrl-], Return, Ctrl-C as characters
    terminal.expect(b"\x1d\r\x03!")
    terminal.type(ending)
    terminal.expect(b"--- interrupted after")
    terminal.close(code)


@pytest.mark.slow
def test_a_long_wait_is_named_and_counts_as_no_simulation(folder, tmp_path):
    """With empty caches, nothing of the model has been compiled; then everything has."""
    caches = {"PTEG_CACHE": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    report = tmp_path / "report.json"
    run = ["run", "--kernel", folder / "echo.elf", "--cpu", "functional", "--cycles", 20_000, "-q",
           "--json", report]
    terminal = Terminal(*run, **caches)
    terminal.expect(b"[compiling the functional model (only the first time) ...]\r\n")
    terminal.expect(b"ready\r\n", seconds=400)
    terminal.close()
    assert json.loads(report.read_text())["seconds"] < 1
    done = subprocess.run([sys.executable, "-m", "pteg", *map(str, run)], capture_output=True,
                          stdin=subprocess.DEVNULL, env=os.environ | caches)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")


def test_a_signal_while_it_compiles(folder, tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        cache = tmp_path / number.name      # each begins to compile before it gets its signal
        process = subprocess.Popen(
            [sys.executable, "-m", "pteg", "run", "--kernel", folder / "echo.elf", "--cpu",
             "functional"], stdin=subprocess.DEVNULL, cwd=tmp_path,
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PTEG_CACHE": str(cache), "NUMBA_CACHE_DIR": str(cache / "numba")})
        deadline = time.monotonic() + 60
        while not (cache / "generated").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert (output, errors) == ("", "pteg: interrupted\n" if number == signal.SIGINT else "")


def test_the_statistics_begin_on_a_line_of_their_own(folder):
    """Where both go to one place; elsewhere nothing is added."""
    run = [sys.executable, "-m", "pteg", "run", "--kernel", str(folder / "echo.elf"), "--until",
           "read", "--cpu", "functional"]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)
    assert done.stdout.startswith(b"read\n--- console after")
    done = pteg(*run[3:])
    assert done.stdout == b"read" and done.stderr.startswith("--- console after")


def test_counts_have_suffixes(folder):
    for text, cycles in (("2K", 2000), ("0.1M", None), ("1k", 1000), ("0x10", 16), ("M", None)):
        done = pteg("run", "--kernel", folder / "echo.elf", "--cpu", "functional", "--cycles", text,
                    "-q", "--json", "-")
        if cycles is None:
            assert (done.returncode, done.stderr) == (
                2, "pteg: Invalid value for --cycles: must be a number such as 20000 or 20M, not "
                   f"'{text}'\n")
        else:
            assert json.loads(done.stdout)["stats"]["cycles"] == cycles


def test_texts_that_are_not_utf_8(folder):
    """The console is bytes: what a terminal of another encoding types can be waited for."""
    (folder / "latin").write_bytes(b"caf\xe9!")
    for option, code in (("--until", 0), ("--fast-forward-until", 0), ("--input-after", 0)):
        done = pteg("run", "--kernel", folder / "echo.elf", "--cpu", "functional", "-q",
                    "--instructions", 10_000, "--input", folder / "latin", option,
                    b"caf\xe9" if option != "--input-after" else b"caf\xff")
        assert (done.returncode, done.stderr.partition("\n")[2]) == (code, ""), done.stderr
    done = pteg("run", "--kernel", folder / "echo.elf", "--cpu", "functional", "-q",
                "--instructions", 10_000, "--until", b"\xff")
    assert (done.returncode, done.stderr.endswith("printed '\\udcff'\n")) == (1, True)
    done = pteg("run", "--kernel", b"\xff.elf")
    assert (done.returncode, done.stderr) == (2, "pteg: \\udcff.elf: No such file or directory\n")


def test_a_fast_forward_whose_text_never_comes_ends_at_the_limits(folder, monkeypatch):
    monkeypatch.setattr("pteg.cli.run.FORWARD", 100_000)
    from pteg.cli.options import Options
    from pteg.cli.run import run

    monkeypatch.setattr("sys.stdin", None)
    report = folder / "forward.json"
    for limits, most in (({"cycles": 5}, 100_000), ({"instructions": 300_000}, 300_000)):
        options = Options(kernel=str(folder / "echo.elf"), fast_forward_until="never", quiet=True,
                          cpu="pipeline", json=str(report), **limits)
        assert run(options) == 1
        ended = json.loads(report.read_text())
        assert (ended["stop"], ended["stats"]["instructions"]) == ("instructions", most)
        assert ended["problem"].endswith("before the fast-forward had reached 'never'")


def test_a_terminal_that_goes_away_ends_the_run(folder):
    """The waveform is complete nevertheless."""
    wave = folder / "gone.vcd"
    terminal = Terminal("run", "--kernel", folder / "echo.elf", "--vcd", wave, "--signals",
                        "core.completion.pc", start_new_session=True)
    terminal.expect(b"ready\r\n")
    os.close(terminal.slave)
    os.close(terminal.master)
    time.sleep(0.2)
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.process.wait(240) == 129
    assert wave.read_bytes().endswith(b"\n")


def test_the_help_has_every_exit_code():
    text = " ".join(pteg("--help").stdout.decode().split())
    page = Path(__file__).parents[2] / "docs" / "script-interface.md"
    rows = [line for line in page.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == len(ExitCode)
    for code, row in zip(ExitCode, rows, strict=True):
        meaning = code.meaning.partition(";")[0].replace("`", "")
        assert f" {code:d}: {meaning}" in text
        assert row.replace("`", "").startswith(f"| {code:d} | {meaning}")


def test_a_reader_that_leaves_is_not_success(folder):
    command = (f"{sys.executable} -m pteg run --kernel {folder / 'echo.elf'} --cpu functional -q "
               "--until never | true; exit ${PIPESTATUS[0]}")
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
def test_ledger_of_both_models(folder, cpu):
    ledger = folder / f"{cpu}.jsonl"
    done = pteg("run", "--kernel", folder / "echo.elf", "--cpu", cpu, "--until", "ready",
                "--ledger", ledger, "--kinds", "DEVICE_WRITE", "-q")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [row["value"] for row in rows][:6] == [
        f"0x{byte:08x}" for byte in b"\x03ready"]
