"""The scenario reference, made from the schema: ``python -m cssim.scenario.reference docs/scenario.md``."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, TypeAdapter
from pydantic.fields import FieldInfo

from cssim.scenario import schema, units
from cssim.scenario.presets import FORECASTS, PROFILES, TARGETS, Preset
from cssim.scenario.schema import Scenario

_HEAD: Final = """\
# The scenario file

Every word that a scenario may hold. Made from the code: `python -m cssim.scenario.reference docs/scenario.md`.

## How things are written

| what | how |
| --- | --- |
| duration | `6s`, `5min`, `1h30min`, `2d`; also `6秒`, `5分钟`, `2小时`, `1天`; a bare `0` |
| clock time | `21:30`, `00:00` to `24:00` |
| date | `2026-11-11`, or `11-11` for that day of the horizon's year |
| date and time | `2026-11-10 18:00`; `2026-11-10 24:00` is the next midnight |
| share | `40%` or `0.4` |
| rate | `200/h`, `3/min`, `200/小时` |

A key that is left empty (`rest:` or `rest: ~`) means its default. Where a list is wanted, one entry alone is
enough. Names may be Chinese. Files are UTF-8 (with or without BOM), GB18030 or UTF-16 with a BOM; punctuation outside of texts
is in half width (`: , %`).

`extends: base.yaml` puts a file on top of another one: mappings are merged key by key, lists and single
values are replaced, an empty value takes the key out so that the default applies. Paths count from the file
in which they stand. Anchors (`&name`, `*name`, `<<`) work as in any YAML.

CSV files have named columns (in English or Chinese), separated by commas, semicolons or tabs; other columns
are passed over.

| file | columns |
| --- | --- |
| `volume: {counts: file.csv}` | `from` (开始), `to` (结束; may be left out), `contacts` (接待量) |
| `profile: file.csv` | `time` (时间), `weight` (权重) |
| `roster: file.csv` | `group` (组), `date` (日期), `shift` (班次), `start` (开始), `end` (结束), `count` (人数) |

`--roster` takes the same file as `roster:`; `start` and `end` are needed only where the shift is a rule.
"""  # noqa: E501

_WORDS: Final = {
    units.parse_duration: "duration",
    units.parse_clock: "clock time",
    units.parse_share: "share",
    units.parse_rate: "rate",
    units.parse_date: "date",
    units.parse_moment: "date and time",
    schema._number: "number",
    schema._whole: "whole number",
    schema._parse_time: "time",
}
_SIGNS: Final = {Gt: ">", Ge: "≥", Lt: "<", Le: "≤"}


def reference() -> str:
    """The page, as Markdown."""
    docs = _docstrings()
    parts = [_HEAD]
    parts += [_section(model, docs[model.__name__]) for model in _models(Scenario, set())]
    parts.append("## Presets\n\nEach can be copied into a file and changed.\n")
    for title, presets in (("forecast", FORECASTS), ("profile", PROFILES), ("target", TARGETS)):
        parts.append(_presets(title, presets))
    return "\n".join(parts)


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """The model and those below it, in the order in which they are met."""
    seen.add(model)
    yield model
    for info in model.model_fields.values():
        for inner in _inside(info.annotation):
            if inner not in seen:
                yield from _models(inner, seen)


def _inside(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _inside(argument)]


def _section(model: type[BaseModel], docs: Mapping[str, str]) -> str:
    rows = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, info in model.model_fields.items():
        value = _value(Annotated[(info.annotation, *info.metadata, None)])
        cells = (f"`{info.alias or name}`", value, _default(info), docs[name])
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    text = inspect.cleandoc(model.__doc__ or "").replace("``", "`")
    return "\n".join([f"## {model.__name__}", "", text, "", *rows, ""])


def _value(annotation: Any) -> str:
    """What may stand there, in words."""
    kind, told = _apart(annotation)
    words = [_WORDS[v.func] for v in told if isinstance(v, BeforeValidator) and v.func in _WORDS]
    bounds = [f"{_SIGNS[type(b)]} {astuple(b)[0]:g}" for b in told if type(b) in _SIGNS]
    if words:
        return " ".join([words[0], ", ".join(bounds)]).strip()
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return " | ".join(f"`{word}`" for word in arguments)
    if get_origin(kind) is tuple and arguments[-1] is ...:
        return f"list of {_value(arguments[0])}"
    if get_origin(kind) is tuple:
        return "[" + ", ".join(map(_value, arguments)) + "]"
    if arguments:
        return f"{_value(arguments[0])}: {_value(arguments[-1])}"
    return {bool: "true | false", str: "text", float: "as the measure is"}[kind]


def _apart(annotation: Any) -> tuple[Any, list[Any]]:
    """An annotation without `Annotated` and `| None`, and all that they say of it."""
    told: list[Any] = []
    while get_origin(annotation) in (Annotated, Union, UnionType):
        if get_origin(annotation) is Annotated:
            for part in annotation.__metadata__:
                told += part.metadata if isinstance(part, FieldInfo) else [part]
        annotation = get_args(annotation)[0]
    return annotation, told


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    annotation: Any = Annotated[(info.annotation, *info.metadata, None)]
    written = TypeAdapter[Any](annotation)
    value = written.dump_python(info.default, mode="json", by_alias=True, exclude_none=True)
    return "-" if value in (None, "", []) else f"`{_flow(value)}`"


def _flow(value: Any) -> str:
    """Plain values as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def _presets(title: str, presets: Mapping[str, Preset]) -> str:
    rows = [f"| {title} | is | why |", "| --- | --- | --- |"]
    for name, preset in presets.items():
        data = {key: value for key, value in preset.items() if key not in ("why", "source", "date")}
        why = preset.get("why") or preset["source"]
        since = f" ({preset['date']})" if "date" in preset else ""
        rows.append(f"| `{name}` | `{_flow(data)}` | {why}{since} |")
    return "\n".join([*rows, ""])


def _docstrings() -> dict[str, dict[str, str]]:
    """What the schema says below each field, by model and field; inherited fields too."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(schema)).body:
        if isinstance(node, ast.ClassDef):
            docs: dict[str, str] = {}
            for base in node.bases:
                docs |= found.get(ast.unparse(base), {})
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    docs[ast.unparse(field.target)] = " ".join(str(ast.literal_eval(text.value)).split())
            found[node.name] = docs
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8", newline="\n")
