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


def of_kind(things, kind, ending=""):
    found = [thing for thing in things
             if thing["kind"] == kind and thing["metadata"]["name"].endswith(ending)]
    return found


def only(things, kind, ending=""):
    found, = of_kind(things, kind, ending)
    return found


def service_at(ingress, path):
    """The component that an Ingress leads a path to, by Kubernetes' rules; None for none."""
    rule, = ingress["spec"]["rules"]
    best = None
    for entry in rule["http"]["paths"]:
        exact = entry["pathType"] == "Exact"
        parts = entry["path"].strip("/").split("/")
        if path == entry["path"] if exact else path.strip("/").split("/")[:len(parts)] == parts:
            if best is None or len(entry["path"]) > len(best["path"]):
                best = entry
    return best and best["backend"]["service"]["name"].rsplit("-", 1)[1]


def configuration_text(things):
    text, = [thing["data"]["lowbalance.yml"] for thing in of_kind(things, "ConfigMap")
             if "lowbalance.yml" in thing.get("data", {})]
    return text


def configuration_of(things, folder):
    """lowbalance.yml as a pod would see it, with the Secrets and files it names, in a folder."""
    text = configuration_text(things)
    secrets = folder / "secrets"
    for name, file, content in (("token", "token", "x"), ("token", "bearer", "x"),
                                ("smtp", "password", "x"), ("web", "web.yml", "{}\n"),
                                ("session", "cookies", "a key of 16 bytes or more")):
        (secrets / name).mkdir(parents=True, exist_ok=True)
        (secrets / name / file).write_text(content, encoding="utf-8")
    config = folder / "lowbalance.yml"
    config.write_text(text.replace("/etc/lowbalance-secrets", str(secrets))
                      .replace("/srv/books", str(folder))
                      .replace("/var/lib/lowbalance", str(folder)), encoding="utf-8")
    return config
