"""A lower bound on the cost by simulated staffings: what each half-hour gains from who is there.

Every promise is a sum over slots of half an hour. What a slot gains is a curve of the staff around it
(`response`), fitted to staffings that were simulated (`floors`). The cheapest mixture of shifts whose curves
keep all promises costs no more than any roster that keeps them, unless that roster gains more than the curves
say. The program that finds it (`boxes`) also gives prices (Lagrange's multipliers): so much for a unit of
each promise, so much for effective staff in a slot. By them the bound rests on inequalities alone, one for
each box of staffs:

    prices x what the promises gain  <=  a plane over the staff

They are checked on every staffing that was simulated, before or after; where one lies above its plane, the
bound is lower by as much. New staffings are drawn around the cheapest mixture, because the bound is decided
there. What is not checked is what was not simulated: that is what the bound assumes.

Breaks, winding down before them, no-shows and the luck of small numbers are in the simulation. Overtime is
not in the bound, and rosters may be of broken agents.

Source: Atlason, Epelman and Henderson 2008, "Optimizing call center staffing using simulation and analytic
center cutting-plane methods", Management Science 54(2), for bounds from simulated service by agents present;
they assume it concave, which it is not where staff is short.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase, Purpose, Streams
from cssim.engine.floor import Roster, policy_of
from cssim.roster.anneal import Bought, Near, bought
from cssim.roster.bends import bent
from cssim.roster.boxes import Boxes, Leaf
from cssim.roster.floors import Grid, Outcome, Theatre
from cssim.roster.need import load_of
from cssim.roster.response import Curve, features, fit
from cssim.roster.shifts import Columns
from cssim.roster.yardstick import Chosen, Yardstick
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Scenario
from cssim.scenario.units import HOUR

CONFIDENCE: Final = 0.95

ERRORS: Final = 2.0
"""Standard errors allowed for: 1.65 for `CONFIDENCE`, and some because the best of few bounds is taken."""

FIRST: Final = 28
"""Staffings of the first round."""

ROUND: Final = 12
"""Staffings of every later round: half of them rosters, half floors."""

BATCH: Final = 4
"""Staffings that are simulated before time is looked at."""

SPLITS: Final = 8
"""Splits of the box in the first round; every later round has `MORE_SPLITS` more, up to `MOST_SPLITS`."""

MORE_SPLITS: Final = 4

MOST_SPLITS: Final = 20

SUGGESTED: Final = 4
"""Rosters of a round, at most, that were suggested to the search."""

REFERENCE: Final = 128
"""Days of the yardstick; in every later round it has `MORE_DAYS` more, as far as there are candidates."""

MORE_DAYS: Final = 96

FADES: Final = 0.75
"""Weight of a staffing in the fits, for each round since."""

ROOM: Final = 512 * 2**20
"""Bytes of contacts that are kept."""


@dataclass(frozen=True)
class Played:
    """A staffing and what it gained; p promises, k pieces of them, m days.

    Attributes:
        round: in which it was drawn.
        roster: whether it is one, or a floor.
        staff: by group and slot, (g, s).
        good, counted: of each piece, over its promise's days, (k,).
        gain: of each promise, (p,).
        margin: of each promise on each day, (m, p).
    """

    round: int
    roster: bool
    staff: Floats
    good: Floats
    counted: Floats
    gain: Floats
    margin: Floats


@dataclass(frozen=True)
class Evidence:
    """What all staffings showed; n staffings, k pieces with f features, p promises.

    Attributes:
        staff: features, (n, k, f).
        good, counted: of each piece, (n, k).
        size: replications that they are means of, (k,).
        gain: of the promises, (n, p).
        weight: in the fits, (n,).
    """

    staff: Floats
    good: Floats
    counted: Floats
    size: Floats
    gain: Floats
    weight: Floats

    @classmethod
    def of(cls, grid: Grid, played: Sequence[Played], size: Floats, round: int) -> Evidence:
        """The evidence of what was played up to a round; `size` is each promise's, (p,)."""
        age = round - np.array([one.round for one in played])
        return cls(
            staff=features(np.array([one.staff for one in played]))[:, grid.piece_slot],
            good=np.array([one.good for one in played]),
            counted=np.array([one.counted for one in played]),
            size=size[grid.piece_promise],
            gain=np.array([one.gain for one in played]),
            weight=np.maximum(FADES**age, 0.05),
        )

    def plain(self) -> tuple[Curve, ...]:
        """The logistic curves of the pieces."""
        return tuple(fit(*self._piece(k)) for k in range(len(self.size)))

    def bent(self, plain: Sequence[Curve]) -> tuple[Curve, ...]:
        """The same with bends."""
        return tuple(bent(curve, *self._piece(k)) for k, curve in enumerate(plain))

    def effective(self, curves: Sequence[Curve]) -> Floats:
        """Effective staff, (n, k)."""
        return np.asarray(np.einsum("nkf,kf->nk", self.staff, [curve.theta for curve in curves]))

    def boxes(self, grid: Grid, columns: Columns, curves: tuple[Curve, ...], need: Floats) -> Boxes:
        """The program of the pieces with these curves, where the promises must gain `need`, (p,)."""
        effective = self.effective(curves)
        shares = np.array([curve.share(effective[:, k]) for k, curve in enumerate(curves)]).T
        whole = np.average(self.counted, axis=0, weights=self.weight)
        ratio, offset = _calibrated(grid, shares, whole, self.gain, self.weight)
        return Boxes.of(grid, columns, curves, whole * ratio[grid.piece_promise], offset, need)

    def _piece(self, k: int) -> tuple[Floats, Floats, Floats, float, Floats]:
        return self.staff[:, k], self.good[:, k], self.counted[:, k], float(self.size[k]), self.weight


@dataclass(frozen=True)
class Concluded:
    """What the last round said: the evidence, plain curves, what the promises must gain, (p,), and the
    cheapest mixture of shifts, (n,)."""

    evidence: Evidence
    curves: tuple[Curve, ...]
    need: Floats
    mixture: Floats


@dataclass(frozen=True)
class Market:
    """By what rosters are bought: the program with bent curves, and the box in which it is cheapest."""

    boxes: Boxes
    box: tuple[Floats, Floats]


@dataclass(frozen=True)
class Proof:
    """A round's bound; k pieces with f features, p promises.

    Attributes:
        theta: of the curves, (k, f).
        need: what the promises were to gain, (p,).
        leaves: that together hold every staff, the cheapest first.
    """

    theta: Floats
    need: Floats
    leaves: tuple[Leaf, ...]

    def bound(self, evidence: Evidence, yardstick: Yardstick) -> float:
        """No roster costs less, as far as the staffings show."""
        effective = np.einsum("nkf,kf->nk", evidence.staff, self.theta)
        return min(
            leaf.cost
            + float(leaf.price @ (yardstick.need - self.need))
            - ERRORS * yardstick.error(leaf.price)
            - max(leaf.above(effective, evidence.gain), 0.0)
            for leaf in self.leaves
        )


class Windows:
    """The bound, as far as it is known; `sharpen` it to know it better.

    Attributes:
        cost: no roster that meets the targets costs less, in the scenario's currency; 0 at first. It falls
            only where something simulated later speaks against it.
        confidence: that it holds, given what it assumes: errors of all its statements together.
        rounds: that were finished.
        spent: seconds by what they were spent on.
    """

    confidence: float = CONFIDENCE

    def __init__(
        self,
        scenario: Scenario,
        columns: Columns,
        seed: int,
        *,
        engine: str,
        executor: Executor | None = None,
    ) -> None:
        """Nothing is simulated yet; see `optimise` for the arguments."""
        self.cost = 0.0
        self.rounds = 0
        self.spent = dict.fromkeys(("days", "simulation", "yardstick", "curves", "program", "market"), 0.0)
        self._scenario, self._columns, self._seed = scenario, columns, seed
        self._executor = executor
        self._grid = Grid.of(scenario, columns)
        self._theatre = Theatre(Drawn(scenario, seed, Phase.BOUND, ROOM), self._grid, engine)
        self._chosen: Chosen | None = None
        self._ahead: list[tuple[Roster, Floats, bool]] | None = None  # still to be played in this round
        self._played: list[Played] = []
        self._proofs: list[Proof] = []
        self._best: tuple[Ints, float] | None = None
        self._suggested: list[Ints] = []  # not yet simulated here
        self._bought = 0
        self._measured: tuple[Ints, Outcome, Outcome] | None = None  # the yardstick's roster: many days, few
        self._concluded: Concluded | None = None  # by the last round
        self._market: Market | None = None  # of what was concluded, once a roster is bought

    @property
    def assumes(self) -> tuple[str, ...]:
        """Message keys of what the bound rests on."""
        if not self.cost:
            return ()
        on = any(promise.on is not None for promise in self._grid.promises)
        return ("bound.assumes_curves", *(("bound.assumes_days",) if on else ()))

    @property
    def staffings(self) -> int:
        """How many were simulated."""
        return len(self._played)

    def sharpen(
        self,
        *,
        seconds: float | None = None,
        rounds: int | None = None,
        best: tuple[Ints, float] | None = None,
    ) -> float:
        """Simulate more, and return the bound.

        Without `seconds` it does the same on any number of workers.

        Args:
            seconds: how long, at most, but for what takes longer than the steps before it.
            rounds: how many rounds are finished, at most; one if neither is given.
            best: counts and cost of the best roster known, which guides where to look.
        """
        if best is not None and (self._best is None or best[1] < self._best[1] - 1e-6):
            self._best = best
        if not self._grid.promises or not len(self._columns):
            return self.cost
        began, last = time.perf_counter(), 0.0
        until = self.rounds + (rounds if rounds is not None else 1 if seconds is None else 2**31)
        while self.rounds < until and (seconds is None or time.perf_counter() - began + last <= seconds):
            start = time.perf_counter()
            self._step()
            last = time.perf_counter() - start
        return self.cost

    def suggest(
        self, tried: Sequence[tuple[Ints, Floats]], least: Ints, near: Near | None = None
    ) -> Bought | None:
        """A legal roster bought by the curves, to gain by them what others gain and what those lack.

        No two calls have the same luck. The price is in money for a share of 1 of each of the scenario's
        promises; nan of those that the curves do not know. None where nothing is known yet, or no such roster
        is found. It is simulated for the bound later on.

        Args:
            tried: counts of rosters, (n,), and what each lacks of the scenario's promises, in order of
                targets and periods, as shares; one roster's luck counts the less, the more there are.
            least: agents that there must be on each column, (n,).
            near: where it is to be found; anywhere, by default.
        """
        if self._concluded is None:
            return None
        if self._market is None:
            self._market = self._opened(self._concluded)
        boxes, box = self._market.boxes, self._market.box
        rows = [promise.row for promise in self._grid.promises]
        whole = boxes.worth.sum(axis=1)
        asked = np.mean([boxes.gained(counts) + lacks[rows] * whole for counts, lacks in tried], axis=0)
        luck = Streams(self._seed, Phase.BOUND, self._bought).of(Purpose.PRESENCE, "rosters bought")
        self._bought += 1
        for within in (box, boxes.everything):
            found = bought(boxes.needing(asked), within, least, luck, near)
            if found is not None:
                if not any(np.array_equal(found.counts, one) for one in self._suggested):
                    self._suggested.append(found.counts)
                price = np.full(len(tried[0][1]), np.nan)
                price[rows] = found.price * whole
                return Bought(found.counts, price)
        return None

    def _opened(self, last: Concluded) -> Market:
        with self._clock("market"):
            curves = last.evidence.bent(last.curves)
            boxes = last.evidence.boxes(self._grid, self._columns, curves, last.need)
            leaves = boxes.split(SPLITS)
            return Market(boxes, (leaves[0].low, leaves[0].high) if leaves else boxes.everything)

    def _step(self) -> None:
        """Simulate a few staffings; after the last of a round, see what they say.

        An interrupt leaves everything as it was before the step, or with some staffings more.
        """
        if self._chosen is None:
            with self._clock("days"):
                contacts = self._theatre.drawn.expected
                self._chosen = Chosen.of(self._scenario, self._grid, self._seed, contacts)
        if self._ahead is None:
            self._ahead = self._first() if self._concluded is None else self._later(self._concluded.mixture)
        some = self._ahead[:BATCH]
        with self._clock("simulation"):
            rosters = [roster for roster, _, _ in some]
            outcomes = self._theatre.play(rosters, self._chosen.days, self._executor)
        new = [
            self._seen(staff, is_roster, outcome)
            for (_, staff, is_roster), outcome in zip(some, outcomes, strict=True)
        ]
        self._played, self._ahead = self._played + new, self._ahead[BATCH:]
        if not self._ahead:
            self._conclude()
            self.rounds, self._ahead = self.rounds + 1, None

    def _seen(self, staff: Floats, roster: bool, outcome: Outcome) -> Played:
        assert self._chosen is not None
        weight, margin = self._chosen.weight, outcome.margin(self._grid.promises)
        of_piece = weight[:, self._grid.piece_promise]
        return Played(
            round=self.rounds,
            roster=roster,
            staff=staff,
            good=(of_piece * outcome.good_of).sum(axis=0),
            counted=(of_piece * outcome.counted_of).sum(axis=0),
            gain=(weight * margin).sum(axis=0),
            margin=margin,
        )

    @contextmanager
    def _clock(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spent[what] += time.perf_counter() - began

    # -- staffings ------------------------------------------------------------------------------------

    def _first(self) -> list[tuple[Roster, Floats, bool]]:
        """Everybody, and floors of all sizes: around the best roster, and around what the load asks for."""
        luck = self._luck()
        everybody = np.repeat(self._people()[:, None], self._grid.slots, axis=1)
        floors = [everybody]
        for number, size in enumerate(np.linspace(0.5, 1.25, FIRST - 1)):
            centre = self._other(luck)
            if self._best is not None and number % 3:
                centre = self._grid.staff(self._best[0])
            floors.append(self._around(luck, centre, size, 0.3))
        return self._as_floors(floors)

    def _later(self, mixture: Floats) -> list[tuple[Roster, Floats, bool]]:
        """Rosters that were suggested, and others around the cheapest mixture; and floors, every other one
        with other groups in it."""
        luck, centre = self._luck(), self._grid.staff(mixture)
        counts, self._suggested = self._suggested[-SUGGESTED:], []
        counts += [
            np.floor(mixture * size + luck.random(len(mixture))).astype(np.int64)
            for size in np.linspace(0.9, 1.25, ROUND // 2 - len(counts))
        ]
        floors = []
        for number, size in enumerate(np.linspace(0.85, 1.25, ROUND - ROUND // 2)):
            part = luck.random() if number % 2 else 0.0
            mixed = (1 - part) * centre + part * self._other(luck)
            floors.append(self._around(luck, mixed, size, 0.25))
        return [(self._columns.roster(c), self._grid.staff(c), True) for c in counts] + self._as_floors(
            floors
        )

    def _other(self, luck: np.random.Generator) -> Floats:
        """What the load asks for, of some groups more than of others: what is never there is never known."""
        return self._by_load(luck.random(len(self._columns.groups)) ** 2)

    def _luck(self) -> np.random.Generator:
        return Streams(self._seed, Phase.BOUND, self.rounds).of(Purpose.PRESENCE, "staffings of the bound")

    def _as_floors(self, floors: list[Ints]) -> list[tuple[Roster, Floats, bool]]:
        return [(self._grid.floor(self._scenario, one), one.astype(np.float64), False) for one in floors]

    def _around(self, luck: np.random.Generator, centre: Floats, size: float, spread: float) -> Ints:
        """A floor of about `size` times a staff; a group's luck holds for two hours."""
        groups, slots = centre.shape
        long = max(int(2 * HOUR / (self._grid.edges[1] - self._grid.edges[0])), 1)
        more, extra, up = luck.random((3, groups, slots // long + 1)).repeat(long, axis=2)[:, :, :slots]
        mean = centre.mean(axis=1, keepdims=True)
        aimed = size * centre * (1 + spread * (2 * more - 1)) + 0.3 * mean * np.maximum(extra - 0.6, 0.0)
        return np.asarray(np.minimum(np.floor(aimed + up).astype(np.int64), self._people()[:, None]))

    def _people(self) -> Ints:
        """Most agents of each group in a floor: all there are, if that is not far beyond what has work."""
        busy = (4 * np.ceil(3 * self._by_load().max(axis=1)) + 8).astype(np.int64)
        given = [rule.people for rule in self._scenario.groups.values()]
        most = [b if g is None else min(g, b) for g, b in zip(given, busy.tolist(), strict=True)]
        return np.array(most, dtype=np.int64)

    def _by_load(self, favour: Floats | float = 1.0) -> Floats:
        """Staff that is busy three quarters of its time, of groups as they have people and are asked, (g, s).

        Args:
            favour: how much each group is favoured, (g,).
        """
        policy, grid = policy_of(self._scenario), self._grid
        of_slot = Calendar.of(self._scenario.horizon).interval_index((grid.edges[1:] + grid.edges[:-1]) / 2)
        people = np.array([10 if r.people is None else r.people for r in self._scenario.groups.values()])
        people = people * favour
        asked = np.where(
            policy.serves, people[:, None] / (1 + np.where(policy.serves, policy.after, 0) / 30), 0
        )
        asked = asked / np.maximum(asked.sum(axis=0), 1e-9)
        return np.asarray(asked / policy.speed @ load_of(self._scenario).work[:, of_slot] / 0.75)

    # -- what they say --------------------------------------------------------------------------------

    def _conclude(self) -> None:
        """Fit the curves, find the cheapest mixture, and hold every proof against all that was simulated."""
        assert self._chosen is not None
        grid = self._grid
        with self._clock("yardstick"):
            yardstick = self._compare()
        evidence = Evidence.of(grid, self._played, self._chosen.size, self.rounds)
        with self._clock("curves"):
            curves = evidence.plain()
        need = np.zeros(len(grid.promises)) if yardstick is None else yardstick.need
        with self._clock("program"):
            boxes = evidence.boxes(grid, self._columns, curves, need)
            cheapest = boxes.leaf(*boxes.everything)
            if yardstick is not None:
                # what luck may take is allowed for at the prices of a first look: hardly any is left then
                boxes = boxes.needing(need - ERRORS * yardstick.allowance(cheapest.price))
                leaves = boxes.split(min(SPLITS + MORE_SPLITS * self.rounds, MOST_SPLITS))
                if leaves:
                    cheapest = leaves[0]
                    theta = np.array([curve.theta for curve in curves])
                    self._proofs = [*self._proofs, Proof(theta, boxes.need, leaves)]
                self.cost = max([0.0, *(proof.bound(evidence, yardstick) for proof in self._proofs)])
        if np.any(cheapest.mixture > 0):
            self._concluded = Concluded(evidence, curves, need, cheapest.mixture)
            self._market = None

    def _compare(self) -> Yardstick | None:
        """The best roster on many days; or the last mixture made whole, where no roster is known."""
        assert self._chosen is not None
        chosen, theatre = self._chosen, self._theatre
        if self._best is not None:
            counts = self._best[0]
        elif self._concluded is not None:
            counts = np.rint(self._concluded.mixture).astype(np.int64)
        else:
            return None
        roster = [self._columns.roster(counts)]
        if self._measured is None or not np.array_equal(self._measured[0], counts):
            here = theatre.play(roster, chosen.days, self._executor)[0]
            seen = self._seen(self._grid.staff(counts), True, here)
            known = theatre.play(roster, chosen.order[:REFERENCE], self._executor)[0]
            self._measured, self._played = (counts, known, here), [*self._played, seen]
        _, known, here = self._measured
        most = min(REFERENCE + MORE_DAYS * self.rounds, len(known.good) + MORE_DAYS)
        days = chosen.order[:most]
        if len(days) > len(known.good):
            known = known + theatre.play(roster, days[len(known.good) :], self._executor)[0]
            self._measured = (counts, known, here)
        others = [one.margin for one in self._played if one.roster and one.round == self.rounds]
        yardstick = Yardstick.of(self._grid, chosen, chosen.order[: len(known.good)], known, here)
        return yardstick.beside(chosen, others)


def _calibrated(
    grid: Grid, shares: Floats, whole: Floats, gain: Floats, weight: Floats
) -> tuple[Floats, Floats]:
    """Ratio and offset by which the gains of pieces make the gains of promises, (p,) each.

    Contacts and rounds add up, so the ratio is 1; buyers, who may be late in two slots, do not. Staffings
    near the promise count most.
    """
    p = len(grid.promises)
    of = grid.piece_promise == np.arange(p)[:, None]
    promised = np.array([promise.share for promise in grid.promises])
    fitted = ((shares - promised[grid.piece_promise]) * whole) @ of.T
    off = np.abs(gain / np.maximum(of @ whole, 1e-9)).max(axis=1)
    weight = weight * np.exp(-((off / 0.3) ** 2)) + 1e-6
    mean, seen = np.average(fitted, axis=0, weights=weight), np.average(gain, axis=0, weights=weight)
    square = np.average((fitted - mean) ** 2, axis=0, weights=weight)
    both = np.average((fitted - mean) * (gain - seen), axis=0, weights=weight)
    adds_up = np.array([promise.adds_up for promise in grid.promises], dtype=bool)
    ratio = np.where(adds_up, 1.0, both / np.maximum(square, 1e-9))
    return ratio, seen - ratio * mean
