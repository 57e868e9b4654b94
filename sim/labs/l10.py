"""L10, is it virtualizable? The condition of Popek and Goldberg, by experiment."""

import random
import tomllib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from pteg.errors import UserError
from pteg.files import read_file
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS
from pteg.hw.isa.registers import SPRS
from pteg.labs.kit import Lab, Test, Wrong, choices, folder_of
from pteg.labs.sensitivity import Class, Finding, candidates, classify
from pteg.labs.twins import program_of, witnessed

__all__ = ["LAB"]

_FILE = "table.toml"
_HINTS = {
    Class.PRIVILEGED: "execute it in user state: which exception is there, and which bit of SRR1?",
    Class.ILLEGAL: "execute it in user state: which exception is there, and which bit of SRR1?",
    Class.INNOCUOUS: "execute it on two machines, for each resource: is there any difference?",
    Class.SENSITIVE: "execute it on two machines, for each resource: is there any difference?"}
Given = dict[str, Any]


@cache
def _key(seed: int) -> dict[str, tuple[int, Finding]]:
    """Word and class of each instruction of a student, in the order of the manual."""
    rng, found = choices("L10", seed), {}
    for kind, names in _names(rng).items():
        for name, word in names:
            finding = classify(word)
            assert finding.kind is kind, name
            found[name] = word, finding
    return {name: found[name] for name, _ in candidates() if name in found}


def _names(rng: random.Random) -> dict[Class, list[tuple[str, int]]]:
    """Choices of each class. That they are of it is for `_key` to find out by experiment."""
    known = dict(candidates())
    sprs = {f"{how} {spr.number}": spr for spr in SPRS for how in ("mfspr", "mtspr")}
    rows = {row.name: row for row in INSTRUCTIONS if row.name in known}
    user = [name for name, row in rows.items() if not row.privileged]
    time = [f"mftb {number}" for number in (268, 269)]
    pools = (   # each with how many are drawn from it
        (Class.PRIVILEGED, [name for name, row in rows.items() if row.privileged], 4),
        (Class.PRIVILEGED, [name for name, spr in sprs.items() if not spr.user], 4),
        (Class.ILLEGAL, [f"mfspr {number}" for number in range(1024)
                         if f"mfspr {number}" not in sprs and number not in (268, 269)], 4),
        (Class.INNOCUOUS, [name for name in user if rows[name].serialize], 4),
        (Class.INNOCUOUS, user, 2),
        (Class.INNOCUOUS, [name for name, spr in sprs.items() if spr.user and spr.writable], 2),
        (Class.SENSITIVE, time, 1),
        (Class.SENSITIVE, [name for name, spr in sprs.items() if spr.user and not spr.writable
                           and name[1] == "f"], 3))
    chosen: dict[Class, list[tuple[str, int]]] = {kind: [] for kind in Class}
    for kind, pool, count in pools:
        left = sorted(set(pool) - {name for name, _ in chosen[kind]})
        chosen[kind] += [(name, known[name]) for name in rng.sample(left, count)]
    return chosen


def _files(seed: int) -> dict[str, str]:
    return {_FILE: _table(seed, False),
            "probe.py": (folder_of("L10") / "probe.py").read_text(encoding="ascii")}


def _table(seed: int, filled: bool) -> str:
    lines = ["# privileged, illegal, sensitive or innocuous", "[class]"]
    key = _key(seed)
    lines += [f'"{name}" = "{finding.kind.value if filled else ""}"' for name, (_, finding)
              in key.items()]
    lines += ["", "[theorem]", f'condition = "{"no" if filled else ""}"',
              f'resources = "{", ".join(_resources(seed)) if filled else ""}"', ""]
    if not filled:
        return "\n".join([*lines, "# For each sensitive instruction:",
                          '# [witness."mfspr 9999"]', '# resource = "MSR[EE]"',
                          '# code = """', "#         mfspr   r3, 9999", '# """', ""])
    for name, (_, finding) in key.items():
        if finding.kind is Class.SENSITIVE:
            mnemonic, number = name.split()
            lines += [f'[witness."{name}"]', f'resource = "{finding.resources[0]}"',
                      f'code = "{mnemonic} r3, {number}"', ""]
    return "\n".join(lines)


def _resources(seed: int) -> list[str]:
    return sorted({resource for _, finding in _key(seed).values()
                   for resource in finding.resources})


@dataclass
class _Attempt:
    """What the student says, and for which seed."""

    seed: int
    given: Given

    def table(self, name: str) -> dict[str, Any]:
        found = self.given.get(name, {})
        return found if isinstance(found, dict) else {}


def _attempt(folder: Path, seed: int) -> _Attempt:
    path = folder / _FILE
    try:
        return _Attempt(seed, tomllib.loads(read_file(path).decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None


def _class(kind: Class, attempt: _Attempt) -> None:
    wanted = [name for name, (_, finding) in _key(attempt.seed).items() if finding.kind is kind]
    given = attempt.table("class")
    wrong = [name for name in wanted if str(given.get(name, "")).strip().lower() != kind.value]
    if wrong:
        # Not which class it is: that would be the answer.
        problem = f"is not {given[wrong[0]]!r}" if given.get(wrong[0]) else "is not there yet"
        raise Wrong(f"the class of {wrong[0]} {problem}; {_HINTS[kind]} ({len(wrong)} wrong of "
                    f"{len(wanted)})",
                    part=1 - len(wrong) / len(wanted))


def _witness(attempt: _Attempt) -> None:
    given = attempt.table("witness")
    for name, (word, finding) in _key(attempt.seed).items():
        if finding.kind is not Class.SENSITIVE:
            continue
        one = given.get(name)
        if not isinstance(one, dict):
            raise Wrong(_no_witness(attempt, name))
        code, resource = str(one.get("code", "")), str(one.get("resource", ""))
        try:
            words = program_of(code)
            problem = witnessed(words, resource)
        except UserError as error:
            raise Wrong(f"the witness for {name!r}: {str(error).splitlines()[0]}") from None
        anywhere = ~FIELDS["rD"].mask
        if not problem and not any((word ^ other) & anywhere == 0 for other in words):
            problem = f"there is no {name} in it"
        if problem:
            raise Wrong(f"the witness for {name!r}: {problem}")


def _no_witness(attempt: _Attempt, name: str) -> str:
    if not attempt.table("witness"):
        return ("there is no table [witness.\"...\"] yet: each instruction that you call sensitive "
                "needs a program that shows it")
    claimed = str(attempt.table("class").get(name)) == Class.SENSITIVE.value
    which = f"{name}, which you call sensitive," if claimed else "an instruction that is sensitive"
    return f"{which} has no witness"


def _theorem(attempt: _Attempt) -> None:
    given = attempt.table("theorem")
    if str(given.get("condition", "")).strip().lower() != "no":
        raise Wrong("condition must say, with yes or no, whether every sensitive instruction is "
                    "privileged")
    named = {part.strip().upper() for part in str(given.get("resources", "")).split(",")} - {""}
    wanted = set(_resources(attempt.seed))
    if named != wanted:
        raise Wrong(f"resources must name, with commas, what your sensitive instructions depend "
                    f"on: you name {len(named)}, and {len(named & wanted)} of them are right, of "
                    f"{len(wanted)}", part=0.5)


_POINTS = {Class.PRIVILEGED: 4, Class.ILLEGAL: 2, Class.INNOCUOUS: 4, Class.SENSITIVE: 4}
_TESTS = [*(Test(kind.value, f"which are {kind.value}", points, partial(_class, kind))
            for kind, points in _POINTS.items()),
          Test("witness", "a program shows each that is sensitive", 4, _witness),
          Test("theorem", "what follows", 2, _theorem)]

LAB = Lab("L10", "Is it virtualizable?", lambda seed: _TESTS, _attempt, _files,
          lambda seed: {_FILE: _table(seed, True)},
          lambda attempt: {"instructions": len(_key(attempt.seed))})
