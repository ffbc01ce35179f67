"""Sweeps as tables and sentences for a terminal, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column
from rich.text import Text

from cssim.measure import numbers
from cssim.measure.numbers import NOTHING, count, exactly, measured, money, share, time, wanted
from cssim.messages import say
from cssim.report import terminal
from cssim.report.words import promise
from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES, Scenario
from cssim.scenario.units import parse_duration
from cssim.sweeps.bot import is_without, queue_of
from cssim.sweeps.tornado import Bar, TornadoResult

if TYPE_CHECKING:  # these bring the compiler with them
    from cssim.sweeps.outcome import Outcome
    from cssim.sweeps.paired import Effect
    from cssim.sweeps.result import SweepResult

MOST_BARS: Final = 15
"""Guesses that are shown."""

PALE: Final = "dim"


# -- grids ------------------------------------------------------------------------------------------------


def show(out: Console, result: SweepResult | TornadoResult) -> None:
    """Whatever was asked."""
    if isinstance(result, TornadoResult):
        tornado(out, result)
    else:
        {"sweep": sweep, "frontier": frontier, "bot": bot}[result.kind](out, result)


def interruption(result: SweepResult | TornadoResult) -> str:
    """How far a sweep came that was stopped."""
    if isinstance(result, TornadoResult):
        return say("sweep.interrupted_tornado", done=len(result.bars), points=result.guesses)
    return say("sweep.interrupted", done=len(result.outcomes), points=result.points)


def sweep(out: Console, result: SweepResult) -> None:
    """What each point costs and promises, and how that differs from the scenario as written."""
    runs = result.outcomes[0].result.replications if result.outcomes else 0
    key = "sweep.searched" if result.searched else "sweep.simulated"
    terminal.line(
        out, key, name=_name(result.scenario), points=len(result.outcomes), runs=runs, seed=result.seed
    )
    out.print()
    shown = _with_base(result)
    names = ("cost", "half", "change", *(_SEARCHED if result.searched else ("half",)))
    table = terminal.table([*result.paths, *terminal.heads(*names)], left=len(result.paths))
    for outcome in shown:
        table.add_row(*_changes(result, outcome), *_cost(result, outcome))
    terminal.show(out, f"{say('sweep.money')} ({result.scenario.currency})", table)
    for k in range(len(result.scenario.targets)):
        _promise(out, result, shown, k)
    terminal.line(out, "sweep.noise" if result.searched else "sweep.paired")
    _unsure(out, result)


_SEARCHED: Final = ("people", "paid_hours", "bound", "gap", "status")


def _with_base(result: SweepResult) -> list[Outcome]:
    """The outcomes, and before them the scenario as written, where it is none of them."""
    there = result.base is None or any(result.is_base(outcome) for outcome in result.outcomes)
    return [*([] if there or result.base is None else [result.base]), *result.outcomes]


def _changes(result: SweepResult, outcome: Outcome) -> list[str]:
    """The cells that say what was changed."""
    if not outcome.point.changes:
        return [say("sweep.as_written"), *[""] * (len(result.paths) - 1)]
    texts = {change.path: change.brief for change in outcome.point.changes}
    return [texts.get(path, "") for path in result.paths]


def _cost(result: SweepResult, outcome: Outcome) -> list[str | Text]:
    change = result.difference(outcome)
    cells: list[str | Text] = [count(outcome.cost.value), count(outcome.cost.half_width)]
    if change is None or result.is_base(outcome):
        cells += [NOTHING] if result.searched else [NOTHING, ""]
    elif change.cost is not None:
        cells += [
            _pale(_signed(change.cost.value), change.cost),
            _pale(count(change.cost.half_width), change.cost),
        ]
    else:
        cells += [_signed(change.money)] if result.searched else [_signed(change.money), ""]
    return cells + (_searched(outcome) if result.searched else [])


def _searched(outcome: Outcome) -> list[str | Text]:
    bound, gap = numbers.bound(outcome.lower_bound), numbers.gap(outcome.gap)
    return [count(outcome.people), count(outcome.hours), bound, gap, _status(outcome)]


def _status(outcome: Outcome) -> Text:
    """Whether the promises are kept there: where none was found that keeps them, what the best one does."""
    missed = outcome.status == "budget" and any(target.verdict == "missed" for target in outcome.targets)
    status = "missed" if missed else outcome.status
    colour = {"met": "green", "infeasible": "bold red", "missed": "red", "budget": "yellow"}.get(status, "")
    return Text(say(f"sweep.status.{status}"), style=colour)


def _promise(out: Console, result: SweepResult, shown: Sequence[Outcome], k: int) -> None:
    """One promise at every point."""
    there = [outcome for outcome in shown if k < len(outcome.targets)]
    texts = {promise(outcome.point.scenario.targets[k]) for outcome in there}
    asked = {wanted(outcome.targets[k]) for outcome in there}
    names = ["reached", "half", "change", "half", "verdict"]
    names += ["wanted"] if len(asked) > 1 else []
    table = terminal.table([*result.paths, *terminal.heads(*names)], left=len(result.paths))
    for outcome in there:
        target = outcome.targets[k]
        measure = target.judged
        change = result.difference(outcome)
        moved = change.targets[k] if change and not result.is_base(outcome) else None
        table.add_row(
            *_changes(result, outcome),
            measured(measure, target.estimate),
            measured(measure, target.worst.half_width),
            _pale(_moved(measure, moved.effect.value), moved.effect) if moved else NOTHING,
            _pale(measured(measure, moved.effect.half_width), moved.effect) if moved else "",
            Text(say(f"verdict.{target.verdict}"), style=terminal.COLOURS[target.verdict]),
            *([wanted(target)] if len(asked) > 1 else []),
        )
    title = promise(result.scenario.targets[k]) if len(texts) == 1 else result.scenario.targets[k].name
    terminal.show(out, title if len(asked) > 1 else f"{title}, {next(iter(asked), '')}", table)


def _unsure(out: Console, result: SweepResult) -> None:
    if any(outcome.status == "budget" for outcome in _with_base(result)):
        terminal.line(out, "sweep.not_sure")


# -- the frontier -----------------------------------------------------------------------------------------


def frontier(out: Console, result: SweepResult) -> None:
    """What each level of a promise costs."""
    assert result.target is not None
    terminal.line(
        out,
        "sweep.searched",
        name=_name(result.scenario),
        points=len(result.outcomes),
        seed=result.seed,
    )
    out.print()
    names = [path.rpartition(".")[2] for path in result.paths]
    columns = terminal.heads("cost", "change", *_SEARCHED, "reached")
    table = terminal.table(
        [*(say(f"frontier.side.{name}", level="") for name in names), *columns], left=len(names)
    )
    for outcome in result.outcomes:
        target = outcome.targets[result.target]
        change = result.difference(outcome)
        table.add_row(
            *(_level(change.text) for change in outcome.point.changes),
            count(outcome.cost.value),
            NOTHING if change is None or result.is_base(outcome) else _signed(change.money),
            *_searched(outcome),
            measured(target.judged, target.estimate),
        )
    title = say("frontier.title", promise=promise(result.scenario.targets[result.target]))
    terminal.show(out, f"{title} ({result.scenario.currency})", table)
    _prices(out, result)
    terminal.line(out, "frontier.monotone")
    if any(
        outcome.handed and any(t.verdict != "met" for t in outcome.targets) for outcome in result.outcomes
    ):
        terminal.line(out, "frontier.handed")
    terminal.line(out, "sweep.noise")
    _unsure(out, result)


def _prices(out: Console, result: SweepResult) -> None:
    """The hardest level that is kept and the easiest, in a sentence."""
    met = [outcome for outcome in result.outcomes if outcome.status == "met"]
    if len(met) < 2:
        return
    hard, easy = max(met, key=lambda o: o.cost.value), min(met, key=lambda o: o.cost.value)
    values = {"hard": _levels(hard), "easy": _levels(easy), "dear": _money(result, hard.cost.value)}
    less = hard.cost.value - easy.cost.value
    if less <= 0:
        text = say("frontier.same", **{**values, "hard": _levels(met[0]), "easy": _levels(met[-1])})
    else:
        text = say(
            "frontier.sentence",
            **values,
            cheap=_money(result, easy.cost.value),
            less=_money(result, less),
            part=share(less / hard.cost.value),
        )
    terminal.sentence(out, text[:1].upper() + text[1:])


def _levels(outcome: Outcome) -> str:
    parts = [
        say(f"frontier.side.{change.path.rpartition('.')[2]}", level=_level(change.text))
        for change in outcome.point.changes
    ]
    return ", ".join(parts)


def _level(text: str) -> str:
    """A level in the reader's words."""
    try:
        return exactly(parse_duration(text))
    except ValueError:
        return text


# -- the bot ----------------------------------------------------------------------------------------------


def bot(out: Console, result: SweepResult) -> None:
    """What each queue's bot is worth."""
    base, points = result.base, len(result.outcomes) + 1
    terminal.line(out, "sweep.searched", name=_name(result.scenario), points=points, seed=result.seed)
    out.print()
    if base is None:
        return
    names = ("bot", "cost", "more", "people", "more", "paid_hours", "more", "bound", "gap", "status")
    for queue in dict.fromkeys(queue_of(outcome) for outcome in result.outcomes):
        theirs = [outcome for outcome in result.outcomes if queue_of(outcome) == queue]
        table = terminal.table(terminal.heads(*names))
        for outcome in (base, *theirs):
            change = result.difference(outcome) if outcome is not base else None
            people, hours, *rest = _searched(outcome)
            table.add_row(
                bot_words(outcome, queue, result.scenario),
                count(outcome.cost.value),
                _signed(change.money) if change else NOTHING,
                people,
                _signed(change.people) if change else NOTHING,
                hours,
                _signed(change.hours) if change else NOTHING,
                *rest,
            )
        terminal.show(out, f"{say('bot.title', queue=queue)} ({result.scenario.currency})", table)
        for outcome in theirs:
            if is_without(outcome):
                _worth(out, result, queue, outcome)
    terminal.line(out, "sweep.noise")
    _unsure(out, result)


def bot_words(outcome: Outcome, queue: str, scenario: Scenario) -> str:
    """What a point does with a queue's bot."""
    if not outcome.point.changes:
        own = scenario.queues[queue].bot
        return say("bot.as_it_is", resolves=share(own.resolves if own else 0.0))
    if is_without(outcome):
        return say("bot.without")
    return say("bot.resolves", resolves=outcome.point.changes[0].text)


def _worth(out: Console, result: SweepResult, queue: str, without: Outcome) -> None:
    change, base = result.difference(without), result.base
    if change is None or base is None:
        return
    values = {"hours": count(change.hours), "people": change.people, "money": _money(result, change.money)}
    if base.status != "met":
        key, values = "bot.unsure", {}
    elif without.status != "met":
        key = "bot.needed"
    elif change.money > 0:
        key = "bot.worth"
    else:
        key, values = "bot.none", {"money": _money(result, -change.money)}
    terminal.line(out, key, queue=queue, **values)


# -- the tornado ------------------------------------------------------------------------------------------


def tornado(out: Console, result: TornadoResult) -> None:
    """What each guess moves the promise and the cost, most first."""
    target = result.base.targets[result.target]
    measure = target.measure
    period = target.by_period[result.period].period
    title = say(
        "tornado.title",
        promise=_measure(result),
        period=say("table.whole") if target.each == "horizon" else period,
        now=measured(measure, result.now().value),
        runs=result.base.result.replications,
        seed=result.seed,
    )
    names = ["place", "guess", "now_is", "range", "at_low", "at_high", "cost_low", "cost_high"]
    table = terminal.table(terminal.heads(*names, *(["gap", "status"] if result.searched else [])), left=2)
    for bar in result.bars[:MOST_BARS]:
        table.add_row(str(bar.rank), label(bar), bar.guess.now.brief, _range(bar), *_effects(result, bar))
    if Measurement.get(out, out.options.update(width=terminal.ENDLESS), table).maximum > out.width:
        _stack(table.columns[4:8])
    terminal.show(out, title, table)
    if len(result.bars) > MOST_BARS:
        terminal.line(out, "tornado.more", more=len(result.bars) - MOST_BARS)
    names_first = "; ".join(label(bar, star=False) for bar in result.first)
    key = "tornado.first" if result.told_apart or result.searched else "tornado.together"
    if result.first:
        terminal.line(out, key, names=names_first)
    else:
        terminal.line(out, "tornado.none")
    terminal.line(out, "tornado.place")
    if result.searched:
        priced = sum(result.money(bar) is not None for bar in result.bars)
        terminal.line(out, "tornado.cheapest", top=priced)
    else:
        terminal.line(out, "tornado.cost")


def _stack(columns: Sequence[Column]) -> None:
    """On a narrow terminal the half-widths stand below."""
    for column in columns:
        column.no_wrap = False
        column.max_width = max(len(part) for cell in column.cells for part in str(cell).split(" ± ")) + 2


def label(bar: Bar, *, star: bool = True) -> str:
    """What is guessed, and whose; with a star where it was not told."""
    what = say(f"guess.{bar.guess.kind}")
    words = say("guess.of", what=what, name=bar.guess.owner) if bar.guess.owner else what
    return f"{words} *" if star and not bar.guess.told else words


def _measure(result: TornadoResult) -> str:
    """What the promise measures, without the days it asks for."""
    target = result.scenario.targets[result.target]
    return promise(target.model_copy(update={"on": None}))


def _range(bar: Bar) -> str:
    return f"{bar.guess.low.brief} … {bar.guess.high.brief}"


def _effects(result: TornadoResult, bar: Bar) -> list[str | Text]:
    measure = result.base.targets[result.target].measure
    cells: list[str | Text] = [_with_half(lambda x: _moved(measure, x), e) for e in (bar.low, bar.high)]
    costs = result.money(bar)
    if costs is None:
        cells += [_with_half(_signed, effect) for effect in (bar.cost_low, bar.cost_high)]
        return [*cells[:2], *([NOTHING] * 4)] if result.searched else cells
    gaps = [plan.gap for plan in bar.plans if plan is not None and plan.gap is not None]
    unsure = [plan for plan in bar.plans if plan is not None and plan.status != "met"]
    status: str | Text = _status(unsure[0]) if unsure else say("sweep.status.met")
    return [*cells, *(_signed(cost) for cost in costs), numbers.gap(max(gaps, default=None)), status]


def _with_half(words: Callable[[float], str], effect: Effect) -> Text:
    """``+2.1% ± 0.4%``."""
    if not effect.influence.any() and effect.value == 0:
        return Text(NOTHING, style=PALE)
    return _pale(f"{words(effect.value)} ± {words(effect.half_width).lstrip('+')}", effect)


# -- numbers ----------------------------------------------------------------------------------------------


def _pale(text: str, effect: Effect) -> Text:
    return Text(text, style="" if effect.sure else PALE)


def _signed(value: float) -> str:
    """``+1,204``."""
    text = count(abs(value))
    return text if text in ("0", NOTHING) else f"{'+' if value > 0 else '−'}{text}"


def _moved(measure: str, value: float) -> str:
    """A change of a measure in its own unit, with its sign."""
    if measure in DURATION_MEASURES:
        return f"{'+' if value >= 0 else '−'}{time(abs(value))}"
    if measure in NUMBER_MEASURES:
        return _signed(value)
    text = f"{100 * abs(value):.1f}%"
    return text if text == "0.0%" else f"{'+' if value > 0 else '−'}{text}"


def _money(result: SweepResult, value: float) -> str:
    return money(value, result.scenario.currency)


def _name(scenario: Scenario) -> str:
    return scenario.name or NOTHING
