"""The inputs that fuzzing begins with: what the project's tests and examples hold already, captures
of the real programs among it; and for each target what once was a finding (tests/fuzz/found)."""

import hashlib
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOUND = pathlib.Path(__file__).resolve().parent / "found"

_RAW = re.compile(r'R"(\w*)\((.*?)\)\1"', re.DOTALL)
_PLAIN = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ADJACENT = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*){2,}')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "'": "'"}


def _text(literal):
    def replaced(match):
        code = match[1]
        return chr(int(code[1:], 16)) if code[0] == "x" else _ESCAPES.get(code, code)
    text = re.sub(r"\\(x[0-9a-fA-F]{2}|.)", replaced, literal)
    # \xNN says a byte; everything else of the source is UTF-8.
    return b"".join(bytes([ord(c)]) if 0x80 <= ord(c) <= 0xff else c.encode() for c in text)


def literals(*patterns):
    """The texts in quotes of C++ files, those that stand side by side also as one."""
    for path in _files(*patterns):
        source = path.read_text(encoding="utf-8")
        for match in _RAW.finditer(source):
            yield match[2].encode()
        source = _RAW.sub(" ", source)
        for match in _ADJACENT.finditer(source):
            yield b"".join(_text(part[1]) for part in _PLAIN.finditer(match[0]))
        for match in _PLAIN.finditer(source):
            yield _text(match[1])


def _files(*patterns):
    for pattern in patterns:
        paths = sorted(ROOT.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"no seeds: nothing is called {pattern}")
        yield from paths


def files(*patterns):
    return (path.read_bytes() for path in _files(*patterns))


def facts_lines():
    yield from files("tests/rules/facts_line.txt")
    for body in files("tests/webhook/testdata/alertmanager-*.json"):
        for alert in json.loads(body)["alerts"]:
            yield alert["annotations"].get("lowbalance_facts", "").encode()


def amounts():
    for line in facts_lines():
        for value in re.findall(rb"=([^ \"]+)", line):
            yield value
    yield from literals("tests/core/money_test.cc", "tests/core/time_test.cc")


def beginning(wanted, texts):
    return (text for text in texts if text.lstrip().startswith(wanted))


SEEDS = {
    "money": amounts,
    "facts": lambda: [*facts_lines(), *literals("tests/core/contract_test.cc")],
    "payload": lambda: [*files("tests/webhook/testdata/alertmanager-*.json"),
                        *literals("tests/webhook/payload_test.cc")],
    "configuration": lambda: files("tests/config/complete.yml", "tests/config/bad/*.yml",
                                   "examples/*.yml", "examples/stack/lowbalance.yml"),
    "web_configuration": lambda: literals("tests/base/web_config_test.cc"),
    "file_json": lambda: beginning(b"{", literals("tests/exporter/sources/file*_test.cc")),
    "file_csv": lambda: [*files("examples/*.csv"),
                         *literals("tests/exporter/sources/file_csv_test.cc")],
    "alibaba": lambda: [*literals("tests/exporter/sources/alibaba/replies_test.cc",
                                  "tests/exporter/sources/alibaba/source_test.cc",
                                  "tests/exporter/sources/alibaba/failure_test.cc",
                                  "tests/exporter/sources/alibaba/credentials_test.cc")],
    "story": lambda: files("tests/stories/*.story", "examples/*.story"),
    "query": lambda: literals("tests/exporter/account_select_test.cc",
                              "tests/base/http_routes_test.cc", "tests/base/http_server_test.cc",
                              "tests/exporter/accounts_api_test.cc"),
    "settings_csv": lambda: literals("tests/exporter/settings_csv_test.cc",
                                     "tests/exporter/edits_api_test.cc"),
}


def write(target, folder):
    """Writes the target's seeds, each once, and returns how many they are."""
    seeds = {seed for seed in SEEDS[target]() if 0 < len(seed) <= 64 << 10}
    seeds.update(path.read_bytes() for path in sorted(FOUND.glob(f"{target}/*")))
    for seed in seeds:
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    return len(seeds)
