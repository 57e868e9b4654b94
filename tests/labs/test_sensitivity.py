"""Which instructions are sensitive: the experiment, held against the manuals' lists."""

import re
from pathlib import Path

import pytest

from pteg.errors import UserError
from pteg.hw.isa.exceptions import Vector
from pteg.labs.sensitivity import Class, Finding, candidates, classify
from pteg.labs.twins import RESOURCES, outcome, program_of, witnessed

PAGE = Path(__file__).parents[2] / "docs/course/virtualizable.md"
WORDS = dict(candidates())
#: Typed from PEM chapter 8 (instructions marked "supervisor").
PRIVILEGED = {"dcbi", "mfmsr", "mfsr", "mfsrin", "mtmsr", "mtsr", "mtsrin", "rfi", "tlbie",
              "tlbsync"}
#: Typed from MPC750 UM figure 2-1: numbers of the registers of the supervisor, and of users.
SUPERVISOR = {18, 19, 22, 25, 26, 27, *range(272, 276), 282, 284, 285, 287, *range(528, 544),
              *range(952, 959), 1008, 1009, 1010, 1013, 1017, 1019, 1020, 1021, 1022}
USER, MIRRORS, TIME = {1, 8, 9}, set(range(936, 943)), {268, 269}


def expected(name):
    """The class by the manuals."""
    mnemonic, _, number = name.partition(" ")
    if not number:
        return Class.PRIVILEGED if name in PRIVILEGED else Class.INNOCUOUS
    register = int(number)
    if register in TIME and mnemonic != "mtspr":
        return Class.SENSITIVE
    if mnemonic == "mftb":
        return Class.ILLEGAL
    if register in SUPERVISOR:
        return Class.PRIVILEGED
    if register in USER:
        return Class.INNOCUOUS
    return Class.SENSITIVE if register in MIRRORS and mnemonic == "mfspr" else Class.ILLEGAL


def numbered(name):
    return name[-1].isdigit()


def near(name):
    """A register that exists, or a neighbour of one."""
    number = int(name.split()[1])
    known = SUPERVISOR | USER | MIRRORS | TIME
    return number in known or number - 1 in known or number + 1 in known or number % 97 == 0


@pytest.mark.parametrize("part", ["instructions", "mfspr", "mtspr", "mftb"])
def test_the_experiment_agrees_with_the_manuals(part):
    names = [name for name in WORDS if (name.startswith(f"{part} ") and near(name)
                                        if part != "instructions" else not numbered(name))]
    wrong = [name for name in names if classify(WORDS[name]).kind is not expected(name)]
    assert names and not wrong


@pytest.mark.slow
def test_the_experiment_agrees_with_the_manuals_for_every_number():
    wrong = [name for name, word in WORDS.items() if classify(word).kind is not expected(name)]
    assert not wrong and len(WORDS) == 3253


def test_the_page_has_the_sensitive_instructions():
    rows = re.findall(r"^\| (`m.*) \| (\w+) \|$", PAGE.read_text(), re.MULTILINE)
    written = {name: Finding(Class.SENSITIVE, (resource,)) for names, resource in rows
               for name in re.findall(r"`([^`]*)`", names)}
    assert len(written) == 11
    assert written == {name: classify(WORDS[name]) for name in written}
    assert set(written) == {name for name in WORDS if expected(name) is Class.SENSITIVE}


def test_an_execution_says_what_it_has_done():
    done = outcome(program_of("li r3, 5\n mtctr r3"))
    assert done.vector is Vector.NONE and not done.resources
    assert done.registers["gpr"][3] == done.registers["ctr"] == 5
    assert outcome(program_of("mfmsr r3")).vector is Vector.PROGRAM
    assert outcome(program_of("sc")).vector is Vector.SYSTEM_CALL
    in_front = outcome(program_of("mfmsr r3"), "MSR[IP]")
    assert in_front.vector is Vector.PROGRAM, "vectors are elsewhere"
    assert outcome(program_of("mtsr 3, r4\n nop"), "MSR[PR]").resources == {
        f"SR{number}" for number in (3,)}


def test_a_supervisor_sees_and_changes_what_a_user_does_not():
    assert {"MSR[PR]", "TB", "SR0", "SDR1", "IBAT0U", "HID0"} <= set(RESOURCES)
    assert outcome(program_of("mfsr r3, 7"), "MSR[PR]").vector is Vector.NONE


def test_a_program_begins_as_the_module_says():
    done = outcome(program_of("lbz r6, 0(r4)\n lbz r7, 63(r4)\n lbz r8, 64(r4)\n lfd f1, 8(r4)"))
    assert done.vector is Vector.NONE, "MSR[FP] = 1"
    assert done.registers["gpr"][5:9] == [8, 0, 63, 0]
    assert outcome(program_of("mfmsr r3")).vector is Vector.PROGRAM, "MSR[PR] = 1"
    assert outcome(program_of("mfmsr r3"), "MSR[PR]").registers["gpr"][3] == 1 << 13
    assert outcome(program_of("nop"), "MSR[SE]").vector is Vector.TRACE


@pytest.mark.parametrize("name, why", [("UMMCR0", "it reads MMCR0"), ("CR", "RESOURCES of")])
def test_an_unknown_resource_is_one_line(name, why):
    with pytest.raises(UserError, match=f"no resource '{name}'.*{why}"):
        outcome(program_of("nop"), name)


@pytest.mark.parametrize("text, resource, why", [
    ("mftb r3", "TB", None), ("mftb r3\n li r3, 0", "TB", "same registers"),
    ("mfmsr r3", "MSR[EE]", "PROGRAM"), ("mftb r3", "MSR[EE]", "same registers"),
    ("mftb r3", "CR", "no resource 'CR'"),
    # What an earlier execution has left in memory is no difference.
    ("lis r5, 4\n lwz r3, 0(r5)\n addi r3, r3, 1\n stw r3, 0(r5)", "SDR1", "same registers"),
])
def test_a_witness_must_show_it(text, resource, why):
    problem = witnessed(program_of(text), resource)
    assert problem is None if why is None else why in problem
