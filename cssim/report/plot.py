"""Pictures of results: `cssim.plot.coverage(plan, ax=ax)` takes Axes, gives them back, and saves nothing.

contacts, coverage, replies, service, days, money   of a simulation or of a roster that was found
history                                             of a search
sweep, frontier, bot, tornado                       of a sweep
svg                                                 any of them as a piece of a web page
"""

from __future__ import annotations

from cssim.report.figures import contacts, coverage, days, history, money, replies, service
from cssim.report.fonts import FontWarning
from cssim.report.svg import svg
from cssim.report.sweep_figures import bot, frontier, sweep, tornado

__all__ = [
    "FontWarning",
    "bot",
    "contacts",
    "coverage",
    "days",
    "frontier",
    "history",
    "money",
    "replies",
    "service",
    "svg",
    "sweep",
    "tornado",
]
