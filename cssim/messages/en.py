"""The words, in English, by the room that says them."""

from __future__ import annotations

WORDS: dict[str, str] = {
    # -- scenario: units and schema ----------------------------------------------------------------
    # -- scenario: files and checks ----------------------------------------------------------------
    # -- demand ------------------------------------------------------------------------------------
    "demand.no_sale": (
        "the profile is anchored to {field}, which the scenario does not give; add it, or choose a "
        "profile by clock times"
    ),
    "demand.no_weight": (
        "the volume asks for contacts in {span}, where the profile has no weight; give the profile a "
        "weight there, or change the volume"
    ),
    "demand.counts_order": (
        "the row of counts that starts at {at} ends at or before its start; to must be after from"
    ),
    "demand.endless": (
        "follow-ups bring follow-ups to their own queue without end; the shares round a circle of "
        "`then` may bring at most {allowed} each"
    ),
    "demand.too_many": (
        "one replication would have about {rounds:.3g} rounds; at most {allowed:.3g} fit into "
        "memory, so shorten the horizon or check volumes and rounds"
    ),
    # -- queueing ----------------------------------------------------------------------------------
    # -- measure and experiment --------------------------------------------------------------------
    # -- roster ------------------------------------------------------------------------------------
    # -- command line and report -------------------------------------------------------------------
}
