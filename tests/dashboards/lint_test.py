#!/usr/bin/python3
"""The dashboards, read: the rules of Grafana's dashboard linter, and our own.

The linter is a Go program that Debian does not have; its rules are few and stand here again, under
its names, with the exceptions of dashboards/.lint.
"""

import re
import subprocess
import sys
import unittest

import yaml

import boards

# Of Grafana's list, those we use.
UNITS = {"none", "short", "s", "ops", "reqps", "bytes", "percentunit"}


def exceptions():
    """{rule: titles of the dashboards it does not hold for}"""
    lint = yaml.safe_load((boards.FOLDER / ".lint").read_text(encoding="utf-8"))
    return {rule: {entry["dashboard"] for entry in excluded["entries"]}
            for rule, excluded in lint["exclusions"].items()}


class LinterTest(unittest.TestCase):
    def each(self, rule):
        excluded = exceptions().get(rule, set())
        for board in boards.dashboards():
            if board["title"] not in excluded:
                yield board

    def each_target(self, rule):
        for board in self.each(rule):
            for panel in boards.panels(board):
                for target in panel["targets"]:
                    yield f"{board['title']}: {panel['title']}: {target['expr']}", target

    def variable(self, board, name):
        found, = [item for item in board["templating"]["list"] if item["name"] == name]
        return found

    def test_template_datasource_rule(self):
        for board in self.each("template-datasource-rule"):
            variable = self.variable(board, "datasource")
            self.assertEqual((variable["type"], variable["query"], variable["label"]),
                             ("datasource", "prometheus", "Data source"))

    def test_template_job_and_instance_rules(self):
        for name in ("job", "instance"):
            for board in self.each(f"template-{name}-rule"):
                variable = self.variable(board, name)
                self.assertEqual(
                    (variable["type"], variable["label"], variable["multi"], variable["allValue"],
                     variable["datasource"]["uid"]),
                    ("query", name.capitalize(), True, ".+", "${datasource}"))

    def test_template_on_time_change_reload_rule(self):
        for board in self.each("template-on-time-change-reload-rule"):
            for variable in board["templating"]["list"]:
                if variable["type"] == "query":
                    self.assertEqual(variable["refresh"], 2, variable["name"])

    def test_panel_rules(self):
        for board in self.each("panel-rules"):
            for panel in boards.panels(board):
                with self.subTest(f"{board['title']}: {panel['title']}"):
                    self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                    self.assertTrue(panel["title"])
                    self.assertRegex(panel["description"], r"\.$")
                    self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)
                    self.assertTrue(panel["targets"])
                    for target in panel["targets"]:
                        self.assertEqual(target["datasource"]["uid"], "${datasource}")

    def test_target_job_and_instance_rules(self):
        for name in ("job", "instance"):
            for where, target in self.each_target(f"target-{name}-rule"):
                for metric, matchers in boards.selectors_in(target["expr"]):
                    self.assertIn(f'{name}=~"${name}"', matchers, f"{where}: {metric}")

    def test_target_rate_interval_and_counter_rules(self):
        for where, target in self.each_target("target-counter-agg-rule"):
            expr = target["expr"]
            for metric in boards.metrics_in(expr):
                if metric.endswith("_total"):
                    self.assertRegex(expr, r"(rate|increase)\(" + metric, where)
            for length in re.findall(r"\[([^]]*)\]", expr):
                # What is rare is asked for by the hour, a day's worth by the day.
                self.assertIn(length, ("$__rate_interval", "1h", "1d"), where)

    def test_uneditable_dashboard_rule(self):
        for board in self.each("uneditable-dashboard"):
            self.assertFalse(board["editable"])


class OurRulesTest(unittest.TestCase):
    program = None

    def targets(self):
        for board in boards.dashboards():
            for panel in boards.panels(board):
                for target in panel["targets"]:
                    yield f"{board['title']}: {panel['title']}", target["expr"]
            for events in board["annotations"]["list"]:
                yield f"{board['title']}: {events['name']}", events["expr"]

    def test_what_is_committed_is_what_is_generated(self):
        done = subprocess.run([boards.FOLDER / "generate", "--check", "--lowbalance", self.program],
                              check=False, capture_output=True, encoding="utf-8")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_only_documented_metrics_are_used(self):
        known = boards.documented()
        process = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
        for where, expr in self.targets():
            used = boards.metrics_in(expr)
            self.assertTrue(used, f"{where}: {expr}")
            self.assertLessEqual(used, known.keys() | boards.OF_PROMETHEUS | process, where)

    def test_currencies_are_never_added(self):
        amounts = {name for name, labels in boards.documented().items() if "currency" in labels}
        self.assertGreater(len(amounts), 8)
        for where, expr in self.targets():
            if boards.metrics_in(expr) & (amounts - {"billing_account:runway_seconds"}):
                self.assertNotRegex(expr, r"\b(avg|stddev|quantile)\b", where)
                for by in re.findall(r"\bsum\b(?:\s+by\s*\(([^)]*)\))?", expr):
                    self.assertIn("currency", by, f"{where}: {expr}")

    def test_no_choice_is_among_all_accounts(self):
        for board in boards.dashboards():
            for variable in board["templating"]["list"]:
                if variable["type"] == "query":
                    self.assertNotIn("account", str(variable["query"]).rsplit(",", 1)[1])

    def test_tables_and_stats_stay_small_with_many_accounts(self):
        # Every query of the fleet is a count, a sum, or the first few.
        board, = [board for board in boards.dashboards() if board["uid"] == "lowbalance-accounts"]
        for panel in boards.panels(board):
            for target in panel["targets"]:
                self.assertRegex(target["expr"], r"\b(count|sum by|min|topk|bottomk)\b")

    def test_import_and_provisioning_both_work(self):
        uids = set()
        for board in boards.dashboards():
            self.assertNotIn("id", board)
            self.assertNotIn("__inputs", board)  # Only the import dialogue would fill them in.
            self.assertRegex(board["uid"], r"^[a-z-]{8,40}$")
            uids.add(board["uid"])
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            places = set()
            for panel in board["panels"]:
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24)
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                         for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & places, f"{panel['title']} lies over another")
                places |= cells
        self.assertEqual(len(uids), 3)

    def test_links_lead_to_dashboards_and_variables_that_are_there(self):
        names = {board["uid"]: {item["name"] for item in board["templating"]["list"]}
                 for board in boards.dashboards()}
        found = 0
        for board in boards.dashboards():
            for uid, query in re.findall(r'"/d/([a-z-]+)\?([^"]*)"', str(board).replace("'", '"')):
                found += 1
                for variable in re.findall(r"var-(\w+)=", query):
                    self.assertIn(variable, names[uid])
        self.assertGreater(found, 2)


if __name__ == "__main__":
    OurRulesTest.program = sys.argv.pop()
    unittest.main()
