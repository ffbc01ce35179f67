"""What pydantic and the checks find, as faults with a path and a place: one for each thing that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cssim.errors import Fault, Wrong
from cssim.scenario.spelling import half_width, is_full_width, near, unknown
from cssim.scenario.tree import Node, Path, dotted, find, sign_fault

# pydantic's error types and the messages for them; where there is a bound it is their `limit`.
_KEYS: Final = {
    "bool_parsing": "yes_no.not",
    "bool_type": "yes_no.not",
    "dict_type": "mapping.not",
    "finite_number": "number.large",
    "float_type": "number.not",
    "greater_than": "number.above",
    "greater_than_equal": "number.least",
    "less_than": "number.below",
    "less_than_equal": "number.most",
    "mapping_type": "mapping.not",
    "model_type": "mapping.not",
    "string_too_long": "text.long",
    "string_too_short": "field.empty",
    "string_type": "text.not",
    "too_short": "field.empty",
    "tuple_type": "list.not",
}
_BOUNDS: Final = ("gt", "ge", "lt", "le", "max_length")
_ANY_SIGNS: Final = ("string_too_long",)
_OF_A_KEY: Final = "[key]"
_SHOWN: Final = 40


def schema_faults(error: ValidationError, root: Node, schema: Any) -> list[Fault]:
    """What pydantic found in a tree that `schema` (a model or another annotation) describes.

    A key that is missing because it is misspelt is one fault.
    """
    details = error.errors(include_url=False)
    strays = [_path(detail) for detail in details if detail["type"] == "extra_forbidden"]
    misspelt = {(*stray[:-1], meant) for stray in strays if (meant := _meant(stray, schema)) is not None}
    return [
        _schema_fault(detail, root, schema)
        for detail in details
        if detail["type"] != "missing" or _path(detail) not in misspelt
    ]


def fault_of(wrong: Wrong, path: Path, root: Node) -> Fault:
    """The fault of something wrong at a path of the tree; a scalar is quoted as it is written."""
    node, way = find(root, (*path, *wrong.field))
    values = dict(wrong.values)
    if "given" in values:
        values["given"] = _brief(node, values["given"])
    return Fault(wrong.key, values, dotted(way), node.place if node.is_scalar else node.at)


def each_once(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The faults without the repetitions that an alias or a short spelling makes."""
    seen = set()
    for fault in faults:
        where = fault.place or fault.path
        what = (fault.key, where, tuple(sorted((k, str(v)) for k, v in fault.values.items())))
        if what not in seen:
            seen.add(what)
            yield fault


def _schema_fault(detail: ErrorDetails, root: Node, schema: Any) -> Fault:
    kind, path, context = detail["type"], _path(detail), detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _stray_key(path, root, schema)
    if kind == "missing":
        node, way = find(root, path[:-1])
        return Fault("field.missing", {"field": path[-1]}, dotted((*way, path[-1])), node.at)
    given = detail["input"]
    if isinstance(context.get("error"), Wrong):
        return _value_fault(context["error"], path, root)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return _value_fault(unknown("choice.unknown", given, allowed), path, root)
    limit = next((context[bound] for bound in _BOUNDS if bound in context), None)
    wrong = Wrong(_KEYS.get(kind, "value.not"), given=given, limit=limit)
    return fault_of(wrong, path, root) if kind in _ANY_SIGNS else _value_fault(wrong, path, root)


def _value_fault(wrong: Wrong, path: Path, root: Node) -> Fault:
    """The fault of a value that its field does not allow; often it is empty, or has full-width signs."""
    node, way = find(root, (*path, *wrong.field))
    if node.value is None:
        return Fault("field.empty", {}, dotted(way), node.at)
    if "near" not in wrong.values and not is_full_width(str(wrong.values.get("allowed", ""))):
        sign = sign_fault(node, way)
        if sign is not None:
            return sign
    return fault_of(wrong, path, root)


def _stray_key(path: Path, root: Node, schema: Any) -> Fault:
    """A key that the schema does not know."""
    node, way = find(root, path)
    name = str(path[-1])
    if is_full_width(name):
        return Fault("text.full_width", {"given": name, "half": half_width(name)}, dotted(way), node.at)
    wrong = unknown("field.unknown", name, _fields(_below(schema, path[:-1])))
    return Fault(wrong.key, wrong.values, dotted(way), node.at)


def _meant(stray: Path, schema: Any) -> str | None:
    """The field that an unknown key was meant to be, also where its value is glued to it (`from：18:00`)."""
    name = re.split("[:：]", str(stray[-1]))[0]
    known = _fields(_below(schema, stray[:-1]))
    return name if name in known else near(name, known)


def _path(detail: ErrorDetails) -> Path:
    return tuple(step for step in detail["loc"] if step != _OF_A_KEY)


def _brief(node: Node, value: object) -> str:
    """A value in a few characters: as it is written, where it is a scalar."""
    if node.is_scalar:
        text = node.text
    elif isinstance(value, Mapping):
        text = "{...}"
    elif isinstance(value, (list, tuple)):
        text = "[...]"
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _fields(annotation: Any) -> list[str]:
    """The keys that a model knows, as they are written."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return []
    return [info.alias or name for name, info in annotation.model_fields.items()]


def _below(annotation: Any, path: Path) -> Any:
    """What an annotation says of the values at a path below it; None where it says nothing."""
    for step in path:
        annotation = _bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields.items()
            annotation = next((info.annotation for name, info in fields if step in (name, info.alias)), None)
        else:
            # the values of a mapping stand last, the items of a tuple first
            arguments = get_args(annotation) or (None,)
            annotation = arguments[-1] if isinstance(step, str) else arguments[0]
    return _bare(annotation)


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated` and `| None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = get_args(annotation)[0]
    return annotation
