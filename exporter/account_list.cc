#include "exporter/account_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/text.h"
#include "exporter/account_json.h"

namespace lowbalance {
namespace {

constexpr int kMaxLimit = 1000;
constexpr int kMaxOffset = 10'000'000;

constexpr std::array<std::pair<std::string_view, SortKey>, 8> kSortKeys{{
    {"account", SortKey::kAccount},
    {"name", SortKey::kName},
    {"contact", SortKey::kContact},
    {"credit", SortKey::kCredit},
    {"threshold", SortKey::kThreshold},
    {"runway", SortKey::kRunway},
    {"state", SortKey::kState},
    {"changed", SortKey::kChanged},
}};

// Empty if well, else what is wrong.
std::string TakeNumber(const std::string& text, int least, int most, int* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && *number >= least && *number <= most) return "";
  return "expected a number from " + std::to_string(least) + " to " + std::to_string(most) +
         ", seen " + Quoted(text);
}

std::string TakeSort(std::string_view text, ListQuery* query) {
  query->descending = text.starts_with('-');
  const std::string_view name = text.substr(query->descending ? 1 : 0);
  for (const auto& [known, key] : kSortKeys) {
    if (known != name) continue;
    query->sort = key;
    return "";
  }
  std::string message = "not an order: " + Quoted(name) + "; known are";
  for (const auto& [known, key] : kSortKeys) message += " " + std::string(known);
  return message;
}

// How much attention an account wants; less is more.
int Severity(const Account& account, const AccountView& view) {
  const AccountMemory& m = account.memory;
  int worst = 9;
  for (const auto& [name, level] : m.levels) {
    if (level.low_since && level.overdue) worst = std::min(worst, 0);
    if (level.low_since) worst = std::min(worst, level.first_change ? 1 : 2);
    if (level.suspended) worst = std::min(worst, 3);
    if (level.enabled) worst = std::min(worst, view.stale ? 4 : 6);
  }
  return m.available_credit && *m.available_credit < Money{} ? std::min(worst, 5) : worst;
}

// What an account is sorted by: one of the two, or neither where it is not known.
struct Value {
  std::optional<std::int64_t> number;
  std::optional<std::string_view> text;
};

Value ValueOf(SortKey key, const Account& account, const AccountView& view) {
  const AccountMemory& m = account.memory;
  Value value;
  switch (key) {
    case SortKey::kAccount:
      break;
    case SortKey::kName:
      if (!m.account_name.empty()) value.text = m.account_name;
      break;
    case SortKey::kContact:
      if (!account.contact.empty()) value.text = account.contact;
      break;
    case SortKey::kCredit:
      if (m.available_credit) value.number = m.available_credit->millionths();
      break;
    case SortKey::kThreshold:
      for (const auto& [name, level] : m.levels) {
        if (!level.threshold) continue;
        value.number = std::max(value.number.value_or(INT64_MIN), level.threshold->millionths());
      }
      break;
    case SortKey::kRunway:
      if (view.runway) value.number = view.runway->count();
      break;
    case SortKey::kState:
      value.number = Severity(account, view);
      break;
    case SortKey::kChanged:
      if (m.changed) value.number = ToMillis(*m.changed);
      break;
  }
  return value;
}

}  // namespace

std::string Cursor(const AccountKey& key) { return key.provider + "/" + key.account_id; }

std::optional<AccountKey> ParseCursor(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  AccountKey key{.provider = text.substr(0, slash), .account_id = text.substr(slash + 1)};
  if (!IsValidName(key.provider) || !IsValidAccountId(key.account_id)) return std::nullopt;
  return key;
}

std::string ToString(const SelectError& error) {
  std::string text;
  if (!error.term.empty()) {
    text = Quoted(error.term) + " at character " + std::to_string(error.at + 1) + ": ";
  }
  return text + error.message;
}

tl::expected<ListQuery, QueryError> ParseListQuery(
    const std::map<std::string, std::string, std::less<>>& parameters) {
  ListQuery query;
  // The separate parameters are terms of the selection, written for it.
  std::string select;
  const auto add = [&select](std::string_view term) {
    select += (select.empty() ? "" : ",") + std::string(term);
  };
  for (const auto& [name, value] : parameters) {
    std::string wrong;
    if (name == "limit") {
      wrong = TakeNumber(value, 1, kMaxLimit, &query.limit);
    } else if (name == "offset") {
      wrong = TakeNumber(value, 0, kMaxOffset, &query.offset);
    } else if (name == "sort") {
      wrong = TakeSort(value, &query);
    } else if (name == "after") {
      query.after = ParseCursor(value);
      if (!query.after) wrong = "not a cursor that a list gave: " + Quoted(value);
    } else if (name == "state" &&
               std::find(kAlertStates.begin(), kAlertStates.end(), value) == kAlertStates.end()) {
      wrong = "not a state of an alert: " + Quoted(value);
    } else if (name == "provider" || name == "account_id" || name == "contact" || name == "state") {
      if (value.empty()) wrong = "empty";
      add((name == "account_id" ? "account" : name) + "=" + SelectText(value));
    } else if (name == "select") {
      const auto parsed = Selection::Parse(value);
      if (!parsed) wrong = ToString(parsed.error());
      if (value.find_first_not_of(' ') != value.npos) add(value);
    } else {
      wrong = "unknown parameter " + Quoted(name);
    }
    if (!wrong.empty()) return tl::make_unexpected(QueryError{name, std::move(wrong)});
  }
  if (query.after && (query.sort != SortKey::kAccount || query.descending || query.offset > 0)) {
    return tl::make_unexpected(
        QueryError{"after", "goes with the order of accounts alone; use offset"});
  }
  auto parsed = Selection::Parse(select);
  if (!parsed) return tl::make_unexpected(QueryError{"select", ToString(parsed.error())});
  query.select = std::move(*parsed);
  return query;
}

std::vector<std::size_t> SortedMatches(const ListQuery& query,
                                       const std::vector<AccountPtr>& accounts,
                                       const std::vector<AccountView>& views) {
  std::vector<std::size_t> matches;
  std::vector<Value> values(accounts.size());
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!query.select.Matches(*accounts[i], views[i])) continue;
    matches.push_back(i);
    values[i] = ValueOf(query.sort, *accounts[i], views[i]);
  }
  if (query.sort == SortKey::kAccount) {
    if (query.descending) std::reverse(matches.begin(), matches.end());
    return matches;
  }
  std::stable_sort(matches.begin(), matches.end(), [&](std::size_t a, std::size_t b) {
    const Value& x = values[a];
    const Value& y = values[b];
    const bool x_known = x.number || x.text;
    const bool y_known = y.number || y.text;
    if (x_known != y_known) return x_known;
    const Value& first = query.descending ? y : x;
    const Value& second = query.descending ? x : y;
    if (first.number != second.number) return first.number < second.number;
    return first.text < second.text;
  });
  return matches;
}

}  // namespace lowbalance
