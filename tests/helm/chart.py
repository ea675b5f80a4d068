"""Renders the chart with a real helm."""

import json
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "lowbalance"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
# The oldest Kubernetes the chart is for; old helms assume one that is older still.
KUBERNETES = "1.25.0"
NAMESPACE = "billing"

# Far quicker than the loader in Python, and with JSON's types for what it reads.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class HelmError(Exception):
    """helm refused; the message is what it said."""


def helm(program, *words, stdin=None):
    done = subprocess.run([program, *map(str, words)], check=False, capture_output=True,
                          encoding="utf-8", input=stdin)
    if done.returncode != 0:
        raise HelmError(done.stdout + done.stderr)
    return done.stdout


def render(program, *words, values=None, release="lb"):
    """The objects of a release in the namespace `billing`. `values`: a map of values."""
    if values is not None:
        words = (*words, "-f", "-")
    text = helm(program, "template", release, CHART, "--namespace", NAMESPACE, "--kube-version",
                KUBERNETES, *words, stdin=None if values is None else json.dumps(values))
    return [thing for thing in yaml.load_all(text, _Loader) if thing]
