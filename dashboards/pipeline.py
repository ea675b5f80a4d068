"""The pipeline itself: does every part of it poll, scrape, hear, decide and deliver?"""

from grafana import (BAD, CALM, PLAIN, WARN, dashboard, like, query_variable, row, series, stat,
                     target)

API_REQUESTS = "lowbalance_exporter_api_requests_total"
SHARES = ((0.5, "half of them"), (0.95, "95 of 100"))
PROGRAMS = '{__name__=~"lowbalance_(exporter|webhook)_build_info"}'
CHOSEN = 'job=~"$job", instance=~"$instance"'

OF_OUR_JOBS = ("and on (job) group by (job) (last_over_time("
               + PROGRAMS.replace("}", f", {CHOSEN}}}") + "[1d]))")


def of(metric, *matchers):
    return metric + "{" + ", ".join((CHOSEN, *matchers)) + "}"


def ours(metric):
    """Of a metric that every target of Prometheus has, the series of our programs' jobs: all jobs
    are chosen at first, and that means all there are."""
    return f"({of(metric)} {OF_OUR_JOBS})"


def rate(metric, by, *matchers):
    return f"sum by ({by}) (rate({of(metric, *matchers)}[$__rate_interval]))"


def quantile(share, metric, by):
    counted = f"sum by ({by}) (increase({of(metric + '_bucket')}[1h]))"
    return f"histogram_quantile({share}, {counted})"


def age(metric, by=""):
    newest = f"max by ({by}) ({of(metric)})" if by else f"max({of(metric)})"
    return f"time() - {newest}"


def failed_share(metric, by):
    """The share of what ended with another code than `ok`, of the last hour."""
    failed, all_of_them = (f"sum by ({by}) (rate({of(metric, *matchers)}[1h]))"
                           for matchers in (('code!="ok"',), ()))
    # Where nothing ever failed there is no such series, and where nothing was asked no share.
    return f"({failed} or 0 * {all_of_them}) / ({all_of_them} > 0)"


def now(title, description, expr, unit="short", steps=((None, PLAIN),), width=4):
    return stat(title, description, [target(expr, instant=True)], unit=unit, steps=steps,
                width=width)


def make():
    programs_of_jobs = PROGRAMS.replace("}", ', job=~"$job"}')
    refused = of("lowbalance_exporter_edits_total", 'outcome="refused"')
    bad_facts = of("lowbalance_webhook_decisions_total", 'reason="bad_facts"')
    red = like("failure$", {"id": "color", "value": {"mode": "fixed", "fixedColor": BAD}})
    return dashboard(
        "lowbalance-pipeline", "Low balance / Pipeline",
        "From the poll of a balance to the message: what each part does, and how long it takes.",
        [query_variable("job", "Job", f"label_values({PROGRAMS}, job)",
                        "The scrape jobs of exporter and webhook."),
         query_variable("instance", "Instance",
                        f"label_values({programs_of_jobs}, instance)",
                        "The instances of those jobs.")],
        [
            row("Now"),
            now("Targets down", "Exporters and webhooks that Prometheus cannot scrape.",
                f"count({ours('up')} == 0) or vector(0)", steps=((None, CALM), (1, BAD))),
            now("Last poll", "Since the last poll of the source that was polled longest ago.",
                "time() - min(max by (source) "
                f"({of('lowbalance_exporter_last_poll_timestamp_seconds')}))", unit="s"),
            now("Watchdog", "Since the webhook last heard the watchdog. It comes every few "
                "minutes; when it does not, the pipeline is cut.",
                age("lowbalance_webhook_last_watchdog_timestamp_seconds"), unit="s",
                steps=((None, CALM), (600, BAD))),
            now("Deliveries waiting", "Messages to one recipient that wait to be sent.",
                f"sum({of('lowbalance_webhook_pending_deliveries')})"),
            now("Oldest waits", "How long the oldest of them has waited.",
                "(time() - min("
                f"{of('lowbalance_webhook_oldest_undelivered_timestamp_seconds')})) or vector(0)",
                unit="s", steps=((None, CALM), (900, WARN), (3600, BAD))),
            now("Dead letters", "Deliveries that were given up; `lowbalance messages list --state "
                "dead` shows them.", f"sum({of('lowbalance_webhook_dead_letters')})",
                steps=((None, CALM), (1, BAD))),
            row("Exporter"),
            series("Polls", "Polls of each source by outcome.",
                   [target(rate("lowbalance_exporter_polls_total", "source, outcome"),
                           "{{source}}, {{outcome}}")], unit="ops", width=8, least=0,
                   overrides=[red]),
            series("Poll duration", "How long the last poll of each source took.",
                   [target("max by (source) "
                           f"({of('lowbalance_exporter_poll_duration_seconds')})", "{{source}}")],
                   unit="s", width=8, least=0),
            series("Accounts", "Accounts in the last good poll of each source.",
                   [target(f"max by (source) ({of('lowbalance_exporter_accounts')})",
                           "{{source}}")], width=8, least=0),
            series("Errors", "What went wrong: polls that failed, edits that were refused, writes "
                   "to the store that failed.",
                   [target(rate("lowbalance_exporter_polls_total", "source",
                                'outcome="failure"'), "poll of {{source}}"),
                    target(f"sum(rate({refused}[$__rate_interval]))", "edits"),
                    target(f"sum(rate({of('lowbalance_exporter_store_errors_total')}"
                           "[$__rate_interval]))", "store")], unit="ops", width=8, least=0),
            series("Scrape duration", "How long Prometheus takes to scrape each instance.",
                   [target(f"max by (job, instance) ({ours('scrape_duration_seconds')})",
                           "{{job}}, {{instance}}")], unit="s", width=8, least=0),
            series("Scraped samples", "Samples in each scrape.",
                   [target(f"max by (job, instance) ({ours('scrape_samples_scraped')})",
                           "{{job}}, {{instance}}")], width=8, least=0),
            row("Billing APIs"),
            series("API requests", "Requests to billing APIs by operation and the code they ended "
                   "with. Sources that read files make none.",
                   [target(rate(API_REQUESTS, "operation, code"), "{{operation}}, {{code}}")],
                   unit="reqps", width=8, least=0),
            series("API errors", "The share of each operation's requests that did not end with "
                   "`ok`, those that were tried again included. Requests of the last hour.",
                   [target(failed_share(API_REQUESTS, "operation"), "{{operation}}")],
                   unit="percentunit", width=8, least=0),
            series("API limits", "Requests that the API refused for being too many, and requests "
                   "that were not the first try of their call.",
                   [target(rate("lowbalance_exporter_api_throttled_total", "source, operation"),
                           "throttled, {{source}}, {{operation}}"),
                    target(rate("lowbalance_exporter_api_retries_total", "source, operation"),
                           "tried again, {{source}}, {{operation}}")], unit="reqps", width=8,
                   least=0),
            row("Webhook"),
            series("Notifications", "Notifications of Alertmanager by the status they were "
                   "answered with. All but 200 come again.",
                   [target(rate("lowbalance_webhook_notifications_total", "code"), "{{code}}")],
                   unit="reqps", width=8, least=0),
            series("Alerts", "Alerts within them.",
                   [target(rate("lowbalance_webhook_alerts_total", "alertname, status"),
                           "{{alertname}}, {{status}}")], unit="ops", width=8, least=0),
            series("Decisions", "Decisions by reason; each has just one.",
                   [target(rate("lowbalance_webhook_decisions_total", "reason"), "{{reason}}")],
                   unit="ops", width=8, least=0),
            series("Messages", "Alerts and reminders decided on, in each step of the graph.",
                   [target("sum by (kind) (increase("
                           f"{of('lowbalance_webhook_messages_total')}[$__rate_interval]))",
                           "{{kind}}")], width=8, least=0,
                   custom={"drawStyle": "bars", "fillOpacity": 60}),
            series("Deliveries", "Tries to deliver, by relay and outcome, in each step of the "
                   "graph.",
                   [target("sum by (relay, outcome) (increase("
                           f"{of('lowbalance_webhook_deliveries_total')}[$__rate_interval]))",
                           "{{relay}}, {{outcome}}")], width=8, least=0,
                   custom={"drawStyle": "bars", "fillOpacity": 60}),
            series("Backlog", "Deliveries that wait, and dead letters.",
                   [target(f"sum({of('lowbalance_webhook_pending_deliveries')})", "waiting"),
                    target(f"sum({of('lowbalance_webhook_dead_letters')})", "dead")], width=8,
                   least=0),
            series("Heard from Alertmanager", "Since the last notification, and since the last "
                   "watchdog.",
                   [target(age("lowbalance_webhook_last_notification_timestamp_seconds"),
                           "notification"),
                    target(age("lowbalance_webhook_last_watchdog_timestamp_seconds"),
                           "watchdog")], unit="s", width=8, least=0),
            series("From the poll to the decision", "How long after the poll that saw a change its "
                   "alert was decided on: scrape, rules and Alertmanager. Alerts of the last hour.",
                   [target(quantile(share, "lowbalance_webhook_decision_latency_seconds", "le"),
                           name) for share, name in SHARES], unit="s", width=8, least=0),
            series("From the decision to the recipient", "How long after that a message was "
                   "delivered, by relay. Messages of the last hour.",
                   [target(quantile(share, "lowbalance_webhook_delivery_latency_seconds",
                                    "le, relay"), f"{name}, {{{{relay}}}}")
                    for share, name in SHARES], unit="s", width=8, least=0),
            series("Not as it should be", "Alerts without usable facts, and messages whose contact "
                   "the configuration does not know.",
                   [target(f"sum(rate({bad_facts}[$__rate_interval]))", "bad facts"),
                    target(f"sum(rate({of('lowbalance_webhook_unknown_contacts_total')}"
                           "[$__rate_interval]))", "unknown contact")], unit="ops", width=8,
                   least=0),
            series("Put off", "Decisions put off because the facts or the billing data were too "
                   "old.",
                   [target(rate("lowbalance_webhook_decisions_total", "reason",
                                'reason=~"stale_.*"'), "{{reason}}")], unit="ops", width=8,
                   least=0),
            row("Programs"),
            series("CPU", "Cores in use.",
                   [target("sum by (job, instance) (rate("
                           f"{of('process_cpu_seconds_total')}[$__rate_interval])) {OF_OUR_JOBS}",
                           "{{job}}, {{instance}}")], width=8, least=0),
            series("Memory", "Resident memory.",
                   [target(f"max by (job, instance) ({ours('process_resident_memory_bytes')})",
                           "{{job}}, {{instance}}")], unit="bytes", width=8, least=0),
            series("Configuration loaded", "1 where the last reload of the configuration "
                   "succeeded, 0 where it was refused and the old one goes on.",
                   [target("min by (job, instance) ("
                           f"{of('lowbalance_exporter_config_last_reload_successful')} or "
                           f"{of('lowbalance_webhook_config_last_reload_successful')})",
                           "{{job}}, {{instance}}")], width=8, least=0),
        ], span="now-24h")
