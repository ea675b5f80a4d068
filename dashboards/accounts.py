"""The fleet of accounts: which need somebody now, and which will soon."""

from grafana import (BAD, CALM, PLAIN, WARN, dashboard, query_variable, row, series, stat, table,
                     target)

CHOSEN = '{provider=~"$provider"}'
ACCOUNT = "provider, account_id"
AMOUNT = "provider, account_id, currency"
LEVEL = "provider, account_id, level"
# More rows than that nobody reads; the query, too, stays small with 100,000 accounts.
ROWS = 20

# One value per account however many exporters publish it.
CREDIT = f"max by ({AMOUNT}) (billing_account_available_credit{CHOSEN})"
UP = f"max by ({ACCOUNT}) (billing_account_up{CHOSEN})"
LOW_SINCE = f"max by ({LEVEL}) (billing_account_alert_low_timestamp_seconds{CHOSEN})"
FIRST_CHANGE = f"max by ({LEVEL}) (billing_account_alert_first_change_timestamp_seconds{CHOSEN})"
ENABLED = f"max by ({ACCOUNT}) (billing_account_alert_enabled{CHOSEN})"
RUNWAY = f"billing_account:runway_seconds{CHOSEN}"
BURN_RATE = f"billing_account:burn_rate_per_day{CHOSEN}"

LOW = f"count(max by ({ACCOUNT}) ({LOW_SINCE})) or vector(0)"
AWAITING = f"count({LOW_SINCE} unless on ({LEVEL}) {FIRST_CHANGE}) or vector(0)"
OVERDUE = f"count({CREDIT} < 0) or vector(0)"
STALE = ('count(max by (provider, account_id) (ALERTS{alertname="BillingDataStale",'
         ' alertstate="firing", provider=~"$provider"})) or vector(0)')
FAILING = f"count({UP} == 0) or vector(0)"
UNWATCHED = f"count({UP} unless on ({ACCOUNT}) ({ENABLED} == 1)) or vector(0)"

TO_ACCOUNT = ("Show this account",
              "/d/lowbalance-account?${datasource:queryparam}"
              "&var-provider=${__data.fields.Provider}&var-account=${__data.fields.Account}")
NAMES = {"provider": "Provider", "account_id": "Account", "account_name": "Name"}


def name_of(chosen):
    """The accounts' names, for the rows of a table that `chosen` picks."""
    return target(f"max by ({ACCOUNT}, account_name) (billing_account_info{CHOSEN})"
                  f" and on ({ACCOUNT}) {chosen}", table=True)


def count(title, description, expr, bad=None):
    steps = ((None, PLAIN),) if bad is None else ((None, CALM), (1, bad))
    return stat(title, description, [target(expr, instant=True)], steps=steps, width=3)


def make():
    shortest = f"bottomk({ROWS}, {RUNWAY})"
    longest_low = f"topk({ROWS}, time() - {LOW_SINCE})"
    spenders = f"topk by (currency) (10, {BURN_RATE})"
    in_time = "max by (provider, account_id, currency)"
    return dashboard(
        "lowbalance-accounts", "Low balance / Accounts",
        "All accounts: how many are low, overdue or without data, and which run out first.",
        [query_variable("provider", "Provider", "label_values(billing_account_up, provider)",
                        "Only accounts of these providers.")],
        [
            row("Now"),
            count("Accounts", "Accounts that an exporter watches.", f"count({UP})"),
            count("Low", "Accounts below the threshold of an enabled alert.", LOW, WARN),
            count("Awaiting a change", "Alerts enabled while the account was low already: they "
                  "are sent at the next change of available credit.", AWAITING),
            count("Overdue", "Accounts whose available credit is below zero. They get no "
                  "reminders.", OVERDUE, BAD),
            count("Data too old", "Accounts whose billing data is too old to decide on: while it "
                  "is, nothing is sent.", STALE, BAD),
            count("Polls failing", "Accounts whose last poll failed. Their last good values stay "
                  "in force until they are too old.", FAILING, WARN),
            count("Without alert", "Accounts that no enabled alert watches.", UNWATCHED),
            stat("Shortest runway", "How long the first account lasts that runs out at its "
                 "present burn rate.", [target(f"min({RUNWAY})", instant=True)], unit="s", width=3,
                 steps=((None, BAD), (3 * 86400, WARN), (14 * 86400, CALM))),
            table("Shortest runways", f"The {ROWS} accounts that run out first at the rate of the "
                  "last day. Accounts that spend nothing, or have nothing left, have no runway.",
                  [target(shortest, table=True),
                   target(f"{CREDIT} and on ({AMOUNT}) {shortest}", table=True),
                   name_of(shortest)],
                  {**NAMES, "currency": "Currency", "Value #A": "Runway",
                   "Value #B": "Available credit"},
                  sort=("Runway", False), units={"Runway": "s"}, links={"Account": TO_ACCOUNT}),
            table("Low for longest", f"The {ROWS} accounts that have been low for longest, each at "
                  "each level.",
                  [target(longest_low, table=True),
                   target(f"max by ({LEVEL}, currency) (billing_account_alert_threshold{CHOSEN})"
                          f" and on ({LEVEL}) {longest_low}", table=True),
                   name_of(longest_low)],
                  {**NAMES, "level": "Level", "Value #A": "Low for", "Value #B": "Threshold",
                   "currency": "Currency"},
                  sort=("Low for", True), units={"Low for": "s"}, links={"Account": TO_ACCOUNT}),
            row("By currency (amounts of two currencies are never added)"),
            series("Available credit", "Sum over all accounts, one line for each currency.",
                   [target(f"sum by (currency) ({CREDIT})", "{{currency}}")], width=8),
            series("Spend per day", "Sum of the accounts' burn rates, one line for each currency.",
                   [target(f"sum by (currency) ({BURN_RATE})", "{{currency}}")], width=8,
                   least=0),
            series("Top-ups per day", "What was paid in over the last day, one line for each "
                   "currency.",
                   [target(f"sum by (currency) ({in_time} (increase("
                           f"billing_account_top_up_total{CHOSEN}[1d])))", "{{currency}}")],
                   width=8, least=0),
            row("Over time"),
            series("Accounts that need somebody", "The counts of the top row over time.",
                   [target(LOW, "low"), target(AWAITING, "awaiting a change"),
                    target(OVERDUE, "overdue"), target(STALE, "data too old"),
                    target(FAILING, "polls failing")], least=0),
            table("Biggest spenders", "Of each currency the ten accounts that spend most a day.",
                  [target(spenders, table=True), name_of(spenders)],
                  {**NAMES, "currency": "Currency", "Value #A": "Spend per day"}, height=8,
                  sort=("Spend per day", True), links={"Account": TO_ACCOUNT}),
        ])
