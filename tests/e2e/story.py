"""Reads story files: what happens to an account, and the messages it must cause.

Deliberately written apart from the C++ reader of `lowbalance simulate`: two readers that agree on
what a story says are worth more than one that is trusted.
"""

import dataclasses
import decimal
import pathlib
import re

DEFAULT_ACCOUNT = "17"
DEFAULT_CURRENCY = "USD"
DEFAULT_LEVEL = "warning"

# Verbs that take a fixed second word, and what the pair is called here.
PAIRS = {
    ("poll", "fails"), ("poll", "works"), ("exporter", "down"), ("exporter", "up"),
    ("exporter", "restart"), ("pipeline", "down"), ("pipeline", "up"), ("webhook", "restart"),
}
ALONE = {"disable", "duplicate", "resolved", "end"}
OPTIONS = {"recovery_notice", "overdue_notice"}
WITH_AMOUNT = {"credit", "enable", "threshold"}


class StoryError(Exception):
    """The text is not a story; the message names file and line."""


@dataclasses.dataclass(frozen=True)
class Event:
    offset: int  # Seconds of story time.
    verb: str  # "credit", "poll fails", "clock back", …
    amount: str | None = None
    account: str | None = None  # None: the story's only account, or all of them.
    level: str = DEFAULT_LEVEL
    line: int = 0


@dataclasses.dataclass(frozen=True)
class Message:
    """A message that must arrive."""

    offset: int
    what: str  # "alert", "reminder 3", "recovery" or "overdue".
    account: str = DEFAULT_ACCOUNT
    level: str = DEFAULT_LEVEL


@dataclasses.dataclass(frozen=True)
class Story:
    name: str
    accounts: dict  # Id to currency.
    events: tuple
    expected: tuple | None  # None: the file has no `expect`.
    end: int  # Seconds; run on until here, inclusive.
    options: frozenset = frozenset()  # Keys of the webhook's section to switch on.

    def verbs(self):
        return {event.verb for event in self.events}


def parse_offset(text):
    """Seconds of an offset such as 26h, 1d2h, 26h30m, 0h."""
    match = re.fullmatch(r"(?=.)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not match:
        raise ValueError(f"{text!r} is not an offset such as 26h, 1d2h or 26h30m")
    d, h, m, s = (int(group or 0) for group in match.groups())
    return ((d * 24 + h) * 60 + m) * 60 + s


def format_offset(seconds):
    h, rest = divmod(int(seconds), 3600)
    m, s = divmod(rest, 60)
    text = "".join(f"{n}{unit}" for n, unit in ((h, "h"), (m, "m"), (s, "s")) if n)
    return text or "0h"


def _amount(word):
    try:
        if not decimal.Decimal(word).is_finite():
            raise ValueError
    except (decimal.InvalidOperation, ValueError):
        raise ValueError(f"{word!r} is not an amount") from None
    return word


def _of_and_level(words):
    """Takes ` of ID` and ` level NAME` off the end; returns (account, level)."""
    account, level = None, DEFAULT_LEVEL
    while words:
        if words[0] == "of" and len(words) >= 2 and account is None:
            account = words[1]
        elif words[0] == "level" and len(words) >= 2:
            level = words[1]
        else:
            raise ValueError(f"{' '.join(words)!r} was not expected here")
        words = words[2:]
    return account, level


def _event(words, line):
    offset, verb, rest = parse_offset(words[0]), words[1], words[2:]
    amount = None
    if verb in WITH_AMOUNT:
        if not rest:
            raise ValueError(f"{verb} wants an amount")
        amount, rest = _amount(rest[0]), rest[1:]
    elif verb == "clock" and rest[:1] in (["back"], ["forward"]) and len(rest) >= 2:
        parse_offset(rest[1])
        verb, amount, rest = f"clock {rest[0]}", rest[1], rest[2:]
    elif rest and (verb, rest[0]) in PAIRS:
        verb, rest = f"{verb} {rest[0]}", rest[1:]
    elif verb not in ALONE:
        raise ValueError(f"{' '.join(words[1:])!r} is not an event")
    account, level = _of_and_level(rest)
    return Event(offset, verb, amount, account, level, line)


def _message(words, only_account):
    offset, rest = parse_offset(words[0]), words[1:]
    if rest[:1] in (["alert"], ["recovery"], ["overdue"]):
        what, rest = rest[0], rest[1:]
    elif rest[:1] == ["reminder"] and len(rest) >= 2 and re.fullmatch(r"[1-9]\d*", rest[1]):
        what, rest = f"reminder {rest[1]}", rest[2:]
    else:
        raise ValueError(f"{' '.join(rest)!r} is no message")
    account, level = _of_and_level(rest)
    return Message(offset, what, account or only_account, level)


def parse_story(text, name):
    accounts, events, expected, options = {}, [], None, set()
    for line, raw in enumerate(text.splitlines(), 1):
        words = raw.split("#", 1)[0].split()
        if not words:
            continue
        try:
            if words == ["expect"]:
                if expected is not None:
                    raise ValueError("a second `expect`")
                expected = []
            elif words[0] == "account" and expected is None:
                if len(words) not in (2, 3) or events or words[1] in accounts:
                    raise ValueError("`account ID CURRENCY` lines come first, each id once")
                accounts[words[1]] = words[2] if len(words) == 3 else DEFAULT_CURRENCY
            elif words[0] == "option" and expected is None:
                if events or len(words) != 2 or words[1] not in OPTIONS:
                    raise ValueError("`option NAME` lines come first")
                options.add(words[1])
            elif len(words) < 2:
                raise ValueError(f"{raw.strip()!r} says nothing")
            elif expected is None:
                if events and parse_offset(words[0]) < events[-1].offset:
                    raise ValueError("earlier than the line before")
                events.append(_event(words, line))
            else:
                only = next(iter(accounts)) if accounts else DEFAULT_ACCOUNT
                expected.append(_message(words, only))
        except ValueError as error:
            raise StoryError(f"{name}:{line}: {error}") from None
    accounts = accounts or {DEFAULT_ACCOUNT: DEFAULT_CURRENCY}
    if not events:
        raise StoryError(f"{name}: no event")
    for item in [*events, *(expected or ())]:
        if item.account is not None and item.account not in accounts:
            raise StoryError(f"{name}: account {item.account!r} is not declared")
    end = max(event.offset for event in events)
    return Story(name, accounts, tuple(e for e in events if e.verb != "end"),
                 None if expected is None else tuple(sorted(expected, key=lambda m: m.offset)), end,
                 frozenset(options))


def load_stories(folder):
    """All stories of a folder, by name."""
    return [parse_story(path.read_text(encoding="utf-8"), path.stem)
            for path in sorted(pathlib.Path(folder).glob("*.story"))]
