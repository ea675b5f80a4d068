// The accounts API's part about many accounts at once, and about the audit of edits.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/log.h"
#include "core/text.h"
#include "exporter/account_list.h"
#include "exporter/accounts_api.h"
#include "exporter/edit_json.h"
#include "exporter/settings_csv.h"

namespace lowbalance {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxBulkBytes = 32U << 20U;
constexpr int kMostEdits = 1000;        // In a page of the audit,
constexpr int kMostCsvEdits = 100'000;  // and in an export.

// That of all visible accounts; empty if there are several.
std::string OnlyProvider(const std::vector<AccountPtr>& accounts) {
  std::set<std::string_view> providers;
  for (const AccountPtr& account : accounts) providers.insert(account->memory.account.provider);
  return providers.size() == 1 ? std::string(*providers.begin()) : "";
}

int StatusOf(const BulkOutcome& outcome) {
  if (outcome.moved) return 409;
  const auto& items = outcome.plan.items;
  const bool stale = std::any_of(items.begin(), items.end(), [](const BulkItem& item) {
    return item.outcome == BulkItem::Outcome::kRefused &&
           item.refusal.why == EditRefusal::Why::kStale;
  });
  return stale ? 409 : 422;
}

HttpResponse EditMany(Accounts& accounts, ExporterMetrics& metrics, const HttpRequest& request,
                      Time now) {
  if (auto refusal = RefuseViewer(request)) return *refusal;
  auto body = ParseBulkBody(request.body, OnlyProvider(VisibleAccounts(accounts, request)));
  if (!body) {
    metrics.EditDone(/*applied=*/false);
    return JsonError(request, body.error().status, body.error().message, body.error().field);
  }
  if (!body->csv_mistakes.empty()) {
    metrics.EditDone(/*applied=*/false);
    HttpResponse response = JsonOk(CsvMistakesJson(body->csv_mistakes, request.language).dump());
    response.status = 422;
    return response;
  }
  BulkOutcome outcome;
  try {
    outcome = accounts.ApplyBulk({.edit = std::move(body->edit),
                                  .editor = EditorOf(request),
                                  .dry_run = body->dry_run,
                                  .basis = body->basis},
                                 now);
  } catch (const std::exception& e) {
    return NotStored(metrics, request, e);
  }
  HttpResponse response =
      JsonOk(BulkJson(outcome, body->dry_run, body->limit, request.language).dump());
  if (body->dry_run) return response;
  metrics.EditDone(outcome.applied);
  if (!outcome.applied) response.status = StatusOf(outcome);
  log::Info("alert settings edited",
            {{"user", request.user},
             {"through", EditorOf(request).through},
             {"applied", outcome.applied ? "true" : "false"},
             {"changed", std::to_string(outcome.applied ? outcome.plan.changed : 0)},
             {"refused", std::to_string(outcome.plan.refused)}});
  return response;
}

// A file for people to save under a name of its own. Excel takes it for UTF-8 only if it begins
// with a byte order mark. That is for what people save out of the console: in a pipe it would
// become part of the first column's name.
HttpResponse CsvFile(const HttpRequest& request, std::string csv, const std::string& name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (request.by_session) csv.insert(0, kByteOrderMark);
  HttpResponse response{.content_type = "text/csv; charset=utf-8", .body = std::move(csv)};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + "\"");
  return response;
}

HttpResponse ExportSettings(Accounts& accounts, const HttpRequest& request, Time now) {
  const auto query = ParseListQuery(request.query);
  if (!query) return JsonError(400, query.error().message, query.error().field);
  const std::vector<AccountPtr> visible = VisibleAccounts(accounts, request);
  const auto views = accounts.Views(visible, query->NeedsRunway(), now);
  std::vector<AccountPtr> matching;
  for (const std::size_t i : SortedMatches(*query, visible, views)) matching.push_back(visible[i]);
  return CsvFile(request, SettingsCsv(matching), "settings.csv");
}

// What is wrong with the parameter, or nothing.
std::string TakeFilter(const std::string& name, const std::string& value, int most,
                       EditFilter* filter) {
  const auto number = [&value](std::int64_t least, std::int64_t limit, std::int64_t* to) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *to);
    const bool well =
        error == std::errc() && end == value.data() + value.size() && *to >= least && *to <= limit;
    return well ? ""
                : "expected a number from " + std::to_string(least) + " to " +
                      std::to_string(limit) + ", seen " + Quoted(value);
  };
  if (name == "limit") {
    std::int64_t limit = 0;
    std::string wrong = number(1, most, &limit);
    filter->limit = static_cast<int>(limit);
    return wrong;
  }
  if (name == "before") return number(0, INT64_MAX, &filter->before.emplace());
  if (name == "since" || name == "until") {
    const auto at = ParseRfc3339(value);
    if (!at) return at.error().message;
    (name == "since" ? filter->since : filter->until) = *at;
    return "";
  }
  for (const auto& [known, member] : {std::pair{"provider", &EditFilter::provider},
                                      {"account_id", &EditFilter::account_id},
                                      {"who", &EditFilter::who},
                                      {"through", &EditFilter::through}}) {
    if (name != known) continue;
    filter->*member = value;
    return value.empty() ? "empty" : "";
  }
  return "unknown parameter " + Quoted(name);
}

// The edits that the request asks for and may see, and one more if there are more.
std::vector<EditRecord> Find(Accounts& accounts, const HttpRequest& request, EditFilter filter) {
  const Editor editor = EditorOf(request);
  const int wanted = filter.limit + 1;
  if (!editor.only_contact) {
    filter.limit = wanted;
    return accounts.Edits(filter);
  }
  const auto snapshot = accounts.snapshot();
  std::vector<EditRecord> found;
  filter.limit = std::max(wanted, kMostEdits);
  while (found.size() < static_cast<std::size_t>(wanted)) {
    const std::vector<EditRecord> some = accounts.Edits(filter);
    for (const EditRecord& edit : some) {
      const AccountPtr account = snapshot->Find(edit.account);
      if (account && editor.Sees(*account)) found.push_back(edit);
    }
    if (some.size() < static_cast<std::size_t>(filter.limit)) break;
    filter.before = some.back().id;
  }
  if (found.size() > static_cast<std::size_t>(wanted)) {
    found.resize(static_cast<std::size_t>(wanted));
  }
  return found;
}

HttpResponse ShowEdits(Accounts& accounts, const HttpRequest& request, bool csv) {
  EditFilter filter{.limit = csv ? kMostCsvEdits : 100};
  for (const auto& [name, value] : request.query) {
    const std::string wrong = TakeFilter(name, value, csv ? kMostCsvEdits : kMostEdits, &filter);
    if (!wrong.empty()) return JsonError(400, wrong, name);
  }
  std::vector<EditRecord> found = Find(accounts, request, filter);
  const bool more = found.size() > static_cast<std::size_t>(filter.limit);
  if (more) found.pop_back();
  if (csv) return CsvFile(request, EditsCsv(found), "edits.csv");
  ordered_json list = ordered_json::array();
  for (const EditRecord& edit : found) list.push_back(EditJson(edit));
  ordered_json next = nullptr;
  if (more) next = found.back().id;
  return JsonOk(ordered_json{{"edits", std::move(list)}, {"next", std::move(next)}}.dump());
}

}  // namespace

void AddEditsApi(HttpServer& server, Accounts& accounts, ExporterMetrics& metrics, Clock clock) {
  server.Route(
      "POST", "/api/v1/accounts/edits", Access::kLogin,
      [&accounts, &metrics, clock](const HttpRequest& request) {
        return EditMany(accounts, metrics, request, clock());
      },
      kMaxBulkBytes);
  server.Route("GET", "/api/v1/settings.csv", Access::kLogin,
               [&accounts, clock = std::move(clock)](const HttpRequest& request) {
                 return ExportSettings(accounts, request, clock());
               });
  server.Route("GET", "/api/v1/edits", Access::kLogin, [&accounts](const HttpRequest& request) {
    return ShowEdits(accounts, request, /*csv=*/false);
  });
  server.Route("GET", "/api/v1/edits.csv", Access::kLogin, [&accounts](const HttpRequest& request) {
    return ShowEdits(accounts, request, /*csv=*/true);
  });
}

}  // namespace lowbalance
