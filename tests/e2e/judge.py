"""Are the messages that arrived those that a story expects? Pure.

Order and number are exact. In time, a message may be early by EARLY at most, and late by what the
caller allows; both are counted from when the story's events were really carried out.
"""

import dataclasses

from story import format_offset

EARLY = 0.1  # Seconds.


@dataclasses.dataclass(frozen=True)
class Seen:
    """A message that arrived at one recipient."""

    at: float  # Seconds since 1970.
    account: str  # The story's own name of it.
    level: str
    what: str  # As a story says it: "alert", "reminder 3".

    def key(self):
        return (self.account, self.level, self.what)


@dataclasses.dataclass(frozen=True)
class Due:
    """A message that is expected, and when it may come (seconds since 1970)."""

    offset: int  # In the story.
    account: str
    level: str
    what: str  # As a story says it: "alert", "reminder 3".
    earliest: float
    latest: float

    def key(self):
        return (self.account, self.level, self.what)


def describe(item):
    return f"{item.what} of {item.account} level {item.level}"


def judge(due, seen):
    """Problems as lines of text; none if what was seen is what was due. `due` is in the order of
    offsets; messages of one offset may come in any order."""
    seen = sorted(seen, key=lambda item: item.at)
    problems = []
    if len(seen) != len(due):
        problems.append(f"{len(due)} messages expected, {len(seen)} seen")
    position = 0
    pairs = []
    while position < len(due):
        same = [item for item in due[position:] if item.offset == due[position].offset]
        came = seen[position:position + len(same)]
        position += len(same)
        for want in same:
            match = next((item for item in came if item.key() == want.key()), None)
            if match:
                came.remove(match)
                pairs.append((want, match))
            else:
                problems.append(f"{format_offset(want.offset)} {describe(want)} did not come"
                                + (" in its turn" if came else ""))
        problems += [f"{describe(item)} came in place of it" for item in came]
    problems += [f"{describe(item)} came although nothing more was due"
                 for item in seen[position:]]
    for want, match in pairs:
        if match.at < want.earliest - EARLY:
            problems.append(f"{format_offset(want.offset)} {describe(want)} came "
                            f"{want.earliest - match.at:.2f} s early")
        if match.at > want.latest:
            problems.append(f"{format_offset(want.offset)} {describe(want)} came "
                            f"{match.at - want.latest:.2f} s later than allowed")
    return problems


def latencies(due, seen):
    """Seconds from when each was due until it came, where the two match one by one."""
    seen = sorted(seen, key=lambda item: item.at)
    return [match.at - want.earliest for want, match in zip(due, seen)]
