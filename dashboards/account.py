"""One account: what is left, what it is made of, how long it lasts, what was alerted on."""

from grafana import (BAD, CALM, PLAIN, WARN, dashboard, events, like, query_variable, row,
                     series, stat, table, target, text_variable, timeline)

THIS = '{provider=~"$provider", account_id="$account"}'
OF_ALERTS = '{alertname="LowBalance", provider=~"$provider", account_id="$account"}'


def of(metric, by="currency"):
    """One value per account however many exporters publish it."""
    return f"max by ({by}) ({metric}{THIS})"


CREDIT = of("billing_account_available_credit")
THRESHOLD = of("billing_account_alert_threshold", "level, currency")
TERMS = (("cash_balance", "cash balance", ""), ("credit_limit", "credit limit", ""),
         ("credit_refunds", "credit refunds", ""),
         ("unsettled_current_month", "unsettled, this month", "-"),
         ("unsettled_previous_months", "unsettled, earlier months", "-"),
         ("unexplained_amount", "unexplained", ""))


def since(metric):
    """For how long, by level; nothing while there is no such instant."""
    return f"time() - {of(f'billing_account_alert_{metric}_timestamp_seconds', 'level')}"


def make():
    newest = of("billing_account_last_success_timestamp_seconds", "account_id")
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}}
    mark = "billing_account_alert_{}_timestamp_seconds".format
    return dashboard(
        "lowbalance-account", "Low balance / Account",
        "One account. Type its id above, as the provider writes it.",
        [query_variable("provider", "Provider", "label_values(billing_account_up, provider)",
                        "Needed only where two providers use the same account id."),
         text_variable("account", "Account id", "The account's id, as the provider writes it.")],
        [
            row("Account $account"),
            table("Who", "Name, contact and source of the account.",
                  [target(f"max by (provider, account_name, contact, source) (billing_account_info"
                          f"{THIS})", table=True)],
                  {"provider": "Provider", "account_name": "Name", "contact": "Contact",
                   "source": "Source"}, width=8, height=4),
            stat("Available credit", "As the provider states it.",
                 [target(CREDIT, "{{currency}}", instant=True)], unit="none", decimals=2,
                 steps=((None, BAD), (0, PLAIN))),
            stat("Runway", "How long available credit lasts at the rate of the last day.",
                 [target(f"billing_account:runway_seconds{THIS}", "{{currency}}", instant=True)],
                 unit="s", steps=((None, BAD), (3 * 86400, WARN), (14 * 86400, CALM))),
            stat("Spend per day", "What was spent over the last day.",
                 [target(f"billing_account:burn_rate_per_day{THIS}", "{{currency}}", instant=True)],
                 unit="none", decimals=2),
            stat("Age of the data", "How old the newest billing data is.",
                 [target(f"time() - {newest}", instant=True)], unit="s",
                 steps=((None, CALM), (3600, WARN), (6 * 3600, BAD))),
            row("Balance"),
            series("Available credit and thresholds", "Below a threshold an enabled alert of that "
                   "level begins; below zero the account is overdue.",
                   [target(CREDIT, "available credit, {{currency}}"),
                    target(THRESHOLD, "threshold {{level}}, {{currency}}")], unit="none", width=24,
                   overrides=[like("^available", {"id": "custom.fillOpacity", "value": 10},
                                   {"id": "custom.lineWidth", "value": 2}),
                              like("^threshold", dashed)]),
            series("What available credit is made of", "Terms that add to it above zero, terms "
                   "that take from it below; the line is what is left. Providers that state only "
                   "the total have no terms.",
                   [target(sign + of(f"billing_account_{term}"), f"{name}, {{{{currency}}}}")
                    for term, name, sign in TERMS]
                   + [target(CREDIT, "available credit, {{currency}}")], unit="none", width=24,
                   custom={"fillOpacity": 30, "stacking": {"mode": "normal", "group": "A"}},
                   overrides=[like("^available", {"id": "custom.stacking",
                                                  "value": {"mode": "none", "group": "A"}},
                                   {"id": "custom.fillOpacity", "value": 0},
                                   {"id": "custom.lineWidth", "value": 2})]),
            row("Spending"),
            series("Spend per day", "What was spent over the day before each instant.",
                   [target(f"billing_account:burn_rate_per_day{THIS}", "{{currency}}")],
                   unit="none", width=8, least=0),
            series("Runway", "How long available credit would have lasted at that rate.",
                   [target(f"billing_account:runway_seconds{THIS}", "{{currency}}")], unit="s",
                   width=8, least=0),
            series("Top-ups and spending", "What came in and what went out in each step of the "
                   "graph.",
                   [target("max by (currency) (increase("
                           f"billing_account_top_up_total{THIS}[$__rate_interval]))",
                           "paid in, {{currency}}"),
                    target("-max by (currency) (increase("
                           f"billing_account_spend_total{THIS}[$__rate_interval]))",
                           "spent, {{currency}}")], unit="none", width=8,
                   custom={"drawStyle": "bars", "fillOpacity": 60}),
            row("Alerts"),
            timeline("Low", "When the account was low, at each level, and whether its alert had "
                     "been held back until a change.",
                     [target(f"2 * ({of(mark('first_change'), 'level')} > bool 0) or on (level) "
                             f"({of(mark('low'), 'level')} > bool 0) or on (level) "
                             f"0 * {of('billing_account_alert_enabled', 'level')}", "{{level}}")],
                     height=5, width=16,
                     names={0: ("not low", CALM), 1: ("low, awaiting a change", WARN),
                            2: ("low", BAD)}),
            table("This episode", "For each level: since when the account is low, saw its first "
                  "change, became overdue.",
                  [target(since(metric), table=True) for metric in ("low", "first_change",
                                                                    "overdue")],
                  {"level": "Level", "Value #A": "Low for", "Value #B": "First change ago",
                   "Value #C": "Overdue for"}, unit="s", width=8, height=5),
            series("Firing in Prometheus", "The LowBalance alerts that the webhook decides on.",
                   [target(f"sum by (level, alertstate) (ALERTS{OF_ALERTS})",
                           "{{level}}, {{alertstate}}")], width=16, height=6, least=0,
                   custom={"lineInterpolation": "stepAfter", "fillOpacity": 20}),
            table("Last episode that ended", "When, at each level, and why.",
                  [target(f"time() - max by (level, reason) ({mark('ended')}{THIS})",
                          table=True)],
                  {"level": "Level", "reason": "Reason", "Value": "Ended ago"}, unit="s", width=8,
                  height=6),
        ],
        annotations=[
            events("Low", of(mark("low"), "level"), WARN, "level {{level}}"),
            events("First change", of(mark("first_change"), "level"), "yellow", "level {{level}}"),
            events("Overdue", of(mark("overdue"), "level"), BAD, "level {{level}}"),
            events("Ended", of(mark("ended"), "level, reason"), CALM,
                   "level {{level}}: {{reason}}"),
        ])
