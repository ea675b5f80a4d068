#!/usr/bin/python3
"""The Helm chart, rendered by real helms: what a cluster and its operators would be given."""

import argparse
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import yaml

# pylint: disable=wrong-import-position  # Needs the path first.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import chart
import operator_route
from process import Process, answers, free_port, wait_for
from chart import configuration_of, configuration_text, of_kind, only

MONITORING = {"ServiceMonitor", "PrometheusRule", "AlertmanagerConfig"}


class Programs:
    """Where the programs are; filled in by main."""

    helms = lowbalance = promtool = amtool = alertmanager = None


@functools.lru_cache(maxsize=None)
def rendered(helm, values):
    """The objects for a values file of ci/, by its name; do not change them."""
    return chart.render(helm, "-f", chart.CHART / "ci" / f"{values}-values.yaml")


def render(**values):
    return chart.render(Programs.helms[0], values=values)


def names_of(things, kind):
    return {thing["metadata"]["name"] for thing in of_kind(things, kind)}


def run(*words, folder=None, stdin=None):
    return subprocess.run([*map(str, words)], cwd=folder, input=stdin, check=False,
                          capture_output=True, encoding="utf-8")


class EveryRenderingTest(unittest.TestCase):
    """What holds for whatever values."""

    def each(self):
        for file in chart.CI_VALUES:
            name = file.name.removesuffix("-values.yaml")
            yield name, rendered(Programs.helms[0], name)

    def test_old_and_new_helm_render_the_same(self):
        for name, things in self.each():
            with self.subTest(name):
                for other in Programs.helms[1:]:
                    self.assertEqual(rendered(other, name), things)

    def test_lint_is_content(self):
        words = [word for file in chart.CI_VALUES for word in ("-f", file)]
        for helm in Programs.helms:
            chart.helm(helm, "lint", "--strict", chart.CHART)
            chart.helm(helm, "lint", "--strict", chart.CHART, *words)

    def test_configuration_is_accepted_by_lowbalance_check(self):
        for name, things in self.each():
            with self.subTest(name):
                with tempfile.TemporaryDirectory() as folder:
                    config = configuration_of(things, pathlib.Path(folder))
                    done = run(Programs.lowbalance, "check", "--config.file", config)
                    self.assertEqual(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
                    self.assertNotIn("secrets/", done.stderr)

    def test_rules_are_what_lowbalance_rules_prints(self):
        for name, things in self.each():
            with self.subTest(name):
                for rule in of_kind(things, "PrometheusRule"):
                    with tempfile.TemporaryDirectory() as folder:
                        config = configuration_of(things, pathlib.Path(folder))
                        labels = {"namespace": chart.NAMESPACE}
                        words = []
                        if name == "everything":
                            labels["team"] = "fin'ops"
                            words = ["--runbook-base", "https://wiki.example.com/runbooks"]
                        words += [word for label in labels.items()
                                  for word in ("--label", "=".join(label))]
                        done = run(Programs.lowbalance, "rules", "--config.file", config, *words)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertEqual(rule["spec"], yaml.safe_load(done.stdout))
                        pathlib.Path(folder, "rules.yml").write_text(
                            yaml.safe_dump(rule["spec"]), encoding="utf-8")
                        done = run(Programs.promtool, "check", "rules", "rules.yml", folder=folder)
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_secrets_stand_nowhere(self):
        for name, things in self.each():
            with self.subTest(name):
                self.assertEqual(of_kind(things, "Secret"), [])

    def test_secrets_are_mounted_where_the_configuration_looks(self):
        looked_for = 0
        for name, things in self.each():
            with self.subTest(name):
                config = yaml.safe_load(configuration_text(things))
                for thing in of_kind(things, "StatefulSet"):
                    pod = thing["spec"]["template"]["spec"]
                    container = pod["containers"][0]
                    section = config[container["name"]]
                    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
                    files = [section.get("bearer_token_file"), section.get("web_config_file"),
                             section.get("email", {}).get("password_file"),
                             config["access"].get("session_key_file")]
                    secrets = [volume for volume in pod["volumes"] if "secret" in volume]
                    self.assertEqual(len(secrets), len([file for file in files if file]))
                    for file in filter(None, files):
                        looked_for += 1
                        self.assertIn(str(pathlib.PurePosixPath(file).parent), mounts)
        self.assertEqual(looked_for, 10)

    def test_pods_keep_to_the_restricted_profile(self):
        for name, things in self.each():
            with self.subTest(name):
                pods = [thing["spec"]["template"]["spec"]
                        for thing in of_kind(things, "StatefulSet")]
                pods += [thing["spec"] for thing in of_kind(things, "Pod")]
                for pod in pods:
                    self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                    self.assertEqual(pod["securityContext"]["seccompProfile"],
                                     {"type": "RuntimeDefault"})
                    self.assertFalse(pod["automountServiceAccountToken"])
                    self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(pod))
                    for container in pod["containers"][:1]:  # Others are the user's own.
                        rights = container["securityContext"]
                        self.assertFalse(rights["allowPrivilegeEscalation"])
                        self.assertTrue(rights["readOnlyRootFilesystem"])
                        self.assertEqual(rights["capabilities"], {"drop": ["ALL"]})

    def test_what_refers_to_something_finds_it(self):
        for name, things in self.each():
            with self.subTest(name):
                accounts = names_of(things, "ServiceAccount")
                maps = names_of(things, "ConfigMap") | {"books"}
                pods = []
                for thing in of_kind(things, "StatefulSet"):
                    self.assertEqual(thing["spec"]["replicas"], 1)  # The store is locked.
                    template = thing["spec"]["template"]
                    pods.append(template["metadata"]["labels"])
                    self.assertLessEqual(thing["spec"]["selector"]["matchLabels"].items(),
                                         pods[-1].items())
                    self.assertIn(template["spec"]["serviceAccountName"], accounts)
                    only(things, "Service", thing["spec"]["serviceName"])
                    volumes = {volume["name"] for volume in template["spec"]["volumes"]}
                    claims = {claim["metadata"]["name"]
                              for claim in thing["spec"].get("volumeClaimTemplates", ())}
                    self.assertFalse(volumes & claims)
                    mounts = [mount["name"]
                              for mount in template["spec"]["containers"][0]["volumeMounts"]]
                    self.assertEqual(set(mounts), volumes | claims)
                    for volume in template["spec"]["volumes"]:
                        if "configMap" in volume:
                            self.assertIn(volume["configMap"]["name"], maps)
                services = of_kind(things, "Service")
                self.assertEqual(len(services), len(pods))
                for thing in services:
                    self.assert_picks_one(thing["spec"]["selector"], pods)
                for thing in of_kind(things, "PodDisruptionBudget"):
                    self.assert_picks_one(thing["spec"]["selector"]["matchLabels"], pods)
                for thing in of_kind(things, "NetworkPolicy"):
                    self.assert_picks_one(thing["spec"]["podSelector"]["matchLabels"], pods)
                for thing in of_kind(things, "ServiceMonitor"):
                    self.assert_picks_one(thing["spec"]["selector"]["matchLabels"],
                                          [service["metadata"]["labels"] for service in services])
                    self.assertEqual(thing["spec"]["namespaceSelector"]["matchNames"],
                                     [chart.NAMESPACE])
                    self.assertEqual([end["port"] for end in thing["spec"]["endpoints"]], ["http"])

    def assert_picks_one(self, wanted, labels_of_all):
        picked = [labels for labels in labels_of_all if wanted.items() <= labels.items()]
        self.assertEqual(len(picked), 1, f"{wanted} picks {picked}")

    def test_names_are_unique_and_fit_in_a_label(self):
        for name, things in self.each():
            with self.subTest(name):
                names = [(thing["kind"], thing["metadata"].get("namespace"),
                          thing["metadata"]["name"]) for thing in things]
                self.assertEqual(len(names), len(set(names)))
        for thing in chart.render(Programs.helms[0], release="r" * 53):
            # A StatefulSet's pods carry its name and a revision in one label.
            most = 63 - len("-7c9fd8b5d4") if thing["kind"] == "StatefulSet" else 63
            self.assertLessEqual(len(thing["metadata"]["name"]), most, thing["kind"])


class ValuesTest(unittest.TestCase):
    """What single values do."""

    def test_without_values_nothing_of_an_operator_is_made(self):
        kinds = {thing["kind"] for thing in rendered(Programs.helms[0], "default")}
        self.assertEqual(kinds, {"ConfigMap", "Service", "ServiceAccount", "StatefulSet", "Pod"})

    def test_the_stack_s_release_is_all_it_takes(self):
        things = rendered(Programs.helms[0], "kube-prometheus-stack")
        found = [thing for thing in things if thing["kind"] in MONITORING]
        self.assertEqual({thing["kind"] for thing in found}, MONITORING)
        for thing in found:
            self.assertEqual(thing["metadata"]["labels"]["release"], "monitoring")
        boards = only(things, "ConfigMap", "-dashboards")
        self.assertEqual(boards["metadata"]["labels"]["grafana_dashboard"], "1")
        for name, text in boards["data"].items():
            self.assertEqual(text.rstrip("\n"), (chart.ROOT / "dashboards" / name).read_text(
                encoding="utf-8").rstrip("\n"))
        self.assertEqual(len(boards["data"]), 3)

    def test_one_of_the_stack_s_objects_can_be_declined(self):
        things = render(kubePrometheusStack={"release": "kps"}, dashboards={"enabled": False},
                        alertmanagerConfig={"enabled": False})
        self.assertEqual({thing["kind"] for thing in things} & MONITORING,
                         {"ServiceMonitor", "PrometheusRule"})
        self.assertEqual(of_kind(things, "ConfigMap", "-dashboards"), [])
        # Without an AlertmanagerConfig, no label is there for its sake.
        for rule in only(things, "PrometheusRule")["spec"]["groups"][0]["rules"]:
            self.assertNotIn("namespace", rule.get("labels", {}))

    def test_rules_follow_every_interval(self):
        for pipeline in ({"evaluation": "15s", "heartbeat": "5m", "burn_rate_window": "12h"},
                         {"evaluation": "2m30s", "heartbeat": "1h", "billing_data_max_age": "1d"},
                         {"evaluation": "250ms", "heartbeat": "1s", "facts_max_age": "5s",
                          "burn_rate_window": "48s"}):
            with self.subTest(pipeline), tempfile.TemporaryDirectory() as folder:
                things = render(config={"pipeline": pipeline}, prometheusRule={"enabled": True})
                config = configuration_of(things, pathlib.Path(folder))
                done = run(Programs.lowbalance, "rules", "--config.file", config)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(only(things, "PrometheusRule")["spec"],
                                 yaml.safe_load(done.stdout))

    def test_an_exporter_elsewhere_is_not_missed(self):
        def expression_of(**values):
            rules = only(render(prometheusRule={"enabled": True}, **values), "PrometheusRule")
            found, = (rule for rule in rules["spec"]["groups"][0]["rules"]
                      if rule.get("alert") == "LowbalanceExporterDown")
            return found["expr"]
        with_one = expression_of()
        self.assertIn("absent(lowbalance_exporter_build_info)", with_one)
        without = expression_of(exporter={"enabled": False})
        self.assertNotIn("absent", without)
        self.assertIn("up == 0 and on (instance, job) "
                      "last_over_time(lowbalance_exporter_build_info[7d])", without)

    def test_role_by_annotation_or_by_projected_token(self):
        things = rendered(Programs.helms[0], "rrsa")
        account = only(things, "ServiceAccount", "-exporter")
        self.assertEqual(account["metadata"]["annotations"],
                         {"pod-identity.alibabacloud.com/role-name": "lowbalance-billing"})
        self.assertEqual(of_kind(things, "StatefulSet", "-webhook"), [])

        pod = only(rendered(Programs.helms[0], "everything"), "StatefulSet",
                   "-exporter")["spec"]["template"]["spec"]
        environment = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
        self.assertEqual(environment["ALIBABA_CLOUD_ROLE_ARN"], "acs:ram::1234:role/lowbalance")
        file = pathlib.PurePosixPath(environment["ALIBABA_CLOUD_OIDC_TOKEN_FILE"])
        mount, = [mount for mount in pod["containers"][0]["volumeMounts"]
                  if mount["name"] == "rrsa"]
        token, = [volume["projected"]["sources"][0]["serviceAccountToken"]
                  for volume in pod["volumes"] if volume["name"] == "rrsa"]
        self.assertEqual(str(file), f"{mount['mountPath']}/{token['path']}")
        self.assertEqual(token["audience"], "sts.aliyuncs.com")

    def test_a_pod_starts_anew_when_its_configuration_changes(self):
        def checksum(things):
            return only(things, "StatefulSet", "-webhook")["spec"]["template"]["metadata"][
                "annotations"]["checksum/config"]
        before = rendered(Programs.helms[0], "default")
        self.assertEqual(checksum(before), checksum(render()))
        self.assertNotEqual(checksum(before),
                            checksum(render(config={"contacts": {"ops": {"internal": ["ops"]}},
                                                    "default_contact": "ops"})))

    def test_network_policy_lets_in_whom_it_is_told(self):
        things = rendered(Programs.helms[0], "everything")
        policy = only(things, "NetworkPolicy", "-webhook")
        entry, = policy["spec"]["ingress"]
        self.assertEqual(entry["ports"], [{"protocol": "TCP", "port": 10381}])
        self.assertEqual(entry["from"][0]["namespaceSelector"]["matchLabels"],
                         {"kubernetes.io/metadata.name": "monitoring"})
        helm_test = only(things, "Pod")["metadata"]["labels"]
        self.assertLessEqual(entry["from"][1]["podSelector"]["matchLabels"].items(),
                             helm_test.items())
        ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
        self.assertEqual(ports, [53, 53, 25, 465, 587])

    def test_one_key_and_one_host_serve_both_consoles(self):
        things = rendered(Programs.helms[0], "consoles")
        access = yaml.safe_load(configuration_text(things))["access"]
        self.assertEqual(access, {
            "session_lifetime": "8h", "session_key_file": "/etc/lowbalance-secrets/session/cookies",
            "accounts_url": "https://billing.example.com",
            "messages_url": "https://billing.example.com",
            "roles": {"alice": "administrator", "vera": "viewer", "olga": {"contact": "ops"}}})
        for workload in of_kind(things, "StatefulSet"):
            secrets = {volume["name"]: volume["secret"]["secretName"]
                       for volume in workload["spec"]["template"]["spec"]["volumes"]
                       if "secret" in volume}
            self.assertEqual((secrets["web"], secrets["session"]),
                             ("lowbalance-web", "lowbalance-session"))

    def test_ingress_leads_to_the_consoles_and_nowhere_else(self):
        things = rendered(Programs.helms[0], "consoles")
        ingress = only(things, "Ingress")
        self.assertEqual(ingress["spec"]["ingressClassName"], "nginx")
        self.assertEqual(ingress["metadata"]["annotations"], {"example.com/a": "b"})
        self.assertEqual(ingress["spec"]["tls"],
                         [{"hosts": ["billing.example.com"], "secretName": "billing-tls"}])
        for path, wanted in (
                ("/accounts", "exporter"), ("/accounts/alibaba/17", "exporter"),
                ("/edits", "exporter"), ("/api/v1/accounts/a/b/alerts/warning", "exporter"),
                ("/api/v1/settings.csv", "exporter"), ("/api/v1/session", "exporter"),
                ("/", "exporter"), ("/messages/alibaba/17", "webhook"), ("/inbox", "webhook"),
                ("/api/v1/inbox/7/read", "webhook"), ("/api/v1/alerts", None), ("/metrics", None),
                ("/-/reload", None), ("/-/healthy", None), ("/api/v1", None)):
            self.assertEqual(chart.service_at(ingress, path), wanted, path)

    def test_ingress_without_tls_or_without_one_of_the_two(self):
        values = {"enabled": True, "host": "b.example.com"}
        things = render(ingress={**values, "tls": {"enabled": False}}, exporter={"enabled": False})
        self.assertNotIn("tls", only(things, "Ingress")["spec"])
        self.assertEqual(chart.service_at(only(things, "Ingress"), "/api/v1/session"), "webhook")
        self.assertIsNone(chart.service_at(only(things, "Ingress"), "/accounts"))
        access = yaml.safe_load(configuration_text(things))["access"]
        self.assertEqual(access["messages_url"], "http://b.example.com")
        # A certificate of the controller's own.
        self.assertEqual(only(render(ingress=values), "Ingress")["spec"]["tls"],
                         [{"hosts": ["b.example.com"]}])

    def test_large_numbers_stay_whole(self):
        config = yaml.safe_load(configuration_text(rendered(Programs.helms[0], "everything")))
        account, = config["exporter"]["accounts"]
        self.assertEqual(account, {"provider": "example", "account_id": "1234567890123456",
                                   "alert": {"threshold": 100000000}})

    def test_wrong_values_are_refused_with_a_word_on_where(self):
        cases = (
            ({"exporter": {"replicas": 2}}, "exporter", "replicas"),
            ({"replicaCount": 2}, "replicaCount", "not allowed"),
            ({"config": {"exporter": {"store": "sqlite:x"}}}, "config[./]exporter[./]store",
             "set by the chart"),
            ({"config": {"pipeline": {"heartbeat": 15}}}, "config[./]pipeline[./]heartbeat",
             "string"),
            ({"config": {"pipeline": {"heartbeat": "15 minutes"}}}, "heartbeat", "pattern|match"),
            ({"exporter": {"rrsa": {"roleArn": "acs:ram::1:role/x"}}}, "rrsa", "oidcProviderArn"),
            ({"prometheusRule": {"alertLabels": {"level": "x"}}}, "alertLabels[./]level",
             "choose another name"),
            ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy", "Always"),
            ({"webhook": {"bearerToken": "hunter2"}}, "bearerToken", "object"),
            ({"webhook": {"smtpPassword": {"existingSecret": "smtp"}}}, "config.webhook.email",
             "mail server"),
            ({"ingress": {"enabled": True}}, "ingress[./]host", "1|host"),
            ({"config": {"access": {"session_key_file": "/x"}}}, "session_key_file",
             "set by the chart"),
            ({"config": {"access": {"roles": {"ana": "root"}}}}, "access[./]roles[./]ana",
             "administrator|anyOf"),
            ({"config": {"access": {"roles": {"ana": "viewer"}}}}, "exporter.webConfig",
             "no users"),
            ({"sessionKey": {"existingSecret": "x"},
              "exporter": {"webConfig": {"existingSecret": "x"}}}, "webhook.webConfig", "no users"),
            ({"webhook": {"enabled": False}, "alertmanagerConfig": {"enabled": True}},
             "alertmanagerConfig.url", "no webhook"),
            ({"exporter": {"webConfig": {"tls": True}}}, "exporter[./]webConfig", "existingSecret"),
        )
        for values, where, what in cases:
            for helm in Programs.helms:
                with self.subTest(values=values, helm=helm.name):
                    with self.assertRaises(chart.HelmError) as refused:
                        chart.render(helm, values=values)
                    self.assertRegex(str(refused.exception), where)
                    self.assertRegex(str(refused.exception), what)

    def test_notes_say_what_is_missing(self):
        def notes(*words):
            return chart.helm(Programs.helms[0], "install", "lb", chart.CHART, "--namespace",
                              chart.NAMESPACE, "--dry-run=client", *words)
        said = notes()
        for words in ("NOBODY IS TOLD", "NOTHING IS WATCHED", "webhook.bearerToken",
                      "NOBODY CAN LOG IN", "exporter.webConfig",
                      "lb-lowbalance-exporter.billing.svc:10380", "notification-queue-capacity"):
            self.assertIn(words, said)
        said = notes("-f", chart.CHART / "ci/kube-prometheus-stack-values.yaml")
        for words in ("NOBODY IS", "NOTHING", "bearerToken", "Prometheus does not know"):
            self.assertNotIn(words, said.split("NOTES:")[1])
        self.assertIn("Whom else the alerts reach", said)
        self.assertIn("Whom else the alerts reach", (chart.CHART / "README.md").read_text("utf-8"))
        said = notes("-f", chart.CHART / "ci/consoles-values.yaml",
                     "--set", "kubePrometheusStack.release=kps").split("NOTES:")[1]
        for words in ("https://billing.example.com/accounts", "serviceMonitor.basicAuth",
                      "https://billing.example.com/messages"):
            self.assertIn(words, said)
        self.assertNotIn("NOBODY", said)
        self.assertNotIn("sessionKey", said)


class RouteTest(unittest.TestCase):
    """The AlertmanagerConfig, as the operator puts it into Alertmanager's configuration."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def receiver(self, **labels):
        done = run(Programs.amtool, "config", "routes", "test", "--config.file=am.yml",
                   *(f"{name}={value}" for name, value in labels.items()), folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_the_chart_s_alerts_and_no_others_come_through(self):
        for name in ("kube-prometheus-stack", "everything"):
            with self.subTest(name):
                things = rendered(Programs.helms[0], name)
                given = only(things, "AlertmanagerConfig")
                config = operator_route.alertmanager_configuration(given)
                (self.folder / "am.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
                done = run(Programs.amtool, "check-config", "am.yml", folder=self.folder)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                ours = operator_route.full_name(given, "lowbalance")
                # As Prometheus would send them: with the labels that the chart's own rules give.
                for rule in only(things, "PrometheusRule")["spec"]["groups"][0]["rules"]:
                    if "alert" not in rule:
                        continue
                    wanted = rule["alert"] in ("LowBalance", "LowBalanceEnded",
                                               "LowbalanceWatchdog")
                    self.assertEqual(
                        self.receiver(alertname=rule["alert"], shard="7", **rule["labels"]),
                        f"{ours},null" if wanted else "null", rule["alert"])
                self.assertEqual(self.receiver(alertname="LowBalance", namespace="other"), "null")

    def test_what_the_stack_inhibits_is_none_of_ours(self):
        things = rendered(Programs.helms[0], "kube-prometheus-stack")
        config = operator_route.alertmanager_configuration(only(things, "AlertmanagerConfig"))
        config["inhibit_rules"] = operator_route.STACK_INHIBITS
        (self.folder / "am.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        alertmanager = Process(
            "alertmanager", [Programs.alertmanager, "--config.file=am.yml", "--storage.path=am",
                             "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"],
            self.folder / "am.log", self.folder, lambda: answers(url + "/-/ready"))
        alertmanager.start()
        self.addCleanup(alertmanager.kill)
        ours = [{"alertname": rule["alert"], **rule["labels"]}
                for rule in only(things, "PrometheusRule")["spec"]["groups"][0]["rules"]
                if "alert" in rule]
        # What the stack says where there is news but no warning, and what it mutes for that.
        namespace = chart.NAMESPACE
        theirs = [{"alertname": "InfoInhibitor", "severity": "none", "namespace": namespace},
                  {"alertname": "News", "severity": "info", "namespace": namespace}]
        body = json.dumps([{"labels": labels} for labels in ours + theirs]).encode()
        urllib.request.urlopen(urllib.request.Request(
            url + "/api/v2/alerts", body, {"Content-Type": "application/json"}), timeout=10).close()

        def muted():
            with urllib.request.urlopen(url + "/api/v2/alerts", timeout=10) as reply:
                alerts = json.load(reply)
            names = {alert["labels"]["alertname"] for alert in alerts
                     if alert["status"]["inhibitedBy"]}
            told = all(alert["status"]["state"] != "unprocessed" for alert in alerts)
            return names if told and len(alerts) == len(ours + theirs) else None
        self.assertEqual(wait_for("the alerts", muted, 10), {"News", "InfoInhibitor"})

    def test_it_is_the_route_that_lowbalance_route_prints(self):
        for name in ("kube-prometheus-stack", "everything"):
            with self.subTest(name):
                things = rendered(Programs.helms[0], name)
                config = configuration_of(things, self.folder)
                done = run(Programs.lowbalance, "route", "--config.file", config)
                self.assertEqual(done.returncode, 0, done.stderr)
                printed = yaml.safe_load(done.stdout)
                watchdog, low = printed["route"]["routes"]
                given = only(things, "AlertmanagerConfig")
                spec = operator_route.alertmanager_configuration(given)["route"]["routes"][0]
                own_watchdog, = spec["routes"]
                for key in ("group_by", "group_wait", "group_interval", "repeat_interval"):
                    self.assertEqual(spec[key], low[key], key)
                    self.assertEqual(own_watchdog.get(key, spec[key]), watchdog[key], key)
                webhook = given["spec"]["receivers"][0]["webhookConfigs"][0]
                self.assertTrue(webhook["sendResolved"])
                self.assertEqual(webhook["httpConfig"]["authorization"]["credentials"]["name"],
                                 "lowbalance-token")
                service = only(things, "Service", "-webhook")["metadata"]["name"]
                self.assertEqual(webhook["url"].split("//")[1],
                                 f"{service}.billing.svc:10381/api/v1/alerts")


class PageTest(unittest.TestCase):
    """What is written about the chart."""

    def test_readme_has_every_value_and_no_other(self):
        def leaves(values, path=""):
            for name, value in values.items():
                here = f"{path}.{name}" if path else name
                whole = here in ("config", "podSecurityContext", "containerSecurityContext",
                                 "dashboards.labels")
                if isinstance(value, dict) and value and not whole:
                    yield from leaves(value, here)
                else:
                    yield here
        values = yaml.safe_load((chart.CHART / "values.yaml").read_text(encoding="utf-8"))
        page = (chart.CHART / "README.md").read_text(encoding="utf-8")
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
        self.assertEqual(sorted(named), sorted(leaves(values)))

    def test_versions_are_the_project_s(self):
        about = yaml.safe_load((chart.CHART / "Chart.yaml").read_text(encoding="utf-8"))
        project = re.search(r"VERSION (\S+)",
                            (chart.ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
                            .split("project(")[1])[1]
        self.assertEqual(about["appVersion"], project)

    def test_it_can_be_packaged(self):
        with tempfile.TemporaryDirectory() as folder:
            chart.helm(Programs.helms[0], "package", chart.CHART, "--destination", folder)
            archive, = pathlib.Path(folder).glob("lowbalance-*.tgz")
            names = run("tar", "-tzf", archive).stdout.split()
            self.assertIn("lowbalance/files/rules.yaml", names)
            self.assertIn("lowbalance/files/dashboards/lowbalance-accounts.json", names)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for word in ("lowbalance", "promtool", "amtool", "alertmanager"):
        parser.add_argument(f"--{word}", type=pathlib.Path, required=True)
    parser.add_argument("--helm", type=pathlib.Path, required=True, action="append",
                        help="the newest first")
    arguments = parser.parse_args()
    Programs.helms = [helm.resolve() for helm in arguments.helm]
    Programs.lowbalance = arguments.lowbalance.resolve()
    Programs.promtool = arguments.promtool.resolve()
    Programs.amtool = arguments.amtool.resolve()
    Programs.alertmanager = arguments.alertmanager.resolve()
    unittest.main(argv=["chart_test"])
