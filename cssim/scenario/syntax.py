"""What the YAML parser complains of, in words that a planner understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from cssim.errors import Fault, Place
from cssim.scenario.spelling import half_width

# Patterns of the parser's problem and its context, and the message for both; the first that fits counts.
_COMPLAINTS: Final = (
    (r"character '\\t'", "", "yaml.tab"),
    (r"that cannot start any token", "", "yaml.start"),
    (r"mapping values are not allowed", "", "yaml.colon"),
    (r"could not find expected ':'", "", "yaml.no_colon"),
    (r"sequence entries are not allowed", "", "yaml.dash"),
    (r"expected <block end>, but found '[\]},]'", "", "yaml.stray"),
    (r"expected (<block end>|'<document start>')", "", "yaml.indent"),
    (r"end of stream|document separator", "quoted scalar", "yaml.quote"),
    (r"escape|hexadecimal", "", "yaml.escape"),
    (r"", "flow sequence", "yaml.bracket"),
    (r"", "flow mapping", "yaml.brace"),
    (r"<stream end>", "flow node", "yaml.unclosed"),
    (r"found '-'", "flow node", "yaml.dash"),
    (r"found '[\]},?]'", "node", "yaml.stray"),
    (r"", "an? (alias|anchor)", "yaml.anchor"),
    (r"", "", "yaml.syntax"),
)
_AT_ITS_BEGINNING: Final = {"yaml.no_colon", "yaml.quote", "yaml.bracket", "yaml.brace", "yaml.anchor"}

# Full-width signs where one of YAML's own would have to stand, as against those inside a text.
_OPENING: Final = "［｛【“‘＂＇"
_SIGNS: Final = (
    re.compile(r"^[\s-]*[^\s:：#'\"{}\[\]]+(?P<sign>：)"),
    re.compile(rf"(?:^\s*|[:,\[{{-]\s+)(?P<sign>[{_OPENING}])"),
    re.compile(r"[\[{][^\]}]*?(?P<sign>[，：］｝】])"),
    re.compile(r"^ *(?P<sign>\u3000)"),
)
_NOT_YAML: Final = re.compile(r"\"[^\"]*\"|'[^']*'|(?:^|(?<=\s))#.*")


def syntax_faults(text: str, name: str, error: YAMLError) -> Iterator[Fault]:
    """The parser's complaint; or, where full-width signs are at its bottom, each line that has them."""
    if isinstance(error, ReaderError):
        place = Place(name, *_line_and_column(text, error.position))
        yield Fault("yaml.character", {"code": f"U+{error.character:04X}"}, place=place)
        return
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        yield Fault("yaml.syntax", place=Place(name, 1, 1))
        return
    key = next(
        key
        for problem, context, key in _COMPLAINTS
        if re.search(problem, error.problem or "") and re.search(context, error.context or "")
    )
    mark = error.context_mark if key in _AT_ITS_BEGINNING and error.context_mark else error.problem_mark
    near_by = range(_line_before(text, mark.line) + 1, error.problem_mark.line + 2)
    signs = _full_width(text, name)
    if any(fault.place is not None and fault.place.line in near_by for fault in signs):
        yield from signs
    else:
        yield Fault(key, place=Place(name, mark.line + 1, mark.column + 1))


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _line_before(text: str, line: int) -> int:
    """Index of the last line before this one that is not blank, or of this one."""
    lines = text.splitlines()[:line]
    return next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), line)


def _full_width(text: str, name: str) -> list[Fault]:
    """The full-width signs that stand where YAML needs its own, the first of each line."""
    faults = []
    for number, line in enumerate(text.splitlines(), start=1):
        heard = _NOT_YAML.sub(lambda part: " " * len(part[0]), line)
        found = [match.start("sign") for sign in _SIGNS if (match := sign.search(heard))]
        if found:
            word = _piece(line, min(found))
            values = {"given": word, "half": half_width(word)}
            faults.append(Fault("text.full_width", values, place=Place(name, number, min(found) + 1)))
    return faults


def _piece(line: str, column: int) -> str:
    """The word around a column; the rest of the line, where something is opened there."""
    start = line.rfind(" ", 0, column) + 1
    return line[start:].strip() if line[column] in _OPENING else line[start:].split(" ", 1)[0]
