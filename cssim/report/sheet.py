"""The one sheet that asks a manager for the numbers of a scenario; `cssim.scenario.sheet` reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cssim.messages import Language, say
from cssim.report.excel import Page, Writer, written
from cssim.scenario.sheet import KEY_AFTER, TEMPLATE, Field, Kind, fields
from cssim.scenario.templates import NAMES

_KINDS: Final[dict[Kind, str]] = {
    "text": "text",
    "choice": "text",
    "moment": "moment",
    "clock": "clock",
    "number": "number",
    "ratio": "percent",
    "share": "share",
    "seconds": "number",
    "hours": "number",
}
_WIDTHS: Final = (38, 18, 14, 74, 34)
_HEAD: Final = 2
_VALUE: Final = 1


def scenario_sheet(template: str, lang: Language, currency: str = "CNY", file: str = "FILE.xlsx") -> bytes:
    """A workbook of one sheet, filled with a template's numbers.

    Args:
        template: its name.
        lang: of the words.
        currency: that pay is in.
        file: what the workbook will be called.

    Raises:
        InputError: there is no such template, or XlsxWriter is not installed.
    """
    asked = fields(template)

    def draw(book: Writer) -> None:
        page = book.sheet(say("sheet.name", lang), landscape=False)
        page.put(0, 0, say("sheet.title", lang), look="title")
        page.put(1, 0, say("sheet.hint", lang, file=file), look="note")
        page.heads(
            _HEAD, [say(f"sheet.column.{name}", lang) for name in ("what", "value", "unit", "why", "key")]
        )
        row = _HEAD + 1
        page.put(row, 0, say("sheet.template", lang))
        page.put(row, _VALUE, template, "text")
        _explain(page, row, say("sheet.template.why", lang, name=template))
        page.put(row, _VALUE + KEY_AFTER, TEMPLATE, look="grey")
        page.raw.data_validation(row, _VALUE, row, _VALUE, {"validate": "list", "source": list(NAMES)})
        section = ""
        for field in asked:
            row += 1
            if field.section != section:
                section = field.section
                row += 1
                page.put(row, 0, say(f"sheet.section.{section}", lang), look="section")
                row += 1
            _ask(page, row, field, currency, lang)
        page.widths(*_WIDTHS)
        page.freeze(_HEAD + 1, _VALUE)
        page.raw.print_area(0, 0, row, _VALUE + KEY_AFTER - 1)

    return written(draw)


def _ask(page: Page, row: int, field: Field, currency: str, lang: Language) -> None:
    unit = say(
        "sheet.unit.pay" if field.word == "pay" else f"sheet.unit.{field.kind}", lang, currency=currency
    )
    page.put(row, 0, label(field, lang))
    _input(page, row, field)
    page.put(row, _VALUE + 1, unit, look="unit")
    _explain(page, row, say(f"sheet.why.{field.word}", lang))
    page.put(row, _VALUE + KEY_AFTER, field.key, look="grey")
    allowed = _allowed(field)
    if allowed:
        page.raw.data_validation(row, _VALUE, row, _VALUE, {"ignore_blank": field.may_be_empty, **allowed})


def _explain(page: Page, row: int, words: str) -> None:
    page.put(row, _VALUE + 2, words, look="wrapped")
    page.tall(row, words, _WIDTHS[_VALUE + 2])


def _input(page: Page, row: int, field: Field) -> None:
    kind = _KINDS[field.kind]
    if field.word in ("people", "chats", "seats", "orders", "contacts"):
        kind = "whole"
    if field.value == "":
        page.blank(row, _VALUE, kind, "input")
    else:
        page.put(row, _VALUE, field.value, kind, "input")


def label(field: Field, lang: Language) -> str:
    """What a row of the sheet is about, in words."""
    words = say(f"sheet.field.{field.word}", lang)
    if not field.of:
        return words
    if field.section == "promises":
        of = say("sheet.promise", lang, of=field.of)
    else:
        of = say(f"sheet.called.{field.of}", lang)
    return say("sheet.label", lang, of=of, field=words)


def _allowed(field: Field) -> dict[str, object] | None:
    """What a spreadsheet lets a planner put into the cell."""
    if field.choices:
        return {"validate": "list", "source": list(field.choices)}
    if field.kind == "share":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    if field.kind == "moment":
        return {"validate": "date", "criteria": ">", "value": datetime(1970, 1, 1)}
    if field.kind == "clock":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    if field.kind in ("number", "ratio", "seconds", "hours"):
        return {"validate": "decimal", "criteria": ">=", "value": 0}
    return None
