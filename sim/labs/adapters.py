"""A result in the format of a service."""

import json
from typing import Any

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


def text(result: dict[str, Any]) -> str:
    """Lines for people, and for make."""
    lines = [f"{result['lab']}. {result['title']}, seed {result['seed']}"]
    for row in result["tests"]:
        lines.append(f"{row['status']:>7} {row['points']:>5g}/{row['max']:<3} {row['title']}")
        if row["why"]:
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
FORMATS = {"text": text, "json": neutral, "gradescope": gradescope}
