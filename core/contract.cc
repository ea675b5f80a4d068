#include "core/contract.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

// How a fact's value is written. Amounts and durations arrive as Prometheus printed a double with
// %.6f, so they read like Money.
void AppendAmount(std::string& line, std::string_view name, const std::optional<Money>& amount) {
  if (amount) line += " " + std::string(name) + "=" + amount->ToString(6);
}
void AppendInstant(std::string& line, std::string_view name, const std::optional<Time>& at) {
  if (at) line += " " + std::string(name) + "=" + FormatSeconds(*at);
}

template <class T>
void KeepGreater(std::optional<T>& kept, T value) {
  kept = kept ? std::max(*kept, value) : value;
}

// Takes one `name=value` pair off the front; the value may be a quoted Go string.
bool TakePair(std::string_view& line, std::string_view* name, std::string_view* value) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  *name = line.substr(0, equals);
  if (name->find(' ') != std::string_view::npos) return false;
  line.remove_prefix(equals + 1);
  std::size_t length = 0;
  if (!line.empty() && line.front() == '"') {
    length = 1;
    while (length < line.size() && line[length] != '"') length += line[length] == '\\' ? 2U : 1U;
    if (length >= line.size()) return false;
    ++length;
  } else {
    length = std::min(line.find(' '), line.size());
  }
  *value = line.substr(0, length);
  line.remove_prefix(length);
  return line.empty() || line.front() == ' ';
}

class FactsReader {
 public:
  explicit FactsReader(Facts facts) : facts_(std::move(facts)) {}

  // Empty if the pair was taken in, else what is wrong with it.
  std::string Take(std::string_view name, std::string_view value) {
    for (const CreditTermInfo& term : kCreditTerms) {
      if (name == term.name) return Amount(value, facts_.terms.*term.member);
    }
    if (name == "evaluated_at") return Instant(value, evaluated_at_);
    if (name == "available_credit") return Amount(value, available_credit_);
    if (name == "threshold") return Amount(value, threshold_);
    if (name == "low") return Instant(value, facts_.low_since);
    if (name == "first_change") return Instant(value, facts_.first_change);
    if (name == "overdue") return Instant(value, facts_.overdue);
    if (name == "change") return Instant(value, facts_.changed);
    if (name == "last_success") return Instant(value, last_success_);
    if (name == "burn_rate") return Estimate(value, facts_.burn_rate);
    if (name == "runway") return Runway(value);
    if (name == "ended") return Instant(value, pending_ended_);
    if (name == "reason") return Reason(value);
    if (name == "account_name") return Name(value, facts_.account_name);
    if (name == "contact") return Name(value, facts_.contact);
    return "";
  }

  // The name of a required fact that did not come; empty if all did.
  std::string Missing() const {
    if (!evaluated_at_) return "evaluated_at";
    if (!available_credit_) return "available_credit";
    if (!threshold_) return "threshold";
    if (!last_success_) return "last_success";
    if (pending_ended_) return "reason";
    if (facts_.kind == AlertKind::kLowBalance && !facts_.low_since) return "low";
    if (facts_.kind == AlertKind::kLowBalanceEnded && !facts_.ended) return "ended";
    return "";
  }

  Facts Done() && {
    facts_.evaluated_at = *evaluated_at_;
    facts_.available_credit = *available_credit_;
    facts_.threshold = *threshold_;
    facts_.last_success = *last_success_;
    return std::move(facts_);
  }

 private:
  static std::string Amount(std::string_view value, std::optional<Money>& out) {
    const auto amount = Money::Parse(value);
    if (!amount) return amount.error().message;
    KeepGreater(out, *amount);
    return "";
  }
  // Burn rate and runway are divisions in Prometheus and may be any number or none. They decide
  // nothing, so one that is no amount is left out; it must not cost somebody the alert.
  static std::string Estimate(std::string_view value, std::optional<Money>& out) {
    if (const auto amount = Money::Parse(value)) KeepGreater(out, *amount);
    return "";
  }
  static std::string Instant(std::string_view value, std::optional<Time>& out) {
    const auto at = ParseSeconds(value);
    if (!at) return at.error().message;
    KeepGreater(out, *at);
    return "";
  }
  static std::string Name(std::string_view value, std::string& out) {
    std::string name;
    if (!GoUnquote(value, &name)) return "not a quoted text: " + Quoted(value);
    if (!IsValidUtf8(name)) return "not UTF-8: " + Quoted(name);
    if (out.empty()) out = std::move(name);
    return "";
  }
  std::string Runway(std::string_view value) {
    std::optional<Money> seconds;
    Estimate(value, seconds);
    if (seconds) KeepGreater(facts_.runway, Millis{seconds->millionths() / 1000});
    return "";
  }
  // `ended` and its `reason` come as a pair, once for each exporter that has its own opinion.
  std::string Reason(std::string_view value) {
    std::string word;
    if (!GoUnquote(value, &word)) return "not a quoted text: " + Quoted(value);
    const auto reason = ParseEndReason(word);
    if (!reason) return "no reason for an end: " + Quoted(word);
    if (!pending_ended_) return "without an instant before it";
    if (!facts_.ended || facts_.ended->at < *pending_ended_) {
      facts_.ended = Ended{*pending_ended_, *reason};
    }
    pending_ended_.reset();
    return "";
  }

  Facts facts_;
  std::optional<Time> evaluated_at_;
  std::optional<Time> last_success_;
  std::optional<Time> pending_ended_;
  std::optional<Money> available_credit_;
  std::optional<Money> threshold_;
};

// The series whose values the facts line carries, as an explicit list: an open pattern would
// bring in whatever else begins with billing_account, ALERTS included.
std::string FactSeriesPattern() {
  std::string pattern;
  for (const AccountMetric& metric : kAccountMetrics) {
    const std::string_view name = metric.name;
    if (name == kUnexplainedAmount.name || name == kSpendTotal.name || name == kTopUpTotal.name ||
        name == kUp.name || name == kStatus.name || name == kAlertEnabled.name) {
      continue;
    }
    pattern += (pattern.empty() ? "" : "|") + std::string(name);
  }
  return pattern + "|" + std::string(kBurnRate) + "|" + std::string(kRunway);
}

}  // namespace

std::string FactsTemplate() {
  // A series' name becomes the fact's by dropping what only the series needs:
  // billing_account_alert_low_timestamp_seconds → low, billing_account:runway_seconds → runway.
  const std::string short_name =
      "reReplaceAll \"^billing_account[_:](?:alert_|available_credit_)?(.+?)"
      "(?:_timestamp_seconds|_seconds|_per_day)?$\" \"$1\"";
  const std::string query =
      "printf `max by (__name__, reason, account_name, contact) ({__name__=~\"" +
      FactSeriesPattern() +
      "\",provider=%q,account_id=%q,level=~\"(%s)?\"})`"
      " $labels.provider $labels.account_id $labels.level | query";
  return "evaluated_at={{ with query \"time()\" }}{{ . | first | value | printf \"%.3f\" }}{{ end "
         "}}"
         "{{ range " +
         query +
         " }}"
         "{{ if eq .Labels.__name__ \"" +
         std::string(kInfo.name) +
         "\" }}"
         " account_name={{ printf \"%q\" .Labels.account_name }}"
         " contact={{ printf \"%q\" .Labels.contact }}"
         "{{ else }} {{ .Labels.__name__ | " +
         short_name +
         " }}="
         "{{ if match \"_timestamp_seconds$\" .Labels.__name__ }}{{ printf \"%.3f\" .Value }}"
         "{{ else }}{{ printf \"%.6f\" .Value }}{{ end }}"
         "{{ if .Labels.reason }} reason={{ printf \"%q\" .Labels.reason }}{{ end }}"
         "{{ end }}{{ end }}";
}

std::string FormatFacts(const Facts& facts) {
  std::string line = "evaluated_at=" + FormatSeconds(facts.evaluated_at);
  AppendAmount(line, "available_credit", facts.available_credit);
  AppendAmount(line, "threshold", facts.threshold);
  AppendInstant(line, "low", facts.low_since);
  AppendInstant(line, "first_change", facts.first_change);
  AppendInstant(line, "overdue", facts.overdue);
  if (facts.ended) {
    AppendInstant(line, "ended", facts.ended->at);
    line += " reason=" + GoQuote(ToString(facts.ended->reason));
  }
  AppendInstant(line, "change", facts.changed);
  AppendInstant(line, "last_success", facts.last_success);
  for (const CreditTermInfo& term : kCreditTerms) {
    AppendAmount(line, term.name, facts.terms.*term.member);
  }
  AppendAmount(line, "burn_rate", facts.burn_rate);
  if (facts.runway) {
    AppendAmount(line, "runway", Money::FromMillionths(facts.runway->count() * 1000));
  }
  if (!facts.account_name.empty()) line += " account_name=" + GoQuote(facts.account_name);
  if (!facts.contact.empty()) line += " contact=" + GoQuote(facts.contact);
  return line;
}

Result<Facts> ParseFacts(Facts facts, std::string_view line) {
  if (line.find("<error expanding template") != std::string_view::npos) {
    return Reject("Prometheus could not write the facts: " + Quoted(line, 300));
  }
  FactsReader reader(std::move(facts));
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) break;
    const std::string_view rest = line;
    std::string_view name;
    std::string_view value;
    if (!TakePair(line, &name, &value)) {
      return Reject("facts: expected name=value, seen " + Quoted(rest));
    }
    if (const std::string wrong = reader.Take(name, value); !wrong.empty()) {
      return Reject("fact " + Quoted(name) + ": " + wrong);
    }
  }
  if (const std::string missing = reader.Missing(); !missing.empty()) {
    return Reject("the fact " + missing + " is missing");
  }
  return std::move(reader).Done();
}

}  // namespace lowbalance
