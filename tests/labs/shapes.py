"""What services read of a result, by their specifications."""

import json
import re

from pteg.labs.adapters import FORMATS

#: What the runner of Classroom 50 sets.
RUNNER = {"CLASSROOM": "mmu", "ASSIGNMENT": "a lab", "SUBMISSION_TAG": "submit/2026-1",
          "COMMIT_URL": "c", "RELEASE_URL": "r", "OWNER": "ada"}


def check_formats(result):
    """Each format has the shape that its service reads, and the same points."""
    assert json.loads(FORMATS["json"](result)) == result
    assert FORMATS["text"](result).endswith(f"{result['points']:g} of {result['max']} points\n")
    scope = json.loads(FORMATS["gradescope"](result))
    room = json.loads(FORMATS["classroom50"](result))
    checked(scope, GRADESCOPE)
    checked(room, CLASSROOM50)
    assert scope["score"] == result["points"]
    assert sum(test["max_score"] for test in scope["tests"]) == room["max-score"] == result["max"]
    for row, theirs, other in zip(result["tests"], scope["tests"], room["tests"], strict=True):
        passed = row["status"] == "pass"
        assert (theirs["status"], other["passed"]) == ("passed" if passed else "failed", passed)
        assert theirs["score"] == row["points"] and other["score"] == int(row["points"])


def checked(value, shape, place="result"):
    """Hold a value against a shape: a type, a pattern, a list with the shape of its items, a dict
    with the fields that it must have; those with a ? it may have."""
    if isinstance(shape, dict):
        needed = {name.rstrip("?") for name in shape if not name.endswith("?")}
        assert needed <= set(value) <= {name.rstrip("?") for name in shape}, place
        for name, inner in shape.items():
            if name.rstrip("?") in value:
                checked(value[name.rstrip("?")], inner, f"{place}.{name}")
    elif isinstance(shape, list):
        for item in value:
            checked(item, shape[0], f"{place}[]")
    elif isinstance(shape, str):
        assert re.fullmatch(shape, value), place
    else:
        assert isinstance(value, shape) and (not isinstance(value, bool) or shape is bool), place


#: By the specification of Gradescope's autograders.
GRADESCOPE = {"score": (int, float), "output?": str, "extra_data?": dict, "execution_time?": int,
              "visibility?": "visible|hidden|after_due_date|after_published",
              "tests": [{"name": str, "number": str, "score": (int, float),
                         "max_score": (int, float), "output": str, "status": "passed|failed"}]}
#: By classroom50/result/v1.
TIME = r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"
CLASSROOM50 = {"schema": "classroom50/result/v1", "classroom": ".+", "assignment": ".+",
               "assignment_type": "individual|group", "owner": ".+", "submission": "submit/.*",
               "commit": ".+", "release": ".+", "review": ".+", "datetime": TIME,
               "graded_at?": TIME, "score": int, "max-score": int,
               "tests": [{"test-name": ".+", "passed": bool, "score": int, "max-score": int,
                          "output": str}]}
