"""Suites of the ANS Forth word sets that are typed into the console (conformance*.fth)."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SUITES = ["conformance", "conformance_core", "conformance_sets"]
MESSAGE = re.compile(r"[^\r\n]+, [a-z ]+\.\r\n(?=-?\d+ > )")


@pytest.mark.parametrize("suite", SUITES)
def test_every_case_of_a_suite(make_prompt, suite):
    """All lines are typed at once, faster than they are executed."""
    prompt = make_prompt()
    for name in ("conformance_tester", suite):
        text = (FOLDER / f"{name}.fth").read_text()
        prompt.machine.console.write(text.replace("\n", "\r").encode())
    prompt.machine.console.write(b".( The end )\r")
    stop = prompt.machine.run(until="\r\nThe end", instructions=100_000_000)
    text = prompt.machine.console.read().decode()
    assert stop == "console", text[-2000:]
    wrong = re.findall(r"\nWRONG: (.*)\r", text) + MESSAGE.findall(text)
    assert not wrong, "\n".join(wrong)
    prompt.read()
    assert prompt("failures @ . depth .") == "0 0  ok\n"


def test_a_line_that_a_word_reads_itself(prompt):
    """REFILL and SOURCE at the console."""
    prompt(": next-line refill source nip ;")
    prompt.machine.console.write(b"next-line\r 1 2 + . . .\r")
    assert "3 " in prompt.read()
    prompt("clear")
