#!/usr/bin/python3
"""The example of a whole stack (examples/stack), as it stands there but for paths and ports.

Its alertmanager.yml is what `lowbalance route --complete` prints; Prometheus, Alertmanager and the
two services are started with it on loopback, and an account that falls below its threshold must
arrive at the webhook. Of Grafana, which Debian does not have, the provisioning files are read: the
folders and the data source they name must be there.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import yaml

# pylint: disable=wrong-import-position  # Needs the path first.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import boards
from process import Process, answers, free_port, wait_for

STACK = boards.ROOT / "examples" / "stack"


def check_route_is_current(lowbalance, folder):
    """The token lies where the example has it only on the reader's machine; `route` does not read
    it, so that it need not be there."""
    printed = subprocess.run([lowbalance, "route", "--complete", "--config.file",
                              STACK / "lowbalance.yml", "--bearer-token-file",
                              "/etc/prometheus/lowbalance-token"], cwd=folder, check=True,
                             capture_output=True, encoding="utf-8").stdout
    committed = (STACK / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    assert printed == committed, f"alertmanager.yml is not what is printed:\n{printed}"


def check_grafana():
    provisioning = STACK / "grafana" / "provisioning"
    source, = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text("utf-8"))[
        "datasources"]
    assert source["type"] == "prometheus" and source["isDefault"], source
    provider, = yaml.safe_load((provisioning / "dashboards/lowbalance.yml").read_text("utf-8"))[
        "providers"]
    packaged = (boards.ROOT / "packaging/CMakeLists.txt").read_text(encoding="utf-8")
    assert provider["options"]["path"] == "/usr/share/lowbalance/dashboards", provider
    assert "${CMAKE_INSTALL_DATADIR}/lowbalance/dashboards" in packaged
    for board in boards.dashboards():
        assert f"dashboards/{board['uid']}.json" in packaged, board["uid"]


def move(folder, ports):
    """The example's files, in `folder` and at free ports."""
    replacements = [("/etc/prometheus/lowbalance-token", f"{folder}/token"),
                    ("/etc/lowbalance", str(folder)), ("/etc/prometheus/rules", f"{folder}/rules"),
                    ("/var/lib/lowbalance-exporter", str(folder)),
                    ("/var/lib/lowbalance-webhook", str(folder)), ("/srv/books", str(folder)),
                    ("smtp://127.0.0.1:25", f"file:{folder}/mail"), (", tls: optional", "")]
    for source, name in (("lowbalance.yml", "lowbalance.yml"),
                         ("prometheus/prometheus.yml", "prometheus.yml"),
                         ("alertmanager/alertmanager.yml", "alertmanager.yml")):
        text = (STACK / source).read_text(encoding="utf-8")
        for old, new in replacements:
            text = text.replace(old, new)
        for old, new in ports.items():
            text = re.sub(rf":{old}\b", f":{new}", text)
        # The example's minutes, in seconds: a test has no patience.
        text = re.sub(r"(_interval|group_wait): \d+[ms]", r"\1: 1s", text)
        text = text.replace("balances.csv}", "balances.csv, interval: 1s}")
        (folder / name).write_text(text, encoding="utf-8")
    rules = (boards.FOLDER / "lowbalance-rules.yml").read_text(encoding="utf-8")
    (folder / "rules").mkdir()
    (folder / "rules" / "lowbalance.yml").write_text(
        rules.replace("interval: 1m", "interval: 1s"), encoding="utf-8")
    (folder / "token").write_text("a-token", encoding="utf-8")
    (folder / "mail").mkdir()


def run(programs, tools, folder):
    ports = {port: free_port() for port in ("10380", "10381", "9090", "9093")}
    move(folder, ports)

    def write(amount):
        fresh = folder / "balances.new"
        fresh.write_text("account_id,account_name,currency,available_credit\n"
                         f"17,Acme,USD,{amount}\n", encoding="utf-8")
        fresh.rename(folder / "balances.csv")

    def process(name, argv, port):
        made = Process(name, argv, folder / f"{name}.log", folder,
                       lambda: answers(f"http://127.0.0.1:{ports[port]}/-/ready"))
        made.start()
        return made

    write(150)
    started = []
    try:
        for name, port in (("exporter", "10380"), ("webhook", "10381")):
            started.append(process(name, [programs / f"lowbalance-{name}", "--config.file",
                                          "lowbalance.yml"], port))
        started.append(process("alertmanager", [
            tools / "prometheus-alertmanager", "--config.file=alertmanager.yml",
            "--storage.path=alertmanager", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{ports['9093']}"], "9093"))
        started.append(process("prometheus", [
            tools / "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus",
            f"--web.listen-address=127.0.0.1:{ports['9090']}"], "9090"))
        wait_for("the exporter to know the account", lambda: b"account_id=\"17\"" in fetch(
            f"http://127.0.0.1:{ports['10380']}/metrics"), 10)
        write(90)
        mail, = wait_for("the mail", lambda: list((folder / "mail").glob("*.eml")), 60)
        assert "finance@example.com" in mail.read_text(encoding="utf-8")
    except BaseException:
        print("".join(part.tail() for part in started))
        raise
    finally:
        for part in reversed(started):
            part.kill()


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    arguments = parser.parse_args()
    check_grafana()
    with tempfile.TemporaryDirectory(prefix="lowbalance-stack.") as folder:
        folder = pathlib.Path(folder)
        check_route_is_current(arguments.bin.resolve() / "lowbalance", folder)
        run(arguments.bin.resolve(), arguments.tools.resolve(), folder)
    print("the example's stack brought an alert to a mail")


if __name__ == "__main__":
    main()
