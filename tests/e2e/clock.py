"""A clock that a test sets, seen by programs in place of the machine's (libfaketime)."""

import os
import pathlib
import time

MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock:
    """What wrapped programs see. Times that are waited for are not touched: they come from the
    monotonic clock."""

    def __init__(self, path):
        self.path = path
        self.offset = 0.0
        self.set_to(0)

    def now(self):
        return time.time() + self.offset

    def set_to(self, offset):
        """Seconds before or after the machine's clock, at once."""
        self.offset = float(offset)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{self.offset:+.3f}\n", encoding="ascii")
        os.replace(fresh, self.path)

    def wrap(self, argv):
        """The command line of a program that sees this clock."""
        (library,) = pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        return ["env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self.path}",
                "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
                *map(str, argv)]
