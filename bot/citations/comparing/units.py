"""Units of time, money, data, length and weight, and what words of frequency say."""

from collections.abc import Mapping
from decimal import Decimal

_DIMENSIONS: Mapping[str, Mapping[str, int | str]] = {
    "time": {
        "second seconds sec secs sekunde sekunden": 1,
        "minute minutes min mins minuten": 60,
        "hour hours hr hrs stunde stunden": 3600,
        "day days tag tage tagen daily": 86_400,
        "week weeks woche wochen weekly": 604_800,
        "fortnight fortnights": 1_209_600,
    },
    "months": {
        "month months monat monate monaten monthly": 1,
        "quarter quarters quartal quarterly": 3,
        "year years yr yrs jahr jahre jahren yearly annual annually annum": 12,
    },
    "share": {"% percent prozent pct": 1},
    "eur": {"€ euro euros eur": 1, "cent cents": "0.01"},
    "usd": {"$ usd dollar dollars": 1},
    "gbp": {"£ gbp pound pounds": 1},
    "chf": {"chf franc francs franken": 1},
    "bytes": {
        "kb kib": 1,
        "mb mib megabyte megabytes": 1000,
        "gb gib gigabyte gigabytes": 10**6,
        "tb tib terabyte terabytes": 10**9,
    },
    "length": {
        "mm": 1,
        "cm": 10,
        "metre metres meter meters": 1000,
        "km kilometre kilometres kilometer kilometers": 10**6,
    },
    "imperial": {"inch inches": 1, "foot feet": 12, "yard yards": 36, "mile miles": 63_360},
    "weight": {
        "gram grams": 1,
        "kg kilo kilos kilogram kilograms": 1000,
        "ton tons tonne tonnes": 10**6,
    },
    "celsius": {"°c celsius": 1},
    "fahrenheit": {"°f fahrenheit": 1},
}
# Names of a unit -> (its dimension, how many of the smallest unit of the dimension)
UNITS: dict[str, tuple[str, Decimal]] = {
    name: (dimension, Decimal(size))
    for dimension, units in _DIMENSIONS.items()
    for names, size in units.items()
    for name in names.split()
}
FORMS = {  # what a word of frequency or a multiple says -> (value, unit)
    "biweekly": ("2", "week"), "bi-weekly": ("2", "week"), "fortnightly": ("2", "week"),
    "fortnight": ("2", "week"), "semiannual": ("6", "month"), "semiannually": ("6", "month"),
    "biannual": ("6", "month"), "biennial": ("2", "year"), "decade": ("10", "year"),
    "dozen": ("12", ""), "daily": ("1", "day"), "weekly": ("1", "week"), "monthly": ("1", "month"),
    "quarterly": ("1", "quarter"), "yearly": ("1", "year"), "annually": ("1", "year"),
    "annual": ("1", "year"), "quarter": ("1", "quarter"), "century": ("100", "year"),
}  # fmt: skip
