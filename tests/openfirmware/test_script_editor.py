"""nvedit and its kind, aliases in NVRAM (IEEE 1275 7.4.4)."""

import pytest

UP, DOWN, END, SPLIT, KILL = b"\x10", b"\x0e", b"\x03", b"\x0f", b"\x0b"


@pytest.fixture(scope="module")
def machine(make_prompt):
    return make_prompt("mac99")


@pytest.fixture(autouse=True)
def clean(machine):
    machine("set-defaults")
    yield
    machine("nvunalias one", "nvunalias two", "set-defaults")


def edit(machine, keys, command="nvedit"):
    """Type keys into the editor, which the last ones must leave."""
    machine.machine.console.write(command.encode() + b"\r")
    stop = machine.machine.run(until="1: ", instructions=3_000_000)
    assert stop == "console"
    machine.machine.console.write(keys)
    return machine.read(10_000_000)


def script(machine):
    """nvramrc as the firmware has it, line by line."""
    return machine("nvramrc type").removesuffix(" ok\n").split("\n")


def test_lines_are_typed_and_stored(machine):
    edit(machine, b".( first)\r.( second)" + END)
    assert script(machine) == [""]                      # not yet
    assert machine("nvrun") == "firstsecond ok\n"       # the copy
    machine("nvstore")
    assert script(machine) == [".( first)", ".( second)"]
    assert machine("nvrun") == "firstsecond ok\n"


def test_lines_are_changed(machine):
    edit(machine, b"one\rtwo\rthree" + END)
    edit(machine, DOWN + b" more" + UP + b"\x01zero " + END)
    machine("nvstore")
    assert script(machine) == ["zero one", "two more", "three"]


def test_lines_are_split_and_joined(machine):
    edit(machine, b"abcdef\x02\x02\x02" + SPLIT + b"X" + END)   # the cursor is behind the text
    machine("nvstore")
    assert script(machine) == ["abcX", "def"]
    edit(machine, KILL + END)
    machine("nvstore")
    assert script(machine) == ["abcXdef"]
    edit(machine, b"\x01\x0b" + KILL + END)             # all of it erased, nothing to join
    machine("nvstore")
    assert script(machine) == [""]


def test_changes_are_discarded(machine):
    edit(machine, b"kept" + END)
    machine("nvstore")
    edit(machine, b" not" + END)
    machine.machine.console.write(b"nvquit\r")
    machine.machine.run(until="(y/n) ", instructions=1_000_000)
    machine.machine.console.write(b"y")
    machine.read()
    assert script(machine) == ["kept"]
    assert machine("nvquit") == " ok\n"


def test_what_set_defaults_took_is_recovered(machine):
    edit(machine, b".( precious)" + END)
    machine("nvstore", "set-defaults")
    assert script(machine) == [""]
    edit(machine, END, command="nvrecover")
    machine("nvstore")
    assert script(machine) == [".( precious)"]


def test_a_script_that_is_too_long_is_refused(machine):
    edit(machine, b"x" * 1000 + (b"\r" + b"y" * 1000) * 3 + b"\r" + END)
    machine.machine.console.write(b"nvedit\r")
    machine.machine.run(until="1: ", instructions=3_000_000)
    machine.machine.console.write(b"\x0e" * 5 + b"z" * 1000 + END)
    assert "string is too long." in machine.read(20_000_000)
    machine.machine.console.write(b"nvquit\ry")
    machine.read(20_000_000)


def test_aliases(machine):
    assert machine('nvalias one /memory', 'nvalias two /cpus') == " ok\n ok\n"
    assert script(machine) == ["devalias two /cpus", "devalias one /memory"]
    assert machine("dev one pwd device-end") == "/memory@0  ok\n"
    assert "true" in machine("printenv use-nvramrc?")
    machine("nvalias one /openprom")                    # instead of the one before
    assert script(machine) == ["devalias one /openprom", "devalias two /cpus"]
    machine("nvunalias two")
    assert script(machine) == ["devalias one /openprom"]
    assert machine.error("dev two") == "two, no such device."
    machine("nvunalias one", "nvunalias one")
    assert script(machine) == [""]


def test_aliases_wait_for_the_editor(machine):
    edit(machine, b"x" + END)
    assert machine.error("nvalias one /memory") == (
        "nvramrc is being edited: nvstore or nvquit first")
    machine("nvstore")
