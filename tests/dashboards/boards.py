"""The dashboards as their tests read them."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "dashboards"

# What Prometheus itself makes of a scrape or a rule.
OF_PROMETHEUS = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}

# Words of PromQL that are no metrics.
_KEYWORDS = {
    "and", "or", "unless", "on", "ignoring", "by", "without", "group_left", "group_right", "offset",
    "bool", "sum", "min", "max", "avg", "count", "topk", "bottomk", "rate", "increase", "time",
    "vector", "histogram_quantile", "group", "last_over_time"}


def dashboards():
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def panels(board):
    """Those that show data."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def metrics_in(expr):
    """The metrics that a query reads."""
    bare = re.sub(r'"[^"]*"', '""', expr)  # Texts,
    bare = re.sub(r"\{[^}]*\}", "{}", bare)  # matchers,
    bare = re.sub(r"\[[^]]*\]", "", bare)  # ranges,
    bare = re.sub(r"\b(?:by|on|ignoring|without)\s*\([^)]*\)", " ", bare)  # and lists of labels.
    return {word.removesuffix("_bucket") for word in re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare)
            if word not in _KEYWORDS}


def selectors_in(expr):
    """(metric, text between the braces) of every selector."""
    bare = re.sub(r"\b(?:by|on|ignoring|without)\s*\([^)]*\)", " ", expr)
    found = []
    for match in re.finditer(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})?", re.sub(
            r'"[^"]*"', lambda text: text[0].replace(" ", "\0"), bare)):
        if match[1].removesuffix("_bucket") in metrics_in(expr):
            found.append((match[1], (match[2] or "{}")[1:-1]))
    return found


def documented():
    """{metric: set of its labels} of docs/metrics.md."""
    made = {}
    labels_of_section = set()
    for line in (ROOT / "docs/metrics.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            labels_of_section = ({"provider", "account_id"} if line.startswith("## Account metrics")
                                 else set())
        row = re.match(r"\| `([a-z_:]+)` \|([^|]*)\|", line)
        if row and ("_" in row[1]):
            made[row[1]] = labels_of_section | set(re.findall(r"[a-z_]+", row[2]))
    # Recorded series have no column of labels: theirs are those of an amount.
    for name in list(made):
        if ":" in name:
            made[name] = {"provider", "account_id", "currency"}
    return made
