"""Labs in which students answer questions, in `answers.toml`."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pteg.errors import UserError
from pteg.files import read_file
from pteg.labs.drills import same
from pteg.labs.kit import Lab, Test, Wrong

__all__ = ["Question", "answer_lab"]

_FILE = "answers.toml"


@dataclass(frozen=True)
class Question:
    """A question with its key.

    Attributes
    ----------
    text : str
    key : dict of str
        The fields of the answer.
    hint : str
        What to do if it is wrong.
    points : int
    """

    text: str
    key: dict[str, str]
    hint: str
    points: int = 1


Questions = Callable[[int], dict[str, Question]]
Given = dict[str, dict[str, str]]


def answer_lab(name: str, title: str, questions: Questions) -> Lab:
    """A lab of the questions that a function of the seed gives."""
    def tests(seed: int) -> list[Test]:
        return [Test(item, item.replace("-", " "), question.points, partial(_check, item, question))
                for item, question in questions(seed).items()]

    def files(seed: int) -> dict[str, str]:
        asked = "\n".join(f"## {item}\n\n```\n{question.text}\n```\n"
                          for item, question in questions(seed).items())
        return {"questions.md": f"# {name}, seed {seed}\n\n{asked}",
                _FILE: _answers(questions(seed), False)}

    return Lab(name, title, tests, _attempt, files,
               lambda seed: {_FILE: _answers(questions(seed), True)})


def _attempt(folder: Path, seed: int) -> Given:
    path = folder / _FILE
    try:
        given = tomllib.loads(read_file(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    return {name: table for name, table in given.items() if isinstance(table, dict)}


def _check(name: str, question: Question, given: Given) -> None:
    answers = given.get(name, {})
    wrong = [field for field, key in question.key.items()
             if not same(answers.get(field, ""), key)]
    if wrong:
        # No picture: it would show the answer.
        raise Wrong(_not_understood(name, wrong, given) or
                    f"{name}: {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not "
                    f"right; {question.hint}", part=1 - len(wrong) / len(question.key))


def _not_understood(name: str, wrong: list[str], given: Given) -> str | None:
    """Why an answer is none: it is not where it must be, or not a text."""
    if name not in given:
        return f"{_FILE} has no table [{name}]"
    for field in wrong:
        if field not in given[name]:
            return f"[{name}] has no {field}"
        value = given[name][field]
        if not isinstance(value, str):
            # TOML turns 0x10 into 16, and the notation is lost.
            return f"{name}: {field} must be in quotes, {field} = \"...\", not {value!r}"
    return None


def _answers(questions: dict[str, Question], filled: bool) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f'{field} = "{key if filled else ""}"\n'
                                for field, key in question.key.items())
        for name, question in questions.items())
