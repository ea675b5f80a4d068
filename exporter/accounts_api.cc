#include "exporter/accounts_api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "core/text.h"
#include "exporter/account_json.h"

namespace lowbalance {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxEditBytes = 64U << 10U;
constexpr int kDefaultLimit = 100;
constexpr int kMaxLimit = 1000;

// Which accounts a list is to show. Empty texts do not filter.
struct ListQuery {
  int limit = kDefaultLimit;
  std::optional<AccountKey> after;
  std::string provider;
  std::string account_id;
  std::string contact;
  std::string state;
};

// A cursor is the key of the last account shown; no provider has a '/' in it.
std::string Cursor(const AccountKey& key) { return key.provider + "/" + key.account_id; }

std::optional<AccountKey> ParseCursor(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  AccountKey key{.provider = text.substr(0, slash), .account_id = text.substr(slash + 1)};
  if (!IsValidName(key.provider) || !IsValidAccountId(key.account_id)) return std::nullopt;
  return key;
}

// Takes one parameter; returns what is wrong with it, or nothing.
std::string Take(ListQuery& query, const std::string& name, const std::string& value) {
  if (name == "limit") {
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), query.limit);
    const bool number = error == std::errc() && end == value.data() + value.size();
    if (number && query.limit >= 1 && query.limit <= kMaxLimit) return "";
    return "expected a number from 1 to " + std::to_string(kMaxLimit) + ", seen " + Quoted(value);
  }
  if (name == "after") {
    query.after = ParseCursor(value);
    return query.after ? "" : "not a cursor that a list gave: " + Quoted(value);
  }
  if (name == "state") {
    query.state = value;
    const bool known =
        std::find(kAlertStates.begin(), kAlertStates.end(), value) != kAlertStates.end();
    return known ? "" : "not a state of an alert: " + Quoted(value);
  }
  for (const auto& [filter, member] : {std::pair{"provider", &ListQuery::provider},
                                       {"account_id", &ListQuery::account_id},
                                       {"contact", &ListQuery::contact}}) {
    if (name != filter) continue;
    query.*member = value;
    return value.empty() ? "empty" : "";
  }
  return "unknown parameter " + Quoted(name);
}

bool Matches(const ListQuery& query, const Account& account) {
  const AccountMemory& m = account.memory;
  if (!query.provider.empty() && m.account.provider != query.provider) return false;
  if (!query.account_id.empty() && m.account.account_id != query.account_id) return false;
  if (!query.contact.empty() && account.contact != query.contact) return false;
  if (query.state.empty()) return true;
  return std::any_of(m.levels.begin(), m.levels.end(),
                     [&](const auto& level) { return AlertState(m, level.second) == query.state; });
}

HttpResponse List(const Accounts& accounts, const HttpRequest& request) {
  ListQuery query;
  for (const auto& [name, value] : request.query) {
    if (const std::string wrong = Take(query, name, value); !wrong.empty()) {
      return JsonError(400, wrong, name);
    }
  }
  const auto snapshot = accounts.snapshot();
  ordered_json shown = ordered_json::array();
  ordered_json next = nullptr;
  std::string last;
  auto at = query.after ? snapshot->LowerBound(*query.after) : snapshot->accounts.begin();
  for (; at != snapshot->accounts.end(); ++at) {
    const Account& account = **at;
    if (account.memory.account == query.after || !Matches(query, account)) continue;
    if (shown.size() == static_cast<std::size_t>(query.limit)) {
      next = last;
      break;
    }
    shown.push_back(AccountJson(account));
    last = Cursor(account.memory.account);
  }
  return JsonOk(ordered_json{{"accounts", std::move(shown)}, {"next", std::move(next)}}.dump());
}

AccountKey KeyOf(const HttpRequest& request) {
  return {.provider = request.params.at("provider"), .account_id = request.params.at("account_id")};
}

HttpResponse Show(const Accounts& accounts, const HttpRequest& request) {
  const AccountKey key = KeyOf(request);
  const AccountPtr account = accounts.snapshot()->Find(key);
  if (!account) {
    return JsonError(
        404, "there is no account " + Quoted(key.account_id) + " of " + Quoted(key.provider));
  }
  return JsonOk(AccountJson(*account).dump());
}

int StatusOf(EditRefusal::Why why) {
  switch (why) {
    case EditRefusal::Why::kUnknownAccount:
      return 404;
    case EditRefusal::Why::kProvisioned:
      return 409;
    case EditRefusal::Why::kNotAllowed:
      return 422;
  }
  return 422;
}

// The level after the edit. Disabling one that never was does not create it, but the answer shows
// it all the same.
ordered_json AlertAfter(const Account& account, const std::string& level) {
  ordered_json alert = AlertJson(account, level);
  if (!alert.is_null()) return alert;
  Account with = account;
  with.memory.levels.emplace(level, LevelMemory{.currency = account.memory.currency});
  return AlertJson(with, level);
}

HttpResponse Change(Accounts& accounts, ExporterMetrics& metrics, const HttpRequest& request,
                    Time now) {
  auto body = ParseEditBody(request.body);
  if (!body) {
    metrics.EditDone(/*applied=*/false);
    return JsonError(body.error().status, body.error().message, body.error().field);
  }
  const std::string& level = request.params.at("level");
  body->edit.level = level;
  tl::expected<EditOutcome, EditRefusal> outcome;
  try {
    outcome = accounts.ApplyEdit({.account = KeyOf(request),
                                  .edit = body->edit,
                                  .who = request.user,
                                  .dry_run = body->dry_run},
                                 now);
  } catch (const std::exception& e) {
    metrics.StoreFailed();
    log::Error("edit not stored, so not applied", {{"path", request.path}, {"error", e.what()}});
    return JsonError(503, "the edit could not be stored, and nothing has changed; try again later");
  }
  if (!outcome) {
    metrics.EditDone(/*applied=*/false);
    const EditRefusal& refusal = outcome.error();
    return JsonError(StatusOf(refusal.why), refusal.message, refusal.field);
  }
  const bool changed = outcome->before != outcome->after;
  if (!body->dry_run) {
    metrics.EditDone(/*applied=*/true);
    log::Info("alert setting edited", {{"user", request.user},
                                       {"provider", request.params.at("provider")},
                                       {"account_id", request.params.at("account_id")},
                                       {"level", level},
                                       {"changed", changed ? "true" : "false"}});
  }
  return JsonOk(ordered_json{{"before", AlertJson(*outcome->before, level)},
                             {"after", AlertAfter(*outcome->after, level)},
                             {"changed", changed},
                             {"dry_run", body->dry_run},
                             {"account", AccountJson(*outcome->after)}}
                    .dump());
}

}  // namespace

void AddAccountsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock) {
  server.Route("GET", "/api/v1/accounts", Access::kLogin,
               [&accounts](const HttpRequest& request) { return List(accounts, request); });
  server.Route("GET", "/api/v1/accounts/{provider}/{account_id}", Access::kLogin,
               [&accounts](const HttpRequest& request) { return Show(accounts, request); });
  server.Route(
      "PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}", Access::kLogin,
      [&accounts, &metrics, clock = std::move(clock)](const HttpRequest& request) {
        return Change(accounts, metrics, request, clock());
      },
      kMaxEditBytes);
}

}  // namespace lowbalance
