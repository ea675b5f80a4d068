#!/usr/bin/python3
"""What the chart's pods would do, done here: both programs are started with the command and the
arguments of their containers and the rendered configuration, every probe must answer, and the
script of `helm test` must be content, and must not be once a service is gone.

What a cluster adds is left out: paths of volumes and the names of services are replaced.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

# pylint: disable=wrong-import-position  # Needs the path first.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import chart
from process import Process, answers, free_port, wait_for


def container_of(things, component):
    workload = chart.only(things, "StatefulSet", f"-{component}")
    return workload["spec"]["template"]["spec"]["containers"][0]


def start(container, programs, config, port):
    program, = container["command"]
    words = [word.replace("/etc/lowbalance/lowbalance.yml", str(config))
             for word in container["args"]]
    process = Process(container["name"], [programs / program, *words, "--web.listen-address",
                                          f"127.0.0.1:{port}"],
                      config.parent / f"{program}.log", config.parent)
    process.start()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["scheme"] == "HTTP", asked
        try:
            wait_for(f"{probe} of {program}",
                     lambda path=asked["path"]: answers(f"http://127.0.0.1:{port}{path}"), 10)
        except TimeoutError:
            print(process.tail())
            raise
    return process


def helm_test(things, ports):
    """The exit code and the output of the test pod's script."""
    container, = chart.only(things, "Pod")["spec"]["containers"]
    script, = container["args"]
    for component, port in ports.items():
        name = chart.only(things, "Service", f"-{component}")["metadata"]["name"]
        number, = [entry["containerPort"] for entry in container_of(things, component)["ports"]]
        assert f"/dev/tcp/{name}/{number}" in script, script
        script = script.replace(f"/dev/tcp/{name}/{number}", f"/dev/tcp/127.0.0.1/{port}")
    done = subprocess.run([*container["command"], script], check=False, capture_output=True,
                          encoding="utf-8", timeout=60)
    return done.returncode, done.stdout + done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--helm", type=pathlib.Path, required=True)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    things = chart.render(arguments.helm, "-f",
                          chart.CHART / "ci/kube-prometheus-stack-values.yaml")
    ports = {"exporter": free_port(), "webhook": free_port()}
    with tempfile.TemporaryDirectory(prefix="lowbalance-pod.") as folder:
        config = chart.configuration_of(things, pathlib.Path(folder))
        started = []
        try:
            for component, port in ports.items():
                started.append(start(container_of(things, component), arguments.bin.resolve(),
                                     config, port))
            code, said = helm_test(things, ports)
            assert code == 0 and said.count(" 200 ") == 2, said
            started[1].kill()
            code, said = helm_test(things, ports)
            assert code != 0, said
        finally:
            for process in started:
                process.kill()
    print("the pods' programs start, their probes answer, and helm test tells whether they do")


if __name__ == "__main__":
    main()
