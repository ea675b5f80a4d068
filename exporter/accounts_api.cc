#include "exporter/accounts_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "core/text.h"
#include "exporter/account_json.h"
#include "exporter/account_list.h"

namespace lowbalance {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxEditBytes = 64U << 10U;
// The chart has no more columns than this; an average over several would hide the lowest value.
constexpr std::size_t kMostChanges = 2000;
constexpr std::chrono::hours kHistory{24 * 400};

AccountKey KeyOf(const HttpRequest& request) {
  return {.provider = request.params.at("provider"), .account_id = request.params.at("account_id")};
}

// Null if there is none that the request may see.
AccountPtr FindVisible(const Accounts& accounts, const HttpRequest& request) {
  const AccountPtr account = accounts.snapshot()->Find(KeyOf(request));
  return account && EditorOf(request).Sees(*account) ? account : nullptr;
}

HttpResponse NoSuchAccount(const HttpRequest& request) {
  return JsonError(request, 404, UnknownAccount(KeyOf(request)).message);
}

std::string ETag(const Account& account) { return "\"" + SettingsVersion(account.memory) + "\""; }

HttpResponse List(Accounts& accounts, const HttpRequest& request, Time now) {
  const auto query = ParseListQuery(request.query);
  if (!query) return JsonError(400, query.error().message, query.error().field);
  std::vector<AccountPtr> visible = VisibleAccounts(accounts, request);
  const auto views = accounts.Views(visible, query->NeedsRunway(), now);
  const auto matches = SortedMatches(*query, visible, views);

  auto from = static_cast<std::size_t>(query->offset);
  if (query->after) {
    from = static_cast<std::size_t>(std::partition_point(matches.begin(), matches.end(),
                                                         [&](std::size_t i) {
                                                           return visible[i]->memory.account <=
                                                                  *query->after;
                                                         }) -
                                    matches.begin());
  }
  std::vector<AccountPtr> page;
  for (std::size_t i = from;
       i < std::min(matches.size(), from + static_cast<std::size_t>(query->limit)); ++i) {
    page.push_back(visible[matches[i]]);
  }
  const auto page_views = accounts.Views(page, /*runway=*/true, now);
  ordered_json shown = ordered_json::array();
  for (std::size_t i = 0; i < page.size(); ++i) {
    shown.push_back(AccountJson(*page[i], page_views[i]));
  }
  const bool more = from + page.size() < matches.size();
  const bool by_account = query->sort == SortKey::kAccount && !query->descending;
  ordered_json next = nullptr;
  if (more && by_account && !page.empty()) next = Cursor(page.back()->memory.account);
  return JsonOk(ordered_json{{"accounts", std::move(shown)},
                             {"total", matches.size()},
                             {"offset", from},
                             {"next", std::move(next)}}
                    .dump());
}

// How many accounts there are of each kind, for whoever chooses among them.
HttpResponse Summarize(Accounts& accounts, const HttpRequest& request, Time now) {
  const std::vector<AccountPtr> visible = VisibleAccounts(accounts, request);
  const auto views = accounts.Views(visible, /*runway=*/false, now);
  ordered_json counts = ordered_json::object();
  for (const char* term : {"low", "overdue", "awaiting", "stale", "failing", "enabled", "disabled",
                           "suspended", "provisioned", "costs", "no_costs"}) {
    const auto selection = Selection::Parse(term);
    int count = 0;
    for (std::size_t i = 0; i < visible.size(); ++i) {
      if (selection->Matches(*visible[i], views[i])) ++count;
    }
    counts[term] = count;
  }
  std::map<std::string, int> providers;
  std::map<std::string, int> contacts;
  std::map<std::string, int> currencies;
  for (const AccountPtr& account : visible) {
    ++providers[account->memory.account.provider];
    if (!account->contact.empty()) ++contacts[account->contact];
    if (!account->memory.currency.empty()) ++currencies[account->memory.currency];
  }
  return JsonOk(ordered_json{
      {"accounts", visible.size()},
      {"counts", std::move(counts)},
      {"providers", providers},
      {"contacts", contacts},
      {"currencies",
       currencies}}.dump());
}

HttpResponse Show(Accounts& accounts, const HttpRequest& request, Time now) {
  const AccountPtr account = FindVisible(accounts, request);
  if (!account) return NoSuchAccount(request);
  const auto views = accounts.Views(std::vector<AccountPtr>{account}, /*runway=*/true, now);
  HttpResponse response = JsonOk(AccountJson(*account, views.front()).dump());
  response.headers.emplace_back("ETag", ETag(*account));
  return response;
}

HttpResponse ShowHistory(Accounts& accounts, const HttpRequest& request, Time now) {
  if (!FindVisible(accounts, request)) return NoSuchAccount(request);
  Time since = now - kHistory;
  for (const auto& [name, value] : request.query) {
    if (name != "since") return JsonError(400, "unknown parameter " + Quoted(name), name);
    const auto parsed = ParseRfc3339(value);
    if (!parsed) return JsonError(400, parsed.error().message, "since");
    since = *parsed;
  }
  std::vector<CreditChange> changes = accounts.History(KeyOf(request), since);
  const std::size_t left_out = changes.size() > kMostChanges ? changes.size() - kMostChanges : 0;
  changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(left_out));
  ordered_json list = ordered_json::array();
  for (const CreditChange& change : changes) {
    list.push_back({{"at", FormatRfc3339(change.at)},
                    {"currency", change.currency},
                    {"available_credit", change.available_credit.ToString(2)}});
  }
  return JsonOk(ordered_json{
      {"changes", std::move(list)}, {"left_out", left_out}, {"now", FormatRfc3339(now)}}
                    .dump());
}

int StatusOf(EditRefusal::Why why) {
  switch (why) {
    case EditRefusal::Why::kUnknownAccount:
      return 404;
    case EditRefusal::Why::kProvisioned:
      return 409;
    case EditRefusal::Why::kStale:
      return 412;
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

// The version that If-Match names; empty for any. Where it names none, one that no settings have:
// whoever sent it did not mean any.
std::string WantedVersion(const HttpRequest& request) {
  const auto header = request.headers.find("if-match");
  if (header == request.headers.end() || header->second == "*") return "";
  std::string_view tag = header->second;
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
  }
  return tag.empty() ? "none" : std::string(tag);
}

HttpResponse Change(Accounts& accounts, ExporterMetrics& metrics, const HttpRequest& request,
                    Time now) {
  if (auto refusal = RefuseViewer(request)) return *refusal;
  auto body = ParseEditBody(request.body);
  if (!body) {
    metrics.EditDone(/*applied=*/false);
    return JsonError(request, body.error().status, body.error().message, body.error().field);
  }
  const std::string& level = request.params.at("level");
  body->edit.level = level;
  const Editor editor = EditorOf(request);
  tl::expected<EditOutcome, EditRefusal> outcome;
  try {
    outcome = accounts.ApplyEdit({.account = KeyOf(request),
                                  .edit = body->edit,
                                  .who = editor.who,
                                  .dry_run = body->dry_run,
                                  .version = WantedVersion(request),
                                  .through = editor.through,
                                  .only_contact = editor.only_contact},
                                 now);
  } catch (const std::exception& e) {
    return NotStored(metrics, request, e);
  }
  if (!outcome) {
    metrics.EditDone(/*applied=*/false);
    const EditRefusal& refusal = outcome.error();
    const bool unknown = refusal.why == EditRefusal::Why::kUnknownAccount;
    return JsonError(request, StatusOf(refusal.why), refusal.message, unknown ? "" : refusal.field);
  }
  const bool changed = outcome->before != outcome->after;
  if (!body->dry_run) {
    metrics.EditDone(/*applied=*/true);
    log::Info("alert setting edited", {{"user", request.user},
                                       {"through", editor.through},
                                       {"provider", request.params.at("provider")},
                                       {"account_id", request.params.at("account_id")},
                                       {"level", level},
                                       {"changed", changed ? "true" : "false"}});
  }
  const auto views = accounts.Views(std::vector<AccountPtr>{outcome->after}, /*runway=*/true, now);
  HttpResponse response =
      JsonOk(ordered_json{{"before", AlertJson(*outcome->before, level)},
                          {"after", AlertAfter(*outcome->after, level)},
                          {"changed", changed},
                          {"effect", ToString(outcome->effect)},
                          {"sentence", Sentence(outcome->effect)},
                          {"dry_run", body->dry_run},
                          {"account", AccountJson(*outcome->after, views.front())}}
                 .dump());
  response.headers.emplace_back("ETag", ETag(*outcome->after));
  return response;
}

}  // namespace

Editor EditorOf(const HttpRequest& request) {
  Editor editor{.who = request.user};
  if (request.by_session) {
    editor.through = "console";
  } else if (request.Header("user-agent").starts_with("lowbalance/")) {
    editor.through = "cli";
  }
  if (request.grant.role == Role::kContact) editor.only_contact = request.grant.contact;
  return editor;
}

std::optional<HttpResponse> RefuseViewer(const HttpRequest& request) {
  if (request.grant.role != Role::kViewer) return std::nullopt;
  return JsonError(request, 403,
                   {"a viewer changes nothing; this takes an administrator, or the account's "
                    "contact",
                    "只读用户不能修改设置；需要管理员或该账户的联系人"});
}

HttpResponse NotStored(ExporterMetrics& metrics, const HttpRequest& request,
                       const std::exception& error) {
  metrics.StoreFailed();
  log::Error("edit not stored, so not applied", {{"path", request.path}, {"error", error.what()}});
  return JsonError(request, 503,
                   {"the edit could not be stored, and nothing has changed; try again later",
                    "修改未能保存，未做任何更改；请稍后再试"});
}

std::vector<AccountPtr> VisibleAccounts(const Accounts& accounts, const HttpRequest& request) {
  std::vector<AccountPtr> visible = accounts.snapshot()->accounts;
  const Editor editor = EditorOf(request);
  if (editor.only_contact) {
    std::erase_if(visible, [&](const AccountPtr& account) { return !editor.Sees(*account); });
  }
  return visible;
}

void AddAccountsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock) {
  const auto get = [&](std::string pattern, auto handler) {
    server.Route("GET", std::move(pattern), Access::kLogin,
                 [&accounts, clock, handler](const HttpRequest& request) {
                   return handler(accounts, request, clock());
                 });
  };
  get("/api/v1/accounts", List);
  get("/api/v1/accounts/summary", Summarize);
  get("/api/v1/accounts/{provider}/{account_id}", Show);
  get("/api/v1/accounts/{provider}/{account_id}/history", ShowHistory);
  server.Route(
      "PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}", Access::kLogin,
      [&accounts, &metrics, clock](const HttpRequest& request) {
        return Change(accounts, metrics, request, clock());
      },
      kMaxEditBytes);
  AddEditsApi(server, accounts, metrics, std::move(clock));
}

}  // namespace lowbalance
