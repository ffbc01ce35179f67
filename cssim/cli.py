"""The commands: each parses, calls one function of the rooms below, prints, and ends with an exit code.

Only the standard library and typer are imported here, so that `cssim --help` is as quick as it can be;
every command brings what it needs. Help texts are message keys until the reader's language is known.
"""

from __future__ import annotations

import errno
import json
import locale
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from cssim.errors import CssimError, Fault, InputError, Wrong
from cssim.messages import Language, say, speak, spoken

if TYPE_CHECKING:
    from cssim.roster.result import RosterResult
    from cssim.roster.stop import Record


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAULT = 1
    INPUT = 2
    INFEASIBLE = 3
    UNDECIDED = 4
    MISSED = 5
    STOPPED = 130


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

ScenarioFile = Annotated[str, typer.Argument(metavar="SCENARIO", help="help.scenario")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="help.seed")]
AsJson = Annotated[bool, typer.Option("--json", help="help.json")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", min=1, help="help.workers")]
Lang = Annotated[Language | None, typer.Option("--lang", help="help.lang")]
Force = Annotated[bool, typer.Option("--force", help="help.force")]
Quiet = Annotated[bool, typer.Option("--quiet", help="help.quiet")]


# -- the commands -----------------------------------------------------------------------------------------


@app.callback(invoke_without_command=True, help="help.cssim", epilog="help.exit_codes")
def _cssim(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="help.version")] = False,
    lang: Lang = None,
) -> None:
    if version:
        from cssim import __version__

        print(f"cssim {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command("new", help="help.new")
def _new(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="help.new.name")] = None,
    template: Annotated[str, typer.Option("--template", metavar="T", help="help.template")] = "pdd_5min",
    workbook: Annotated[
        Path | None, typer.Option("--workbook", metavar="FILE.xlsx", help="help.new.workbook")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    from cssim.report import files, sheet
    from cssim.scenario import templates

    if (name is None) == (workbook is None):
        raise InputError.one("new.one")
    if workbook is not None:
        if workbook.suffix.lower() != ".xlsx":
            raise InputError.one("new.suffix", "--workbook", given=workbook)
        path, content = workbook, sheet.scenario_sheet(template, spoken(), file=_typed(workbook))
    else:
        path = Path(f"{name}" if str(name).endswith((".yaml", ".yml")) else f"{name}.yaml")
        content = templates.template(template, spoken()).encode()
    files.require_free([path], force)
    files.write({path: content})
    if as_json:
        _print_json({"file": str(path), "template": template})
    else:
        print(say("new.sheet" if workbook else "new.written", path=_typed(path)))


@app.command("check", help="help.check")
def _check(
    scenario: ScenarioFile,
    resolved: Annotated[bool, typer.Option("--resolved", help="help.resolved")] = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    from cssim.scenario.load import dump, read

    found = read(scenario)
    if resolved and not as_json:
        print(dump(found.scenario), end="")
        return
    from cssim.roster.outlook import outlook_of

    outlook = outlook_of(found.scenario, found.warnings)
    if as_json:
        _print_json({**outlook.to_dict(), "files": dict(found.files)})
    else:
        from cssim.report import tables, terminal
        from cssim.scenario.cells import is_workbook

        out = terminal.console()
        tables.outlook(out, outlook)
        if outlook.untold and is_workbook(scenario):
            terminal.line(out, "outlook.sheet", file=scenario)


@app.command("simulate", help="help.simulate")
def _simulate(
    scenario: ScenarioFile,
    roster: Annotated[Path | None, typer.Option("--roster", metavar="FILE", help="help.roster")] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", metavar="N", min=1, help="help.replications")
    ] = None,
    precision: Annotated[str | None, typer.Option("--precision", metavar="P", help="help.precision")] = None,
    engine: Annotated[
        Literal["fast", "reference"] | None, typer.Option("--engine", help="help.engine")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="help.out.file")] = None,
    quiet: Quiet = False,
    seed: Seed = None,
    force: Force = False,
    as_json: AsJson = False,
    workers: Workers = None,
    lang: Lang = None,
) -> None:
    from cssim.experiment.simulation import own_roster, simulate
    from cssim.report import files, progress, tables, terminal
    from cssim.roster.given import read_roster
    from cssim.scenario.load import load
    from cssim.scenario.units import parse_share

    shop = load(scenario)
    files.require_free([out] if out else [], force)
    chosen: dict[str, Any] = {"engine": engine} if engine else {}
    who = read_roster(roster, shop) if roster else own_roster(shop)
    share = _parsed("--precision", parse_share, precision)
    _get_ready(**chosen)
    with progress.of_runs(say("progress.simulate"), quiet=quiet) as tick:
        result = simulate(
            shop,
            who,
            replications=replications,
            precision=share,
            seed=seed,
            **chosen,
            workers=workers,
            progress=tick,
        )
    text = result.to_json()
    try:
        if out:
            files.write({out: text.encode()})
    finally:
        if as_json:
            print(text)
        else:
            tables.simulation(terminal.console(), result)
    raise typer.Exit(_exit_of(target.verdict for target in result.targets))


@app.command("optimise", help="help.optimise")
def _optimise(
    scenario: ScenarioFile,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="help.out.folder")] = None,
    budget: Annotated[str | None, typer.Option("--budget", metavar="BUDGET", help="help.budget")] = None,
    start: Annotated[Path | None, typer.Option("--start", metavar="FILE", help="help.start")] = None,
    fixed: Annotated[Path | None, typer.Option("--fixed", metavar="FILE", help="help.fixed")] = None,
    money: Annotated[float | None, typer.Option("--money", metavar="AMOUNT", help="help.money")] = None,
    lost_sales: Annotated[bool, typer.Option("--lost-sales", help="help.lost_sales")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="help.verbose")] = False,
    quiet: Quiet = False,
    seed: Seed = None,
    force: Force = False,
    as_json: AsJson = False,
    workers: Workers = None,
    lang: Lang = None,
) -> None:
    from cssim.report import anytime, files, progress, tables, terminal
    from cssim.roster.budget import parse_budget
    from cssim.roster.given import read_roster
    from cssim.roster.search import optimise
    from cssim.scenario.load import dump, load

    shop = load(scenario)
    stop = _parsed("--budget", parse_budget, budget)
    if out:
        files.require_free([out / name for name in (*files.PLAN, files.REPORT, files.WORKBOOK)], force)
        files.require_writable(out)
    left = anytime.left_in(out) if out and not start else None
    if left:
        _complain(say("optimise.goes_on", file=left))
    first = start or left
    begin = read_roster(first, shop) if first else None
    least = read_roster(fixed, shop) if fixed else None
    names = {"start": str(left) if left else "--start", "fixed": "--fixed", "money": "--money"}
    best = anytime.BestSoFar(out, shop, _complain) if out else None
    _get_ready()
    with progress.of_search(stop, quiet=quiet) as tell, _called(names):

        def watch(record: Record) -> None:
            tell(record)
            if best:
                best.look(record)

        plan = optimise(
            shop,
            seed=seed,
            budget=stop,
            workers=workers,
            start=begin,
            fixed=least,
            money=money,
            lost_sales=lost_sales,
            keep=best.keep if best else None,
            progress=watch,
        )
    text, made = plan.to_json(), list[str]()
    try:
        if out and best:
            pages = dict[str, bytes]()
            try:
                pages = _pages(text)
            finally:  # a report that could not be made takes nothing else with it
                made = files.write_plan(out, text, plan.rows(), dump(shop), pages)
                best.remove()
    finally:
        if as_json:
            print(text)
        else:
            tables.plan(terminal.console(), plan, lost_sales=lost_sales, given=money)
            if verbose:
                tables.search(terminal.console(), plan)
    if out and not as_json:
        print(say("plan.written", folder=out, files=", ".join(made)))
        if files.WORKBOOK not in made:
            print(say("plan.no_workbook"))
        print(say("report.open", path=out / files.REPORT))
    raise typer.Exit(_exit_of_plan(plan))


@app.command("report", help="help.report")
def _report(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="help.report.result")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="help.report.out")],
    beside: Annotated[list[Path] | None, typer.Option("--beside", metavar="FILE", help="help.beside")] = None,
    force: Force = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    from cssim.report import files
    from cssim.report.beside import names_of
    from cssim.report.html import html
    from cssim.report.kept import read, showing
    from cssim.report.workbook import workbook

    if out.suffix.lower() not in _PAGES:
        raise InputError.one("report.suffix", "-o", given=out, allowed=", ".join(_PAGES))
    others = beside or []
    if others and out.suffix.lower() == ".xlsx":
        raise InputError.one("report.no_beside", "--beside")
    files.require_free([out], force)
    kept, rest = read(result), [read(path) for path in others]
    with showing(result):
        if out.suffix.lower() == ".xlsx":
            content = workbook(kept.raw, spoken())
        else:
            content = html(kept, beside=dict(zip(names_of(others), rest, strict=True))).encode()
    files.write({out: content})
    if as_json:
        _print_json({"file": str(out), "lang": spoken()})
    else:
        print(say("report.written", path=out))


@app.command("sweep", help="help.sweep")
def _sweep(
    scenario: ScenarioFile,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=V1,V2", help="help.sweep.set")
    ] = None,
    frontier: Annotated[bool, typer.Option("--frontier", help="help.sweep.frontier")] = False,
    bot: Annotated[bool, typer.Option("--bot", help="help.sweep.bot")] = False,
    tornado: Annotated[bool, typer.Option("--tornado", help="help.sweep.tornado")] = False,
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="help.sweep.target")] = None,
    within: Annotated[str | None, typer.Option("--within", metavar="T1,T2", help="help.sweep.within")] = None,
    at_least: Annotated[
        str | None, typer.Option("--at-least", metavar="L1,L2", help="help.sweep.at_least")
    ] = None,
    at_most: Annotated[
        str | None, typer.Option("--at-most", metavar="L1,L2", help="help.sweep.at_most")
    ] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="help.sweep.simulate")] = False,
    optimise: Annotated[bool, typer.Option("--optimise", help="help.sweep.optimise")] = False,
    roster: Annotated[Path | None, typer.Option("--roster", metavar="FILE", help="help.roster")] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", metavar="N", min=1, help="help.sweep.replications")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="BUDGET", help="help.sweep.budget")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR|FILE", help="help.sweep.out")
    ] = None,
    quiet: Quiet = False,
    seed: Seed = None,
    force: Force = False,
    as_json: AsJson = False,
    workers: Workers = None,
    lang: Lang = None,
) -> None:
    from cssim.report import files, progress, sweep_files, sweep_tables, terminal
    from cssim.roster.budget import parse_budget
    from cssim.roster.given import read_roster
    from cssim.scenario.load import load
    from cssim.sweeps import ask

    question = ask.question(
        sets=sets or (),
        frontier=frontier,
        bot=bot,
        tornado=tornado,
        target=target,
        levels={"within": within, "at_least": at_least, "at_most": at_most},
        simulate=simulate,
        optimise=optimise,
        roster=roster is not None,
    )
    shop = load(scenario)
    if out:
        files.require_free(sweep_files.paths_of(out), force)
    conditions = ask.Conditions(
        roster=read_roster(roster, shop) if roster else None,
        search=True if optimise else False if simulate else None,
        replications=replications,
        budget=_parsed("--budget", parse_budget, budget),
        seed=seed,
        workers=workers,
    )
    _get_ready()
    names = {"target": "--target", **{side: f"--{side.replace('_', '-')}" for side in ask.SIDES}}
    with progress.of_points(say("progress.sweep"), quiet=quiet) as tell, _called(names):
        found = ask.answer(shop, question, conditions, tell)
    written = list[Path]()
    try:
        if out:
            written = sweep_files.write(out, found)
    finally:
        if as_json:
            print(found.to_json())
        else:
            sweep_tables.show(terminal.console(), found)
    if written and not as_json:
        print(say("sweep.written", files=", ".join(map(str, written))))
    if found.interrupted:
        _complain(sweep_tables.interruption(found))
    raise typer.Exit(Exit.UNDECIDED if found.interrupted else Exit.DONE)


@app.command("replay", help="help.replay")
def _replay(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="help.result")],
    quiet: Quiet = False,
    as_json: AsJson = False,
    workers: Workers = None,
    lang: Lang = None,
) -> None:
    from cssim.report import progress, tables, terminal
    from cssim.roster.replay import read_result, replay

    kept = read_result(result)
    _get_ready()
    with progress.of_runs(say("progress.replay"), quiet=quiet) as tick:
        found = replay(kept, workers=workers, progress=tick)
    if as_json:
        _print_json(found.to_dict())
    else:
        tables.replay(terminal.console(), found)
    raise typer.Exit(Exit.FAULT if found.differences else Exit.DONE)


@app.command("erlang", help="help.erlang")
def _erlang(
    model: Annotated[Literal["b", "c", "a"], typer.Argument(metavar="b|c|a", help="help.erlang.model")],
    load: Annotated[float | None, typer.Option("--load", metavar="12", help="help.erlang.load")] = None,
    rate: Annotated[str | None, typer.Option("--rate", metavar="32/h", help="help.erlang.rate")] = None,
    work: Annotated[str | None, typer.Option("--work", metavar="3min", help="help.erlang.work")] = None,
    agents: Annotated[
        str | None, typer.Option("--agents", metavar="N|N:M", help="help.erlang.agents")
    ] = None,
    within: Annotated[str | None, typer.Option("--within", metavar="20s", help="help.erlang.within")] = None,
    at_least: Annotated[
        str | None, typer.Option("--at-least", metavar="80%", help="help.erlang.at_least")
    ] = None,
    mean_wait: Annotated[
        str | None, typer.Option("--mean-wait", metavar="10s", help="help.erlang.mean_wait")
    ] = None,
    abandonment: Annotated[
        str | None, typer.Option("--abandonment", metavar="3%", help="help.erlang.abandonment")
    ] = None,
    occupancy: Annotated[
        str | None, typer.Option("--occupancy", metavar="85%", help="help.erlang.occupancy")
    ] = None,
    patience: Annotated[
        str | None, typer.Option("--patience", metavar="2min", help="help.erlang.patience")
    ] = None,
    shrinkage: Annotated[
        str | None, typer.Option("--shrinkage", metavar="30%", help="help.erlang.shrinkage")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    from cssim.queueing import pocket
    from cssim.scenario.units import parse_duration, parse_rate, parse_share

    question = pocket.question(
        model,
        load=load,
        rate=_parsed("--rate", parse_rate, rate),
        work=_parsed("--work", parse_duration, work),
        within=_parsed("--within", parse_duration, within),
        at_least=_parsed("--at-least", parse_share, at_least),
        mean_wait=_parsed("--mean-wait", parse_duration, mean_wait),
        abandonment=_parsed("--abandonment", parse_share, abandonment),
        occupancy=_parsed("--occupancy", parse_share, occupancy),
        patience=_parsed("--patience", parse_duration, patience),
        shrinkage=_parsed("--shrinkage", parse_share, shrinkage),
    )
    answer = pocket.ask(question, _parsed("--agents", pocket.parse_agents, agents) or ())
    if as_json:
        _print_json(answer.to_dict())
    else:
        from cssim.report.pocket import text

        print(text(answer))


# -- what they share --------------------------------------------------------------------------------------

T = TypeVar("T")


def _typed(path: Path) -> str:
    """A path as it is typed in a command, on any system."""
    return f'"{path}"' if any(not (c.isalnum() or c in "._-/\\:~") for c in str(path)) else str(path)


def _get_ready(engine: str | None = None) -> None:
    """Have the engine compiled before a budget begins, and say so where it takes long."""
    from cssim.experiment.engines import ENGINE, get_ready

    get_ready(engine or ENGINE, lambda words: print(words, file=sys.stderr, flush=True))


_PAGES = (".html", ".xlsx")
"""How the name of a report ends."""


def _pages(result: str) -> dict[str, bytes]:
    """A plan's report, and its workbook where one can be written here, by name."""
    from cssim.report import excel, files
    from cssim.report.html import html

    found = json.loads(result)
    pages = {files.REPORT: html(found).encode()}
    if excel.is_there():
        from cssim.report.workbook import workbook

        pages[files.WORKBOOK] = workbook(found, spoken())
    return pages


@contextmanager
def _called(names: Mapping[str, str]) -> Iterator[None]:
    """Faults of arguments, found inside, are told by what the user calls them."""
    try:
        yield
    except InputError as error:
        raise InputError(replace(f, path=names.get(f.path, f.path)) for f in error.faults) from None


def _parsed(option: str, parse: Callable[[str], T], text: str | None) -> T | None:
    """An option's text as `parse` reads it; a fault names the option."""
    if text is None:
        return None
    try:
        return parse(text)
    except Wrong as wrong:
        raise InputError([Fault(wrong.key, wrong.values, option)]) from None


def _print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def _exit_of(verdicts: Iterable[str]) -> Exit:
    """The exit code that the verdicts on the targets ask for."""
    found = set(verdicts)
    if "missed" in found:
        return Exit.MISSED
    return Exit.UNDECIDED if "undecided" in found else Exit.DONE


def _exit_of_plan(plan: RosterResult) -> Exit:
    """The exit code of a search: what was proven, else whether it had to stop, else its verdicts."""
    if plan.status == "infeasible":
        return Exit.INFEASIBLE
    if plan.status == "budget" and plan.search.ended in ("budget", "interrupted"):
        return Exit.UNDECIDED
    return _exit_of(target.verdict for target in plan.targets)


# -- the way in and out -----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every ending becomes an exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    speak(_language(given))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8" if "--json" in given else None, errors="replace")
    code: int = Exit.FAULT
    try:
        code = _run(given)
        if sys.stdout is not None:  # it was closed, or there is no console
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or it would fail again at the exit
        if not isinstance(error, BrokenPipeError):  # then nobody reads it any more
            _complain(say("cli.unwritten", why=error.strerror))
            code = Exit.FAULT
    sys.exit(code)


_Usage: type[Any] = typer.BadParameter.__bases__[0]
"""What typer raises where the words of a command make no sense."""


def _run(given: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    _put_into_words(command)
    try:
        code = command.main(given, prog_name="cssim", standalone_mode=False) or Exit.DONE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.FAULT
    except _Usage as error:
        error.show()
        return _input(given, [_fault(Fault("cli.usage", {"what": error.format_message()}))])
    except InputError as error:
        _complain(error.text())
        return _input(given, [_fault(fault) for fault in error.faults])
    except CssimError as error:
        _complain(str(error))
        return Exit.FAULT
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            raise  # what was to be said could not be written
        _complain(_unexpected(error))
        return Exit.FAULT
    if code == Exit.STOPPED:
        _complain(say("cli.stopped"))
    return int(code)


def _input(given: Sequence[str], faults: Sequence[Mapping[str, Any]]) -> Exit:
    """The end of what cannot be done as it was asked; for programs with an object that says why."""
    if "--json" in given:
        _print_json({"schema": "cssim.error.1", "faults": faults})
    return Exit.INPUT


def _complain(text: str) -> None:
    print(text, file=sys.stderr)


def _fault(fault: Fault) -> dict[str, Any]:
    """A fault for programs: where, and the words."""
    place = fault.place
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "sheet": place.sheet or None if place else None,
        "path": fault.path,
        "key": fault.key,
        "text": fault.text(),
    }


def _unexpected(error: Exception) -> str:
    """What to say of a fault of the program; the details go to a file, or to stderr where asked for."""
    import tempfile
    import traceback

    details = "".join(traceback.format_exception(error))
    if os.environ.get("CSSIM_TRACEBACK"):
        return details
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="cssim-", suffix=".txt", delete=False
        ) as file:
            file.write(details)
    except OSError:
        return say("cli.unexpected", what=f"{type(error).__name__}: {error}", where="CSSIM_TRACEBACK=1")
    return say("cli.unexpected", what=f"{type(error).__name__}: {error}", where=file.name)


def _language(given: Sequence[str]) -> Language:
    """The language asked for by `--lang`, else the machine's: needed before the options are parsed."""
    for option, value in zip(given, (*given[1:], ""), strict=False):
        if option in ("--lang=en", "--lang=zh") or (option == "--lang" and value in ("en", "zh")):
            return "zh" if (option + value).endswith("zh") else "en"
    named = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), None
    )
    spoken_here = named or locale.getlocale()[0] or ""
    return "zh" if spoken_here.lower().startswith(("zh", "chinese")) else "en"


def _put_into_words(command: Any) -> None:
    """Replace the message keys of the help texts by the reader's words."""
    if command.help:
        command.help = say(command.help)
    if command.epilog:
        command.epilog = say(command.epilog)
    command.get_help_option(typer.Context(command)).help = say("help.help")
    for parameter in command.params:
        parameter.help = say(getattr(parameter, "help", None) or "help.help")
    for inner in getattr(command, "commands", {}).values():
        _put_into_words(inner)
