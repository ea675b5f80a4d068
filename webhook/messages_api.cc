#include "webhook/messages_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "webhook/api_page.h"

namespace lowbalance {
namespace {

// Fields in the order in which they are put in.
using Json = nlohmann::ordered_json;

Json ToJson(const Archive::Found& found, Language language) {
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
  for (const Delivery& delivery : found.deliveries) {
    json["deliveries"].push_back(ToJson(delivery, language));
  }
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

Json ToJson(const EpisodeKey& key, const Episode& episode,
            const std::optional<Outbox::LastDecision>& last, const Cadence& cadence, Time now) {
  Json decision;
  if (last) decision = {{"at", FormatRfc3339(last->at)}, {"reason", ToString(last->reason)}};
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
          {"alerted_at", InstantJson(episode.alerted_at)},
          {"last_reminder", episode.last_reminder},
          {"next_reminder", InstantJson(NextReminder(cadence, episode, now))},
          {"overdue", episode.overdue},
          {"ended", std::move(ended)},
          {"reason", ToString(episode.reason)},
          {"covered", episode.covered},
          {"heard", InstantJson(heard)},
          {"last_decision", std::move(decision)}};
}

HttpResponse ListMessages(Archive& archive, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  Archive::MessageFilter filter{.provider = std::string(request.Query("provider")),
                                .account_id = std::string(request.Query("account_id")),
                                .contact = VisibleContact(request),
                                .before = page.before,
                                .limit = page.limit + 1};
  const StateQuery state = ReadState(request);
  if (state.refusal) return *state.refusal;
  filter.state = state.state;
  auto found = archive.FindMessages(filter);
  Json answer = {{"messages", Json::array()}};
  answer["next"] = IdJson(
      CutToPage(found, page.limit, [](const Archive::Found& one) { return one.message.id; }));
  for (const auto& one : found) answer["messages"].push_back(ToJson(one, request.language));
  return JsonOk(answer.dump());
}

HttpResponse ShowMessage(Archive& archive, const HttpRequest& request) {
  const auto id = ParseId(request.params.at("id"));
  const auto found = id ? archive.FindMessage(*id) : std::nullopt;
  if (!found || !Sees(request, found->message.contact)) {
    return JsonError(request, 404, {"there is no such message", "没有这条消息"});
  }
  Json answer = ToJson(*found, request.language);
  answer["text"] = found->message.text;
  return JsonOk(answer.dump());
}

// Whose inboxes the request may read; nothing means all.
std::vector<std::string> VisibleRecipients(const Config& config, const HttpRequest& request) {
  if (request.grant.role != Role::kContact) return {};
  for (const Contact& contact : config.contacts) {
    if (contact.name == request.grant.contact && !contact.internal.empty()) return contact.internal;
  }
  return {""};  // Nobody's.
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

HttpResponse ListInbox(Archive& archive, const Config& config, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  const std::vector<std::string> visible = VisibleRecipients(config, request);
  Archive::InboxFilter filter{
      .recipients = visible, .before = page.before, .limit = page.limit + 1};
  if (const std::string wanted(request.Query("recipient")); !wanted.empty()) {
    filter.recipients = {visible.empty() || Contains(visible, wanted) ? wanted : ""};
  }
  auto found = archive.FindInbox(filter);
  Json answer = {{"messages", Json::array()}};
  answer["next"] =
      IdJson(CutToPage(found, page.limit, [](const InboxEntry& entry) { return entry.id; }));
  for (const auto& entry : found) answer["messages"].push_back(ToJson(entry));
  int unread = 0;
  answer["recipients"] = Json::array();
  for (const Archive::Recipient& recipient : archive.FindRecipients()) {
    if (!visible.empty() && !Contains(visible, recipient.name)) continue;
    answer["recipients"].push_back(recipient.name);
    if (filter.recipients.empty() || Contains(filter.recipients, recipient.name)) {
      unread += recipient.unread;
    }
  }
  answer["unread"] = unread;
  return JsonOk(answer.dump());
}

HttpResponse MarkRead(Archive& archive, const Config& config, const HttpRequest& request) {
  if (request.grant.role == Role::kViewer) {
    return JsonError(request, 403, {"a viewer changes nothing", "只读用户不能修改任何内容"});
  }
  const auto id = ParseId(request.params.at("id"));
  if (!id || !archive.MarkRead(*id, VisibleRecipients(config, request))) {
    return JsonError(request, 404, {"there is no such internal message", "没有这条站内信"});
  }
  return JsonOk(Json({{"id", *id}, {"read", true}}).dump());
}

// An account is a contact's own where the latest alert says so, whether or not anything was sent
// yet, and where the contact was told of it, which is all that is known after a start.
bool SeesAccount(Archive& archive, const Outbox& outbox, const Config& config,
                 const HttpRequest& request, const AccountKey& account,
                 const EpisodesByLevel& levels) {
  if (request.grant.role != Role::kContact) return true;
  for (const auto& [level, episode] : levels) {
    const auto last = outbox.FindLastDecision({account, level});
    if (!last || !last->contact) continue;
    const Contact* const contact = config.FindContact(*last->contact);
    if (contact != nullptr && contact->name == request.grant.contact) return true;
  }
  return !archive
              .FindMessages({.provider = account.provider,
                             .account_id = account.account_id,
                             .contact = request.grant.contact,
                             .limit = 1})
              .empty();
}

HttpResponse ListEpisodes(Archive& archive, const Outbox& outbox, const Config& config,
                          const HttpRequest& request, Time now) {
  const Cadence& cadence = config.webhook.reminders;
  Json answer = {{"episodes", Json::array()},
                 {"cadence",
                  {{"every_seconds", static_cast<double>(cadence.every.count()) / 1000},
                   {"at_most", cadence.at_most},
                   {"stop_when_overdue", cadence.stop_when_overdue}}}};
  const Episodes found = outbox.Find(request.Query("provider"), request.Query("account_id"));
  for (const auto& [account, levels] : found) {
    if (!SeesAccount(archive, outbox, config, request, account, levels)) continue;
    for (const auto& [level, episode] : levels) {
      const EpisodeKey key{account, level};
      answer["episodes"].push_back(
          ToJson(key, episode, outbox.FindLastDecision(key), cadence, now));
    }
  }
  return JsonOk(answer.dump());
}

HttpResponse ListBadAlerts(Archive& archive, const HttpRequest& request) {
  if (request.grant.role == Role::kContact) {
    return JsonError(request, 403,
                     {"a contact sees its own messages alone", "联系人只能查看自己的消息"});
  }
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  Json answer = {{"bad_alerts", Json::array()}};
  for (const StoredBadAlert& bad : archive.FindBadAlerts(page.limit)) {
    answer["bad_alerts"].push_back({{"labels", Json::parse(bad.labels)},
                                    {"reason", ToString(Reason::kBadFacts)},
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
  get("/api/v1/inbox", [&archive, &config](const HttpRequest& request) {
    return ListInbox(archive, *config.Get(), request);
  });
  get("/api/v1/bad-alerts",
      [&archive](const HttpRequest& request) { return ListBadAlerts(archive, request); });
  get("/api/v1/episodes", [&archive, &outbox, &config, clock](const HttpRequest& request) {
    return ListEpisodes(archive, outbox, *config.Get(), request, clock());
  });
  server.Route("POST", "/api/v1/inbox/{id}/read", Access::kLogin,
               [&archive, &config](const HttpRequest& request) {
                 return MarkRead(archive, *config.Get(), request);
               });
}

}  // namespace lowbalance
