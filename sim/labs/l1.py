"""L1, by hand: answers to drills."""

import tomllib
from functools import partial
from pathlib import Path

from pteg.errors import UserError
from pteg.files import read_file
from pteg.labs.drills import Item, drill, same
from pteg.labs.kit import Lab, Test, Wrong, choices

__all__ = ["LAB"]

_KINDS = {"translate": 10, "bat": 4, "protect": 3, "tlb": 3}


def _items(seed: int) -> dict[str, Item]:
    rng = choices("L1", seed)
    return {f"{kind}-{n}": drill(kind, rng.randrange(1 << 31))
            for kind, count in _KINDS.items() for n in range(1, count + 1)}


def _tests(seed: int) -> list[Test]:
    return [Test(name, name.replace("-", " "), 1, partial(_check, name, item))
            for name, item in _items(seed).items()]


def _attempt(folder: Path, seed: int) -> dict[str, dict[str, str]]:
    path = folder / "answers.toml"
    try:
        given = tomllib.loads(read_file(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    return {name: table for name, table in given.items() if isinstance(table, dict)}


def _check(name: str, item: Item, given: dict[str, dict[str, str]]) -> None:
    answers = given.get(name, {})
    wrong = [field for field, key in item.answer.items() if not same(answers.get(field, ""), key)]
    if wrong:
        # No picture: it would show the answer.
        raise Wrong(f"{name}: {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not "
                    f"right; `pteg drill {item.kind} --seed {item.seed + 1} -c` shows how such an "
                    f"exercise is solved", part=item.score(answers))


def _answers(seed: int, filled: bool) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f'{field} = "{key if filled else ""}"\n'
                                for field, key in item.answer.items())
        for name, item in _items(seed).items())


def _files(seed: int) -> dict[str, str]:
    questions = "\n".join(f"## {name}\n\n```\n{item.question}\n```\n"
                          for name, item in _items(seed).items())
    return {"questions.md": f"# L1, seed {seed}\n\n{questions}",
            "answers.toml": _answers(seed, False)}


LAB = Lab("L1", "By hand", _tests, _attempt, _files,
          lambda seed: {"answers.toml": _answers(seed, True)})
