"""L10, is it virtualizable? The condition of Popek and Goldberg, by experiment."""

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pteg.errors import UserError
from pteg.files import read_file
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS
from pteg.hw.isa.registers import SPRS
from pteg.labs.kit import Lab, Test, Wrong, choices, folder_of
from pteg.labs.sensitivity import Class, Finding, candidates, classify
from pteg.labs.twins import RESOURCES, no_resource, program_of, witnessed

__all__ = ["LAB"]

_FILE = "table.toml"
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
            **{name: (folder_of("L10") / name).read_text(encoding="ascii")
               for name in ("probe.py", "guest.s")}}


def _table(seed: int, filled: bool) -> str:
    lines = ["# privileged, illegal, sensitive or innocuous", "[class]"]
    key = _key(seed)
    resources = {resource for _, finding in key.values() for resource in finding.resources}
    lines += [f'"{name}" = "{finding.kind.value if filled else ""}"' for name, (_, finding)
              in key.items()]
    lines += ["", "[theorem]", f'condition = "{"no" if filled else ""}"',
              f'resources = "{", ".join(sorted(resources)) if filled else ""}"', ""]
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


@dataclass
class _Attempt:
    """What the student says, and for which seed."""

    seed: int
    given: Given

    def table(self, name: str) -> dict[str, Any]:
        found = self.given.get(name, {})
        if not isinstance(found, dict):
            raise Wrong(f"{name} must be a table, [{name}], not {found!r}")
        return found

    def classes(self) -> dict[str, str]:
        """What is said of each instruction; empty texts are left out."""
        given = {name: _plain(value) for name, value in self.table("class").items()}
        known = [kind.value for kind in Class]
        for name, value in given.items():
            if name not in _key(self.seed):
                raise Wrong(f"[class] has {name!r}, which is not among your instructions")
            if value != "" and value not in known:
                raise Wrong(f"the class of {name} must be one of {', '.join(known)}, not {value!r}")
        return {name: value for name, value in given.items() if value}

    def sensitive(self) -> list[str]:
        """Instructions that are called sensitive."""
        return [name for name, value in self.table("class").items()
                if name in _key(self.seed) and _plain(value) == Class.SENSITIVE.value]


def _plain(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _attempt(folder: Path, seed: int) -> _Attempt:
    path = folder / _FILE
    try:
        return _Attempt(seed, tomllib.loads(read_file(path).decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None


def _classes(attempt: _Attempt) -> None:
    """No class of a wrong entry is named, nor how many there are of a class: those are answers."""
    key, given = _key(attempt.seed), attempt.classes()
    missing = len(key) - len(given)
    if missing:
        raise Wrong(f"{missing} of {len(key)} classes {'is' if missing == 1 else 'are'} missing; "
                    "the table is judged when it is complete")
    wrong = [name for name, (_, finding) in key.items() if given[name] != finding.kind.value]
    if wrong:
        # One class for all of them, with 8 members at most, has no points.
        raise Wrong(f"{len(wrong)} of {len(key)} {'is' if len(wrong) == 1 else 'are'} wrong; one "
                    f"is {wrong[0]}: execute it once more, for each resource",
                    part=max(0.0, 1 - 1.5 * len(wrong) / len(key)))


def _witness(attempt: _Attempt) -> None:
    given, claimed, key = attempt.table("witness"), attempt.sensitive(), _key(attempt.seed)
    if not claimed:
        raise Wrong("no instruction is called sensitive yet: each one that is needs a program that "
                    "shows it")
    wanted = [name for name, (_, finding) in key.items() if finding.kind is Class.SENSITIVE]
    problems = {name: _problem(key[name][0], name, given.get(name)) for name in claimed}
    shown = sum(name in claimed and not problems[name] for name in wanted)
    left = [f"there is a witness for {name}, which you do not call sensitive" if name in key else
            f"there is a witness for {name!r}, which is not among your instructions"
            for name in given if name not in claimed]
    why = [problem for problem in problems.values() if problem] + left
    if not why and shown < len(wanted):
        why = ["an instruction that is sensitive is not called so, and has no witness"]
    if why:
        raise Wrong(why[0], part=shown / len(wanted))


def _problem(word: int, name: str, one: Any) -> str | None:
    """Why a witness does not show that an instruction is sensitive."""
    if not isinstance(one, dict):
        return f"{name}, which you call sensitive, has no table [witness.\"{name}\"]"
    for part in ("code", "resource"):
        if not isinstance(one.get(part), str):
            return f"the witness for {name!r}: {part} must be a text, not {one.get(part)!r}"
    try:
        words = program_of(one["code"])
        problem = witnessed(words, one["resource"])
    except UserError as error:
        problem = str(error).splitlines()[0]
    else:
        anywhere = ~FIELDS["rD"].mask
        if not problem and not any((word ^ other) & anywhere == 0 for other in words):
            problem = f"there is no {name} in it"
    return problem and f"the witness for {name!r}: {problem}"


def _theorem(attempt: _Attempt) -> None:
    given = attempt.table("theorem")
    condition, resources = _plain(given.get("condition", "")), given.get("resources", "")
    if condition not in ("yes", "no"):
        raise Wrong("condition must say, with \"yes\" or \"no\", whether every sensitive "
                    f"instruction is privileged, not {condition!r}")
    if not isinstance(resources, str):
        raise Wrong(f"resources must be one text with commas, such as \"SDR1, SR0\", not "
                    f"{resources!r}")
    named = {part.strip().upper() for part in resources.split(",")} - {""}
    for name in sorted(named - set(RESOURCES)):
        raise Wrong(f"resources: {no_resource(name)}")
    if condition == "yes":
        raise Wrong("condition is not right: is each sensitive instruction privileged, by the "
                    "definition of privileged in the handout?")
    depend = {resource for name in attempt.sensitive()
              for resource in _key(attempt.seed)[name][1].resources}
    if not depend or named != depend:
        raise Wrong("resources must name, with commas, everything that the instructions which you "
                    "call sensitive depend on, and nothing else", part=0.5)


_TESTS = [Test("classes", "the class of each instruction", 14, _classes),
          Test("witness", "a program shows each that is sensitive", 4, _witness),
          Test("theorem", "what follows", 2, _theorem)]

LAB = Lab("L10", "Is it virtualizable?", lambda seed: _TESTS, _attempt, _files,
          lambda seed: {_FILE: _table(seed, True)},
          lambda attempt: {"instructions": len(_key(attempt.seed))})
