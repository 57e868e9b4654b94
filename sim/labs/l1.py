"""L1, by hand: answers to drills."""

from pteg.labs.answers import Question, answer_lab
from pteg.labs.drills import drill
from pteg.labs.kit import choices

__all__ = ["LAB"]

_KINDS = {"translate": 10, "bat": 4, "protect": 3, "tlb": 3}


def _questions(seed: int) -> dict[str, Question]:
    rng, found = choices("L1", seed), {}
    for kind, count in _KINDS.items():
        for number in range(1, count + 1):
            item = drill(kind, rng.randrange(1 << 31))
            found[f"{kind}-{number}"] = Question(
                item.question, item.answer, f"`pteg drill {kind} --seed {item.seed + 1} -c` "
                "shows how such an exercise is solved")
    return found


LAB = answer_lab("L1", "By hand", _questions)
