"""Show a cell's value in its number format: currency, percent, date, duration, fraction."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TypeAlias

Value: TypeAlias = str | float | bool | datetime | date | time | timedelta

GENERAL = "General"

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
"""Formats that a file names by number; those of dates in the order of a country are left out."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<noon>AM/PM|A/P)|(?P<general>General)"
    r"|(?P<below>/[1-9]\d*)|(?P<digits>[0#?]+)|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+)|(?P<power>E[+-])|(?P<sign>[.,%/@])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_SECTION_END = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    "=": eq,
    "<>": ne,
    ">": gt,
    ">=": ge,
}
_MONTHS = [f"{date(2000, month, 1):%B}" for month in range(1, 13)]
_DAYS = [f"{date(2001, 1, day):%A}" for day in range(1, 8)]
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet knows no time zones
_POSITIVE, _NEGATIVE, _ZERO, _TEXT = range(4)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def shown(value: Value, code: str = GENERAL) -> str:
    """Return a cell's value as its sheet shows it, with English names and separators.

    >>> shown(1234.5, "#,##0.00 €"), shown(0.075, "0.0%"), shown(7, "000"), shown(2.5, "# ?/?")
    ('1,234.50 €', '7.5%', '007', '2 1/2')
    >>> shown(0.1 + 0.2), shown(True), shown(datetime(2030, 5, 1)), shown(-3, "0;(0)")
    ('0.3', 'TRUE', '2030-05-01', '(3)')
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    sections = _sections(code)
    if isinstance(value, int | float) and _CONDITION.search(code):
        chosen = _chosen(value, code)
        told = _CONDITION.search(_SECTION_END.split(code)[chosen])
        # Such a section writes the sign itself
        is_below = told is not None and told[1] in {"<", "<="} and float(told[2]) <= 0
        return _number(abs(value) if is_below else value, sections[chosen : chosen + 1])
    if isinstance(value, str):
        return _text(value, sections[_TEXT]) if len(sections) > _TEXT else _text(value, sections[0])
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(value, sections[0])
    return _number(value, sections)


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[tuple[_Token, ...], ...]:
    return tuple(tuple(_tokens(part)) for part in _SECTION_END.split(code)[:4])


def _chosen(value: float, code: str) -> int:
    """Return the number of the section whose condition *value* meets, else of the last one.

    >>> [_chosen(n, '[<1]"free";[>=100]"much";0') for n in (0, 5, 100)]
    [0, 2, 1]
    """
    sections = _SECTION_END.split(code)[:3]
    for number, section in enumerate(sections):
        told = _CONDITION.search(section)
        if told is not None and _COMPARED[told[1]](value, float(told[2])):
            return number
        if told is None and number + 1 == len(sections):
            return number
    return len(sections) - 1


def _tokens(section: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(section):
        kind = match.lastgroup
        if kind is not None:
            literal = kind in {"quoted", "escaped", "currency", "other"}
            yield _Token("literal" if literal else kind, match[kind])


def _has(tokens: Sequence[_Token], *kinds: str) -> bool:
    return any(token.kind in kinds for token in tokens)


def _text(value: str, tokens: Sequence[_Token]) -> str:
    if not any(token.text == "@" and token.kind == "sign" for token in tokens):
        return value
    return "".join(
        value if t.kind == "sign" else t.text for t in tokens if t.kind in {"sign", "literal"}
    )


def _number(value: float, sections: Sequence[Sequence[_Token]]) -> str:
    tokens, amount = sections[0], value
    if value < 0 and len(sections) > _NEGATIVE:
        tokens, amount = sections[_NEGATIVE], -value
    elif value == 0 and len(sections) > _ZERO:
        tokens = sections[_ZERO]
    if not tokens and len(sections) > 1:  # a format that hides such numbers
        return ""
    if _has(tokens, "date", "elapsed", "noon"):
        return _moment(_EPOCH + timedelta(days=value), tokens) if _is_day(value) else _plain(value)
    if not _has(tokens, "digits"):
        if not tokens or _has(tokens, "general") or any(token.text == "@" for token in tokens):
            return _around(tokens, _plain(amount))
        return "".join(token.text for token in tokens).strip()
    return _masked(amount, tokens)


def _is_day(value: float) -> bool:
    return 0 <= value < 2_958_466  # noqa: PLR2004  the last day that a sheet knows


def _around(tokens: Sequence[_Token], words: str) -> str:
    before = [t.text for t in tokens if t.kind == "literal"]
    return (
        words
        if not before
        else "".join(
            words if t.kind in {"general", "sign"} else t.text for t in tokens if t.kind != "digits"
        ).strip()
    )


def _plain(value: float) -> str:
    # A cell holds 15 digits; the digits after them are noise of the binary form.
    return f"{value:.15g}"


def _masked(value: float, tokens: Sequence[_Token]) -> str:
    places = [n for n, token in enumerate(tokens) if token.kind == "digits"]
    first, last = places[0], places[-1]
    before = "".join(
        t.text for t in tokens[:first] if t.kind in {"literal", "sign"} and t.text != ","
    )
    tail = tokens[last + 1 :]
    after = "".join(
        t.text for t in tail if t.kind in {"literal", "sign"} and t.text not in {",", "."}
    )
    mask = tokens[first : last + 1]
    thousands = sum(1 for t in tail if t.kind == "sign" and t.text == ",")
    percents = sum(t.kind == "sign" and t.text == "%" for t in tokens)
    scaled = Decimal(_plain(value)) * 100**percents / 1000**thousands
    fixed = next((t.text for t in tail if t.kind == "below"), "")
    is_blank = not scaled and "0" not in "".join(t.text for t in mask) and bool(before)
    words = "" if is_blank else _digits(abs(scaled), mask, below=fixed)
    return f"{'-' if scaled < 0 else ''}{before}{words}{after}".strip()


def _digits(value: Decimal, mask: Sequence[_Token], *, below: str = "") -> str:
    texts = [token.text for token in mask if token.kind in {"digits", "sign", "power"}]
    if below:
        return _fraction(value, [*texts, "/", below[1:]])
    if _has(mask, "power"):
        return _scientific(value, mask)
    if "/" in texts:
        return _fraction(value, texts)
    point = texts.index(".") if "." in texts else len(texts)
    whole = "".join(text for text in texts[:point] if text != ",")
    decimals = "".join(text for text in texts[point + 1 :] if text != ",")
    rounded = value.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    integer, _, rest = f"{rounded:f}".partition(".")
    while len(rest) > decimals.count("0") and rest.endswith("0"):
        rest = rest[:-1]
    integer = integer.lstrip("0").rjust(whole.count("0"), "0")
    if any(token.kind == "literal" for token in mask):
        integer = _spread(integer, mask)
    elif "," in texts[:point]:
        integer = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", integer)
    return f"{integer}.{rest}" if rest else integer or "0"


def _spread(digits: str, mask: Sequence[_Token]) -> str:
    """Return digits with the marks between them, as in a telephone number."""
    left = list(digits)
    written: list[str] = []
    for token in reversed(mask):
        if token.kind != "digits":
            written.append(token.text)
            continue
        take = [left.pop() for _ in token.text if left]
        written.append("".join(reversed(take)))
    return "".join([*left, *reversed(written)]).strip()


def _scientific(value: Decimal, mask: Sequence[_Token]) -> str:
    texts = [token.text for token in mask]
    at = next(n for n, token in enumerate(mask) if token.kind == "power")
    decimals = len("".join(texts[texts.index(".") + 1 : at])) if "." in texts[:at] else 0
    mantissa, _, power = f"{value:.{decimals}E}".partition("E")
    width = len("".join(texts[at + 1 :]))
    sign = "-" if power.startswith("-") else "+" if texts[at] == "E+" else ""
    return f"{mantissa}E{sign}{power.lstrip('+-').lstrip('0').rjust(width, '0')}"


def _fraction(value: Decimal, texts: Sequence[str]) -> str:
    below = texts[texts.index("/") + 1] if texts[-1] != "/" else "?"
    # Of "# ??/16" the first part is for the integer
    has_whole = len(texts[: texts.index("/")]) > 1
    exact = Fraction(value)
    if below.isdigit() and int(below):
        found = Fraction(round(exact * int(below)), int(below))
    else:
        found = exact.limit_denominator(10 ** len(below) - 1)
    whole, part = divmod(found, 1) if has_whole else (0, found)
    if not part:
        return str(whole)
    words = f"{part.numerator}/{part.denominator}"
    return f"{whole} {words}" if whole else words


def _moment(value: datetime | date | time | timedelta, tokens: Sequence[_Token]) -> str:
    moment, elapsed = _as_datetime(value)
    if not _has(tokens, "date", "elapsed", "noon"):
        return _iso(value)
    written: list[str] = []
    parts = [token for token in tokens if token.kind not in {"general"}]
    has_noon = _has(parts, "noon")
    for number, token in enumerate(parts):
        if token.kind == "elapsed":
            written.append(_elapsed(elapsed, token.text))
        elif token.kind == "date":
            code = token.text.lower()
            is_minute = code[0] == "m" and _is_minute(parts, number)
            written.append(
                _date_part(moment, "n" * len(code) if is_minute else code, has_noon=has_noon)
            )
        elif token.kind == "noon":
            written.append("AM" if moment.hour < 12 else "PM")  # noqa: PLR2004
        elif token.kind == "digits":
            written.append(f"{moment.microsecond:06}"[: len(token.text)])
        elif token.text != "@":
            written.append(token.text)
    return "".join(written).strip()


def _as_datetime(value: datetime | date | time | timedelta) -> tuple[datetime, timedelta]:
    if isinstance(value, timedelta):
        return _EPOCH + value, value
    if isinstance(value, time):
        moment = datetime.combine(_EPOCH.date(), value)
    else:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return moment, moment - _EPOCH


def _iso(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return str(value)


def _is_minute(parts: Sequence[_Token], at: int) -> bool:
    """Return whether "m" is a minute: it is after hours or before seconds."""
    before = [t for t in parts[:at] if t.kind in {"date", "elapsed"}]
    after = [t for t in parts[at + 1 :] if t.kind in {"date", "elapsed"}]
    is_after_hours = bool(before) and before[-1].text[0] in "hH"
    return is_after_hours or (bool(after) and after[0].text[0] in "sS")


def _elapsed(elapsed: timedelta, code: str) -> str:
    seconds = round(elapsed.total_seconds())
    unit = {"h": 3600, "m": 60, "s": 1}[code[0]]
    return str(seconds // unit).rjust(len(code), "0")


def _date_part(moment: datetime, code: str, *, has_noon: bool) -> str:
    kind, width = code[0], len(code)
    if kind == "y":
        return f"{moment.year:04}" if width > 2 else f"{moment.year % 100:02}"  # noqa: PLR2004
    if kind in "md" and width > 2:  # noqa: PLR2004
        name = _MONTHS[moment.month - 1] if kind == "m" else _DAYS[moment.weekday()]
        return {3: name[:3], 5: name[:1]}.get(width, name)
    hour = (moment.hour + 11) % 12 + 1 if has_noon else moment.hour
    number = {"m": moment.month, "d": moment.day, "h": hour, "n": moment.minute, "s": moment.second}
    return str(number[kind]).rjust(min(width, 2), "0")
