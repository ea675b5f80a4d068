#!/usr/bin/python3
"""Runs a fuzz target: so many inputs, of which a seed says which. Fails on a crash, a finding of
the sanitizers, a promise that is not kept (tests/fuzz/fuzz.h), an input that takes longer than
10 s or more memory than 1 GiB; keeps that input and says how to try it again.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import seeds

DICTIONARIES = pathlib.Path(__file__).resolve().parent / "dictionaries"


def statistics(output):
    return {name: int(value)
            for name, value in re.findall(r"^stat::(\w+):\s+(\d+)$", output, re.MULTILINE)}


def run(arguments, folder):
    """Returns libFuzzer's exit code and all it said."""
    corpus = folder / "corpus"
    corpus.mkdir()
    count = seeds.write(arguments.target, corpus)
    assert count > 0, f"{arguments.target} has no seeds"
    arguments.kept.mkdir(parents=True, exist_ok=True)
    flags = [f"-runs={arguments.runs}", f"-seed={arguments.seed}", "-timeout=10",
             "-rss_limit_mb=1024", "-print_final_stats=1", "-max_len=2048", "-reduce_inputs=0",
             f"-artifact_prefix={arguments.kept}/{arguments.target}-"]
    dictionary = DICTIONARIES / f"{arguments.target}.dict"
    if dictionary.exists():
        flags.append(f"-dict={dictionary}")
    environment = {
        **os.environ, "UBSAN_OPTIONS": "print_stacktrace=1",
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:quarantine_size_mb=16"}
    done = subprocess.run([arguments.program, *flags, corpus], env=environment, cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode(errors="replace")
    return done.returncode, output, count


def how_to_repeat(arguments, output):
    kept = re.search(r"Test unit written to (\S+)", output)
    if not kept:
        return "No input was kept."
    path = pathlib.Path(kept[1])
    return (f"The input is in {path}, {path.stat().st_size} bytes. To try it again:\n"
            f"  {arguments.program} {path}\n"
            f"Once it is mended, keep the input: cp {path} tests/fuzz/found/{arguments.target}/")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target", choices=sorted(seeds.SEEDS))
    parser.add_argument("--bin", type=pathlib.Path, required=True,
                        help="the folder of the targets, build/fuzz/bin")
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.program = arguments.bin.resolve() / f"fuzz_{arguments.target}"
    arguments.kept = arguments.program.parent.parent / "findings"
    if not arguments.program.exists():
        sys.exit(f"there is no {arguments.program}; scripts/build fuzz makes it")
    with tempfile.TemporaryDirectory(prefix="lowbalance-fuzz.") as folder:
        code, output, count = run(arguments, pathlib.Path(folder))
    found = statistics(output)
    executed = found.get("number_of_executed_units", 0)
    if code != 0 or executed < arguments.runs:
        print("\n".join(output.splitlines()[-60:]))
        print(f"\nfuzz {arguments.target}: a finding after {executed} inputs.")
        sys.exit(how_to_repeat(arguments, output))
    covered = re.findall(r"cov: (\d+)", output)[-1]
    print(f"fuzz {arguments.target}: {executed} inputs from {count} seeds, "
          f"{found['average_exec_per_sec']} a second, {covered} places of the code reached, "
          f"{found['peak_rss_mb']} MB")


if __name__ == "__main__":
    main()
