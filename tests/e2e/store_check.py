"""What must hold in a store at any moment, whoever was killed a moment ago: SQLite finds it whole,
and nothing in it is half done."""

import pathlib
import shutil
import sqlite3
import tempfile

# Each finds what must not be: nothing.
WEBHOOK = {
    "a message without deliveries": """
        SELECT id FROM messages WHERE id NOT IN (SELECT message_id FROM deliveries)""",
    "a delivery made twice": """
        SELECT message_id, relay, recipient FROM deliveries
        GROUP BY message_id, relay, recipient HAVING COUNT(*) > 1""",
    "a message that its episode does not know of": """
        SELECT m.id FROM messages m WHERE m.account_id <> '' AND NOT EXISTS (
          SELECT 1 FROM episodes e WHERE e.provider = m.provider AND e.account_id = m.account_id
          AND e.level = m.level AND (e.low_since > m.low_since
            OR (e.low_since = m.low_since AND e.alerted_at IS NOT NULL)))""",
    "an alerted episode without its message": """
        SELECT account_id FROM episodes e WHERE alerted_at IS NOT NULL AND covered = 0
        AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.provider = e.provider
          AND m.account_id = e.account_id AND m.level = e.level AND m.low_since = e.low_since
          AND m.kind = 'alert')""",
    "an internal message delivered and not in the inbox": """
        SELECT id FROM deliveries WHERE relay = 'internal' AND state = 'delivered'
        AND id NOT IN (SELECT delivery_id FROM inbox)""",
    "an internal message in the inbox and not delivered": """
        SELECT i.id FROM inbox i JOIN deliveries d ON d.id = i.delivery_id
        WHERE d.state <> 'delivered' OR d.relay <> 'internal'""",
    "a delivery that has and has not finished": """
        SELECT id FROM deliveries WHERE (state = 'pending') <> (finished IS NULL)""",
}
EXPORTER = {
    "a level without its account": """
        SELECT l.account_id FROM levels l LEFT JOIN accounts a USING (provider, account_id)
        WHERE a.account_id IS NULL""",
    "low and not in an episode, or the reverse": """
        SELECT a.account_id FROM levels l JOIN accounts a USING (provider, account_id)
        WHERE a.available_credit IS NOT NULL AND a.status < 2 AND (l.low_since IS NOT NULL) <>
          (l.enabled = 1 AND l.suspended = 0 AND a.available_credit < l.threshold)""",
    "instants of an episode out of order": """
        SELECT account_id FROM levels
        WHERE first_change < low_since OR overdue < low_since OR ended_at >= low_since""",
    "an instant later than the account's last": """
        SELECT l.account_id FROM levels l JOIN accounts a USING (provider, account_id)
        WHERE l.low_since > a.last_instant OR l.first_change > a.last_instant
          OR l.ended_at > a.last_instant""",
    "a history that does not end with what the account has": """
        SELECT a.account_id FROM accounts a WHERE a.available_credit <> (
          SELECT c.available_credit FROM changes c WHERE c.provider = a.provider
          AND c.account_id = a.account_id ORDER BY c.at DESC LIMIT 1)""",
    "spending and top-ups that do not add up to the history": """
        SELECT a.account_id FROM accounts a
        WHERE a.available_credit - a.top_up_total + a.spend_total <> (
          SELECT c.available_credit FROM changes c WHERE c.provider = a.provider
          AND c.account_id = a.account_id ORDER BY c.at LIMIT 1)""",
}


def copy_store(path, folder):
    """The store as a crash left it, to be looked at without a trace on the original."""
    for end in ("", "-wal"):
        part = pathlib.Path(f"{path}{end}")
        if part.exists():
            shutil.copy(part, folder / part.name)
    return folder / path.name


def check_store(path, invariants):
    """What is wrong with the store of a program that does not run; empty if nothing."""
    problems = []
    with tempfile.TemporaryDirectory(prefix="lowbalance-store.") as folder:
        copy = copy_store(path, pathlib.Path(folder))
        if not copy.exists() or copy.stat().st_size == 0:
            return []  # Killed before there was one.
        store = sqlite3.connect(copy)
        try:
            (whole,) = store.execute("PRAGMA integrity_check").fetchone()
            if whole != "ok":
                problems.append(f"integrity_check: {whole}")
            problems += [f"a reference to nothing: {row}"
                         for row in store.execute("PRAGMA foreign_key_check")]
            for what, query in invariants.items():
                found = store.execute(query).fetchall()
                if found:
                    problems.append(f"{what}: {found[:5]}")
        finally:
            store.close()
    return [f"{path.name}: {problem}" for problem in problems]
