#!/usr/bin/python3
"""No package of our lock files wants a newer Node.js than Debian 12's."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEBIAN_12 = (18, 20, 4)
# Say that they want more, and were seen to run with it. Older ones check less of what the operator
# would refuse.
RUN_ANYWAY = ("@kubernetes-models/apimachinery", "@kubernetes-models/base",
              "@kubernetes-models/validate", "kubernetes-models", "cidr-regex", "is-cidr")
_TERM = re.compile(r"(>=|>|<=|<|\^|~|)\s*v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?")


def holds(sign, given):
    length = {"^": 1, "~": 2, "": len(given)}.get(sign)
    if length is None:
        wanted = (*given, 0, 0)[:3]
        return {">=": DEBIAN_12 >= wanted, ">": DEBIAN_12 > wanted, "<=": DEBIAN_12 <= wanted,
                "<": DEBIAN_12 < wanted}[sign]
    return given[:length] == DEBIAN_12[:length] and DEBIAN_12 >= given


def admits(wanted):
    """Whether a range of versions as npm writes it has Debian 12's in it."""
    for choice in wanted.split("||"):
        if choice.strip() in ("*", ""):
            return True
        terms = _TERM.findall(choice)
        assert terms and not _TERM.sub("", choice).strip(), f"cannot read {wanted!r}"
        if all(holds(sign, tuple(int(part) for part in parts if part not in ("", "x")))
               for sign, *parts in terms):
            return True
    return False


def main():
    for wanted, expected in ((">=18", True), (">= 6.0.0", True), (">=18.21", False), ("*", True),
                             ("^20.19.0 || >=22", False), ("^18.20.0 || >=22", True), ("18.x", True),
                             (">=14 <18", False), ("~18.20", True), ("18.19", False)):
        assert admits(wanted) == expected, wanted
    files = [ROOT / "console/package-lock.json", *(ROOT / "tests").rglob("package-lock.json")]
    packages = 0
    wrong = []
    for file in files:
        if "node_modules" in file.parts:
            continue
        for name, package in json.loads(file.read_text(encoding="utf-8"))["packages"].items():
            packages += 1
            wanted = package.get("engines", {}).get("node", "*")
            name = name.rpartition("node_modules/")[2]
            if not admits(wanted) and (file.parent.name, name) not in (
                    ("types", known) for known in RUN_ANYWAY):
                wrong.append(f"{file.relative_to(ROOT)}: {name} {package.get('version')} wants "
                             f"Node.js {wanted}")
    if wrong:
        sys.exit("\n".join(wrong))
    assert packages > 50, packages
    print(f"{packages} packages for Node.js {'.'.join(map(str, DEBIAN_12))}")


if __name__ == "__main__":
    main()
