#include "cli/prometheus_history.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/api_client.h"
#include "core/contract.h"
#include "core/text.h"

namespace lowbalance {
namespace {

using nlohmann::json;

// Below Prometheus' 11,000.
constexpr std::int64_t kPointsAQuery = 10'000;

// What was known, by currency and instant.
using Amounts = std::map<std::string, std::map<Time, Money>>;

std::string Expression(const AccountKey& account) {
  return "max by (currency) (" + std::string(kAvailableCredit.name) +
         "{provider=" + GoQuote(account.provider) + ",account_id=" + GoQuote(account.account_id) +
         "})";
}

// A sample's value is a double's text already, so rounding it to millionths loses nothing that was
// an amount. Empty for NaN, infinities and what no amount can be.
std::optional<Money> ParseValue(const std::string& text) {
  if (const auto exact = Money::Parse(text)) return *exact;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const double millionths = std::round(value * 1e6);
  if (!(std::abs(millionths) < 9.2e18)) return std::nullopt;
  return Money::FromMillionths(static_cast<std::int64_t>(millionths));
}

// [1700000000.123, "90.5"]
Result<void> AddPoint(const json& point, std::map<Time, Money>& amounts) {
  if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_string()) {
    return Reject("a point is not of the form [time, \"value\"]: " + Quoted(point.dump()));
  }
  const auto at = TimeFromMillis(std::llround(point[0].get<double>() * 1000));
  if (const auto value = ParseValue(point[1].get_ref<const std::string&>())) {
    const auto [found, is_new] = amounts.try_emplace(at, *value);
    if (!is_new) found->second = std::max(found->second, *value);
  }
  return {};
}

Result<void> AddAnswer(const std::string& body, Amounts& amounts) {
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto member = [](const json& object, const char* name) {
    return object.is_object() && object.contains(name) ? object.at(name) : json();
  };
  const json data = member(answer, "data");
  if (member(answer, "status") != "success" || member(data, "resultType") != "matrix" ||
      !member(data, "result").is_array()) {
    return Reject("not the answer of a Prometheus server: " + Quoted(body));
  }
  for (const json& series : data["result"]) {
    const json currency = member(member(series, "metric"), "currency");
    const json points = member(series, "values");
    if (!points.is_array()) return Reject("a series without values: " + Quoted(series.dump()));
    auto& of_currency = amounts[currency.is_string() ? currency.get<std::string>() : ""];
    for (const json& point : points) {
      if (const auto added = AddPoint(point, of_currency); !added) return added;
    }
  }
  return {};
}

Result<std::string> PickCurrency(const Amounts& amounts, const std::string& wanted) {
  std::string seen;
  for (const auto& [currency, unused] : amounts) seen += (seen.empty() ? "" : ", ") + currency;
  if (!wanted.empty()) {
    if (amounts.contains(wanted)) return wanted;
    return Reject("there are amounts in " + seen + ", and none in " + wanted);
  }
  if (amounts.size() == 1) return amounts.begin()->first;
  return Reject("there are amounts in several currencies; give --currency, one of " + seen);
}

}  // namespace

Result<History> FetchHistory(const PrometheusRange& range, const HttpGet& get) {
  const auto align = [&](Time t) { return t - t.time_since_epoch() % range.step; };
  const Time from = align(range.from);
  const Time to = align(range.to);
  const std::string whose = range.account.provider + "/" + range.account.account_id;

  Amounts amounts;
  for (Time begin = from; begin <= to; begin += range.step * kPointsAQuery) {
    const Time end = std::min(to, begin + range.step * (kPointsAQuery - 1));
    const std::string body =
        get("/api/v1/query_range" + cli::QueryString({{"query", Expression(range.account)},
                                                      {"start", FormatSeconds(begin)},
                                                      {"end", FormatSeconds(end)},
                                                      {"step", FormatSeconds(Time{range.step})}}));
    if (const auto added = AddAnswer(body, amounts); !added) return tl::unexpected(added.error());
  }
  if (amounts.empty()) {
    return Reject("no available credit of " + whose + " from " + FormatRfc3339(from) + " to " +
                  FormatRfc3339(to) + "; is that the provider and account id of the metrics?");
  }
  const auto currency = PickCurrency(amounts, range.currency);
  if (!currency) return Reject(whose + ": " + currency.error().message);

  History history{.name = whose, .currency = *currency};
  const std::map<Time, Money>& known = amounts.at(*currency);
  for (const auto& [at, credit] : known) {
    auto& samples = history.samples;
    // The first instant of a gap; what was known holds only until there.
    if (!samples.empty() && at - samples.back().at > range.step) {
      samples.push_back({.at = samples.back().at + range.step});
    }
    samples.push_back({.at = at, .credit = credit});
  }
  if (!history.samples.empty() && history.samples.back().at < to) {
    history.samples.push_back({.at = history.samples.back().at + range.step});
  }
  if (const auto of_use = CheckHistory(history); !of_use) return tl::unexpected(of_use.error());
  return history;
}

}  // namespace lowbalance
