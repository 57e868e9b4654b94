"""Forms of frequent instructions: an `Op`, and bits of the word that are known.

A block executes an instruction by calling its meaning (`integer`, `memory`, `branch`, `system`)
with the `Op` and the known bits as constants; the compiler keeps only the code that the form needs.
`pteg.functional.interpreter.step` executes what has no form: rare instructions, and those that may
change the context in which the next one is fetched.
"""

from dataclasses import dataclass

import numpy as np

from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS, Op, Unit
from pteg.hw.isa.registers import SPR_BY_NAME

__all__ = ["Form", "FORMS", "UNDECODED", "STEP", "FIRST_FORM", "FORM_OP", "FORM_KNOWN",
           "FORM_BITS", "FORM_BRANCHES"]


@dataclass(frozen=True)
class Form:
    """One instruction, some bits of which are known.

    Parameters
    ----------
    op : Op
    known, bits : int
        The word `w` has this form if `w & known == bits`.
    """

    op: Op
    known: int
    bits: int

    @property
    def branches(self):
        return Op.B <= self.op <= Op.BCCTR


def _form(row, **fields):
    known, bits = row.mask, row.match
    for name, value in fields.items():
        # Of BO, a text of five bits, "-" for those that may be either.
        if isinstance(value, str):
            mask = int(value.replace("0", "1").replace("-", "0"), 2)
            value = int(value.replace("-", "0"), 2)
        else:
            mask = (1 << FIELDS[name].width) - 1
        known |= FIELDS[name].put(mask)
        bits |= FIELDS[name].put(value)
    return Form(row.op, known, bits)


def _spr(name):
    number = SPR_BY_NAME[name].number
    return (number & 31) << 5 | number >> 5


#: BO of branches that test a condition that is true or false, count down, or are always taken.
_TRUE, _FALSE, _COUNT, _ALWAYS = "011--", "001--", "1-00-", "1-1--"

#: What is worth knowing of some instructions, the more frequent first.
_KNOWN = {
    "b": [{"AA": 0, "LK": 0}, {"AA": 0, "LK": 1}],
    "bc": [*({"BO": bo, "AA": 0, "LK": 0} for bo in (_TRUE, _FALSE, _COUNT)), {}],
    "bclr": [{"BO": _ALWAYS, "LK": 0}, {}],
    "bcctr": [{"BO": _ALWAYS}],
    **{name: [{"crfD": 0}, {}] for name in ("cmpi", "cmpli", "cmp", "cmpl")},
    **{name: [{"spr": _spr(spr)} for spr in ("LR", "CTR", "XER")] for name in ("mfspr", "mtspr")},
    **{name: [{}] for name in (
        "twi", "tw", "mfcr", "mtcrf", "crand", "crandc", "creqv", "crnand", "crnor", "cror",
        "crorc", "crxor", "mcrf", "lmw", "stmw")},
}


def _forms(row):
    if row.name in _KNOWN:
        return [_form(row, **fields) for fields in _KNOWN[row.name]]
    if row.unit in (Unit.IU, Unit.IU1):
        plain = {"OE": 0} if "OE" in row.options else {}
        rc = [0, 1] if "Rc" in row.options else []
        return [_form(row, **plain, Rc=value) for value in rc] or [_form(row, **plain)]
    if Op.LWZ <= row.op < Op.LMW:
        return [_form(row)]
    if row.unit is Unit.FPU and "FPSCR" not in row.reads:
        return [_form(row)]
    return []


#: In place of a form: not decoded yet; left to `step`.
UNDECODED, STEP = 0, 1
#: All forms; the number of a form is its place here.
FORMS = [None, None, *(form for row in INSTRUCTIONS if row.implemented for form in _forms(row))]

# For compiled code: the first form of each Op (its others follow), and each form's fields.
FIRST_FORM = np.zeros(len(Op), np.int64)
for _number, _each in reversed(list(enumerate(FORMS))[2:]):
    FIRST_FORM[_each.op] = _number
FORM_OP = np.array([-1, -1, *(form.op for form in FORMS[2:]), -1], np.int64)
FORM_KNOWN = np.array([0, 0, *(form.known for form in FORMS[2:])], np.int64)
FORM_BITS = np.array([0, 0, *(form.bits for form in FORMS[2:])], np.int64)
FORM_BRANCHES = np.array([0, 0, *(form.branches for form in FORMS[2:])], np.uint8)
