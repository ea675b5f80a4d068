#include "webhook/deliveries_api.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/log.h"
#include "webhook/api_page.h"

namespace lowbalance {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Deliveries::Found& found, Language language) {
  const Message& m = found.message;
  Json json = ToJson(found.delivery, language);
  json["message_id"] = m.id;
  json["created"] = FormatRfc3339(m.created);
  json["kind"] = ToString(m.kind);
  json["number"] = m.number;
  json["provider"] = m.key.account.provider;
  json["account_id"] = m.key.account.account_id;
  json["account_name"] = m.account_name;
  json["level"] = m.key.level;
  json["contact"] = m.contact;
  json["subject"] = m.subject;
  return json;
}

HttpResponse List(Deliveries& deliveries, const HttpRequest& request) {
  const Page page = ReadPage(request);
  if (page.refusal) return *page.refusal;
  const StateQuery state = ReadState(request);
  if (state.refusal) return *state.refusal;
  auto found = deliveries.Find({.state = state.state,
                                .contact = request.grant.role == Role::kContact
                                               ? request.grant.contact
                                               : std::string(request.Query("contact")),
                                .before = page.before,
                                .limit = page.limit + 1});
  Json answer = {{"deliveries", Json::array()}};
  answer["next"] = IdJson(
      CutToPage(found, page.limit, [](const Deliveries::Found& one) { return one.delivery.id; }));
  for (const auto& one : found) answer["deliveries"].push_back(ToJson(one, request.language));
  return JsonOk(answer.dump());
}

void Log(const char* what, const Deliveries::Change& change, const HttpRequest& request) {
  const Delivery& d = change.found.delivery;
  const Message& m = change.found.message;
  log::Info(what, {{"user", request.user},
                   {"delivery", std::to_string(d.id)},
                   {"message", std::to_string(m.id)},
                   {"relay", d.relay},
                   {"provider", m.key.account.provider},
                   {"account_id", m.key.account.account_id}});
}

HttpResponse NoSuchDelivery(const HttpRequest& request) {
  return JsonError(request, 404, {"there is no such delivery", "没有这条投递"});
}

HttpResponse Answer(const HttpRequest& request, const Deliveries::Change& change) {
  if (!change.known) return NoSuchDelivery(request);
  if (change.refused) return JsonError(request, 409, change.reason);
  Json answer = {{"changed", change.changed}};
  if (!change.changed) answer["reason"] = change.reason.In(request.language);
  answer["delivery"] = ToJson(change.found, request.language);
  return JsonOk(answer.dump());
}

}  // namespace

void AddDeliveriesApi(HttpServer& server, Deliveries& deliveries, const LiveConfig& config,
                      WebhookMetrics& metrics, const Clock& clock,
                      const std::function<void()>& queued) {
  server.Route("GET", "/api/v1/deliveries", Access::kLogin,
               [&deliveries](const HttpRequest& request) { return List(deliveries, request); });
  server.Route("POST", "/api/v1/deliveries/{id}/resend", Access::kAdministrator,
               [&deliveries, &config, clock, queued](const HttpRequest& request) {
                 const auto id = ParseId(request.params.at("id"));
                 if (!id) return NoSuchDelivery(request);
                 const auto now_configured = config.Get();
                 const WebhookConfig& webhook = now_configured->webhook;
                 const auto change = deliveries.Resend(
                     *id, {.alert = webhook.alert_expiry, .reminder = webhook.reminders.every},
                     clock());
                 if (change.changed) {
                   Log("a dead letter is sent again", change, request);
                   queued();
                 }
                 return Answer(request, change);
               });
  server.Route("POST", "/api/v1/deliveries/{id}/cancel", Access::kAdministrator,
               [&deliveries, &metrics, clock](const HttpRequest& request) {
                 const auto id = ParseId(request.params.at("id"));
                 if (!id) return NoSuchDelivery(request);
                 const auto change = deliveries.Cancel(*id, clock());
                 if (change.changed) {
                   metrics.CountDeliveries(change.found.delivery.relay, "cancelled");
                   Log("a delivery is cancelled", change, request);
                 }
                 return Answer(request, change);
               });
}

}  // namespace lowbalance
