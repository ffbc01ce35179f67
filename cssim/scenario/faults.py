"""What pydantic and the checks find, as faults with a path and a place: one for each thing that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cssim.errors import Fault, Wrong
from cssim.scenario.spelling import half_width, is_full_width, listed, near, unknown
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
    "string_type": "text.not",
    "too_long": "text.long",
    "too_short": "field.empty",
    "tuple_type": "list.not",
}
_BOUNDS: Final = ("gt", "ge", "lt", "le", "max_length")
_ANY_SIGNS: Final = ("too_long",)
_OF_A_KEY: Final = "[key]"
_SHOWN: Final = 40


def schema_faults(error: ValidationError, root: Node, schema: Any) -> list[Fault]:
    """What pydantic found in a tree that `schema` (a model or another annotation) describes."""
    details = error.errors(include_url=False)
    faults = [_schema_fault(d, root) for d in details if d["type"] not in ("extra_forbidden", "missing")]
    strays, missing = (_by_parent(details, kind) for kind in ("extra_forbidden", "missing"))
    for parent in {**strays, **missing}:
        known = _fields(_below(schema, parent))
        faults += _key_faults(root, parent, strays.get(parent, []), missing.get(parent, []), known)
    return faults


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


def _schema_fault(detail: ErrorDetails, root: Node) -> Fault:
    kind, path, context = detail["type"], _path(detail), detail.get("ctx", {})
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
    names = f"{wrong.values.get('allowed')} {wrong.values.get('near')}"
    sign = None if is_full_width(names) else sign_fault(node, way)
    return sign or fault_of(wrong, path, root)


def _by_parent(details: list[ErrorDetails], kind: str) -> dict[Path, list[str]]:
    """The keys at fault in this way, by the mapping that they are (or should be) in."""
    found: dict[Path, list[str]] = {}
    for detail in details:
        if detail["type"] == kind:
            *parent, key = _path(detail)
            found.setdefault(tuple(parent), []).append(str(key))
    return found


def _key_faults(
    root: Node, parent: Path, strays: list[str], missing: list[str], known: list[str]
) -> Iterator[Fault]:
    """The faults of one mapping's keys. A stray key may be a missing one misspelt, and then is one fault; a
    mapping of which no key is known is one fault, for it stands in the wrong place.
    """
    node, way = find(root, parent)
    if len(strays) > 1 and isinstance(node.value, Mapping) and strays == list(node.value):
        values = {"given": listed(strays), "allowed": listed(known)}
        yield Fault("field.none_known", values, dotted(way), node.at)
        return
    left = list(missing)
    for stray in strays:
        # the value may be glued to its key (`from：18:00`)
        name = re.split("[:：]", stray)[0]
        meant = name if name in known else near(name, known)
        if meant is None and len(left) == 1:
            meant = left[0]
        yield _stray_fault(root, (*parent, stray), meant, known)
        if left:
            left.remove(meant if meant in left else left[0])
    for field in left:
        yield Fault("field.missing", {"field": field}, dotted((*way, field)), node.at)


def _stray_fault(root: Node, path: Path, meant: str | None, known: list[str]) -> Fault:
    """A key that the schema does not know."""
    node, way = find(root, path)
    name = str(path[-1])
    if is_full_width(name):
        return Fault("text.full_width", {"given": name, "half": half_width(name)}, dotted(way), node.at)
    if meant is not None:
        return Fault("field.unknown.near", {"given": name, "near": meant}, dotted(way), node.at)
    return Fault("field.unknown", {"given": name, "allowed": listed(known)}, dotted(way), node.at)


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
