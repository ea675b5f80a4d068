"""The file a source reads: replaced atomically, kept fresh, and spoilt on request.

A .json file states available credit; a .csv file states the formula's terms, which add up to it.
"""

import csv
import datetime
import decimal
import io
import itertools
import json
import os
import threading
import time


def rfc3339(instant):
    """Seconds since 1970 as the file writes them, cut to milliseconds."""
    text = datetime.datetime.fromtimestamp(instant, datetime.timezone.utc)
    return text.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text):
    """The reverse, of any RFC 3339 text."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class SourceFile:
    """The accounts of one source. Thread-safe."""

    def __init__(self, path, accounts, now=time.time):
        self.path = path
        self._now = now  # Whose clock says as of when the data is.
        self._lock = threading.Lock()
        # In every account's own order of events; an account without a value is not in the file.
        self._currencies = dict(accounts)  # Id to currency.
        self._credits = {}
        self._spoil = None  # While the poll shall fail: called to make the file unusable.
        self._ways = itertools.cycle(
            (self._missing, self._half_written, self._an_error_page, self._empty))

    def set_credit(self, account_id, amount):
        """Returns the instant the file is as of now, or None while the poll shall fail."""
        with self._lock:
            self._credits[account_id] = amount
            return self._write()

    def set_credits(self, amounts):
        """The same for many accounts at once."""
        with self._lock:
            self._credits.update(amounts)
            return self._write()

    def is_new(self, account_id):
        """Has the account had no value yet?"""
        return account_id not in self._credits

    def refresh(self):
        """Says again what it said, as of now, as a billing API does when it is asked again."""
        with self._lock:
            return self._write()

    def fail(self):
        """Makes every poll fail until work(); each time the file is bad in another way."""
        with self._lock:
            self._spoil = next(self._ways)
            self._spoil()

    def work(self):
        with self._lock:
            self._spoil = None
            return self._write()

    def _text(self, as_of):
        return self._csv(as_of) if self.path.suffix == ".csv" else self._json(as_of)

    def _csv(self, as_of):
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow(("account_id", "account_name", "currency", "cash_balance", "credit_limit",
                       "credit_refunds", "unsettled_current_month", "unsettled_previous_months",
                       "as_of"))
        for account_id, amount in self._credits.items():
            cash = decimal.Decimal(amount) - 20 - 5 + 30 + 4
            rows.writerow((account_id, f"The account {account_id}", self._currencies[account_id],
                           format(cash, "f"), "20", "5", "30", "4", rfc3339(as_of)))
        return out.getvalue()

    def _json(self, as_of):
        return json.dumps({
            "as_of": rfc3339(as_of),
            "accounts": [
                {"account_id": account_id, "account_name": f"The account {account_id}",
                 "currency": self._currencies[account_id], "available_credit": amount}
                for account_id, amount in self._credits.items()],
        }, indent=1)

    def _write(self):
        if self._spoil or not self._credits:  # A file without accounts would be a failed poll.
            return None
        as_of = int(self._now() * 1000) / 1000
        self._replace(self._text(as_of))
        return as_of

    def _replace(self, text):
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, self.path)

    def _missing(self):
        self.path.unlink(missing_ok=True)

    def _half_written(self):
        text = self._text(time.time())
        self._replace(text[:len(text) // 2])

    def _an_error_page(self):
        self._replace("<html><body>502 Bad Gateway</body></html>\n")

    def _empty(self):
        self._replace("")
