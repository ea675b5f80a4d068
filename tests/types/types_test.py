#!/usr/bin/python3
"""Holds the chart's objects and the dashboards against the types their receivers publish.

TypeScript refuses a literal that lacks a field, has one of the wrong type, or has one the type does
not know; so a misspelt field is found, which Kubernetes and Grafana would silently ignore. The
objects also go through the validators of the Kubernetes models (patterns, enumerations, limits).
"""

import argparse
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# pylint: disable=wrong-import-position  # Needs the path first.
sys.path.insert(0, str(HERE.parent / "helm"))

import chart

GRAFANA = "grafana/raw"
# What the Prometheus data source reads of an annotation; the schema knows only what all have.
OF_PROMETHEUS = ("expr", "step", "useValueForTime", "titleFormat", "textFormat", "tagKeys")
OPERATOR = "monitoring.coreos.com"


def copy_grafana_types(source, target):
    """The types of @grafana/schema, with its enumerations as the texts that stand in JSON for them:
    TypeScript takes no literal for a member of an enum."""
    def as_literals(match):
        members = re.findall(r"(\w+)\s*=\s*('[^']*'|\"[^\"]*\"|-?\d+)", match[2])
        return (f"export type {match[1]} = {' | '.join(value for _, value in members)};\n"
                f"export namespace {match[1]} {{ "
                + " ".join(f"type {name} = {value};" for name, value in members) + " }")

    shutil.rmtree(target, ignore_errors=True)
    for path in source.rglob("*.d.ts"):
        there = target / path.relative_to(source)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(re.sub(r"export declare enum (\w+) \{(.*?)\}", as_literals,
                               path.read_text(encoding="utf-8"), flags=re.DOTALL),
                        encoding="utf-8")


def type_of_object(thing):
    """(module, name) of the type of a Kubernetes object."""
    package = ("@kubernetes-models/prometheus-operator" if OPERATOR in thing["apiVersion"]
               else "kubernetes-models")
    return f"{package}/{thing['apiVersion']}/{thing['kind']}", "I" + thing["kind"]


def parts_of_dashboard(dashboard):
    """(what, module, type, value): the dashboard, and what its type leaves open of each panel."""
    plain = copy.deepcopy(dashboard)
    for events in plain["annotations"]["list"]:
        for name in OF_PROMETHEUS:
            del events[name]
    yield plain["uid"], f"{GRAFANA}/dashboard/x/types.gen", "Dashboard", plain
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        module = f"{GRAFANA}/composable/{panel['type'].replace('-', '')}/panelcfg/x/types.gen"
        what = f"{dashboard['uid']}: {panel['title']}"
        yield f"{what}: options", module, "Options", panel["options"]
        custom = panel["fieldConfig"]["defaults"].get("custom")
        if custom is not None:
            yield f"{what}: custom", module, "FieldConfig", custom


class TypesTest(unittest.TestCase):
    maxDiff = None
    helm = modules = work = None

    def rendered(self):
        return [(f"{values.name}: {thing['kind']} {thing['metadata']['name']}", thing)
                for values in chart.CI_VALUES for thing in chart.render(self.helm, "-f", values)]

    def refusals(self, checks):
        """What TypeScript says of (what, module, type, value), each with the `what` it is of."""
        lines, whose = [], []
        for what, module, name, value in checks:
            if module.startswith(GRAFANA):
                module = f"./{module}"
            text = (f"import type {{ {name} as T{len(whose)} }} from {json.dumps(module)};\n"
                    f"export const v{len(whose)}: T{len(whose)} = "
                    + json.dumps(value, ensure_ascii=False, indent=1) + ";")
            for _ in text.splitlines():
                lines.append(what)
            whose.append(text)
        (self.work / "check.ts").write_text("\n".join(whose) + "\n", encoding="utf-8")
        (self.work / "tsconfig.json").write_text(json.dumps({
            "compilerOptions": {"noEmit": True, "strict": True, "skipLibCheck": True, "types": [],
                                "target": "es2022", "module": "esnext",
                                "moduleResolution": "bundler",
                                "paths": {"@grafana/schema": ["./grafana/index.d.ts"]}},
            "files": ["check.ts"]}), encoding="utf-8")
        done = subprocess.run([self.modules / ".bin/tsc", "--pretty", "false"], cwd=self.work,
                              check=False, capture_output=True, encoding="utf-8")
        said = []
        for line in done.stdout.splitlines():
            place = re.match(r"check\.ts\((\d+),\d+\): (.*)", line)
            said.append(f"{lines[int(place[1]) - 1]}: {place[2]}" if place else line)
        self.assertEqual(done.returncode == 0, not said, done.stdout + done.stderr)
        return said

    def test_all_that_is_there_is_of_its_type(self):
        checks = [(what, *type_of_object(thing), thing) for what, thing in self.rendered()]
        for path in sorted((ROOT / "dashboards").glob("*.json")):
            checks += parts_of_dashboard(json.loads(path.read_text(encoding="utf-8")))
        self.assertGreater(len(checks), 100)
        self.assertEqual(self.refusals(checks), [])

    def test_mistakes_are_found(self):
        thing = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                 "spec": {"maxUnavailble": 1}}
        board = json.loads((ROOT / "dashboards/lowbalance-account.json").read_text("utf-8"))
        board["templating"]["list"][1]["refresh"] = "often"
        said = self.refusals([("thing", *type_of_object(thing), thing), *parts_of_dashboard(board)])
        self.assertTrue(any("maxUnavailble" in line for line in said), said)
        self.assertTrue(any("often" in line or "refresh" in line or "string" in line
                            for line in said), said)

    def validate(self, things):
        return subprocess.run(["node", self.work / "validate.mjs"], input=json.dumps(things),
                              cwd=self.work, check=False, capture_output=True, encoding="utf-8")

    def test_kubernetes_and_the_operator_would_take_the_objects(self):
        things = [thing for _, thing in self.rendered()]
        done = self.validate(things)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for thing in things:
            if thing["kind"] == "AlertmanagerConfig":
                thing["spec"]["route"]["groupWait"] = "often"
        done = self.validate(things)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("AlertmanagerConfig", done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--helm", type=pathlib.Path, required=True)
    parser.add_argument("--modules", type=pathlib.Path, required=True,
                        help="the node_modules of package.json")
    arguments = parser.parse_args()
    TypesTest.helm = arguments.helm
    TypesTest.modules = arguments.modules.resolve()
    # Beside the modules, so that they are found.
    TypesTest.work = TypesTest.modules.parent
    shutil.copy(HERE / "validate.mjs", TypesTest.work)
    copy_grafana_types(TypesTest.modules / "@grafana/schema/dist/types", TypesTest.work / "grafana")
    unittest.main(argv=["types_test"])
