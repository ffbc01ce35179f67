"""Shapes, forecasts and platforms' rules that a scenario may name: data, each with its source or reason.

A preset is written as a planner would write it, so anything here can be copied into a file and changed.
"""

from __future__ import annotations

from typing import Any, Final

Preset = dict[str, Any]

# Checked against a bank's calls, 08:00 to 24:00 of the 18 ordinary weekdays of 1999-02, 22 in a quarter of
# an hour: variance/mean 2.18, lag-1 correlation .48 (.33 within a day); about their own mean, a day cv of 5%
# with a drift of cv 22% and a half-life of 1 h fits best. `usual` gives 2.17, .51 and .33 at that volume, and
# 2.6 to 3.1 at 30 to 40 in a quarter of an hour. The drift is there however well a day is forecast, so `good`
# keeps 15% (1.7 at 30).
FORECASTS: Final[dict[str, Preset]] = {
    "good": {
        "day_cv": 0.05,
        "within_day": {"cv": 0.15, "half_life": "1h"},
        "why": "own counts of like sales; what stays is the drift that real counts show about their own mean",
    },
    "usual": {
        "day_cv": 0.12,
        "within_day": {"cv": 0.20, "half_life": "1h"},
        "why": "a planner's guess: day totals off by 5 to 20%, and the drift of real counts",
    },
    "poor": {
        "day_cv": 0.20,
        "within_day": {"cv": 0.30, "half_life": "1h"},
        "why": "a first sale: the upper end of how far day totals are off",
    },
}

# Weights are relative; a spike's height counts in mean weights of a day. Shapes of questions are estimates,
# with their reasons, until a shop puts its own counts in their place; shapes of orders are published data.
_SHOP_DAY: Final = [
    ["00:00", 0.6], ["01:00", 0.3], ["02:00", 0.12], ["06:00", 0.2], ["07:00", 0.4], ["08:00", 0.7],
    ["08:30", 1.0], ["10:00", 1.2], ["11:00", 1.0], ["12:00", 1.2], ["14:00", 1.1], ["17:00", 0.9],
    ["19:00", 1.2], ["20:00", 1.6], ["21:00", 1.9], ["22:30", 1.6], ["23:00", 1.2], ["23:30", 0.9],
]  # fmt: skip
_AFTER_SALES_DAY: Final = [
    ["00:00", 0.35], ["01:00", 0.15], ["02:00", 0.08], ["07:00", 0.3], ["08:00", 0.7], ["09:00", 1.4],
    ["12:00", 1.2], ["14:00", 1.5], ["18:00", 1.2], ["20:00", 1.4], ["22:00", 1.1], ["23:00", 0.7],
]  # fmt: skip

PROFILES: Final[dict[str, Preset]] = {
    "flat": {"points": [["00:00", 1]], "why": "nothing known"},
    "office_day": {
        "points": [
            ["00:00", 0],
            ["08:30", 0.4],
            ["09:00", 1],
            ["09:30", 1.3],
            ["11:30", 0.9],
            ["12:00", 0.6],
            ["13:30", 1],
            ["14:00", 1.3],
            ["17:00", 0.9],
            ["18:00", 0.3],
            ["18:30", 0],
        ],
        "why": "an office-hours line: closed at night, peaks in mid-morning and mid-afternoon, a dip at "
        "lunch",
    },
    "shop_day": {
        "points": _SHOP_DAY,
        "why": "an ordinary day of an online shop: lull 02:00-08:30, busy 08:30-11:00 and 12:00-17:00, "
        "highest after 20:00 (planners' guides; a Double 12 guide names 12-14 and 20-23 as the "
        "peaks of inquiries)",
    },
    "double11": {
        "points": _SHOP_DAY,
        "spikes": [
            {"at": "opens", "lead_in": "2h", "height": 6, "decay": "30min"},
            {"at": "opens", "lead_in": "6h", "height": 1, "decay": "3h"},
        ],
        "why": "questions before paying, an estimate (no published curve was found): buyers ask before "
        "they buy, so chats rise through the evening, reach five to eight times a usual day's mean "
        "in the half hour before the opening (a vendor's figure), halve every half hour after it, "
        "fall in the small hours and come back in the evening; the day itself is `shop_day`",
    },
    "618": {
        "points": _SHOP_DAY,
        "spikes": [
            {"at": "opens", "lead_in": "2h", "height": 3, "decay": "30min"},
            {"at": "opens", "lead_in": "6h", "height": 0.7, "decay": "3h"},
        ],
        "why": "as double11 with half its peak, an estimate: a sale of 18 days whose opening draws less "
        "of the whole (see orders_618)",
    },
    "after_sales_double11": {
        "points": _AFTER_SALES_DAY,
        "spikes": [
            {"at": "opens", "height": 2, "decay": "30min"},
            {"at": "opens", "height": 0.3, "decay": "2d"},
        ],
        "why": "two streams, an estimate: wrong orders refunded and bought again within minutes of the "
        "opening, and shipping, exchanges and refunds in the daytime hours to days later",
    },
    "orders_double11": {
        "points": [
            ["+0s", 33.527],
            ["+1min36s", 7.739],
            ["+1h3min59s", 5.017],
            ["+1h26min7s", 0.549],
            ["+14h21min27s", 0.559],
            ["+16h31min", 0.656],
            ["+24h", 0.067],
        ],
        "source": "payments on Alibaba's platforms, 2019-11-11, intensity over the day's mean between "
        "published milestones (CGTN 2019-11-12); after 24 h an average day (GMV of fiscal 2020, "
        "6,589 bn CNY a year, over the sale's 268.4 bn); opened at 00:00, so the lull of the small "
        "hours is in it",
    },
    "orders_618": {
        "points": [["+0s", 6.22], ["+11min34s", 0.802], ["+14h4min", 1.175], ["+24h", 0.12]],
        "source": "JD, 2021-06-18: 269.2 bn CNY of the sale by 00:11:34, 305.6 by 14:04, 343.8 at 24:00 "
        "(JD's corporate blog, 2021-06-19); the first 11 min 34 s, not published, are taken to "
        "hold 5% of the day, half of what they held in orders_double11; after 24 h an average day, "
        "an estimate",
    },
}

# The platforms' rules as public guides tell them. Sources disagree and rules change, so each says what it
# rests on and since when it holds, and every field can be written over in a scenario. Where the platform
# gives no number (it ranks shops) the planner must. Hours are those in which a message arrives.
TARGETS: Final[dict[str, Preset]] = {
    "golden_6s": {
        "measure": "first_reply",
        "within": "6s",
        "at_least": "80%",
        "source": "trade rule of thumb: after six seconds a buyer tries another shop; the 80% is ours",
        "date": "undated",
    },
    "pdd_5min": {
        "measure": "buyers",
        "within": "5min",
        "at_least": "85%",
        "hours": {"from": "08:00", "to": "23:00"},
        "source": "Pinduoduo, manual replies only; in some guides of 2026 again, by message, red line 85%",
        "date": "until 2020-02",
    },
    "pdd_3min": {
        "measure": "buyers",
        "within": "3min",
        "hours": {"from": "08:00", "to": "23:00"},
        "source": "Pinduoduo: one late message and the buyer of that day fails; manual replies only; ranked",
        "date": "since 2020-02-03",
    },
    "taobao_3min": {
        "measure": "rounds",
        "within": "3min",
        "hours": {"from": "08:00", "to": "24:00"},
        "source": "Taobao, Tmall: question to answer, by a person or the assisting bot; others: to 23:00",
        "date": "since 2022-07",
    },
    # Contacts while every agent is offline are left out where the scenario writes its opening hours; without
    # them nobody can tell, so then they count, and a warning says so.
    "jd_30s": {
        "measure": "first_reply",
        "within": "30s",
        "hours": {"from": "09:00", "to": "23:00"},
        "offline": "excluded",
        "source": "JD: contacts begun in these hours, replies by people; not while everyone is offline",
        "date": "undated",
    },
    "douyin_3min": {
        "measure": "rounds",
        "within": "3min",
        "hours": {"from": "08:00", "to": "23:00"},
        "source": "Douyin: manual replies only",
        "date": "undated",
    },
    "kuaishou_3min": {
        "measure": "buyers",
        "within": "3min",
        "hours": {"from": "08:00", "to": "23:00"},
        "source": "Kuaishou: manual replies only",
        "date": "undated",
    },
}
