"""The prompt on both processor models and both machines, and the ROM image itself."""

from pathlib import Path

import pytest

from pteg.errors import UserError
from pteg.firmware import images
from pteg.firmware.openfirmware.reference import words_page
from pteg.machine import Machine
from pteg.platform import Platform
from pteg.presets import g3, mac99


@pytest.mark.parametrize("preset", ["g3", "mac99"])
def test_the_pipeline_reaches_the_prompt_within_a_million_cycles(make_prompt, preset):
    prompt = make_prompt(preset, cpu="pipeline")
    assert prompt.machine.cycle < 1_000_000
    assert prompt("2 3 + .") == "5  ok\n"


@pytest.mark.parametrize(("preset", "shown"), [("g3", "32 MB"), ("mac99", "128 MB")])
def test_memory_is_found(make_prompt, preset, shown):
    prompt = make_prompt(preset)
    assert f", {shown} of memory" in prompt.banner
    assert prompt("1 2 .s") == "1 2  ok\n"


@pytest.mark.parametrize(("cpu", "ram"), [
    ("functional", "64K"), ("functional", "512K"), ("pipeline", "512K"),
    *(pytest.param(cpu, ram, marks=pytest.mark.slow)
      for cpu, ram in (("functional", "128K"), ("functional", "256K"), ("pipeline", "64K")))])
def test_too_little_memory_is_said(cpu, ram):
    machine = Machine("g3", cpu=cpu, ram=ram, rom="openfirmware")
    assert machine.run(until="KB.", cycles=100_000) == "console"
    assert machine.console.read() == (
        f"\r\npteg Open Firmware needs 1 MB of memory, not {ram[:-1]} KB.".encode())


def test_the_same_sources_give_the_same_bytes():
    first, second = (images.program("openfirmware", g3()).elf() for _ in range(2))
    assert first == second
    assert first != images.program("openfirmware", mac99()).elf()


def test_a_machine_is_needed():
    with pytest.raises(UserError, match="^image openfirmware is made for one machine, "):
        images.build("openfirmware")


def test_a_console_is_needed():
    devices = [device for device in g3().devices if device.name != "uart"]
    with pytest.raises(UserError, match="^Open Firmware needs a machine with a 16550 or an 8530"):
        images.build("openfirmware", Platform(devices))


def test_words_are_symbols(make_prompt):
    symbols = make_prompt().machine.symbols
    assert symbols.name(symbols.address("dup")) == "dup"
    assert symbols.address("interpret") > 0xFFF00000
    assert symbols.name(symbols.address("probe_memory") + 4) == "probe_memory+0x4"


def test_the_page_of_words_is_that_of_the_sources():
    page = Path(__file__).parents[2] / "docs" / "openfirmware" / "words.md"
    assert page.read_text() == words_page()


def test_every_word_has_a_stack_comment():
    rows = [row for row in words_page().splitlines() if row.endswith("|  |")]
    # Behaviours of data words take their operand in a register.
    assert {row.split("`")[1] for row in rows} == {
        "(variable)", "(value)", "(2constant)", "(2value)", "(defer)", "(field)",
        "(instance-variable)", "(instance-value)", "(instance-defer)"}
