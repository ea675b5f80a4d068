#include "webhook/messages_api.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

// Fields in the order in which they are put in.
using Json = nlohmann::ordered_json;

constexpr int kLimitDefault = 100;
constexpr int kLimitMax = 1000;

Json Instant(const std::optional<Time>& at) { return at ? Json(FormatRfc3339(*at)) : Json(); }

std::optional<std::int64_t> ParseId(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// The parameters that lists share. On a mistake `refusal` is the answer.
struct Page {
  int limit = kLimitDefault;
  std::optional<std::int64_t> before;
  std::optional<HttpResponse> refusal;
};

Page ReadPage(const HttpRequest& request) {
  Page page;
  if (const std::string_view text = request.Query("limit"); !text.empty()) {
    const auto limit = ParseId(text);
    if (!limit || *limit < 1 || *limit > kLimitMax) {
      page.refusal = JsonError(400, "must be a number from 1 to 1000: " + Quoted(text), "limit");
      return page;
    }
    page.limit = static_cast<int>(*limit);
  }
  if (const std::string_view text = request.Query("before"); !text.empty()) {
    page.before = ParseId(text);
    if (!page.before) page.refusal = JsonError(400, "not an id: " + Quoted(text), "before");
  }
  return page;
}

// One more than a page holds is asked for, to see whether there is a next one.
template <class T>
Json CutToPage(std::vector<T>& found, int limit, std::int64_t (*id_of)(const T&)) {
  if (found.size() <= static_cast<std::size_t>(limit)) return {};
  found.resize(static_cast<std::size_t>(limit));
  return id_of(found.back());
}

Json ToJson(const Delivery& d) {
  const bool pending = d.state == DeliveryState::kPending;
  return {{"id", d.id},
          {"relay", d.relay},
          {"recipient", d.recipient},
          {"state", ToString(d.state)},
          {"attempts", d.attempts},
          {"last_error", d.last_error},
          {"next_attempt", Instant(pending ? std::optional(d.next_attempt) : std::nullopt)},
          {"finished", Instant(d.finished)}};
}

Json ToJson(const Archive::Found& found) {
  const Message& m = found.message;
  Json json = {{"id", m.id},
               {"created", FormatRfc3339(m.created)},
               {"kind", ToString(m.kind)},
               {"number", m.number},
               {"provider", m.key.account.provider},
               {"account_id", m.key.account.account_id},
               {"account_name", m.account_name},
               {"level", m.key.level},
               {"currency", m.currency},
               {"available_credit", m.available_credit.ToString(2)},
               {"threshold", m.threshold.ToString(2)},
               {"low_since", FormatRfc3339(m.low_since)},
               {"contact", m.contact},
               {"subject", m.subject}};
  if (!IsAboutAccount(m.kind)) {
    for (const char* const field : {"provider", "account_id", "account_name", "level", "currency",
                                    "available_credit", "threshold", "low_since"}) {
      json[field] = nullptr;
    }
  }
  json["deliveries"] = Json::array();
  for (const Delivery& delivery : found.deliveries) json["deliveries"].push_back(ToJson(delivery));
  return json;
}

Json ToJson(const InboxEntry& entry) {
  return {{"id", entry.id},
          {"at", FormatRfc3339(entry.at)},
          {"recipient", entry.recipient},
          {"title", entry.title},
          {"text", entry.text},
          {"read", entry.read},
          {"message_id", entry.message_id}};
}

Json ToJson(const EpisodeKey& key, const Episode& episode, const Cadence& cadence, Time now) {
  Json ended;
  if (episode.ended) {
    ended = {{"at", FormatRfc3339(episode.ended->at)}, {"reason", ToString(episode.ended->reason)}};
  }
  // An episode of which only the end was heard has no evaluation.
  const std::optional<Time> heard =
      episode.newest_evaluation == Time{} ? std::nullopt : std::optional(episode.newest_evaluation);
  return {{"provider", key.account.provider},
          {"account_id", key.account.account_id},
          {"level", key.level},
          {"low_since", FormatRfc3339(episode.low_since)},
          {"alerted_at", Instant(episode.alerted_at)},
          {"last_reminder", episode.last_reminder},
          {"next_reminder", Instant(NextReminder(cadence, episode, now))},
          {"overdue", episode.overdue},
          {"ended", std::move(ended)},
          {"reason", ToString(episode.reason)},
          {"covered", episode.covered},
          {"heard", Instant(heard)}};
}

HttpResponse ListMessages(Archive& archive, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  Archive::MessageFilter filter{.provider = std::string(request.Query("provider")),
                                .account_id = std::string(request.Query("account_id")),
                                .before = page.before,
                                .limit = page.limit + 1};
  if (const std::string_view text = request.Query("state"); !text.empty()) {
    filter.state = ParseDeliveryState(text);
    if (!filter.state) {
      return JsonError(400, "must be pending, delivered, dead or cancelled: " + Quoted(text),
                       "state");
    }
  }
  auto found = archive.FindMessages(filter);
  Json answer = {{"messages", Json::array()}};
  answer["next"] = CutToPage<Archive::Found>(
      found, page.limit, [](const Archive::Found& one) { return one.message.id; });
  for (const auto& one : found) answer["messages"].push_back(ToJson(one));
  return JsonOk(answer.dump());
}

HttpResponse ShowMessage(Archive& archive, const HttpRequest& request) {
  const auto id = ParseId(request.params.at("id"));
  const auto found = id ? archive.FindMessage(*id) : std::nullopt;
  if (!found) return JsonError(404, "there is no such message");
  Json answer = ToJson(*found);
  answer["text"] = found->message.text;
  return JsonOk(answer.dump());
}

HttpResponse ListInbox(Archive& archive, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  auto found = archive.FindInbox({.recipient = std::string(request.Query("recipient")),
                                  .before = page.before,
                                  .limit = page.limit + 1});
  Json answer = {{"messages", Json::array()}};
  answer["next"] =
      CutToPage<InboxEntry>(found, page.limit, [](const InboxEntry& entry) { return entry.id; });
  for (const auto& entry : found) answer["messages"].push_back(ToJson(entry));
  return JsonOk(answer.dump());
}

HttpResponse MarkRead(Archive& archive, const HttpRequest& request) {
  const auto id = ParseId(request.params.at("id"));
  if (!id || !archive.MarkRead(*id)) return JsonError(404, "there is no such internal message");
  return JsonOk(Json({{"id", *id}, {"read", true}}).dump());
}

HttpResponse ListEpisodes(const Outbox& outbox, const Cadence& cadence, const HttpRequest& request,
                          Time now) {
  Json answer = {{"episodes", Json::array()}};
  const Episodes found = outbox.Find(request.Query("provider"), request.Query("account_id"));
  for (const auto& [account, levels] : found) {
    for (const auto& [level, episode] : levels) {
      answer["episodes"].push_back(ToJson({account, level}, episode, cadence, now));
    }
  }
  return JsonOk(answer.dump());
}

HttpResponse ListBadAlerts(Archive& archive, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  Json answer = {{"bad_alerts", Json::array()}};
  for (const StoredBadAlert& bad : archive.FindBadAlerts(page.limit)) {
    answer["bad_alerts"].push_back({{"labels", Json::parse(bad.labels)},
                                    {"facts", bad.facts},
                                    {"error", bad.error},
                                    {"first_seen", FormatRfc3339(bad.first_seen)},
                                    {"last_seen", FormatRfc3339(bad.last_seen)},
                                    {"times", bad.times}});
  }
  return JsonOk(answer.dump());
}

}  // namespace

void AddMessagesApi(HttpServer& server, Archive& archive, const Outbox& outbox,
                    const LiveConfig& config, const Clock& clock) {
  const auto get = [&server](std::string pattern, HttpServer::Handler handler) {
    server.Route("GET", std::move(pattern), Access::kLogin, std::move(handler));
  };
  get("/api/v1/messages",
      [&archive](const HttpRequest& request) { return ListMessages(archive, request); });
  get("/api/v1/messages/{id}",
      [&archive](const HttpRequest& request) { return ShowMessage(archive, request); });
  get("/api/v1/inbox",
      [&archive](const HttpRequest& request) { return ListInbox(archive, request); });
  get("/api/v1/bad-alerts",
      [&archive](const HttpRequest& request) { return ListBadAlerts(archive, request); });
  get("/api/v1/episodes", [&outbox, &config, clock](const HttpRequest& request) {
    return ListEpisodes(outbox, config.Get()->webhook.reminders, request, clock());
  });
  server.Route("POST", "/api/v1/inbox/{id}/read", Access::kLogin,
               [&archive](const HttpRequest& request) { return MarkRead(archive, request); });
}

}  // namespace lowbalance
