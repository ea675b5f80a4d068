#!/usr/bin/python3
"""What the chart's pods would do, done here: both programs are started with the command and the
arguments of their containers and the rendered configuration, every probe must answer, and the
script of `helm test` must be content, and must not be once a service is gone. A login at one
console counts at the other, and all that a browser asks for goes where the Ingress leads it.

What a cluster adds is left out: paths of volumes and the names of services are replaced.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

# pylint: disable=wrong-import-position  # Needs the path first.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import chart
from configuration import PASSWORD, PASSWORD_HASH
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


def ask(port, path, body=None, **headers):
    """(status, headers, text) of a request such as the consoles make."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers={
        "X-Lowbalance-Console": "1", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def one_login(ingress, ports):
    """By way of the Ingress: a login where it leads to is good for both consoles."""
    def through(path, *words, **headers):
        return ask(ports[chart.service_at(ingress, path)], path, *words, **headers)

    given = ("/api/v1/accounts", "/api/v1/inbox")
    assert [through(path)[0] for path in given] == [401, 401]
    status, headers, text = through("/api/v1/session", json.dumps(
        {"user": "alice", "password": PASSWORD}).encode())
    assert status == 200, text
    assert json.loads(text)["accounts_url"] == "https://billing.example.com", text
    cookie, attributes = headers["Set-Cookie"].split(";", 1)
    assert "Secure" in attributes, attributes
    for path in given:
        status, _, text = through(path, Cookie=cookie)
        assert status == 200, (path, status, text)


def pages_arrive(ingress, ports):
    """The pages, what they load, and the API that their sources name."""
    loaded = 0
    for console, pages, component in (("accounts", ("/accounts", "/accounts/a/1", "/edits"),
                                       "exporter"),
                                      ("messages", ("/messages", "/messages/a/1", "/inbox",
                                                    "/deliveries", "/contacts"), "webhook")):
        for page in pages:
            assert chart.service_at(ingress, page) == component, page
            status, _, text = ask(ports[component], page)
            assert status == 200, (page, status)
            for file in re.findall(r'(?:src|href)="(/[^"]+)"', text):
                loaded += 1
                assert chart.service_at(ingress, file) == component, file
                assert ask(ports[component], file)[0] == 200, file
        for source in (chart.ROOT / "console/src" / console).glob("*.ts*"):
            for path in re.findall(r"/api/v1/[a-z.-]+", source.read_text(encoding="utf-8")):
                assert chart.service_at(ingress, path) == component, (source.name, path)
    assert loaded == 16, loaded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--helm", type=pathlib.Path, required=True)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    things = chart.render(arguments.helm, "-f",
                          chart.CHART / "ci/kube-prometheus-stack-values.yaml",
                          "-f", chart.CHART / "ci/consoles-values.yaml")
    ingress = chart.only(things, "Ingress")
    ports = {"exporter": free_port(), "webhook": free_port()}
    with tempfile.TemporaryDirectory(prefix="lowbalance-pod.") as folder:
        config = chart.configuration_of(things, pathlib.Path(folder))
        (config.parent / "secrets/web/web.yml").write_text(
            f"basic_auth_users: {{alice: '{PASSWORD_HASH}'}}\n", encoding="utf-8")
        started = []
        try:
            for component, port in ports.items():
                started.append(start(container_of(things, component), arguments.bin.resolve(),
                                     config, port))
            code, said = helm_test(things, ports)
            assert code == 0 and said.count(" 200 ") == 2, said
            one_login(ingress, ports)
            pages_arrive(ingress, ports)
            started[1].kill()
            code, said = helm_test(things, ports)
            assert code != 0, said
        finally:
            for process in started:
                process.kill()
    print("the pods' programs start, their probes answer, one login serves both consoles, and helm "
          "test tells whether they do")


if __name__ == "__main__":
    main()
