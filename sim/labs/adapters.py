"""A result in the format of a service."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from pteg.errors import UserError

__all__ = ["FORMATS"]


def gradescope(result: dict[str, Any]) -> str:
    """`results.json` of an autograder of Gradescope."""
    return json.dumps({
        "score": result["points"], "output": f"{result['title']}, seed {result['seed']}",
        "extra_data": {"metrics": result["metrics"], "version": result["version"]},
        "tests": [{"name": row["title"], "number": row["id"], "score": row["points"],
                   "max_score": row["max"], "output": row["why"] or "",
                   "status": "passed" if row["status"] == "pass" else "failed"}
                  for row in result["tests"]]}, indent=2) + "\n"


#: What the runner of Classroom 50 tells a grader, and the field of the result that it goes to.
_RUNNER = {"CLASSROOM": "classroom", "ASSIGNMENT": "assignment", "SUBMISSION_TAG": "submission",
           "COMMIT_URL": "commit", "RELEASE_URL": "release"}


def classroom50(result: dict[str, Any]) -> str:
    """`result.json` of an autograder of Classroom 50 (classroom50/result/v1), from its runner's
    environment. Points are whole numbers there: parts of a point are lost."""
    missing = [name for name in _RUNNER if not os.environ.get(name)]
    if missing:
        raise UserError(f"{missing[0]} must be set: the format classroom50 is for the runner of "
                        "Classroom 50")
    given = {field: os.environ[name] for name, field in _RUNNER.items()}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tests = [{"test-name": row["title"], "passed": row["status"] == "pass",
              "score": int(row["points"]), "max-score": row["max"], "output": row["why"] or ""}
             for row in result["tests"]]
    return json.dumps({
        "schema": "classroom50/result/v1", **given,
        "assignment_type": os.environ.get("MODE") or "individual",
        "owner": os.environ.get("OWNER") or os.environ.get("USERNAME") or "unknown",
        "review": os.environ.get("REVIEW_URL") or given["commit"], "datetime": now,
        "graded_at": now, "score": sum(test["score"] for test in tests),
        "max-score": result["max"], "tests": tests}, indent=2) + "\n"


def text(result: dict[str, Any]) -> str:
    """Lines for people, and for make."""
    lines = [f"{result['lab']}. {result['title']}, seed {result['seed']}"]
    said = None
    for row in result["tests"]:
        lines.append(f"{row['status']:>7} {row['points']:>5g}/{row['max']:<3} {row['title']}")
        if row["why"] and row["why"] != said:
            said = row["why"]
            lines.append(f"               {row['why']}")
        if row["picture"]:
            lines.append(f"               picture: {row['picture']}")
    lines += [f"{name.replace('_', ' '):>20} {value:,}" for name, value in
              result["metrics"].items()]
    return "\n".join([*lines, f"{result['points']:g} of {result['max']} points"]) + "\n"


def neutral(result: dict[str, Any]) -> str:
    """The result itself."""
    return json.dumps(result, indent=2) + "\n"


#: Formats by name.
FORMATS = {"text": text, "json": neutral, "gradescope": gradescope,
           "classroom50": classroom50}
