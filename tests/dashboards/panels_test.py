#!/usr/bin/python3
"""Every query of every panel, asked of a real Prometheus that our real programs feed.

Six accounts are brought into every state the dashboards speak of: low, awaiting a change, overdue,
recovered, topped up, without an alert, and one whose source fails until its data is too old. A
seventh comes from a billing API that refuses every other request for being one too many. Each
panel must then answer with data of the shape it is shown in: the labels its legend and its columns
name, one value where it shows one, numbers that are numbers; and the counts must be right.
"""

import argparse
import itertools
import json
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request

# pylint: disable=wrong-import-position  # Needs the path first.
_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS / "e2e"), str(_TESTS / "fakes" / "alibaba")]

import boards
import yaml
from chain import Chain, Programs
from configuration import Timing
from double import Double, error
from enterprise import Enterprise, FundAccount, Key
from process import wait_for

HOUR = 0.25  # Seconds; the burn rate then takes 6 seconds of history.

COUNTS = {"Accounts": 7, "Low": 3, "Awaiting a change": 1, "Overdue": 1, "Data too old": 1,
          "Polls failing": 1, "Without alert": 3, "Targets down": 0, "Dead letters": 0}
# The dashboard of one account is asked about one that is low and one that is overdue: no account
# has everything it shows.
ASKED_ABOUT = ("low", "overdue")


OURS = {"exporter", "webhook"}


class SharedChain(Chain):
    """Its Prometheus scrapes others too: itself, and a target that is down."""

    def _generate(self):
        super()._generate()
        file = self.folder / "prometheus.yml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        config["scrape_configs"].append({"job_name": "others", "static_configs": [
            {"targets": [f"127.0.0.1:{self.ports['prometheus']}", "127.0.0.1:1"]}]})
        file.write_text(yaml.safe_dump(config), encoding="utf-8")


class Prometheus:
    def __init__(self, chain):
        self._url = chain.url("prometheus", "/api/v1/")
        self.begun = time.time()

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        with urllib.request.urlopen(f"{self._url}{path}?{query}", timeout=20) as reply:
            return json.load(reply)["data"]

    def ask(self, target, account):
        """[(labels, values)] of a target, as Grafana would ask for it."""
        expr = fill_in(target["expr"], account)
        if target["instant"]:
            data = self.get("query", query=expr)
            return [(series["metric"], [series["value"][1]]) for series in data["result"]]
        data = self.get("query_range", query=expr, start=self.begun, end=time.time(), step="1s")
        return [(series["metric"], [value for _, value in series["values"]])
                for series in data["result"]]


def fill_in(text, account):
    for name, value in (("$__rate_interval", "4s"), ("$provider", ".+"), ("$account", account),
                        ("$job", ".+"), ("$instance", ".+")):
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


OPERATION = "GetFundAccountAvailableAmount"


def cloud():
    """An enterprise with one account, and the source that reads it."""
    enterprise = Enterprise()
    enterprise.keys["LTAImanager"] = Key("manager-secret", "1000")
    enterprise.add(FundAccount("501", "2501", name="Cloud", managers=("1000",)))
    double = Double(enterprise).start()
    throttled = error(400, "Throttling.User")
    refuse = itertools.cycle((True, False))
    double.fault(OPERATION, lambda good: throttled(good) if next(refuse) else good)
    return double, {
        "name": "cloud", "type": "alibaba", "site": "china", "interval": "400ms", "jitter": "0s",
        "discovery": "fund_accounts",
        "credentials": {"type": "files", "access_key_id_file": "key-id",
                        "access_key_secret_file": "key-secret"},
        "limits": {OPERATION: 1000, "ListFundAccount": 1000},
        "endpoints": {name: double.url for name in ("billing", "sts")}}


def play(chain):
    """Brings the accounts into their states."""
    main, other = chain.sources["main.csv"], chain.sources["other.json"]
    for account, amount in (("low", "150"), ("awaiting", "50"), ("overdue", "60"),
                            ("recovered", "150"), ("plain", "900")):
        first = main.set_credit(account, amount)
    as_of = other.set_credit("stale", "700")
    wait_for("the first polls", lambda: chain.seen_as_of("plain", first) and
             chain.seen_as_of("stale", as_of), 10)
    for account, threshold in (("low", "100"), ("awaiting", "100"), ("overdue", "50"),
                               ("recovered", "100")):
        chain.edit(account, "warning", enabled=True, threshold=threshold)
    other.fail()

    def set_all(**amounts):
        for account, amount in amounts.items():
            as_of = main.set_credit(account, amount)
        wait_for("the poll", lambda: chain.seen_as_of(account, as_of), 10)

    set_all(low="90", overdue="40", recovered="90", plain="950")
    set_all(overdue="70", recovered="190")  # An episode that ended, of each.
    set_all(overdue="-5")
    # Spending that goes on, so that there is a rate over the whole window.
    deadline = time.monotonic() + 8
    amount = 900
    while time.monotonic() < deadline:
        time.sleep(0.4)
        amount -= 5
        set_all(low=str(amount / 10), plain=str(amount))


def answers_of(prometheus, board):
    """{title: {account: [answer of each target]}}"""
    accounts = ASKED_ABOUT if board["uid"] == "lowbalance-account" else ("",)
    return {panel["title"]: {account: [prometheus.ask(target, account)
                                       for target in panel["targets"]] for account in accounts}
            for panel in boards.panels(board)}


def faults_of(board, answers):
    """Sentences on what is not as it should be."""
    for panel in boards.panels(board):
        where = f"{board['title']}: {panel['title']}"
        for number, target in enumerate(panel["targets"]):
            results = [answer[number] for answer in answers[panel["title"]].values()]
            if not any(results):
                yield f"{where}: no data: {target['expr']}"
            for result in results:
                yield from (f"{where}: {fault}"
                            for fault in faults_of_result(panel, target, result))
        if panel["type"] == "table":
            yield from (f"{where}: {fault}"
                        for fault in faults_of_columns(panel, answers[panel["title"]]))


def faults_of_result(panel, target, result):
    for labels, values in result:
        for label in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
            if not labels.get(label):
                yield f"its legend names {label}, which {labels} lacks"
        if labels.get("job", "exporter") not in OURS:
            yield f"shows another's {labels}"
        for value in values:
            if value in ("NaN", "+Inf", "-Inf"):
                yield f"{labels} is {value}"
    legends = [re.sub(r"\{\{(\w+)\}\}", lambda match, labels=labels: labels.get(match[1], ""),
                      target.get("legendFormat", "")) for labels, _ in result]
    if panel["type"] != "table" and len(legends) != len(set(legends)):
        yield f"several lines by one name: {legends}"
    if panel["type"] == "stat" and len(result) > 1:
        yield f"{len(result)} values where one is shown"


def faults_of_columns(panel, answers):
    organize, = [step["options"] for step in panel["transformations"] if step["id"] == "organize"]
    labels = {label for answer in answers.values() for result in answer
              for metric, _ in result for label in metric}
    single = len(panel["targets"]) == 1
    known = labels | ({"Value"} if single else {f"Value #{target['refId']}"
                                                for target in panel["targets"]})
    for column in organize["renameByName"]:
        if column not in known:
            yield f"no query gives the column {column}"
    headings = set(organize["renameByName"].values())
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] not in headings:
            yield f"an override of {override['matcher']['options']}, which is no heading"


def check_counts(boards_and_answers):
    seen = {}
    for board, answers in boards_and_answers:
        for panel in boards.panels(board):
            if panel["title"] in COUNTS and panel["type"] == "stat":
                (result,), = answers[panel["title"]].values()
                seen[panel["title"]] = float(result[0][1][0])
    assert seen == COUNTS, f"\nshown    {seen}\nexpected {COUNTS}"


def check_api_errors(boards_and_answers):
    """Every operation has its share, and only the one that was refused has one above 0."""
    answer, = [answers["API errors"][""][0] for board, answers in boards_and_answers
               if board["uid"] == "lowbalance-pipeline"]
    worst = {labels["operation"]: max(map(float, values)) for labels, values in answer}
    assert worst.keys() == {OPERATION, "ListFundAccount"}, worst
    assert worst["ListFundAccount"] == 0 < worst[OPERATION] < 1, worst


def check_variables(prometheus, board):
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        query, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                    variable["query"]["query"]).groups()
        found = prometheus.get(f"label/{label}/values", **{"match[]": fill_in(query, "")})
        assert found, f"{board['title']}: nothing to choose from for {variable['name']}"


def check_annotations(prometheus, board):
    for events in board["annotations"]["list"]:
        result = prometheus.ask({"expr": events["expr"], "instant": True}, "overdue")
        assert result, f"no mark for {events['name']}"
        for labels, (instant,) in result:
            assert abs(float(instant) / 1000 - time.time()) < 120, (events["name"], instant)
            for label in re.findall(r"\{\{(\w+)\}\}", events["textFormat"]):
                assert labels.get(label), (events["name"], labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()

    main_accounts = {"low": "USD", "awaiting": "USD", "overdue": "CNY", "recovered": "EUR",
                     "plain": "USD"}
    double, source = cloud()
    chain = SharedChain(programs, Timing(hour=HOUR, billing_data_max_age=6.0),
                        {"main.csv": main_accounts, "other.json": {"stale": "USD"}},
                        keep=arguments.keep, name="dashboards", more_sources=[source])
    for name, text in (("key-id", "LTAImanager"), ("key-secret", "manager-secret")):
        (chain.folder / name).write_text(text + "\n", encoding="utf-8")
    with chain:
        prometheus = Prometheus(chain)
        play(chain)
        all_boards = boards.dashboards()

        faults = ["nothing was asked yet"]

        def nothing_is_missing():
            nonlocal faults, answered
            answered = [(board, answers_of(prometheus, board)) for board in all_boards]
            faults = [fault for board, answers in answered for fault in faults_of(board, answers)]
            return not faults

        answered = []
        try:
            wait_for("data in every panel", nothing_is_missing, 15, step=1)
        except TimeoutError:
            sys.exit("\n".join(faults))
        check_counts(answered)
        check_api_errors(answered)
        for board in all_boards:
            check_variables(prometheus, board)
            check_annotations(prometheus, board)
            asked = sum(len(panel["targets"]) for panel in boards.panels(board))
            print(f"{board['title']}: {len(boards.panels(board))} panels, {asked} queries answered")
    double.stop()


if __name__ == "__main__":
    main()
