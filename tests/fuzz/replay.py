#!/usr/bin/python3
"""Tries a fuzz target with the inputs that fuzzing begins with (seeds.py), those that were findings
once among them. Fails where a promise is not kept (tests/fuzz/fuzz.h)."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import seeds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target", choices=sorted(seeds.SEEDS))
    parser.add_argument("--program", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lowbalance-seeds.") as folder:
        corpus = pathlib.Path(folder)
        count = seeds.write(arguments.target, corpus)
        assert count > 0, f"{arguments.target} has no seeds"
        done = subprocess.run([arguments.program, corpus], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        said = done.stderr.decode(errors="replace").splitlines()
        if done.returncode != 0 or int(done.stdout) != count:
            paths = [line for line in said if line.startswith(folder)]
            print("\n".join(line for line in said if not line.startswith(folder)))
            last = pathlib.Path(paths[-1]).read_bytes() if paths else b""
            sys.exit(f"{arguments.target}: ended with {done.returncode} at input "
                     f"{len(paths)} of {count}: {last[:2000]!r}")
    print(f"{arguments.target}: {count} inputs")


if __name__ == "__main__":
    main()
