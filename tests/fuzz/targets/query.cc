// What clients ask for: request targets, heads, lists of accounts, selections.

#include "base/http_message.h"
#include "base/http_routes.h"
#include "core/text.h"
#include "exporter/account_list.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

Account Named(std::string_view name) {
  Account account;
  account.memory.account = {"demo", "17"};
  account.memory.account_name = name;
  account.memory.currency = "USD";
  account.memory.available_credit = Money::FromUnits(90);
  account.memory.levels["warning"] = {
      .enabled = true, .threshold = Money::FromUnits(100), .currency = "USD"};
  account.contact = "finance";
  return account;
}

void TrySelection(std::string_view input) {
  const Account account = Named("Acme");
  const auto selection = Selection::Parse(input);
  if (!selection) {
    PROMISE(selection.error().at <= input.size());
    PROMISE_MESSAGE(ToString(selection.error()), 1000);
  } else {
    PROMISE(input.size() <= 4096);
    (void)selection->Matches(account, {});
  }
  // Any text but none can be asked for, and turned around the answer is the other one.
  if (input.empty() || input.size() > 1000 || !IsValidUtf8(input)) return;
  const Account of_this_name = Named(input);
  const auto is = Selection::Parse("name=" + SelectText(input));
  const auto is_not = Selection::Parse("!name=" + SelectText(input));
  PROMISE(is && is->Matches(of_this_name, {}));
  PROMISE(is_not && !is_not->Matches(of_this_name, {}));
  // With a further parameter a selection is as good as without.
  const auto list = ParseListQuery({{"select", std::string(input)}, {"contact", "finance"}});
  if (input.size() < 64) PROMISE_OF(input, list.has_value() == selection.has_value());
  if (list) PROMISE(!list->select.Matches(account, {}) || selection->Matches(account, {}));
}

void TryTarget(std::string_view input) {
  const auto target = ParseHttpTarget(input);
  if (!target) return PROMISE_MESSAGE(target.error().message, 200);
  PROMISE(input.starts_with('/') && !target->segments.empty());
  PROMISE(IsValidUtf8(target->path) && !HasControlCharacters(target->path));
  PROMISE(target->path.size() <= input.size() && target->segments.size() <= input.size());
  for (const auto& [name, value] : target->query) PROMISE(IsValidUtf8(name) && IsValidUtf8(value));
  HttpRoutes routes;
  routes.Add("GET", "/metrics");
  routes.Add("POST", "/api/v1/alerts");
  routes.Add("GET", "/accounts/{provider}/{id}");
  const auto match = routes.Find("GET", *target);
  if (match.found && match.index == 0) PROMISE(target->segments.front() == "metrics");
  for (const auto& [name, value] : match.params) PROMISE(!value.empty());
  const auto list = ParseListQuery(target->query);
  if (!list) return PROMISE_MESSAGE(list.error().message, 1000);
  PROMISE(list->limit >= 1 && list->offset >= 0);
  if (list->after) PROMISE(ParseCursor(Cursor(*list->after)) == *list->after);
}

void TryHead(std::string_view input) {
  auto headers = ParseHttpHeaders(input);
  if (!headers) return PROMISE(headers.error().status == 400);
  for (const char* method : {"GET", "POST", "DELETE"}) {
    const HttpRequest request{.method = method, .headers = *headers};
    const auto length = BodyLength(request, 1000);
    if (!length) {
      PROMISE(length.error().status >= 400 && length.error().status < 500);
      continue;
    }
    // What is read is what one header says, and nobody can say it in another way.
    PROMISE(*length <= 1000 && !headers->contains("transfer-encoding"));
    PROMISE(*length == 0 || headers->contains("content-length"));
    PROMISE(*length == 0 || AnnouncesBody(*headers));
  }
}

}  // namespace

void Try(std::string_view input) {
  TrySelection(input);
  TryTarget(input);
  TryTarget("/api/v1/accounts?" + std::string(input));
  TryHead(input);
}

}  // namespace lowbalance::fuzz
