"""Rules in CEL (https://cel.dev), by the CEL project's own C++ engine: typed, and it always ends.

Facts about cel-expr-python 0.1.3, found by trying: compile errors are RuntimeErrors whose text lists
`<input>:line:column` with columns in characters from 1; an evaluation that fails returns a Value of type ERROR, except
that a spent iteration budget raises RuntimeError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from trunkline.config import limits
from trunkline.config.conditions import ConditionFailed
from trunkline.config.problems import meant
from trunkline.config.rules import VARIABLES

_TYPES = {"string": cel.Type.STRING, "bool": cel.Type.BOOL, "list of strings": cel.Type.List(cel.Type.STRING)}
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\n \||\nERROR: | \[[A-Z_]+\]$|$)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'.*", re.DOTALL)
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\(?(.*?)\)?'$", re.DOTALL)
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")


class Fault:
    """What is wrong with an expression; line and column from 1, in characters of the expression."""

    __slots__ = ("column", "line", "message")

    def __init__(self, line: int, column: int, message: str) -> None:
        self.line, self.column, self.message = line, column, message


class InvalidExpression(ValueError):
    """The text is no rule; `faults` says all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.line}:{fault.column}: {fault.message}" for fault in faults))


class CelCondition:
    """One compiled expression."""

    __slots__ = ("_program",)

    def __init__(self, program: Any) -> None:
        self._program = program

    def holds(self, prepared: Any) -> bool:
        """Does it hold? ConditionFailed with CEL's own words if it has no answer for these facts."""
        try:
            value = self._program.eval(prepared)
        except RuntimeError as error:
            raise ConditionFailed(_bare(str(error))) from error
        answer = value.value()
        if answer is True or answer is False:
            return bool(answer)
        raise ConditionFailed(_bare(str(answer)))


class Cel:
    """The language of rules. One instance serves a process; it keeps nothing between messages."""

    def __init__(self) -> None:
        self._env = cel.NewEnv(
            variables={name: _TYPES[kind] for name, kind in VARIABLES.items()}, extensions=[ext_strings.ExtStrings()]
        )

    def compile(self, expression: str) -> CelCondition:
        """The condition of an expression that is well formed, well typed, answers yes or no, and is within `limits`.

        InvalidExpression otherwise, with the place of each fault.
        """
        if len(expression) > limits.MAX_EXPRESSION:
            message = f"the expression has {len(expression)} characters; at most {limits.MAX_EXPRESSION}"
            raise InvalidExpression([Fault(1, 1, message)])
        program = self._program(expression)
        if program.return_type() != cel.Type.BOOL:
            kind = program.return_type().name().lower()
            raise InvalidExpression(
                [Fault(1, 1, f"a rule's condition is true or false; this is a value of type {kind}")]
            )
        pieces = limits.tokens(expression)
        found = [*limits.complaints(pieces), *self._pattern_complaints(pieces)]
        if found:
            raise InvalidExpression([_fault(expression, complaint) for complaint in found])
        return CelCondition(program)

    def prepare(self, variables: Mapping[str, object]) -> Any:
        """The values, converted once for all conditions."""
        return self._env.Activation(variables)

    def _program(self, expression: str) -> Any:
        try:
            return self._env.compile(expression)
        except RuntimeError as error:
            raise InvalidExpression(_faults(expression, str(error))) from error
        except TypeError as error:  # what pybind11 says of text that is not UTF-8 (a lone surrogate)
            raise InvalidExpression([Fault(1, 1, "the expression is not valid Unicode")]) from error

    def _pattern_complaints(self, pieces: list[limits.Token]) -> Iterator[limits.Complaint]:
        literals, wrong = limits.patterns(pieces)
        yield from wrong
        for literal in literals[: limits.MAX_PATTERNS]:
            reason = self._pattern_complaint(literal.text)
            if reason:
                yield limits.Complaint(literal.offset, reason)

    def _pattern_complaint(self, literal: str) -> str | None:
        """Why a pattern will not do: too dear, or not a pattern, which CEL itself would only say at run time."""
        try:
            pattern = self._env.compile(literal).eval(data={}).value()
        except RuntimeError:
            return None  # no string after all: compiling the whole says what is wrong and where
        if not isinstance(pattern, str):
            return "the pattern must be text"
        if reason := limits.pattern_complaint(pattern):
            return reason
        try:
            CelCondition(self._env.compile(f"''.matches({literal})")).holds(self._env.Activation({}))
        except ConditionFailed as error:
            return str(error)
        return None


def _fault(expression: str, complaint: limits.Complaint) -> Fault:
    before = expression[: complaint.offset]
    return Fault(before.count("\n") + 1, complaint.offset - (before.rfind("\n") + 1) + 1, complaint.message)


def _faults(expression: str, text: str) -> list[Fault]:
    found = [
        _said(expression, int(line), int(column), message.strip()) for line, column, message in _ERROR.findall(text)
    ]
    return found or [Fault(1, 1, _bare(text))]


def _said(expression: str, line: int, column: int, message: str) -> Fault:
    """CEL's message in our words, at the beginning of the name it is about (CEL points at its last dot or bracket)."""
    line, column = max(line, 1), max(column, 1)
    if undeclared := _UNDECLARED.fullmatch(message):
        name = undeclared[1]
        lines = expression.split("\n")
        start = lines[line - 1].rfind(name, 0, column - 1 + len(name)) if line <= len(lines) else -1
        return Fault(line, start + 1 if start >= 0 else column, f"there is no `{name}`{_meant(name)}")
    if overload := _OVERLOAD.fullmatch(message):
        operator = overload[1].strip("_").replace("_", " ").replace("@", "")
        return Fault(line, column, f"`{operator}` does not go with ({overload[2]})")
    return Fault(line, column, message.partition(" expecting {")[0])


def _meant(name: str) -> str:
    close = meant(name, [*VARIABLES, *limits.FUNCTIONS])
    return f"; did you mean `{close}`?" if close else f"; there are {', '.join(VARIABLES)}"


def _bare(text: str) -> str:
    return _STATUS.sub("", _STATUS.sub("", text))
