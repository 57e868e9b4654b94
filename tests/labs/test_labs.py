"""Labs: what the solution, the empty starter, wrong solutions and broken files get."""

import importlib.util
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command import run_pteg

from pteg.boot.loader import read_elf
from pteg.cli.commands import execute
from pteg.errors import UserError
from pteg.firmware.cbuild import compilers
from pteg.hw.mmu.walker import State
from pteg.labs import tlbprobe
from pteg.labs.adapters import FORMATS
from pteg.labs.catalogue import LABS, lab_named, new_folder, opened
from pteg.labs.grading import grade
from pteg.labs.kit import folder_of, seed_of
from pteg.labs.l3 import Unknown, cycles
from pteg.labs.linking import reference, reference_object
from pteg.labs.mutants import MUTANTS, mutated
from pteg.labs.paging import FILES, FRAME_COUNT, POLICIES, Access, reads
from pteg.machine import Machine

_SPEC = importlib.util.spec_from_file_location("shapes", Path(__file__).with_name("shapes.py"))
shapes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(shapes)

#: All of them; two of each lab are quick.
WRONG = [pytest.param(lab, name, marks=[pytest.mark.slow] if number > 1 else [])
         for lab, mutants in MUTANTS.items() for number, name in enumerate(mutants)]


@pytest.fixture(autouse=True)
def runner(monkeypatch):
    """The environment of a service that grades."""
    for name, value in shapes.RUNNER.items():
        monkeypatch.setenv(name, value)


def handed_in(lab, folder, seed, files):
    """What a lab's files get; each result has the shape that services read."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    result = grade(LABS[lab], folder, seed, folder / "result.json")
    shapes.check_formats(result)
    assert json.loads((folder / "result.json").read_text()) == result
    return result


def lost(result):
    return [row["id"] for row in result["tests"] if row["status"] != "pass"]


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_gets_full_marks_whatever_the_seed(lab, tmp_path):
    for seed in (0, seed_of("ada")):
        result = handed_in(lab, tmp_path / f"{seed}", seed, LABS[lab].solution(seed))
        assert lost(result) == [] and result["points"] == result["max"] and result["complete"]


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_twenty_seeds_have_the_same_verdict(lab, tmp_path):
    for seed in range(20):
        result = handed_in(lab, tmp_path / f"{seed}", seed, LABS[lab].solution(seed))
        assert lost(result) == [] and result["points"] == result["max"]
        result = handed_in(lab, tmp_path / f"{seed} empty", seed, LABS[lab].files(seed))
        assert result["points"] == 0 and len(lost(result)) == len(result["tests"])


@pytest.mark.parametrize("lab", LABS)
def test_the_starter_gets_nothing_and_says_what_to_do(lab, tmp_path):
    for seed in (0, seed_of("ada")):
        result = handed_in(lab, tmp_path / f"{seed}", seed, LABS[lab].files(seed))
        assert result["points"] == 0 and len(lost(result)) == len(result["tests"])
        for row in result["tests"]:
            assert len(row["why"]) > 30 and "Traceback" not in row["why"]
            if row["picture"]:
                picture = (tmp_path / f"{seed}" / row["picture"]).read_text()
                assert "translation is off" not in picture, "it shows nothing then"


@pytest.mark.parametrize("lab, mutant", WRONG)
def test_a_wrong_solution_loses_exactly_its_test(lab, mutant, tmp_path):
    for seed in (0,) if lab in ("L4", "L6", "L7", "L8") else (0, seed_of("ada")):
        folder = tmp_path / f"{seed}"
        result = handed_in(lab, folder, seed, mutated(LABS[lab], mutant, seed))
        assert lost(result) == MUTANTS[lab][mutant].loses.split("+"), result
        for row in result["tests"]:
            if row["picture"]:
                assert ET.parse(folder / row["picture"]).getroot().tag.endswith("svg")


@pytest.mark.parametrize("handler", ["b page_fault", "blr", "rfi"])
def test_inserts_count_without_a_handler(handler, tmp_path):
    """They are judged before the page fault, and so is their picture."""
    insert = LABS["L4"].solution(0)["insert.s"].split(".equ SAVED")[0]
    text = insert.replace(", page_fault", "") + f"page_fault: {handler}\n"
    result = handed_in("L4", tmp_path / "a", 0, {"insert.s": text})
    assert lost(result) == ["demand", "registers"] and result["points"] == 9
    worse = text.replace("        ori     r8, r8, 0x40            # H\n", "")
    result = handed_in("L4", tmp_path / "b", 0, {"insert.s": worse})
    assert lost(result) == ["secondary", "demand", "registers"]
    picture = (tmp_path / "b" / result["tests"][1]["picture"]).read_text()
    assert "translation is on" in picture and "secondary PTEG" in picture


def test_a_missing_pte_is_named_with_what_is_there(tmp_path):
    """The first word that the search wants is the one that the solution has stored."""
    why = handed_in("L4", tmp_path / "a", 0, LABS["L4"].files(0))["tests"][0]["why"]
    group, word = re.search(r"PTEG at (\w{8}) must have the first word (\w{8})", why).groups()
    valid = re.search(r"valid are (.*) of its 8 entries", why)[1].split(", ")
    assert len(valid) == 2, "those of others"
    handed_in("L4", tmp_path / "b", 0, LABS["L4"].solution(0))
    machine = Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.cpu.pc, machine.cpu.msr = machine.load(tmp_path / "b/lab.elf"), 0
    machine.run(until=machine.symbols.address("inserted"), instructions=20_000)
    entries = [machine.memory.read_word(int(group, 16) + 8 * n) for n in range(8)]
    assert int(word, 16) == entries[0] and not set(entries) & {int(one, 16) for one in valid}


def test_the_script_of_the_handout_shows_each_search(tmp_path):
    handed_in("L4", tmp_path / "a", 0, LABS["L4"].solution(0))
    shared = re.search("SHARED = (0x.*)", LABS["L4"].files(0)["insert.s"])[1]
    script = LABS["L4"].text("handout.md").split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script).replace("0x...", shared)],
                          cwd=tmp_path / "a", capture_output=True, text=True)
    assert done.stdout.count("<- matches") == 10, done.stderr


def test_the_script_of_the_handout_says_which_step_is_missing(tmp_path):
    handed_in("L8", tmp_path / "a", 0, mutated(LABS["L8"], "no-tlbie", 0))
    script = LABS["L8"].text("handout.md").split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)],
                          cwd=tmp_path / "a", capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 60, done.stderr
    for line in lines:
        wrong, _, said = line.split(" ", 1)[1].partition(" ")
        assert int(wrong) and "<pte_remove+0x8>" in said and "missing: tlbie of the page" in said


@pytest.mark.parametrize("text, why", [
    ("test: b test", r"after 20,000 instructions the processor is at 0x00010000 <test> \("),
    ("test: lis r3, 0x4000\n mtctr r3\n bctr", "0x40000000, and nothing answers at the address"),
])
def test_a_test_that_does_not_return_says_where_it_is(text, why, tmp_path):
    result = handed_in("L8", tmp_path / "a", 0, {"test.s": text})
    assert re.search(why, result["tests"][-1]["why"])


def test_pictures_of_an_earlier_result_are_deleted(tmp_path):
    handed_in("L4", tmp_path / "a", 0, LABS["L4"].files(0))
    assert len(list((tmp_path / "a").glob("*.svg"))) == 5
    (tmp_path / "a/mine.svg").write_text("")
    (tmp_path / "a/insert.s").write_text(LABS["L4"].solution(0)["insert.s"])
    grade(LABS["L4"], tmp_path / "a", 0, tmp_path / "a/result.json")
    assert [path.name for path in (tmp_path / "a").glob("*.svg")] == ["mine.svg"]


def test_a_syntax_error_is_printed_once(tmp_path):
    result = handed_in("L4", tmp_path / "a", 0, {"insert.s": "htab_insert: frobnicate r3"})
    assert len(lost(result)) == 6 and FORMATS["text"](result).count("frobnicate") == 1


def table(seed, *changes):
    """The solution of L10 with other text in it."""
    text = LABS["L10"].solution(seed)["table.toml"]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return {"table.toml": text}


def test_the_grader_of_classes_gives_nothing_away(tmp_path):
    """Neither points nor words depend on the class of what is missing or wrong."""
    kinds = ("privileged", "illegal", "sensitive", "innocuous")
    lines = [line for line in table(0)["table.toml"].splitlines() if line.endswith(
        tuple(f'= "{kind}"' for kind in kinds))]
    assert len(lines) == 24
    for value in ("", "other"):
        seen = set()
        for number, line in enumerate(lines):
            name, kind = re.fullmatch(r'"(.*)" = "(\w+)"', line).groups()
            wrong = kinds[(kinds.index(kind) + 1) % 4] if value else ""
            result = handed_in("L10", tmp_path / f"{value}{number}", 0,
                               table(0, (line, f'"{name}" = "{wrong}"')))
            row = result["tests"][0]
            assert row["id"] == "classes" and not any(kind in row["why"] for kind in kinds)
            seen.add((row["points"], row["why"].replace(name, "it")))
        assert len(seen) == 1
    assert "1 of 24 is wrong; one is it" in seen.pop()[1]


@pytest.mark.parametrize("kind", ["privileged", "illegal", "sensitive", "innocuous"])
def test_one_class_for_all_gets_no_points(kind, tmp_path):
    others = {"privileged", "illegal", "sensitive", "innocuous"} - {kind}
    result = handed_in("L10", tmp_path / "a", 0, table(0, *(
        (f'= "{other}"', f'= "{kind}"') for other in others)))
    assert result["tests"][0]["points"] == 0


def test_a_missed_instruction_costs_a_class_and_a_witness(tmp_path):
    text = table(0)["table.toml"]
    name, resource = re.findall(r'witness."(.*)"]\nresource = "(.*)"', text)[-1]
    text = text[:text.index(f'[witness."{name}"]')].replace(
        f'"{name}" = "sensitive"', f'"{name}" = "innocuous"')
    named = re.search('resources = "(.*)"', text)[1]
    assert text.count(f'resource = "{resource}"') == 0, "no other one depends on it"
    left = ", ".join(set(named.split(", ")) - {resource})
    result = handed_in("L10", tmp_path / "a", 0, {"table.toml": text.replace(named, left)})
    assert [row["points"] for row in result["tests"]] == [pytest.approx(14 * 22.5 / 24, abs=.01),
                                                          3, 2]
    assert name not in result["tests"][1]["why"]


@pytest.mark.parametrize("old, new, test, why", [
    ('= "innocuous"', '= "inocuous"', "classes", "must be one of privileged, .*'inocuous'"),
    ("[class]", '[class]\n"mfspr 9999" = "illegal"', "classes", "'mfspr 9999', which is not among"),
    ('condition = "no"', "condition = false", "theorem", "with \"yes\" or \"no\", .* not False"),
    ('resources = "', 'resources = "UMMCR0, ', "theorem", "no resource 'UMMCR0'; it reads MMCR0"),
    ('resources = "', 'resources = ["TB"]#', "theorem", r"one text .* not \['TB'\]"),
    ("[theorem]", '[witness."mfspr 9999"]\ncode = "nop"\n[theorem]', "witness",
     "witness for 'mfspr 9999', which is not among"),
    ('resource = "TB"', "resource = 5", "witness", "resource must be a text, not 5"),
    ('resource = "TB"', 'resource = "TBL"', "witness", "no resource 'TBL'"),
])
def test_a_table_that_is_not_understood_gets_a_line(old, new, test, why, tmp_path):
    result = handed_in("L10", tmp_path / "a", 0, table(0, (old, new)))
    assert lost(result) == [test]
    said, = (row["why"] for row in result["tests"] if row["why"])
    assert re.search(why, said) and "\n" not in said


def test_the_guest_of_the_starter_has_exceptions_and_continues(tmp_path):
    (tmp_path / "guest.s").write_text(LABS["L10"].files(0)["guest.s"])
    for command in (["asm", "guest.s"], "run --kernel guest.elf --rom none --cpu functional "
                    "--instructions 2K --ledger events.jsonl".split()):
        assert run_pteg(*command, cwd=tmp_path).returncode == 0
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    causes = [event["cause"] for event in events if event["kind"] == "EXCEPTION"]
    assert causes[:4] == ["PROGRAM", "SYSTEM_CALL"] * 2 and len(causes) < 500


def test_mutants_are_found_by_name(tmp_path, capsys):
    with pytest.raises(UserError, match="must be one of no-invalidation, .*, not 'x'"):
        mutated(LABS["L8"], "x", 0)
    with pytest.raises(UserError, match="L1 has no mutants"):
        mutated(LABS["L1"], "x", 0)
    for arguments in (["L8"], ["L8", "no-tlbie", tmp_path / "work"]):
        with pytest.raises(SystemExit) as ended:
            execute(["lab", "mutants", *map(str, arguments)])
        assert ended.value.code == 0
    assert "no-tlbie" in capsys.readouterr().out
    text = (tmp_path / "work/update.s").read_text()
    assert "tlbie   r4" not in text and "tlbsync" in text


def test_answers_count_by_field(tmp_path):
    text = LABS["L1"].solution(5)["answers.toml"]
    vsid = text.split('vsid = "')[1][:6]
    result = handed_in("L1", tmp_path / "a", 5, {"answers.toml": text.replace(vsid, "000000", 1)})
    assert lost(result) == ["translate-1"]
    assert result["points"] == pytest.approx(20 - 1 / 6, abs=0.01)


@pytest.mark.parametrize("lab", ["L0", "L1", "L3"])
def test_each_wrong_answer_loses_exactly_its_test(lab, tmp_path):
    """What mutants are to the other labs."""
    seed = seed_of("ada")
    text = LABS[lab].solution(seed)["answers.toml"]
    for table, answers in tomllib.loads(text).items():
        if re.search(r"-([2-9]|\d\d)$", table):
            continue        # as the first of its kind
        for field, answer in answers.items():
            head, tail = text.split(f"[{table}]\n")
            other = answer[:-1] + ("2" if answer[-1] == "1" else "1")
            tail = tail.replace(f'{field} = "{answer}"', f'{field} = "{other}"', 1)
            result = handed_in(lab, tmp_path / f"{table}-{field}", seed,
                               {"answers.toml": f"{head}[{table}]\n{tail}"})
            assert lost(result) == [table], (table, field)


@pytest.mark.parametrize("old, new, why", [
    ('vsid = "', 'vsid = 0x', r"vsid must be in quotes, vsid = \"...\", not \d+"),
    ("vsid = ", "vside = ", r"\[translate-1\] has no vsid"),
    ("[translate-1]", "[translate-one]", r"answers.toml has no table \[translate-1\]"),
])
def test_an_answer_that_is_not_understood_gets_a_line(old, new, why, tmp_path):
    text = LABS["L1"].solution(5)["answers.toml"].replace(old, new, 1)
    if new.endswith("0x"):
        text = re.sub('= (0x[0-9a-f]+)"', r"= \1", text, count=1)
    result = handed_in("L1", tmp_path / "a", 5, {"answers.toml": text})
    assert lost(result) == ["translate-1"] and re.search(why, result["tests"][0]["why"])


@pytest.mark.parametrize("lab, name, text, why", [
    ("L2", "enable.s", "enable_mmu: frobnicate r3", "frobnicate"),
    ("L2", "other.s", "", "enable.s"),
    ("L2", "enable.s", "enable_mmu: b enable_mmu", "has not returned"),
    ("L8", "update.s", "pte_install: b pte_install\npte_remove: blr", "does not end"),
    ("L4", "insert.s", "htab_insert: b htab_insert\npage_fault: rfi", "000"),
    ("L6", "refill.s", "linear: b linear\ntree: b tree", "choice.toml"),
    ("L7", "pager.s", "page_fault: b page_fault", "access 1 of "),
    ("L7", "pager.s", "page_fault: li r3, 0\n lis r4, FRAMES@h\n bl disk_read\n b page_fault",
     "access 1 of "),
    ("L1", "answers.toml", "[translate-1", "answers.toml"),
    ("L1", "answers.toml", "translate-1 = 5", "translate-1"),
])
def test_broken_files_get_a_sentence(lab, name, text, why, tmp_path):
    result = handed_in(lab, tmp_path / "broken", 0, {name: text})
    assert result["complete"] and result["points"] == 0
    assert why in result["tests"][0]["why"]


@pytest.mark.parametrize("lab", LABS)
def test_a_result_exists_from_the_beginning(lab, tmp_path):
    """Whenever the grader is killed, there is a result, and what has not run has no points."""
    new_folder(LABS[lab], tmp_path / lab, "ada")
    for name, text in LABS[lab].solution(seed_of("ada")).items():
        (tmp_path / lab / name).write_text(text)
    output, seen = tmp_path / lab / "result.json", set()
    tests = LABS[lab].tests(seed_of("ada"))
    for delay in (0.0, 0.3, 1.0) if lab == "L8" else (random.Random(lab).random(),):
        output.unlink(missing_ok=True)
        child = subprocess.Popen([sys.executable, "-m", "pteg", "lab", "grade", tmp_path / lab],
                                 stdout=subprocess.DEVNULL, start_new_session=True)
        while not output.exists() and child.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        result = json.loads(output.read_text())
        assert [(row["id"], row["max"]) for row in result["tests"]] == [
            (test.name, test.points) for test in tests]
        assert result["points"] == pytest.approx(sum(row["points"] for row in result["tests"]))
        shapes.check_formats(result)
        seen.add(result["complete"])
    assert False in seen or lab != "L8"


@pytest.mark.parametrize("lab", [
    pytest.param(lab, marks=[] if lab in ("L0", "L8") else [pytest.mark.slow]) for lab in LABS])
def test_grading_needs_no_network_and_less_than_two_minutes(lab, tmp_path):
    new_folder(LABS[lab], tmp_path / lab, "ada")
    for name, text in LABS[lab].solution(seed_of("ada")).items():
        (tmp_path / lab / name).write_text(text)
    script = textwrap.dedent("""
        import resource, sys
        from pteg.cli.commands import execute

        def refuse(event, arguments):
            if event.startswith("socket."):
                raise OSError(f"{event} {arguments}")

        resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
        sys.addaudithook(refuse)
        execute(["lab", "grade", sys.argv[1]])
    """)
    done = subprocess.run([sys.executable, "-c", script, tmp_path / lab], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr


def test_a_format_for_a_runner_needs_one(tmp_path, monkeypatch):
    result = handed_in("L2", tmp_path / "a", 0, LABS["L2"].files(0))
    room = json.loads(FORMATS["classroom50"](result))
    assert (room["review"], room["owner"]) == ("c", "ada")
    monkeypatch.delenv("CLASSROOM")
    with pytest.raises(UserError, match="CLASSROOM must be set"):
        FORMATS["classroom50"](result)


def test_make_grades_a_folder(tmp_path):
    new_folder(LABS["L2"], tmp_path / "L2", "ada")
    (tmp_path / "pteg").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pteg "$@"\n')
    (tmp_path / "pteg").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["make", "-C", tmp_path / "L2", "grade"], env=os.environ | {"PATH": path},
                          capture_output=True, text=True)
    assert done.returncode == 2 and "0 of 15 points" in done.stdout, done.stderr
    other = subprocess.run(["make", "-C", tmp_path / "L2", "PTEG=/nowhere/pteg"],
                           capture_output=True, text=True)
    assert "/nowhere/pteg is not in PATH: make PTEG=" in other.stderr


def test_on_the_command_line(tmp_path, capsys):
    def run_pteg(*arguments):
        with pytest.raises(SystemExit) as ended:
            execute(["lab", *map(str, arguments)])
        return ended.value.code, capsys.readouterr().out

    assert run_pteg("list")[1].splitlines()[1] == "L1  By hand (20 points)"
    assert run_pteg("new", "l2", tmp_path / "work", "--student", "ada")[0] == 0
    assert opened(tmp_path / "work") == (LABS["L2"], seed_of("ada"))
    code, printed = run_pteg("grade", tmp_path / "work")
    assert code == 1 and "0 of 15 points" in printed
    for name, text in LABS["L2"].solution(0).items():
        (tmp_path / "work" / name).write_text(text)
    code, printed = run_pteg("grade", tmp_path / "work", "--format", "json")
    assert code == 0 and json.loads(printed)["points"] == 15
    assert run_pteg("handout", "L2")[1].startswith("# L2. Block maps")
    assert "Common mistakes" in run_pteg("handout", "L2", "--instructor")[1]
    assert run_pteg("new", "L2", tmp_path / "work")[0] == 2
    assert run_pteg("new", "L99", tmp_path / "other")[0] == 2
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("text", ["lab = 'L2'", "lab = 'L2'\nseed = -1", "[", "seed = 1"])
def test_a_damaged_folder_is_refused(text, tmp_path):
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(UserError):
        opened(tmp_path)
    with pytest.raises(UserError, match="lab must be one of L0, L1, .*, L10, not 'L9'"):
        lab_named("L9")


@pytest.mark.parametrize("lab", LABS)
def test_every_lab_has_its_pages(lab):
    handout, page = LABS[lab].text("handout.md"), LABS[lab].text("instructor.md")
    assert handout.startswith(f"# {lab}. {LABS[lab].title}\n") and "## Task" in handout
    for heading in ("**Goals.**", "**Tests**", "**Common mistakes**", "**Slide.**"):
        assert heading in page


@pytest.mark.parametrize("lab, test", [
    (lab, test) for lab in LABS
    for test in re.findall(r"`result-(\w+)\.svg`", LABS[lab].text("instructor.md"))])
def test_pictures_for_slides_are_those_of_wrong_solutions(lab, test, tmp_path):
    """An instructor makes them with `pteg lab mutants` and `pteg lab grade`."""
    name = next(name for name, mutant in MUTANTS[lab].items() if test in mutant.loses.split("+"))
    handed_in(lab, tmp_path / "a", 0, mutated(LABS[lab], name, 0))
    assert "<svg" in (tmp_path / "a" / f"result-{test}.svg").read_text()


@pytest.mark.parametrize("seed", [3, *(pytest.param(seed, marks=pytest.mark.slow)
                                      for seed in (0, 1, 2, 4, 5, 6, 7))])
def test_an_unknown_tlb_can_be_found_out(seed):
    """By experiments that a student can make; nothing but the letters is used."""
    machine, key = Unknown(seed), tomllib.loads(LABS["L3"].solution(seed)["answers.toml"])

    def circle(pages, stride):
        found = machine.loads([n * stride << 12 for n in range(pages)] * 40)
        return found[-pages:].count("M")

    # One set: the stride is a multiple of the number of sets.
    ways = max(n for n in (1, 2, 4, 8) if circle(n, 256) == 0)
    sets = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128) if circle(ways + 1, s) > 0)
    assert key["geometry"] == {"sets": str(sets), "ways": str(ways)}
    assert key["reach"] == {"reach": str(4 * sets * ways)}

    def used_again(trial):
        """Fill the set with new pages, use the first one again, load one more; the last letter
        says whether the first one is still there."""
        first, *others = [(trial * (ways + 1) + n) * sets << 12 for n in range(ways + 1)]
        return [first, *others[:-1], first, others[-1], first]

    letters = machine.loads([ea for trial in range(40) for ea in used_again(trial)])
    kept = set(letters[ways + 2::ways + 3])
    found = {"H": "lru", "M": "fifo"}[kept.pop()] if len(kept) == 1 else "random"
    assert key["replacement"] == {"replacement": found}


def test_a_probe_refuses_what_it_cannot_measure():
    for addresses in ([1 << 28], [2], ["x"], [0] * 5000):
        with pytest.raises(UserError):
            Unknown(0).loads(addresses)
        with pytest.raises(UserError):
            cycles(addresses)


def test_cycles_show_what_a_search_costs(monkeypatch):
    """Two pages of a set fit, three do not. The counters of the MMU are the judge."""
    machines = []
    monkeypatch.setattr(tlbprobe, "Machine", lambda *arguments, **options: machines.append(
        Machine(*arguments, **options)) or machines[-1])

    def circle(pages):
        found = cycles([n * 64 << 12 | n * 64 for n in range(pages)] * 40)
        return found / 40 / pages, machines[-1].stats()["mmu"]["table_searches"]

    (hit, few), (miss, many) = circle(2), circle(3)
    assert (few["count"], many["count"]) == (2, 120)
    search = many["cycles"] / many["count"]
    print(hit, miss, search)
    assert 2 < hit < 10 and search <= miss - hit + 1 < search + 12


@pytest.mark.parametrize("lab, printed", [("L3", "MMH\n"), ("L10", "TB NONE SRR1[10-15] = ")])
def test_the_probe_of_the_starter_runs(lab, printed, tmp_path):
    new_folder(LABS[lab], tmp_path / lab, "ada")
    done = subprocess.run([sys.executable, "probe.py"], cwd=tmp_path / lab, capture_output=True,
                          text=True)
    assert printed in done.stdout, done.stderr


def test_a_pager_in_c_does_what_the_one_in_assembly_language_does(tmp_path):
    if not compilers():
        pytest.skip("there is no C compiler")
    text = (folder_of("L7") / "solution.c").read_text()
    in_c = handed_in("L7", tmp_path / "c", 0, {"pager.c": text})
    other = handed_in("L7", tmp_path / "s", 0, LABS["L7"].solution(0))
    assert lost(in_c) == [] and in_c["points"] == 20
    for name in ("reads", "writes"):
        assert in_c["metrics"][name] == other["metrics"][name]
    assert in_c["metrics"]["reads"] == in_c["metrics"]["reads_of_clock"]
    broken = text.replace("hand = (", "hand = [")
    wrong = handed_in("L7", tmp_path / "wrong", 0, {"pager.c": broken})
    assert wrong["points"] == 0 and "error" in wrong["tests"][0]["why"]
    both = handed_in("L7", tmp_path / "both", 0, {"pager.c": text, "pager.s": ""})
    assert "remove one" in both["tests"][0]["why"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_wrong_pools_lose_their_tests_whatever_the_seed(seed, tmp_path):
    right = LABS["L8"].solution(seed)["vsid.s"]
    for name, mutant in MUTANTS["L8"].items():
        if mutant.right in right:
            text = mutated(LABS["L8"], name, seed)["vsid.s"]
            result = handed_in("L8", tmp_path / name, seed, {"vsid.s": text})
            assert [test for test in lost(result)[9:] if test != "trial"] == (
                mutant.loses.split("+")), (name, seed)


@pytest.mark.parametrize("text, why", [
    ("vsid_new: li r30, 5\n lis r3, FIRST@h\n ori r3, r3, FIRST@l\n blr\nvsid_free: blr\n",
     "r0 and r3 to r12"),
    ("vsid_new: li r25, 0\n blr\nvsid_free: blr\n", "r0 and r3 to r12"),
    ("vsid_new: b vsid_new\nvsid_free: blr\n", "do not end"),
    ("vsid_new: blr\n", "no function vsid_free"),
])
def test_a_pool_that_breaks_the_contexts_gets_a_sentence(text, why, tmp_path):
    result = handed_in("L8", tmp_path / "a", 0, LABS["L8"].solution(0) | {"vsid.s": text})
    assert lost(result) == ["own", "kept", "lazy", "rollover"]
    assert any(why in row["why"] for row in result["tests"][9:13]), result["tests"][9:13]


def test_a_pool_in_c_does_what_the_one_in_assembly_language_does(tmp_path):
    if not compilers():
        pytest.skip("there is no C compiler")
    files = LABS["L8"].solution(0)
    text = (folder_of("L8") / "solution-vsid.c").read_text()
    in_c = {name: content for name, content in files.items() if name != "vsid.s"}
    result = handed_in("L8", tmp_path / "c", 0, in_c | {"vsid.c": text})
    assert lost(result) == [] and result["metrics"]["tlbie"] == 320
    worse = text.replace("number = find(UNUSED);\n\t}", "number = 0;\n\t}")
    assert lost(handed_in("L8", tmp_path / "b", 0, in_c | {"vsid.c": worse})) == ["own", "rollover"]
    missing = handed_in("L8", tmp_path / "a", 0, in_c | {"vsid.c": text.replace("vsid_free", "x")})
    assert "no function vsid_free" in missing["tests"][9]["why"]


def test_a_student_may_bring_solutions_of_other_labs(tmp_path):
    files = LABS["L7"].solution(0)
    own = LABS["L8"].solution(0)["update.s"]
    mine = handed_in("L7", tmp_path / "own", 0, files | {"update.s": own})
    assert lost(mine) == []
    worse = own.replace("        tlbie   r4\n", "")
    result = handed_in("L7", tmp_path / "worse", 0, files | {"update.s": worse})
    assert "contents" in lost(result)


@pytest.mark.slow
@pytest.mark.parametrize("lab", ["L2", "L6", "L7", "L8"])
def test_runs_of_the_handout_show_the_graded_program(lab, tmp_path):
    """What students are told to measure: each run ends by itself, in the program."""
    folder = tmp_path / "a"
    handed_in(lab, folder, 0, LABS[lab].solution(0))
    commands = re.findall(r"`pteg (run [^`]*)`", LABS[lab].text("handout.md"))
    assert commands
    for command in commands:
        done = run_pteg(*command.split(), cwd=folder)
        assert done.returncode == 0 and re.search(r" at 0x\w{8} <", done.stderr), done.stderr
    if lab in ("L6", "L7"):
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        walks = [event for event in events if event["kind"] == "WALK"]
        faults = [event for event in events if event["kind"] == "EXCEPTION"]
        assert len(walks) > 100
        assert bool(faults) == (lab == "L7"), "in L6, all PTEs are in the hashed table"


def test_what_the_first_handout_tells_to_do_shows_what_it_asks_for(tmp_path):
    text, solution = (LABS["L0"].text("handout.md"), tomllib.loads(
        LABS["L0"].solution(0)["answers.toml"]))
    number = re.search(r"--instructions (\d+)", LABS["L0"].files(0)["questions.md"])[1]
    script = text.split("```python\n")[1].split("```")[0].replace("...", number)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    registers, table = done.stdout.splitlines()
    assert registers.split() == [solution["registers"][name] for name in ("pc", "msr")]
    assert table.startswith(f"hash table at {solution['table']['address']}")
    command, = re.findall(r"`pteg (run --.*--vcd [^`]*)`", text)
    assert run_pteg(*shlex.split(command), cwd=tmp_path).returncode == 0
    states = set(re.findall(r"^s(\w+)", (tmp_path / "rom.vcd").read_text(), re.MULTILINE))
    assert states >= {state.name for state in State if State.PRIMARY_READ <= state < State.REFILL
                      and "SECONDARY" not in state.name}


def test_reference_solutions_are_objects_for_a_linker(tmp_path):
    """GNU ld links them, and the code is that of the assembler."""
    if not shutil.which("powerpc-linux-gnu-ld"):
        pytest.skip("powerpc-linux-gnu-ld is not installed")
    (tmp_path / "l8.o").write_bytes(reference_object("L8", {}))
    (tmp_path / "main.s").write_text(
        ".globl _start\n_start: bl pte_install\n bl pte_remove\n b _start\n")
    for command in (["as", "-mregnames", "main.s", "-o", "main.o"],
                    ["ld", "-Ttext=0x1000", "main.o", "l8.o", "-o", "whole.elf"]):
        subprocess.run([f"powerpc-linux-gnu-{command[0]}", *command[1:]], cwd=tmp_path, check=True,
                       capture_output=True)
    machine = Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(tmp_path / "whole.elf")
    alone = reference("L8", 0x1000, {})
    start = machine.symbols.address("pte_install")
    code = read_elf(alone.elf, "l8").segments[0].data
    assert machine.memory.read(start, len(code)) == code
    assert machine.symbols.address("pte_remove") - start == (
        alone.symbols["pte_remove"] - alone.symbols["pte_install"])


def test_pagers_are_as_good_as_their_policies():
    """Counted on another way, and on a string of a textbook (Belady 1969)."""
    string = [Access(page, 0, False) for page in (0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4) * 3]
    assert reads(string, "fifo") == reads(string, "lru") == 5, "all have frames"
    rng = random.Random(3)
    string = [Access(rng.randrange(FILES), 0, False) for _ in range(300)]
    last = [max((n for n in range(t) if string[n].page == access.page), default=-1)
            for t, access in enumerate(string)]
    # LRU: a hit if fewer than 8 other pages were used since the last use.
    misses = sum(last[t] < 0 or len({a.page for a in string[last[t] + 1:t]}) >= FRAME_COUNT
                 for t in range(len(string)))
    assert reads(string, "lru") == misses
    assert reads(string, "opt") <= min(reads(string, policy) for policy in POLICIES)
