"""The configuration files of a chain, and what is scaled down in them."""

import dataclasses

import yaml

USER, PASSWORD, TOKEN = "ops", "open-sesame", "a-token-of-the-test"
# bcrypt of PASSWORD at the lowest cost; made with Python's crypt module.
PASSWORD_HASH = "$2b$04$iga1KUuV3rEZ2LFldXLFEetoy5T0eLXczrtraDmlLbxdUcOLkRUF."
PROVIDER = "demo"
SENDER = "Low Balance Alerts <alerts@example.com>"
CONTACTS = {
    "finance": {"email": ["finance@example.com"], "internal": ["finance"]},
    "team": {"email": ["ana@example.com", "bo@example.com"], "internal": ["ana", "bo"]},
}


def milliseconds(seconds):
    return f"{round(seconds * 1000)}ms"


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds. What is scaled down, and by how much."""

    hour: float = 2.0  # An hour of the story.
    evaluation: float = 0.25  # Prometheus' rules; also Alertmanager's group_interval.
    scrape: float = 0.25
    poll: float = 0.1  # The exporter's look at its file.
    heartbeat: float = 1.0  # Alertmanager's repeat_interval.
    facts_max_age: float = 5.0
    billing_data_max_age: float | None = None  # Six hours unless given.


def write_configuration(folder, timing, ports, sources, contacts, webhook, more_sources=()):
    """Writes lowbalance.yml, web.yml, token and prometheus.yml; returns the path of the first.

    `sources`: file names. `contacts`: account id to contact. `webhook`: what its section
    shall say beyond the usual. `more_sources`: items of exporter.sources as they stand there.
    """
    def write(name, content):
        path = folder / name
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    (folder / "token").write_text(TOKEN + "\n", encoding="utf-8")
    write("web.yml", {"basic_auth_users": {USER: PASSWORD_HASH}})
    config = write("lowbalance.yml", {
        "pipeline": {
            "evaluation": milliseconds(timing.evaluation),
            "heartbeat": milliseconds(timing.heartbeat),
            "facts_max_age": milliseconds(timing.facts_max_age),
            "billing_data_max_age": milliseconds(
                timing.billing_data_max_age or 6 * timing.hour),
            "burn_rate_window": milliseconds(24 * timing.hour),
        },
        "contacts": CONTACTS,
        "default_contact": "finance",
        "exporter": {
            "listen_address": f"127.0.0.1:{ports['exporter']}",
            "web_config_file": "web.yml",
            "store": "sqlite:exporter.db",
            "sources": [{"name": name.split(".")[0], "type": "file", "provider": PROVIDER,
                         "path": name, "interval": milliseconds(timing.poll)}
                        for name in sources] + list(more_sources),
            "accounts": [{"provider": PROVIDER, "account_id": account, "contact": contact}
                         for account, contact in contacts.items()],
        },
        "webhook": {
            "listen_address": f"127.0.0.1:{ports['webhook']}",
            "web_config_file": "web.yml",
            "store": "sqlite:webhook.db",
            "bearer_token_file": "token",
            "reminders": {"every": milliseconds(24 * timing.hour), "at_most": 5,
                          "stop_when_overdue": True},
            "email": {"url": f"smtp://127.0.0.1:{ports['smtp']}", "from": SENDER,
                      "tls": "off", "timeout": "5s"},
            "retry": {"first": "200ms", "longest": "1s"},
            **webhook,
        },
    })
    write("prometheus.yml", {
        "global": {"scrape_interval": milliseconds(timing.scrape),
                   "scrape_timeout": milliseconds(timing.scrape),
                   "evaluation_interval": milliseconds(timing.evaluation)},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [
            {"targets": [f"127.0.0.1:{ports['alertmanager']}"]}]}]},
        "scrape_configs": [
            {"job_name": part, "basic_auth": {"username": USER, "password": PASSWORD},
             "static_configs": [{"targets": [f"127.0.0.1:{ports[part]}"]}]}
            for part in ("exporter", "webhook")],
    })
    return config
