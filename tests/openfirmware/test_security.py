"""Security modes and the password (IEEE 1275 7.4.6)."""

import pytest

LOCKED = "Type boot, go (continue) or login"


@pytest.fixture(scope="module")
def machine(make_prompt):
    return make_prompt("mac99")


def typed(machine, line, *answers):
    """Type a line, and answers to the questions that follow."""
    console = machine.machine.console
    console.write(line.encode() + b"\r")
    for question, answer in answers:
        assert machine.machine.run(until=question, instructions=2_000_000) == "console"
        console.write(answer.encode() + b"\r")
    return machine.read()


def set_password(machine, first, second):
    return typed(machine, "password", ("most): ", first), ("again: ", second))


def test_security(machine):
    assert machine.error("setenv security-mode command") == "set a password first"
    assert machine.error("setenv security-mode some") == "security-mode, wrong type of argument."
    assert "They differ" in set_password(machine, "sesame", "sesam")
    text = set_password(machine, "sesame", "sesame")
    assert "sesame" not in text and "sesame" not in machine("printenv")
    assert machine("setenv security-mode command") == " ok\n"
    assert machine("2 3 + .") == "5  ok\n"              # from the next start on
    machine.machine.console.write(b"reset-all\r")
    assert LOCKED in machine.read()
    for line in ("2 3 + .", "setenv security-mode none", "dev /", ": x", "boot-file"):
        assert LOCKED in typed(machine, line)
    assert "Wrong password" in typed(machine, "login", ("Password: ", "wrong"))
    assert "Wrong password" in typed(machine, "boot something", ("Password: ", ""))
    assert LOCKED not in typed(machine, "boot ")        # needs no password, but finds nothing
    assert LOCKED not in typed(machine, "go")           # nothing to continue: an error
    assert " ok" in typed(machine, "login", ("Password: ", "sesame"))
    assert machine("printenv security-#badlogins").split()[:3] == ["security-#badlogins", "2", "0"]
    assert machine("set-defaults") == " ok\n"           # do not unlock the machine
    machine.machine.console.write(b"reset-all\r")
    assert LOCKED in machine.read()
    typed(machine, "login", ("Password: ", "sesame"))
    machine("setenv security-mode full", "logout")
    assert "Password: " in typed(machine, "boot", ("Password: ", "wrong"))
    typed(machine, "login", ("Password: ", "sesame"))
    machine("setenv security-mode none", "setenv security-password")
    machine.machine.console.write(b"reset-all\r")
    assert LOCKED not in machine.read()
    assert machine("2 3 + .") == "5  ok\n"
