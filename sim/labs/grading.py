"""Grading: run the tests of a lab and write a result that exists at any time.

A result is neutral: `pteg.labs.adapters` makes of it what a service wants. There is no limit of
time: each run of a student's program has one of simulated instructions or cycles, so that the
verdict does not depend on the computer.
"""

import json
import time
from pathlib import Path
from typing import Any

from pteg import __version__
from pteg.errors import UserError
from pteg.labs.kit import Lab, Test, Wrong
from pteg.labs.picture import picture
from pteg.outputs import replace_file

__all__ = ["grade", "FORMAT"]

#: Version of the result's format.
FORMAT = 1


def grade(lab: Lab, folder: Path, seed: int, output: Path | None = None) -> dict[str, Any]:
    """Grade a student's folder.

    Parameters
    ----------
    lab : Lab
    folder : Path
    seed : int
    output : Path, optional
        JSON file. It has all tests with no points before the first one runs, and is replaced after
        each. Pictures of what failed are beside it.

    Returns
    -------
    dict
        ``lab``, ``title``, ``version``, ``format``, ``seed``, ``complete``, ``points``, ``max``,
        ``seconds`` of CPU time, ``metrics`` and ``tests``, each with ``id``, ``title``, ``points``,
        ``max``, ``status`` ("pass", "fail" or "not run"), ``why``, ``cycle`` and ``picture``.
    """
    began = time.process_time()
    tests = lab.tests(seed)
    result: dict[str, Any] = {
        "format": FORMAT, "lab": lab.name, "title": lab.title, "version": __version__, "seed": seed,
        "complete": False, "points": 0, "max": sum(test.points for test in tests), "seconds": 0.0,
        "metrics": {},
        "tests": [{"id": test.name, "title": test.title, "points": 0, "max": test.points,
                   "status": "not run", "why": None, "cycle": None, "picture": None}
                  for test in tests]}
    _write(result, output)
    if output is not None:
        for test in tests:      # of an earlier result
            _picture(output, test).unlink(missing_ok=True)
    attempt, problem = None, None
    try:
        attempt = lab.attempt(folder, seed)
    except UserError as error:
        problem = Wrong(str(error).splitlines()[0])
    for test, row in zip(tests, result["tests"], strict=True):
        row |= _run(test, attempt, problem, output)
        result["points"] = round(sum(row["points"] for row in result["tests"]), 2)
        result["seconds"] = round(time.process_time() - began, 2)
        _write(result, output)
    if attempt is not None:
        result["metrics"] = lab.metrics(attempt)
    result["complete"] = True
    _write(result, output)
    return result


def _run(test: Test, attempt: Any, problem: Wrong | None, output: Path | None) -> dict[str, Any]:
    try:
        if problem:
            raise problem
        test.check(attempt)
    except Wrong as wrong:
        name = None
        if wrong.walk is not None and output is not None:
            place = _picture(output, test)
            replace_file(place, picture(wrong.walk, wrong.why).encode())
            name = place.name
        return {"status": "fail", "why": wrong.why, "cycle": wrong.cycle, "picture": name,
                "points": round(wrong.part * test.points, 2)}
    return {"status": "pass", "points": test.points}


def _picture(output: Path, test: Test) -> Path:
    """Where the picture of a test is."""
    return output.with_name(f"{output.stem}-{test.name}.svg")


def _write(result: dict[str, Any], output: Path | None) -> None:
    if output is not None:
        replace_file(output, (json.dumps(result, indent=2) + "\n").encode())
