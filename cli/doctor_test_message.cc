#include "cli/doctor_test_message.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/doctor_json.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr std::string_view kCheck = "test message";
constexpr Millis kPause = std::chrono::milliseconds{200};

// Of the contact's newest test message.
std::vector<json> Deliveries(const ApiClient& webhook, const std::string& contact) {
  const auto response = webhook.Send(
      "GET",
      "/api/v1/messages" + QueryString({{"contact", contact}, {"kind", "test"}, {"limit", "1"}}));
  if (!response || response->status != 200) return {};
  const auto messages = Items(ParseJson(response->body), "messages");
  return messages.empty() ? std::vector<json>() : Items(messages.front(), "deliveries");
}

}  // namespace

void SendTestMessage(const ApiClient& webhook, const std::string& contact, Millis timeout,
                     Findings& findings) {
  const auto deadline = Steady::now() + timeout;
  const auto sent =
      webhook.Send("POST", "/api/v1/contacts/" + PercentEncode(contact) + "/test", "{}");
  if (!sent || sent->status != 200) {
    findings.Fail(kCheck, sent ? Complaint(*sent) : sent.error().message,
                  "give an administrator's --user, and the name of a contact");
    return;
  }
  std::string waiting;
  std::string arrived;
  while (true) {
    waiting.clear();
    arrived.clear();
    for (const json& delivery : Deliveries(webhook, contact)) {
      std::string& list = Text(delivery, "state") == "delivered" ? arrived : waiting;
      list += (list.empty() ? "" : ", ") + Text(delivery, "recipient");
      const std::string error = Text(delivery, "last_error");
      if (&list == &waiting && !error.empty()) list += " (" + error + ")";
    }
    if (waiting.empty() && !arrived.empty()) {
      findings.Ok(kCheck, "arrived: " + arrived);
      return;
    }
    if (Steady::now() + kPause > deadline) break;
    std::this_thread::sleep_for(kPause);
  }
  findings.Fail(
      kCheck,
      waiting.empty() ? "the webhook lists no delivery of it" : "has not arrived: " + waiting,
      "lowbalance messages deliveries --contact " + contact);
}

}  // namespace lowbalance::cli
