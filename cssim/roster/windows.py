"""A lower bound on the cost by simulated staffings: what the hours gain from who is there, and at what price.

Every promise is a sum over slots of half an hour. What a slot gains is a curve of the staff around it
(`response`), fitted to staffings that were simulated (`floors`). The cheapest mixture of shifts whose curves
keep all promises costs less than any roster, as far as the curves, drawn up to their concave envelopes, lie
nowhere below what really is gained. The linear program that finds it also gives prices (Lagrange's
multipliers): so much for a unit of each promise, so much for an agent in a slot. With those prices the bound rests
on one inequality alone,

    sum of prices x promises gained  <=  a plane over the staff,

which is checked on every staffing ever simulated, also later and fresh ones, and wherever one lies above
the plane the bound falls by as much. New staffings are drawn around the program's solution, where the bound
is decided, so that curves and plane are best known there.

A promise about the mean is taken at the mean over balanced days. One on a share of days is taken at days that
rank there by how busy they are; from the best roster known one learns by how much its days' quantile lies
off the promise, and so much must any other roster gain over it on such days.

Source: Atlason, Epelman and Henderson 2008, "Optimizing call center staffing using simulation and analytic
center cutting-plane methods", Management Science 54(2), bound the same way under concavity.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, coo_array, csr_array, eye_array

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase, Purpose, Streams
from cssim.engine.floor import Roster, policy_of
from cssim.roster.days import balanced, busyness, levels
from cssim.roster.floors import Grid, Outcome, Theatre
from cssim.roster.need import load_of
from cssim.roster.response import Curve, features, fit
from cssim.roster.shifts import Columns
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Scenario

CONFIDENCE: Final = 0.95

_QUANTILE: Final = 2.0
"""Standard errors that are given away: 1.65 for `CONFIDENCE`, and some for choosing the best of few bounds."""

FIRST: Final = 40
"""Staffings of the first round."""

ROUND: Final = 16
"""Staffings of every later round."""

CANDIDATES: Final = 400
"""Replications among which days are chosen."""

BAND: Final = 0.2
"""A day counts for a promise on a share of days if it ranks nearer to it than this, the more the nearer."""

FADES: Final = 0.75
"""Weight of a staffing in the fits, for each round since."""

NODES: Final = 40
"""Times that a round's box of staffs is split."""

ROOM: Final = 512 * 2**20
"""Bytes of contacts that are kept."""


@dataclass(frozen=True)
class Leaf:
    """The bound for staffs whose effective staff lies in some box; p promises, k pieces of them.

    Attributes:
        low, high: the box, (k,).
        cost: of the cheapest mixture of shifts, when it was found; inf where there is none.
        price: of a unit of each promise, (p,).
        height, steep: of the plane over effective staff: a number and (k,).
        mixture: agents on each column, (n,).
        waste: how much of the promises' price lies between the curves and their envelopes, (k,).
        effective: staff of the mixture, (k,).
    """

    low: Floats
    high: Floats
    cost: float
    price: Floats
    height: float
    steep: Floats
    mixture: Floats
    waste: Floats
    effective: Floats


@dataclass(frozen=True)
class Proof:
    """A round's bound: leaves that together hold every staff; k pieces with f features.

    Attributes:
        theta: of the curves, (k, f).
        need: of the promises when it was found, (p,).
        leaves: the cheapest first.
    """

    theta: Floats
    need: Floats
    leaves: tuple[Leaf, ...]

    @property
    def mixture(self) -> Floats:
        """The cheapest mixture of shifts."""
        return self.leaves[0].mixture


class Windows:
    """The bound, as far as it is known; call `sharpen` to know it better.

    Attributes:
        confidence: that the bound holds, given what it assumes: errors of all its statements together.
        assumes: message keys.
    """

    confidence = CONFIDENCE

    def __init__(
        self,
        scenario: Scenario,
        columns: Columns,
        seed: int,
        *,
        engine: str,
        executor: Executor | None = None,
    ) -> None:
        """Nothing is simulated yet: the bound is 0."""
        self.scenario, self.columns, self.seed = scenario, columns, seed
        self.executor = executor
        self.grid = Grid.of(scenario)
        self.rounds = 0
        self.spent: dict[str, float] = {"days": 0.0, "floors": 0.0, "best": 0.0, "fit": 0.0, "program": 0.0}
        self._theatre = Theatre(Drawn(scenario, seed, Phase.BOUND, ROOM), self.grid, engine)
        self._cover = self.grid.cover(scenario, columns)
        self._days: _Days | None = None
        self._staff: list[Floats] = []
        self._round_of: list[int] = []
        self._good: list[Floats] = []  # of the pieces, weighted over days
        self._counted: list[Floats] = []
        self._gain: list[Floats] = []  # of the promises
        self._by_day: list[Floats] = []
        self._found: list[Proof] = []
        self._best: tuple[Ints, float] | None = None
        self._reference: _Reference | None = None
        self._luck = Streams(seed, Phase.BOUND, 0).of(Purpose.PRESENCE, "floors")

    @property
    def cost(self) -> float:
        """The bound: no roster that meets the targets costs less, in the scenario's currency; 0 at first."""
        return max([0.0, *(self._value(one) for one in self._found)])

    @property
    def assumes(self) -> tuple[str, ...]:
        """Message keys of what it rests on."""
        if not self.cost:
            return ()
        on = any(p.on is not None for p in self.grid.promises)
        return ("bound.assumes_curves", *(("bound.assumes_days",) if on else ()))

    def sharpen(
        self,
        *,
        seconds: float | None = None,
        rounds: int | None = None,
        best: tuple[Ints, float] | None = None,
    ) -> float:
        """Simulate more, and return the bound.

        Args:
            seconds: how long, about; a round that has begun is ended.
            rounds: how many rounds, at most; one if neither is given.
            best: counts and cost of the best roster known, which guides where to look.
        """
        if best is not None and (self._best is None or best[1] < self._best[1]):
            self._best, self._reference = best, None
        if not self.grid.promises or not len(self.columns):
            return self.cost
        began, last = time.perf_counter(), 0.0
        limit = rounds if rounds is not None else (1 if seconds is None else np.inf)
        done = 0
        while done < limit and (seconds is None or time.perf_counter() - began + last <= seconds):
            start = time.perf_counter()
            self._round()
            last = time.perf_counter() - start if self.rounds > 1 else 0.0
            done += 1
        return self.cost

    # -- a round ------------------------------------------------------------------------------------

    def _round(self) -> None:
        if self._days is None:
            with _Clock(self.spent, "days"):
                self._days = _Days.of(self.scenario, self.grid, self.seed, self._theatre.drawn.expected)
        rosters, staff = self._first_floors() if not self._staff else self._more_floors()
        with _Clock(self.spent, "floors"):
            outcomes = self._theatre.play(rosters, self._days.chosen, self.executor)
        for one, outcome in zip(staff, outcomes, strict=True):
            self._remember(one, outcome)
        self.rounds += 1
        self._solve()

    def _remember(self, staff: Floats, outcome: Outcome) -> None:
        assert self._days is not None
        weight, of = self._days.weight, self.grid.piece_promise
        margin = outcome.margin(self.grid.promises)
        self._staff.append(staff)
        self._round_of.append(self.rounds)
        self._good.append((weight[:, of] * outcome.good_of).sum(axis=0))
        self._counted.append((weight[:, of] * outcome.counted_of).sum(axis=0))
        self._gain.append((weight * margin).sum(axis=0))
        self._by_day.append(margin)

    def _first_floors(self) -> tuple[list[Roster], list[Floats]]:
        """Everybody, and floors of all sizes around the best roster, or what the load asks for."""
        people = self._people()
        everybody = np.repeat(people[:, None], self.grid.slots, axis=1)
        floors = [everybody]
        centre = self._at(self._best[0]) if self._best is not None else self._by_load()
        sizes = np.linspace(0.4, 1.3, FIRST - 1)
        floors += [self._around(centre, size, 0.4) for size in sizes]
        return self._as_rosters(floors)

    def _more_floors(self) -> tuple[list[Roster], list[Floats]]:
        """Rosters and floors near the last mixture."""
        mixture = self._found[-1].mixture if self._found else np.zeros(len(self.columns))
        counts = [
            np.floor(mixture * size + self._luck.random(len(mixture))).astype(np.int64)
            for size in np.linspace(0.9, 1.25, ROUND // 2)
        ]
        floors = [
            self._around(self._at(mixture), size, 0.25)
            for size in np.linspace(0.85, 1.25, ROUND - ROUND // 2)
        ]
        rosters, staff = self._as_rosters(floors)
        return [*(self.columns.roster(c) for c in counts), *rosters], [*(self._at(c) for c in counts), *staff]

    def _as_rosters(self, floors: list[Ints]) -> tuple[list[Roster], list[Floats]]:
        return [self.grid.floor(self.scenario, f) for f in floors], [f.astype(float) for f in floors]

    def _around(self, centre: Floats, size: float, spread: float) -> Ints:
        """A floor of about so many times a staff; every two hours of every group have luck of their own."""
        groups, slots = centre.shape
        long = max(int(round(7200 / (self.grid.edges[1] - self.grid.edges[0]))), 1)
        draws = self._luck.random((3, groups, slots // long + 1)).repeat(long, axis=2)[:, :, :slots]
        mean = centre.mean(axis=1, keepdims=True)
        aimed = size * centre * (1 + spread * (2 * draws[0] - 1)) + 0.3 * mean * np.maximum(draws[1] - 0.6, 0)
        return np.minimum(np.floor(aimed + draws[2]), self._people()[:, None]).astype(np.int64)

    def _people(self) -> Ints:
        """Of each group, as many as there are, or as a floor may need where their number has no limit."""
        most = np.ceil(3 * self._by_load().max(axis=1)) + 2
        given = [rule.people for rule in self.scenario.groups.values()]
        limits = [m if g is None else min(float(g), 4 * m) for g, m in zip(given, most.tolist(), strict=True)]
        return np.array(limits).astype(np.int64)

    def _by_load(self) -> Floats:
        """Staff that has time for all work by three quarters, shared out among those who may do it, (g, s)."""
        calendar, policy = Calendar.of(self.scenario.horizon), policy_of(self.scenario)
        work = load_of(self.scenario).work
        middle = (self.grid.edges[1:] + self.grid.edges[:-1]) / 2
        of_slot = calendar.interval_index(middle)
        people = [p.people if p.people is not None else 10 for p in self.scenario.groups.values()]
        share = policy.serves * np.array(people, dtype=float)[:, None] / (1 + policy.after / 30.0)
        share = np.where(policy.serves, share, 0.0)
        share /= np.maximum(share.sum(axis=0), 1e-9)
        return np.asarray((share / policy.speed) @ work[:, of_slot] / 0.75)

    def _at(self, counts: Floats | Ints) -> Floats:
        """Staff in each slot of so many agents on each column, (g, s)."""
        staff = np.zeros((len(self.columns.groups), self.grid.slots))
        np.add.at(staff, self.columns.group, self._cover * np.asarray(counts, dtype=float)[:, None])
        return staff

    # -- curves, program, certificate -------------------------------------------------------------------

    def _solve(self) -> None:
        """Fit, learn what must be gained, and find the cheapest mixture."""
        assert self._days is not None
        grid, p = self.grid, len(self.grid.promises)
        with _Clock(self.spent, "fit"):
            x = features(np.array(self._staff))[:, grid.piece_slot]
            good, counted, gain = np.array(self._good), np.array(self._counted), np.array(self._gain)
            weight = np.maximum(FADES ** (self.rounds - 1 - np.array(self._round_of)), 0.05)
            size = self._days.size
            curves = [
                fit(x[:, k], good[:, k], counted[:, k], size[grid.piece_promise[k]], weight)
                for k in range(len(grid.piece_slot))
            ]
            whole = np.average(counted, axis=0, weights=weight)
            share = np.array([one.share for one in grid.promises])[grid.piece_promise]
            effective = np.einsum("nkf,kf->nk", x, np.array([c.theta for c in curves]))
            shares = np.array([c.share(effective[:, k]) for k, c in enumerate(curves)]).T
            of = csr_array(
                (np.ones(len(whole)), (np.arange(len(whole)), grid.piece_promise)), (len(whole), p)
            )
            fitted = ((shares - share) * whole) @ of
            near = weight * np.exp(-((np.abs(gain / np.maximum(whole @ of, 1e-9)).max(axis=1) / 0.3) ** 2))
            ratio, offset = _calibrated(grid, fitted, gain, near + 1e-6)
        if self._reference is None:
            with _Clock(self.spent, "best"):
                self._reference = self._refer()
        reference = self._reference
        need = reference.need if reference is not None else np.zeros(p)
        with _Clock(self.spent, "program"):
            program = _Program.of(
                grid,
                self.columns,
                self._cover,
                curves,
                whole * ratio[grid.piece_promise],
                of,
                share,
                offset,
                need,
            )
            if reference is not None:
                # what luck may take is allowed for at the prices of a first look, so that none of it is left
                first = program.solve(*program.box)
                program = program.needing(need - _QUANTILE * reference.allowance(first.price))
            leaves = program.branch(NODES)
        if leaves:
            self._found.append(Proof(program.theta, program.need, leaves))

    def _value(self, proof: Proof) -> float:
        """The bound of a proof after all that was simulated."""
        if self._reference is None:
            return 0.0
        x = features(np.array(self._staff))[:, self.grid.piece_slot]
        effective, gain = np.einsum("nkf,kf->nk", x, proof.theta), np.array(self._gain)
        need = self._reference.need
        return min(
            leaf.cost
            + float(leaf.price @ (need - proof.need))
            - max([0.0, *_above(leaf, effective, gain)])
            - _QUANTILE * self._reference.error(leaf.price)
            for leaf in proof.leaves
        )

    # -- what must be gained --------------------------------------------------------------------------

    def _refer(self) -> _Reference | None:
        """The best roster on many days, and on those of the floors."""
        assert self._days is not None
        if self._best is None:
            return None
        roster = self.columns.roster(self._best[0])
        many, few = (
            self._theatre.play([roster], self._days.many, self.executor),
            self._theatre.play([roster], self._days.chosen, self.executor),
        )
        return _Reference.of(self.grid, self._days, many[0], few[0])


def _above(leaf: Leaf, effective: Floats, gain: Floats) -> Floats:
    """By how much the simulated staffings of the leaf's box lie above its plane, in money."""
    inside = np.all((effective >= leaf.low - 1e-9) & (effective <= leaf.high + 1e-9), axis=1)
    return np.asarray(gain[inside] @ leaf.price - leaf.height - effective[inside] @ leaf.steep)


@dataclass(frozen=True)
class _Program:
    """The cheapest mixture of shifts whose curves gain what is needed: counts x, effective staff e, gains v.

    e = theta . staff(x), v <= each line of the curve over e, ratio whole (v - share) + offset >= need.

    Attributes:
        columns: that can be bought.
        curves: of the pieces.
        theta: of the curves, (k, f).
        worth: what each piece's share adds to each promise, (p, k).
        given: what their shares come to where each promise is just kept, (p,).
        need: what the promises must gain, (p,).
        staff: effective staff of an agent on each column, (k, n).
    """

    columns: Columns
    curves: list[Curve]
    theta: Floats
    worth: csr_array
    given: Floats
    need: Floats
    staff: csr_array

    @classmethod
    def of(
        cls,
        grid: Grid,
        columns: Columns,
        cover: Floats,
        curves: list[Curve],
        whole: Floats,
        of: csr_array,
        share: Floats,
        offset: Floats,
        need: Floats,
    ) -> _Program:
        theta = np.array([c.theta for c in curves])
        groups = np.arange(len(columns.groups))[:, None]
        of_column = features((groups == columns.group[:, None, None]) * cover[:, None, :])
        staff = np.einsum("nkf,kf->kn", of_column[:, grid.piece_slot], theta)
        worth = csr_array(of.multiply(whole[:, None]).T)
        return cls(columns, curves, theta, worth, worth @ share - offset, need, csr_array(staff))

    @property
    def box(self) -> tuple[Floats, Floats]:
        """That holds every effective staff."""
        return np.zeros(len(self.curves)), np.full(len(self.curves), np.inf)

    def needing(self, need: Floats) -> _Program:
        """The same where something else must be gained."""
        return replace(self, need=need)

    def branch(self, nodes: int) -> tuple[Leaf, ...]:
        """Leaves of a tree over boxes of effective staff, the cheapest first; empty without a mixture.

        Where the cheapest leaf's mixture gains by an envelope what no staff gains by the curve, the leaf is
        split there.
        """
        root = self.solve(*self.box)
        if not np.isfinite(root.cost):
            return ()
        leaves = [root]
        for _ in range(nodes):
            leaves.sort(key=lambda leaf: leaf.cost)
            first = leaves[0]
            at = int(np.argmax(first.waste))
            if first.waste[at] < 2e-4 * first.cost:
                break
            low, high = first.high.copy(), first.low.copy()
            low[at] = high[at] = first.effective[at]
            leaves[0] = self.solve(first.low, low)
            leaves.append(self.solve(high, first.high))
        return tuple(sorted(leaves, key=lambda leaf: leaf.cost))

    def solve(self, low: Floats, high: Floats) -> Leaf:
        """The leaf of a box."""
        columns, k, n, p = self.columns, len(self.curves), len(self.columns), len(self.given)
        lines = [c.lines(a, b) for c, a, b in zip(self.curves, low.tolist(), high.tolist(), strict=True)]
        piece = np.repeat(np.arange(k), [len(h) for h, _ in lines])
        height, slope = (np.concatenate(part) for part in zip(*lines, strict=True))
        number = np.arange(len(piece))
        line_v = coo_array((np.ones(len(piece)), (number, piece)), (len(piece), k))
        line_e = coo_array((-slope, (number, piece)), (len(piece), k))
        rules = columns.rules
        rows = [[None, line_e, line_v], [None, None, -self.worth], [rules.most, None, None]]
        limits = [height, -(self.given + self.need), rules.limit]
        if rules.duty.shape[0]:
            rows.append([-rules.duty, None, None])
            limits.append(-rules.least)
        solved = linprog(
            np.concatenate([columns.pay, np.zeros(2 * k)]),
            A_ub=block_array(rows, format="csr"),
            b_ub=np.concatenate(limits),
            A_eq=block_array([[-self.staff, eye_array(k), csr_array((k, k))]], format="csr"),
            b_eq=np.zeros(k),
            bounds=[(0, None)] * n + list(zip(low, high, strict=True)) + [(None, None)] * k,
            method="highs",
        )
        if solved.status != 0:
            none = np.zeros(k)
            return Leaf(low, high, np.inf, np.zeros(p), 0.0, none, np.zeros(n), none, none)
        dual = -np.asarray(solved.ineqlin.marginals)
        of_line, price = (
            np.maximum(dual[: len(piece)], 0.0),
            np.maximum(dual[len(piece) : len(piece) + p], 0.0),
        )
        x, e, v = np.maximum(solved.x[:n], 0.0), solved.x[n : n + k], solved.x[n + k :]
        curve = np.array([c.share(e[j : j + 1])[0] for j, c in enumerate(self.curves)])
        waste = np.maximum(v - curve, 0.0) * (price @ self.worth)
        waste[(e - low < 0.02) | (high - e < 0.02)] = 0.0
        plane = float(of_line @ height) - float(price @ self.given)
        return Leaf(
            low, high, float(solved.fun), price, plane, np.bincount(piece, of_line * slope, k), x, waste, e
        )


def _calibrated(grid: Grid, fitted: Floats, gain: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Ratio and offset by which the gains of pieces make the gains of promises, (p,) each."""
    ratio, offset = np.ones(gain.shape[1]), np.zeros(gain.shape[1])
    for p, promise in enumerate(grid.promises):
        f, g = fitted[:, p], gain[:, p]
        mean_f, mean_g = np.average(f, weights=weight), np.average(g, weights=weight)
        if not promise.whole:
            square = np.average((f - mean_f) ** 2, weights=weight)
            ratio[p] = np.average((f - mean_f) * (g - mean_g), weights=weight) / max(square, 1e-9)
        offset[p] = mean_g - ratio[p] * mean_f
    return ratio, offset


@dataclass(frozen=True)
class _Days:
    """Which replications are played.

    Attributes:
        chosen: for every floor; m of them.
        weight: of each for each promise, summing to 1, (m, p).
        size: how many replications that is worth, (p,).
        many: balanced ones, for the best roster.
        busy: of those, (n, p).
    """

    chosen: tuple[int, ...]
    weight: Floats
    size: Floats
    many: tuple[int, ...]
    busy: Floats

    @classmethod
    def of(cls, scenario: Scenario, grid: Grid, seed: int, contacts: float) -> _Days:
        load = load_of(scenario)
        level = levels(scenario, seed, Phase.BOUND, range(CANDIDATES))
        busy = busyness(scenario, load, level)[:, [p.row for p in grid.promises]]
        rank = (np.argsort(np.argsort(busy, axis=0, kind="stable"), axis=0, kind="stable") + 0.5) / len(busy)
        some = int(np.clip(24 * np.sqrt(8000 / max(contacts, 1.0)), 24, 96))
        order = balanced(scenario, load, level, CANDIDATES)
        on = np.array([np.nan if p.on is None else p.on for p in grid.promises])
        about_days = ~np.isnan(on)
        near = np.maximum(1 - np.abs(rank - on) / BAND, 0.0)[:, about_days]
        few = list(order[: some // 2 if about_days.any() else some]) if not about_days.all() else []
        band: list[int] = []
        have = np.zeros(near.shape[1])
        while near.shape[1] and len(few) + len(band) < some:
            worth = (near / (have + 0.5)).sum(axis=1)
            worth[few + band] = -1.0
            band.append(int(np.argmax(worth)))
            have += near[band[-1]]
        chosen = few + band
        weight = np.zeros((len(chosen), len(on)))
        weight[: len(few), ~about_days] = 1.0
        weight[:, about_days] = near[chosen]
        weight /= weight.sum(axis=0)
        many = order[:128]
        return cls(tuple(chosen), weight, 1 / (weight**2).sum(axis=0), many, busy[list(many)])


@dataclass(frozen=True)
class _Reference:
    """What the best roster tells of what must be gained; p promises.

    Attributes:
        need: that any roster gains on the floors' days, if it keeps its promises, (p,).
        spread: standard error of that, (p,).
        related: correlation of the errors, (p, p).
    """

    need: Floats
    spread: Floats
    related: Floats

    def error(self, price: Floats) -> float:
        """Standard error of what must be gained at these prices."""
        priced = price * self.spread
        return float(np.sqrt(max(priced @ self.related @ priced, 0.0)))

    def allowance(self, price: Floats) -> Floats:
        """By how much each promise's need may be off so that together they are a standard error, (p,)."""
        covered = self.spread * (self.related @ (price * self.spread))
        return np.maximum(covered, 0.0) / max(self.error(price), 1e-12)

    @classmethod
    def of(cls, grid: Grid, days: _Days, many: Outcome, few: Outcome) -> _Reference:
        margin, here = many.margin(grid.promises), few.margin(grid.promises)
        gained, counted = (days.weight * here).sum(axis=0), (days.weight * few.counted).sum(axis=0)
        n = len(margin)
        need, spread, left = np.zeros(len(gained)), np.zeros(len(gained)), np.zeros_like(margin)
        for p, promise in enumerate(grid.promises):
            busy = days.busy[:, p]
            if promise.on is None:
                left[:, p] = _unexplained(margin[:, p], busy)
                need[p] = gained[p] - margin[:, p].mean()
                spread[p] = left[:, p].std() / np.sqrt(n)
                continue
            daily = margin[:, p] / np.maximum(many.counted[:, p], 1.0)
            left[:, p] = _unexplained(daily, busy)
            off = -float(np.quantile(daily, 1 - promise.on))
            kept = (daily + off >= 0)[np.argsort(busy, kind="stable")]
            changes = max(np.count_nonzero(kept[1:] != kept[:-1]), 1)
            rank = np.sqrt(changes / 2) / n
            ends = np.quantile(daily, np.clip([1 - promise.on - rank, 1 - promise.on + rank], 0, 1))
            need[p] = gained[p] + off * counted[p]
            spread[p] = (ends[1] - ends[0]) / 2 * counted[p]
        size = np.sqrt((left**2).mean(axis=0))
        related = (left.T @ left) / n / np.maximum(np.outer(size, size), 1e-12)
        return cls(need, spread, related)


def _unexplained(values: Floats, busy: Floats) -> Floats:
    """What a parabola over how busy the days are does not tell of them."""
    z = (busy - busy.mean()) / max(busy.std(), 1e-9)
    x = np.stack([np.ones_like(z), z, z**2], axis=1)
    return np.asarray(values - x @ np.linalg.lstsq(x, values, rcond=None)[0])


class _Clock:
    """Adds the seconds of a block to a ledger."""

    def __init__(self, ledger: dict[str, float], name: str) -> None:
        self.ledger, self.name = ledger, name

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.ledger[self.name] += time.perf_counter() - self.began
