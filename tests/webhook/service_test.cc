#include "webhook/service.h"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/base/documented_routes.h"
#include "tests/base/temp_folder.h"
#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

struct Reply {
  long status = 0;
  std::string body;
  [[nodiscard]] Json json() const { return Json::parse(body); }
};

std::size_t Append(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<std::string*>(user)->append(data, size * count);
  return size * count;
}

// The whole service on a port of its own. Logins are admin:pw, the token is s3cret.
class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    config_ = SomeConfig(folder_);
    config_.webhook.server.listen_address = "127.0.0.1:0";
    config_.webhook.server.web_config_file =
        folder_.Write("web.yml",
                      "basic_auth_users:\n"
                      "  admin: $2b$04$.67X3Ibw1yJZhsdUzJ/Wketn8qEfJlajnQC7bF.UEwiH6H39HulTC\n");
    config_.webhook.bearer_token_file = folder_.Write("token", "s3cret\n");
    config_.webhook.max_body_bytes = 100'000;
    Start();
  }
  void Start() {
    service_.emplace(config_, WebhookService::Options{.clock = [this] { return now_.load(); },
                                                      .load_config = [this] { return reloaded_; },
                                                      .stop_waiting = [] { return true; }});
    port_ = service_->Start();
  }

  Reply Ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& authorization = "Basic YWRtaW46cHc=") const {
    Reply reply;
    CURL* const curl = curl_easy_init();
    const std::string url = "http://127.0.0.1:" + std::to_string(port_) + path;
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (!authorization.empty()) {
      headers = curl_slist_append(headers, ("Authorization: " + authorization).c_str());
    }
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, static_cast<void*>(&reply.body));
    EXPECT_EQ(curl_easy_perform(curl), CURLE_OK) << path;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return reply;
  }
  Reply Notify(const std::vector<Alert>& alerts, const std::string& token = "Bearer s3cret") const {
    return Ask("POST", "/api/v1/alerts", Body(alerts), token);
  }
  Json Get(const std::string& path) const {
    const Reply reply = Ask("GET", path);
    EXPECT_EQ(reply.status, 200) << path << " " << reply.body;
    return reply.json();
  }
  std::string GetMetrics() const { return Ask("GET", "/metrics").body; }
  // Until nothing is pending; the loops do it within milliseconds.
  void WaitUntilDelivered() const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (GetMetrics().find("\nlowbalance_webhook_pending_deliveries 0\n") == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
  void Sql(const std::string& statement) const {
    soci::session sql(soci::sqlite3, "db=" + (folder_.path() / "webhook.db").string());
    sql << statement;
  }
  std::size_t MailCount() const {
    std::size_t count = 0;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "mail", none)) {
      if (entry.path().extension() == ".eml") ++count;
    }
    return count;
  }

  TempFolder folder_;
  Config config_;
  ConfigResult reloaded_;
  std::atomic<Time> now_{kStart};
  std::optional<WebhookService> service_;
  std::uint16_t port_ = 0;
};

TEST_F(ServiceTest, DocumentsEveryRouteOfItsApi) {
  const auto served = ApiRoutes(service_->Routes());
  EXPECT_GT(served.size(), 10);
  EXPECT_EQ(served, DocumentedRoutes(LOWBALANCE_SOURCE_DIR "/docs/openapi/webhook.yaml"));
}

TEST_F(ServiceTest, AMessageAboutNoAccountHasNone) {
  Sql("INSERT INTO messages VALUES (1, 1763881920000, '', '', '', 1763881920000, 'watchdog', 0, "
      "'', '', 0, 0, 'finance', 'Nothing heard', 'text', 'html', 'internal')");
  Json message = Get("/api/v1/messages")["messages"][0];
  EXPECT_EQ(message, Json::parse(R"({
    "id": 1, "created": "2025-11-23T07:12:00Z", "kind": "watchdog", "number": 0, "provider": null,
    "account_id": null, "account_name": null, "level": null, "currency": null,
    "available_credit": null, "threshold": null, "low_since": null, "contact": "finance",
    "subject": "Nothing heard", "deliveries": []})"));
}

TEST_F(ServiceTest, WhatWasSentLongAgoIsForgotten) {
  for (const std::string id_and_created : {"1, 1700000000000", "2, 1763881920000"}) {
    Sql("INSERT INTO messages VALUES (" + id_and_created + ", '', '', '', " +
        id_and_created.substr(3) +
        ", 'test', 0, '', '', 0, 0, 'finance', 'Subject', 'text', 'html', 'internal')");
  }
  service_.reset();
  Start();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (Get("/api/v1/messages")["messages"].size() == 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  EXPECT_EQ(Get("/api/v1/messages")["messages"][0]["id"], 2);
}

TEST_F(ServiceTest, ANotificationBecomesMailAndInboxAndCanBeLookedAt) {
  Alert bad = ToAlert(LowFacts());
  bad.labels["account_id"] = "16";
  bad.annotations.clear();
  Facts facts = LowFacts();
  facts.account_name = "生产 \"main\"";
  EXPECT_EQ(Notify({ToAlert(facts), bad}).status, 200);
  WaitUntilDelivered();
  EXPECT_EQ(MailCount(), 2U);

  const Json messages = Get("/api/v1/messages");
  EXPECT_EQ(messages["next"], nullptr);
  ASSERT_EQ(messages["messages"].size(), 1U);
  Json message = messages["messages"][0];
  Json deliveries = message["deliveries"];
  message.erase("deliveries");
  EXPECT_EQ(message, Json::parse(R"({
    "id": 1, "created": "2025-11-23T07:12:00Z", "kind": "alert", "number": 0, "provider": "demo",
    "account_id": "17", "account_name": "生产 \"main\"", "level": "warning", "currency": "USD",
    "available_credit": "90.00", "threshold": "100.00", "low_since": "2025-11-23T07:12:00Z",
    "contact": "finance",
    "subject": "Low balance: 生产 \"main\" (17) has 90.00 USD, below 100.00 USD"})"));
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_EQ(deliveries[0], Json::parse(R"({
    "id": 1, "relay": "email", "recipient": "a@example.com", "state": "delivered", "attempts": 1,
    "last_error": "", "next_attempt": null, "finished": "2025-11-23T07:12:00Z"})"));
  EXPECT_EQ(deliveries[2]["relay"], "internal");

  const Json one = Get("/api/v1/messages/1");
  EXPECT_EQ(one["subject"], message["subject"]);
  EXPECT_THAT(one["text"].get<std::string>(), HasSubstr("Available credit: 90.00 USD"));
  EXPECT_EQ(Ask("GET", "/api/v1/messages/2").status, 404);
  EXPECT_EQ(Ask("GET", "/api/v1/messages/x").status, 404);

  Json inbox = Get("/api/v1/inbox?recipient=finance")["messages"];
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_EQ(inbox[0]["title"], message["subject"]);
  EXPECT_THAT(inbox[0]["text"].get<std::string>(), HasSubstr("\nAvailable credit: 90.00 USD\n"));
  EXPECT_THAT(inbox[0]["text"].get<std::string>(), Not(HasSubstr("reply"))) << "a form of its own";
  EXPECT_EQ(inbox[0]["read"], false);
  EXPECT_EQ(inbox[0]["message_id"], 1);
  EXPECT_EQ(Get("/api/v1/inbox?recipient=nobody")["messages"], Json::array());
  EXPECT_EQ(Ask("POST", "/api/v1/inbox/1/read").status, 200);
  EXPECT_EQ(Ask("POST", "/api/v1/inbox/9/read").status, 404);
  EXPECT_EQ(Get("/api/v1/inbox")["messages"][0]["read"], true);

  EXPECT_EQ(Get("/api/v1/episodes?provider=demo&account_id=17")["episodes"], Json::parse(R"([{
    "provider": "demo", "account_id": "17", "level": "warning",
    "low_since": "2025-11-23T07:12:00Z", "alerted_at": "2025-11-23T07:12:00Z",
    "last_reminder": 0, "next_reminder": "2025-11-24T07:12:00Z", "overdue": false, "ended": null,
    "reason": "alert", "covered": false, "heard": "2025-11-23T07:12:00Z",
    "last_decision": {"at": "2025-11-23T07:12:00Z", "reason": "alert"}}])"));
  EXPECT_EQ(Get("/api/v1/episodes?account_id=18")["episodes"], Json::array());

  const Json kept = Get("/api/v1/bad-alerts")["bad_alerts"];
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0]["labels"]["account_id"], "16");
}

TEST_F(ServiceTest, AnEndIsSeenInTheApi) {
  Notify({ToAlert(LowFacts())});
  now_ = kStart + 1h;
  Notify({ToAlert(EndedFacts(kStart + 1h, kStart + 1h, EndReason::kDisabled))});
  const Json episode = Get("/api/v1/episodes")["episodes"].at(0);
  EXPECT_EQ(episode["ended"],
            Json::parse(R"({"at": "2025-11-23T08:12:00Z", "reason": "disabled"})"));
  EXPECT_EQ(episode["reason"], "disabled");
  EXPECT_EQ(episode["next_reminder"], nullptr);
}

TEST_F(ServiceTest, ListsComeInPages) {
  std::vector<Alert> alerts;
  for (int i = 0; i < 5; ++i) {
    Facts facts = LowFacts();
    facts.account.account_id = std::to_string(i % 2);
    facts.account.provider = std::string(1, static_cast<char>('a' + i));
    alerts.push_back(ToAlert(facts));
  }
  Notify(alerts);
  WaitUntilDelivered();
  for (const char* const list : {"/api/v1/messages", "/api/v1/inbox"}) {
    std::vector<int> ids;
    Json next;
    int pages = 0;
    do {
      const Json page =
          Get(std::string(list) + "?limit=2" + (next.is_null() ? "" : "&before=" + next.dump()));
      for (const Json& one : page["messages"]) ids.push_back(one["id"]);
      next = page["next"];
    } while (!next.is_null() && ++pages < 10);
    EXPECT_THAT(ids, testing::ElementsAre(5, 4, 3, 2, 1)) << list;
  }
  EXPECT_EQ(Get("/api/v1/messages?account_id=1")["messages"].size(), 2U);
  EXPECT_EQ(Get("/api/v1/messages?account_id=1&provider=b")["messages"].size(), 1U);
  EXPECT_EQ(Get("/api/v1/messages?state=delivered")["messages"].size(), 5U);
  EXPECT_EQ(Get("/api/v1/messages?state=dead")["messages"].size(), 0U);
  for (const char* const wrong : {"limit=0", "limit=1001", "limit=x", "limit=-1", "before=x"}) {
    const Reply reply = Ask("GET", std::string("/api/v1/messages?") + wrong);
    EXPECT_EQ(reply.status, 400) << wrong;
    EXPECT_TRUE(reply.json()["error"].contains("field"));
  }
  EXPECT_EQ(Ask("GET", "/api/v1/messages?state=gone").status, 400);
}

TEST_F(ServiceTest, LetsInWhoMayComeIn) {
  EXPECT_EQ(Notify({}, "").status, 401);
  EXPECT_EQ(Notify({}, "Bearer wrong").status, 401);
  EXPECT_EQ(Notify({}, "Basic YWRtaW46cHc=").status, 401);
  EXPECT_EQ(Notify({}).status, 200);
  EXPECT_EQ(Ask("POST", "/api/v1/alerts", std::string(100'001, ' '), "Bearer s3cret").status, 413);
  EXPECT_EQ(Ask("POST", "/api/v1/alerts", "{}", "Bearer s3cret").status, 400);
  for (const char* const path :
       {"/api/v1/messages", "/api/v1/messages/1", "/api/v1/inbox", "/api/v1/episodes",
        "/api/v1/bad-alerts", "/api/v1/deliveries", "/metrics"}) {
    EXPECT_EQ(Ask("GET", path, "", "").status, 401) << path;
    EXPECT_EQ(Ask("GET", path, "", "Bearer s3cret").status, 401) << path;
  }
  for (const char* const path :
       {"/api/v1/inbox/1/read", "/api/v1/deliveries/1/resend", "/api/v1/deliveries/1/cancel"}) {
    EXPECT_EQ(Ask("POST", path, "", "").status, 401) << path;
    EXPECT_EQ(Ask("POST", path, "{}", "Bearer s3cret").status, 401) << path;
  }
  EXPECT_EQ(Ask("POST", "/-/reload", "", "").status, 401);
  for (const char* const path : {"/", "/-/healthy", "/-/ready"}) {
    EXPECT_EQ(Ask("GET", path, "", "").status, 200) << path;
  }
  const std::string metrics = GetMetrics();
  EXPECT_THAT(metrics, HasSubstr("lowbalance_webhook_notifications_total{code=\"401\"} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("lowbalance_webhook_notifications_total{code=\"413\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("lowbalance_webhook_notifications_total{code=\"400\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("lowbalance_webhook_notifications_total{code=\"200\"} 1\n"));
}

TEST_F(ServiceTest, DeliveriesCanBeLookedAtSentAgainAndCancelled) {
  service_.reset();
  config_.webhook.email.url = "smtp://127.0.0.1:1";  // Nobody is there.
  config_.webhook.email.tls = "off";
  config_.webhook.alert_expiry = 1h;
  Start();
  Notify({ToAlert(LowFacts())});
  const auto wait_for = [this](const std::string& query, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (Get("/api/v1/deliveries?" + query)["deliveries"].size() != count) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << query;
      std::this_thread::sleep_for(10ms);
    }
  };
  wait_for("state=delivered", 1);  // The internal one.
  now_ = kStart + 2h;
  service_.reset();
  Start();
  wait_for("state=dead&contact=finance", 2);
  const Json page = Get("/api/v1/deliveries?limit=1&state=dead");
  EXPECT_EQ(page["next"], 2);
  Json one = page["deliveries"][0];
  EXPECT_THAT(one["last_error"].get<std::string>(), HasSubstr("smtp://127.0.0.1:1"));
  one.erase("last_error");
  one.erase("attempts");
  EXPECT_EQ(one, Json::parse(R"({
    "id": 2, "relay": "email", "recipient": "b@example.com", "state": "dead",
    "next_attempt": null, "finished": "2025-11-23T09:12:00Z", "message_id": 1,
    "created": "2025-11-23T07:12:00Z", "kind": "alert", "number": 0, "provider": "demo",
    "account_id": "17", "account_name": "", "level": "warning", "contact": "finance",
    "subject": "Low balance: account 17 has 90.00 USD, below 100.00 USD"})"));

  const Reply resent = Ask("POST", "/api/v1/deliveries/1/resend", "{}");
  EXPECT_EQ(resent.status, 200);
  EXPECT_EQ(resent.json()["changed"], true);
  EXPECT_EQ(resent.json()["delivery"]["state"], "pending");
  EXPECT_EQ(Ask("POST", "/api/v1/deliveries/1/resend", "{}").json()["changed"], false);
  const Reply cancelled = Ask("POST", "/api/v1/deliveries/2/cancel", "{}");
  EXPECT_EQ(cancelled.json()["delivery"]["state"], "cancelled");
  EXPECT_THAT(GetMetrics(), HasSubstr("outcome=\"cancelled\",relay=\"email\"} 1\n"));
  for (const char* const path : {"2/resend", "3/resend", "3/cancel"}) {
    const Reply refused = Ask("POST", std::string("/api/v1/deliveries/") + path, "{}");
    EXPECT_EQ(refused.status, 409) << path;
    EXPECT_THAT(refused.json()["error"]["message"].get<std::string>(), HasSubstr("it has been"));
  }
  for (const char* const path : {"4/resend", "x/cancel", "-1/resend"}) {
    EXPECT_EQ(Ask("POST", std::string("/api/v1/deliveries/") + path, "{}").status, 404) << path;
  }
  EXPECT_EQ(Ask("GET", "/api/v1/deliveries?state=gone").status, 400);
}

TEST_F(ServiceTest, AReloadTakesContactsAndCadenceOrKeepsWhatThereWas) {
  reloaded_.config = config_;
  reloaded_.config.contacts[0].email = {"new@example.com"};
  reloaded_.config.webhook.reminders.every = 1h;
  EXPECT_EQ(Ask("POST", "/-/reload").status, 200);
  Notify({ToAlert(LowFacts())});
  WaitUntilDelivered();
  EXPECT_EQ(MailCount(), 1U);
  EXPECT_EQ(Get("/api/v1/episodes")["episodes"][0]["next_reminder"], "2025-11-23T08:12:00Z");

  reloaded_.mistakes = {{.file = "lowbalance.yml", .line = 3, .key = "x", .message = "no"}};
  reloaded_.config.contacts.clear();
  const Reply refused = Ask("POST", "/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("lowbalance.yml:3: x: no"));
  EXPECT_THAT(GetMetrics(), HasSubstr("lowbalance_webhook_config_last_reload_successful 0\n"));
  Facts other = LowFacts();
  other.account.account_id = "18";
  Notify({ToAlert(other)});
  WaitUntilDelivered();
  EXPECT_EQ(MailCount(), 2U) << "as before";
}

TEST_F(ServiceTest, WhatIsPendingAtTheEndIsSentAfterTheNextStart) {
  service_->Stop();
  service_.reset();
  config_.webhook.email.url = "smtp://127.0.0.1:1";  // Nobody is there.
  config_.webhook.email.tls = "off";
  Start();
  Notify({ToAlert(LowFacts())});
  service_->Stop();
  service_.reset();
  config_.webhook.email.url = "file:mail";
  now_ = kStart + 10min;
  Start();
  WaitUntilDelivered();
  EXPECT_EQ(MailCount(), 2U);
  EXPECT_EQ(Get("/api/v1/inbox")["messages"].size(), 1U);
}

TEST_F(ServiceTest, MetricsNameEveryReasonFromTheStart) {
  const std::string metrics = GetMetrics();
  for (int i = 0; i < kReasonCount; ++i) {
    const std::string reason(ToString(static_cast<Reason>(i)));
    EXPECT_THAT(metrics,
                HasSubstr("lowbalance_webhook_decisions_total{reason=\"" + reason + "\"} 0\n"));
  }
  for (const char* const line :
       {"lowbalance_webhook_pending_deliveries 0\n", "lowbalance_webhook_dead_letters 0\n",
        "lowbalance_webhook_unknown_contacts_total 0\n",
        "lowbalance_webhook_config_last_reload_successful 1\n", "process_open_fds "}) {
    EXPECT_THAT(metrics, HasSubstr(std::string("\n") + line));
  }
  for (const char* const absent : {"last_watchdog", "last_notification", "oldest_undelivered"}) {
    EXPECT_THAT(metrics, Not(HasSubstr(absent)));
  }
}

}  // namespace
}  // namespace lowbalance
