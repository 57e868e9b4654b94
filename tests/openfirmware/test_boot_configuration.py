"""Configuration variables, NVRAM, and what `boot` does with files that are none."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pteg.firmware.asm import assemble


def value(prompt, name):
    """Value of a variable as printenv shows it."""
    row = prompt(f"printenv {name}").splitlines()[0]
    return row[18:46].strip()


def test_printenv_shows_values_and_defaults(prompt):
    text = prompt("printenv")
    assert "auto-boot?        false                       false" in text
    prompt("setenv boot-file one two")
    assert value(prompt, "boot-file") == "one two"
    assert prompt("boot-file type") == "one two ok\n"
    prompt("setenv boot-file ")
    assert value(prompt, "boot-file") == ""
    prompt("setenv boot-file x", "set-default boot-file")
    assert value(prompt, "boot-file") == ""
    prompt("setenv boot-device /a /b", "setenv use-nvramrc? TRUE", "set-defaults")
    assert value(prompt, "boot-device") == "ram"
    assert value(prompt, "use-nvramrc?") == "false"


def test_values_are_checked(prompt):
    prompt("setenv auto-boot? TRUE")
    assert value(prompt, "auto-boot?") == "true"
    prompt("set-defaults")
    assert prompt.error("setenv auto-boot? maybe") == "auto-boot?, must be true or false."
    assert prompt.error("setenv load-base 40x") == "load-base, invalid number."
    assert prompt.error("setenv screen-#rows a0") == "screen-#rows, invalid number."
    assert prompt.error("setenv nonsense 1") == "nonsense, no such configuration variable."
    assert prompt.error("printenv nonsense") == "nonsense, no such configuration variable."
    long = "x" * 200
    prompt(f"setenv boot-file {long}")
    assert prompt("boot-file nip .d") == "200  ok\n"
    prompt("set-defaults")


def test_options_are_properties(prompt):
    prompt("setenv boot-file abc")
    assert "boot-file               abc" in prompt("dev /options .properties device-end")
    prompt("set-defaults")


def restarted(prompt):
    """The same machine after a reset, at its prompt."""
    prompt.machine.reset()
    prompt.banner = prompt.read(3_000_000)
    return prompt


def test_nvram_keeps(make_prompt):
    prompt = make_prompt("mac99")
    prompt("setenv boot-file kept over a reset", "setenv load-base 800000")
    restarted(prompt)
    assert value(prompt, "boot-file") == "kept over a reset"
    assert prompt("load-base .h") == "800000  ok\n"
    prompt("set-defaults")
    restarted(prompt)
    assert value(prompt, "boot-file") == ""


def test_a_damaged_nvram_means_defaults(make_prompt):
    prompt = make_prompt("mac99")
    nvram = prompt.machine.platform["nvram"]
    for byte in (0xFF, 0x70, 0x00):
        nvram.memory[:] = byte
        restarted(prompt)
        assert value(prompt, "boot-file") == ""
        assert value(prompt, "boot-command") == "boot"
    prompt("setenv boot-file good")
    nvram.memory[0x20] ^= 0xFF          # a text, not the header
    restarted(prompt)
    assert prompt("2 3 + .") == "5  ok\n"


def test_nvramrc_and_auto_boot(make_prompt):
    prompt = make_prompt("mac99")
    prompt('setenv nvramrc ." from nvramrc" cr : mine 77 ;', "setenv use-nvramrc? true",
           'setenv boot-command ." booted" cr', "setenv auto-boot? true")
    restarted(prompt)
    assert "from nvramrc" in prompt.banner and "booted" in prompt.banner
    assert prompt("mine .h") == "77  ok\n"
    prompt("setenv nvramrc nonsense", "setenv boot-command also-nonsense")
    restarted(prompt)
    assert "nonsense, unknown word." in prompt.banner
    assert "also-nonsense, unknown word." in prompt.banner
    prompt("set-defaults")


def test_checkpoints_have_what_nvram_keeps(make_prompt):
    prompt = make_prompt("mac99")
    prompt("setenv boot-file same")
    data = bytes(prompt.machine.platform["nvram"].memory)
    assert data[0] == 0x70 and data[4:10] == b"common"
    total = data[0]
    for byte in data[2:16]:
        total += byte
        total = (total + (total >> 8)) & 0xFF
    assert data[1] == total
    assert struct.unpack(">H", data[2:4])[0] * 16 == len(data)
    assert b"boot-file=same\0" in data


# ---- boot

def load(prompt, image):
    prompt.machine.memory.write(0x400000, image + bytes(64))
    prompt("hex")


PROGRAM = assemble("_start: li r3,0\n lis r4,0x20\n stw r4,0x100(r4)\n blr\n",
                   sections={".text": 0x200000}).elf()


def test_a_program_runs_and_returns(prompt):
    load(prompt, PROGRAM)
    assert prompt("boot ram and arguments") == " ok\n"
    assert prompt.machine.memory.read_word(0x200100) == 0x200000
    assert prompt('" bootargs" chosen-node string-property type') == "and arguments ok\n"
    assert prompt('" bootpath" chosen-node string-property type') == "/ram-image ok\n"
    prompt("200000 100000 release")


def test_a_program_at_another_address(prompt):
    load(prompt, bytes(64))
    prompt.machine.memory.write(0x900000, PROGRAM)
    assert prompt("boot ram:900000") == " ok\n"
    prompt("200000 100000 release")
    assert prompt("load ram:900000", "go") == " ok\n ok\n"
    assert prompt.error("go") == "go, no program is loaded."
    prompt("200000 100000 release")


BAD = {
    "too short": (b"\x7fELF", None),
    "not ELF": (bytes(100), None),
    "is not 32 bits": (PROGRAM, (4, b"\2")),
    "big-endian": (PROGRAM, (5, b"\1")),
    "not a PowerPC executable": (PROGRAM, (18, b"\0\3")),
    "not in the file": (PROGRAM, (52 + 4, b"\x10\0\0\0")),
    "longer in the file": (PROGRAM, (52 + 20, b"\0\0\0\0")),
    "headers are damaged": (PROGRAM, (28, b"\xff\xff\xff\xfc")),
    "nothing to load": (PROGRAM, (52, b"\0\0\0\0")),
}


@pytest.mark.parametrize("problem", BAD)
def test_files_that_are_no_programs(prompt, problem):
    image, change = BAD[problem]
    if change:
        at, new = change
        image = image[:at] + new + image[at + len(new):]
    load(prompt, image)
    available = prompt('" available" memory-node get-package-property drop .cells')
    assert problem in prompt.error(f"{len(image):x} to load-size init-program")
    assert prompt('" available" memory-node get-package-property drop .cells') == available


@settings(max_examples=80, deadline=None, print_blob=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 83), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_headers_come_back_to_the_prompt(make_prompt, changes):
    prompt = make_prompt()
    image = bytearray(PROGRAM)
    for at, byte in changes:
        image[at] = byte
    load(prompt, bytes(image))
    # A large size in memory takes as long as the memory is cleared.
    prompt(f"{len(image):x} to load-size init-program", instructions=400_000_000)
    prompt("100000 1f00000 release decimal clear")
    assert prompt("2 3 + .") == "5  ok\n"
