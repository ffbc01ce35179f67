"""Results in a notebook: a sentence, the promises and the roster as small tables; every name stays text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from cssim.measure.estimate import TargetResult
from cssim.measure.numbers import measured, wanted
from cssim.messages import say


def paragraph(text: str, *, strong: bool = False) -> str:
    """A sentence."""
    return f"<p><b>{escape(text)}</b></p>" if strong else f"<p>{escape(text)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; all cells are text."""

    def line(cells: Sequence[str], kind: str) -> str:
        return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def promises(targets: Sequence[TargetResult]) -> str:
    """What was promised and what is reached, in the worst period of each."""
    names = ("promise", "period", "reached", "interval", "wanted", "verdict")
    return table([say(f"table.column.{name}") for name in names], [_promise(target) for target in targets])


def _promise(target: TargetResult) -> list[str]:
    values = (target.estimate, target.low, target.high)
    reached, low, high = (measured(target.judged, value, target.promised) for value in values)
    return [
        target.name,
        say("table.whole") if target.each == "horizon" else target.period,
        reached,
        f"{low} … {high}",
        wanted(target),
        say(f"verdict.{target.verdict}"),
    ]


def roster(rows: Sequence[Mapping[str, Any]]) -> str:
    """A roster (`cssim.measure.cost.roster_rows`) as a grid: shifts by dates, how many work each."""
    dates = sorted({row["date"] for row in rows})
    counts: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        shift = (row["group"], row["shift"], f"{row['start']}–{row['end']}")
        on = counts.setdefault(shift, {})
        on[row["date"]] = on.get(row["date"], 0) + row["count"]
    head = [say(f"table.column.{name}") for name in ("group", "shift", "hours")]
    return table(
        [*head, *(date[5:] for date in dates)],
        [(*shift, *(str(on.get(date, "")) for date in dates)) for shift, on in counts.items()],
    )
