"""Labs: what the solution, the empty starter, wrong solutions and broken files get."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET

import pytest

from pteg.cli import main
from pteg.errors import UserError
from pteg.labs.adapters import FORMATS
from pteg.labs.catalogue import LABS, lab_named, new_folder, opened
from pteg.labs.grading import grade
from pteg.labs.kit import seed_of
from pteg.labs.l3 import Unknown

#: Wrong solutions of each lab: what is replaced, by what, and the test that is lost.
MUTANTS = {
    "L2": [("0x30    # IR", "0x10    # IR", "returned"), ("0x7f << 2", "0x3f << 2", "kernel"),
           ("WINDOW_PA | 0x2a", "WINDOW_PA | 0x22", "window"),
           ("WINDOW_PA | 0x2a", "WINDOW_PA | 0x2b", "window"),
           ("17 << 2 | 2", "17 << 2 | 3", "user"),
           ("        mtibatu 2, r3\n", "", "unused"), ("        mtdbatu 3, r3\n", "", "unused"),
           ("        isync                   # the", "        nop # the", "synchronised"),
           ("        isync                   # fetched", "        nop # ", "synchronised")],
    "L4": [("        ori     r8, r8, 0x40            # H\n", "", "secondary"),
           ("        not     r7, r7\n", "", "secondary"),
           ("        mtcrf   0xff, r4\n", "", "registers"),
           ("        mtlr    r4\n", "", "registers"),
           ("        lmw     r4, 0(r3)\n", "        lmw r5, 4(r3)\n", "registers"),
           ("        mtctr   r4\n", "", "registers"),
           ("        ori     r4, r4, FRAME@l\n", "        ori r4, r4, 0xf000\n", "demand"),
           ("        bge     free\n", "        b free\n", "primary+secondary+kept")],
    "L8": [("        stw     r6, 0(r3)       # V = 0\n", "", "invalidate"),
           ("        sync                    # no search", "        nop # ", "sync"),
           ("        tlbie   r4\n", "", "tlbie"),
           ("        eieio                   # tlbie", "        nop #", "eieio"),
           ("        tlbsync\n", "", "tlbsync"),
           ("        sync                    # no TLB", "        nop #", "sync-tlbsync"),
           ("        eieio                   # the second", "        nop #", "eieio-stores"),
           ("        sync                    # table", "        nop #", "sync-valid"),
           ("        tlbie   r4\n", "        addis r4,r4,1\n        tlbie r4\n", "tlbie"),
           ("        sync                    # table", "        isync #", "sync-valid")],
    "L10": [('= "privileged"', '= "innocuous"', "privileged"),
            ('= "illegal"', '= "privileged"', "illegal"),
            ('= "innocuous"', '= "sensitive"', "innocuous"),
            ('= "sensitive"', '= "innocuous"', "sensitive"),
            ('resource = "TB"', 'resource = "MSR[EE]"', "witness"),
            ('code = "mftb r3,', 'code = "li r3, 0 #', "witness"),
            ('condition = "no"', 'condition = "yes"', "theorem"),
            ('resources = "', 'resources = "SDR1, ', "theorem")],
}
WRONG = [(lab, *mutant) for lab, mutants in MUTANTS.items() for mutant in mutants]


def handed_in(lab, folder, seed, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return grade(LABS[lab], folder, seed, folder / "result.json")


def lost(result):
    return [row["id"] for row in result["tests"] if row["status"] != "pass"]


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_gets_full_marks_whatever_the_seed(lab, tmp_path):
    for seed in (0, 1, seed_of("ada"), seed_of("Charles Babbage")):
        result = handed_in(lab, tmp_path / f"{seed}", seed, LABS[lab].solution(seed))
        assert lost(result) == [] and result["points"] == result["max"] and result["complete"]


@pytest.mark.parametrize("lab", LABS)
def test_the_starter_gets_nothing_and_says_what_to_do(lab, tmp_path):
    for seed in (0, seed_of("ada")):
        result = handed_in(lab, tmp_path / f"{seed}", seed, LABS[lab].files(seed))
        assert result["points"] == 0 and len(lost(result)) == len(result["tests"])
        for row in result["tests"]:
            assert len(row["why"]) > 30 and "Traceback" not in row["why"]


@pytest.mark.parametrize("lab, old, new, test", WRONG, ids=lambda text: text[:24])
def test_a_wrong_solution_loses_exactly_its_test(lab, old, new, test, tmp_path):
    for seed in (0, seed_of("ada")):
        (name, text), = LABS[lab].solution(seed).items()
        assert text.count(old) == 1 or lab == "L10" and old in text
        folder = tmp_path / f"{seed}"
        result = handed_in(lab, folder, seed, {name: text.replace(old, new, 1)})
        assert lost(result) == test.split("+"), result
        for row in result["tests"]:
            if row["picture"]:
                assert ET.parse(folder / row["picture"]).getroot().tag.endswith("svg")


def test_answers_count_by_field(tmp_path):
    text = LABS["L1"].solution(5)["answers.toml"]
    vsid = text.split('vsid = "')[1][:6]
    result = handed_in("L1", tmp_path / "a", 5, {"answers.toml": text.replace(vsid, "000000", 1)})
    assert lost(result) == ["translate-1"]
    assert result["points"] == pytest.approx(20 - 1 / 6, abs=0.01)


@pytest.mark.parametrize("lab, name, text, why", [
    ("L2", "enable.s", "enable_mmu: frobnicate r3", "frobnicate"),
    ("L2", "other.s", "", "enable.s"),
    ("L2", "enable.s", "enable_mmu: b enable_mmu", "has not returned"),
    ("L8", "update.s", "pte_install: b pte_install\npte_remove: blr", "does not end"),
    ("L1", "answers.toml", "[translate-1", "answers.toml"),
    ("L1", "answers.toml", "translate-1 = 5", "translate-1"),
])
def test_broken_files_get_a_sentence(lab, name, text, why, tmp_path):
    result = handed_in(lab, tmp_path / "broken", 0, {name: text})
    assert result["complete"] and result["points"] == 0
    assert why in result["tests"][0]["why"]


def test_a_result_exists_from_the_beginning(tmp_path):
    """Whenever the grader is killed, there is a result, and what has not run has no points."""
    new_folder(LABS["L8"], tmp_path / "L8", "ada")
    for name, text in LABS["L8"].solution(0).items():
        (tmp_path / "L8" / name).write_text(text)
    output, seen = tmp_path / "L8" / "result.json", set()
    for delay in (0.0, 0.3, 1.0):
        output.unlink(missing_ok=True)
        child = subprocess.Popen([sys.executable, "-m", "pteg", "lab", "grade", tmp_path / "L8"],
                                 stdout=subprocess.DEVNULL, start_new_session=True)
        while not output.exists() and child.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        result = json.loads(output.read_text())
        assert result["max"] == 18 and len(result["tests"]) == 9
        assert result["points"] == sum(row["points"] for row in result["tests"])
        seen.add(result["complete"])
    assert False in seen


def test_formats(tmp_path):
    result = handed_in("L2", tmp_path / "a", 0, LABS["L2"].files(0))
    scope = json.loads(FORMATS["gradescope"](result))
    assert scope["score"] == 0 and sum(test["max_score"] for test in scope["tests"]) == 15
    assert {test["status"] for test in scope["tests"]} == {"failed"}
    assert json.loads(FORMATS["json"](result)) == result
    assert FORMATS["text"](result).endswith("0 of 15 points\n")


def test_on_the_command_line(tmp_path, capsys):
    def pteg(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["lab", *map(str, arguments)])
        return ended.value.code, capsys.readouterr().out

    assert pteg("list")[1].splitlines()[1] == "L1  By hand (20 points)"
    assert pteg("new", "l2", tmp_path / "work", "--student", "ada")[0] == 0
    assert opened(tmp_path / "work") == (LABS["L2"], seed_of("ada"))
    code, printed = pteg("grade", tmp_path / "work")
    assert code == 1 and "0 of 15 points" in printed
    for name, text in LABS["L2"].solution(0).items():
        (tmp_path / "work" / name).write_text(text)
    code, printed = pteg("grade", tmp_path / "work", "--format", "json")
    assert code == 0 and json.loads(printed)["points"] == 15
    assert pteg("handout", "L2")[1].startswith("# L2. Block maps")
    assert "Common mistakes" in pteg("handout", "L2", "--instructor")[1]
    assert pteg("new", "L2", tmp_path / "work")[0] == 2
    assert pteg("new", "L99", tmp_path / "other")[0] == 2
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("text", ["lab = 'L2'", "lab = 'L2'\nseed = -1", "[", "seed = 1"])
def test_a_damaged_folder_is_refused(text, tmp_path):
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(UserError):
        opened(tmp_path)
    with pytest.raises(UserError, match="lab must be one of L0, L1, L2, L3, L4, L8, L10, not 'L9'"):
        lab_named("L9")


@pytest.mark.parametrize("lab", LABS)
def test_every_lab_has_its_pages(lab):
    handout, page = LABS[lab].text("handout.md"), LABS[lab].text("instructor.md")
    assert handout.startswith(f"# {lab}. {LABS[lab].title}\n") and "## Task" in handout
    for heading in ("**Goals.**", "**Tests**", "**Common mistakes**", "**Slide.**"):
        assert heading in page


@pytest.mark.parametrize("seed", range(8))
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


@pytest.mark.parametrize("lab, printed", [("L3", "MMH\n"), ("L10", "TB NONE SRR1[10-15] = ")])
def test_the_probe_of_the_starter_runs(lab, printed, tmp_path):
    new_folder(LABS[lab], tmp_path / lab, "ada")
    done = subprocess.run([sys.executable, "probe.py"], cwd=tmp_path / lab, capture_output=True,
                          text=True)
    assert printed in done.stdout, done.stderr
