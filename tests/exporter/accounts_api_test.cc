#include "exporter/accounts_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tests/exporter/helpers.h"
#include "tests/exporter/raw_http_client.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using std::chrono::minutes;

// alice, secret; bcrypt at its cheapest.
constexpr std::string_view kUsers =
    "basic_auth_users:\n"
    "  alice: \"$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG\"\n";
constexpr const char* kAlice = "Basic YWxpY2U6c2VjcmV0";
constexpr const char* kWrongPassword = "Basic YWxpY2U6Z3Vlc3M=";

class AccountsApiTest : public testing::Test {
 protected:
  AccountsApiTest() {
    config_.file = "lowbalance.yml";
    config_.default_contact = "finance";
    config_.exporter.sources = {{.name = "bills"}};
    config_.exporter.accounts = {{.account = {"demo", "17"},
                                  .contact = "ops",
                                  .settings = {{.threshold = Amount("100")}},
                                  .line = 12}};
    accounts_.Configure(MakeAccountRules(config_), kNoon);
    Poll("150", kNoon);
    server_ = Serve(folder_.Write("web.yml", kUsers));
    client_ = std::make_unique<RawHttpClient>(server_->Start(), kAlice);
  }

  std::unique_ptr<HttpServer> Serve(const std::filesystem::path& web_config_file) {
    auto server = std::make_unique<HttpServer>(
        HttpServer::Options{.listen_address = "127.0.0.1:0", .web_config_file = web_config_file});
    AddAccountsApi(*server, accounts_, metrics_, [] { return kNoon + minutes{60}; });
    return server;
  }

  // Four accounts; 17 with this available credit.
  void Poll(std::string_view credit, Time now) {
    Reading known = ReadingOf("17", credit, now);
    known.terms = {.cash_balance = Amount("150"),
                   .credit_limit = Amount("0"),
                   .credit_refunds = Amount("0"),
                   .unsettled_current_month = Amount("1.005"),
                   .unsettled_previous_months = Amount("0")};
    known.costs_incurred = CostsIncurred::kYes;
    Reading other = ReadingOf("a/b c", "5", now);
    other.account.provider = "other";
    accounts_.ApplyFetched(
        "bills",
        {.readings = {known, ReadingOf("18", "20", now), ReadingOf("19", "-1", now, "CNY"), other}},
        now);
  }

  HttpAnswer Patch(const std::string& id, const std::string& body) {
    return client_->Send("PATCH", "/api/v1/accounts/demo/" + id + "/alerts/warning", body);
  }

  // The ids of the accounts that a list shows, in its order.
  std::vector<std::string> Ids(const std::string& query) {
    const HttpAnswer answer = client_->Get("/api/v1/accounts" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> ids;
    const json list = answer.Json();
    for (const json& account : list.at("accounts")) {
      ids.push_back(account.at("account_id").get<std::string>());
    }
    return ids;
  }

  const TempFolder folder_;
  Config config_;
  Store store_{Store::Options{.url = "sqlite:" + (folder_ / "e.db").string(),
                              .migrations = AccountStore::Migrations()}};
  AccountStore account_store_{store_};
  Accounts accounts_{account_store_};
  ExporterMetrics metrics_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<RawHttpClient> client_;
};

TEST_F(AccountsApiTest, ShowsAllOfAnAccount) {
  Poll("90", kNoon + minutes{1});
  Poll("-1.5", kNoon + minutes{2});
  const HttpAnswer answer = client_->Get("/api/v1/accounts/demo/17");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, testing::HasSubstr("Content-Type: application/json"));
  EXPECT_EQ(answer.Json(), json::parse(R"({
    "provider": "demo", "account_id": "17", "account_name": "Account 17",
    "owner": "", "status": "unknown", "contact": "ops",
    "source": "bills", "currency": "USD", "available_credit": "-1.50",
    "terms": {"cash_balance": "150.00", "credit_limit": "0.00", "credit_refunds": "0.00",
              "unsettled_current_month": "1.005", "unsettled_previous_months": "0.00"},
    "unexplained_amount": "-150.495", "costs_incurred": "yes", "up": true,
    "last_success": "2026-11-23T12:02:00Z", "changed": "2026-11-23T12:02:00Z",
    "spend_total": "151.50", "top_up_total": "0.00", "billed_before_tax": false,
    "stale": false, "burn_rate_per_day": null,
    "runway_seconds": null, "version": "53005c85d3714165",
    "alerts": [{"level": "warning", "enabled": true, "threshold": "100.00", "currency": "USD",
                "suspended": false, "provisioned": true, "state": "overdue",
                "low_since": "2026-11-23T12:01:00Z", "first_change": "2026-11-23T12:01:00Z",
                "overdue_since": "2026-11-23T12:02:00Z", "ended": null}]})"));
}

TEST_F(AccountsApiTest, WhatIsUnknownIsNull) {
  config_.exporter.accounts.push_back({.account = {"demo", "99"}});
  accounts_.Configure(MakeAccountRules(config_), kNoon);
  EXPECT_EQ(client_->Get("/api/v1/accounts/demo/99").Json(), json::parse(R"({
    "provider": "demo", "account_id": "99", "account_name": "",
    "owner": "", "status": "unknown", "contact": "finance",
    "source": "", "currency": "", "available_credit": null, "terms": {},
    "unexplained_amount": null, "costs_incurred": "unknown", "up": false, "last_success": null,
    "changed": null, "spend_total": "0.00", "top_up_total": "0.00", "billed_before_tax": false,
    "stale": true,
    "burn_rate_per_day": null, "runway_seconds": null, "version": "cbf29ce484222325",
    "alerts": []})"));
}

TEST_F(AccountsApiTest, ListsInPages) {
  EXPECT_THAT(Ids(""), testing::ElementsAre("17", "18", "19", "a/b c"));
  const json first = client_->Get("/api/v1/accounts?limit=3").Json();
  EXPECT_EQ(first.at("accounts").size(), 3);
  EXPECT_EQ(first.at("next"), "demo/19");
  const json second = client_->Get("/api/v1/accounts?limit=3&after=demo%2F19").Json();
  EXPECT_EQ(second.at("accounts").size(), 1);
  EXPECT_EQ(second.at("next"), nullptr);
  EXPECT_EQ(client_->Get("/api/v1/accounts?limit=4").Json().at("next"), nullptr)
      << "a full page with nothing behind it";
  EXPECT_THAT(Ids("?after=demo/171"), testing::ElementsAre("18", "19", "a/b c"))
      << "a cursor whose account is gone";
}

TEST_F(AccountsApiTest, Filters) {
  ASSERT_EQ(Patch("18", R"({"enabled":true,"threshold":"100"})").status, 200);
  ASSERT_EQ(Patch("19", R"({"enabled":true,"threshold":"-5"})").status, 200);
  const struct {
    const char* query;
    std::vector<std::string> ids;
  } cases[] = {
      {"?provider=other", {"a/b c"}}, {"?account_id=18", {"18"}},
      {"?account_id=1", {}},          {"?contact=ops", {"17"}},
      {"?state=ok", {"17"}},          {"?state=low", {"18"}},
      {"?state=overdue", {"19"}},     {"?state=suspended", {}},
      {"?state=low&contact=ops", {}}, {"?contact=ops&select=%20", {"17"}},
  };
  for (const auto& c : cases) EXPECT_EQ(Ids(c.query), c.ids) << c.query;
}

TEST_F(AccountsApiTest, RefusesAQueryItDoesNotUnderstand) {
  const struct {
    const char* query;
    const char* field;
    const char* message;
  } cases[] = {
      {"limit=0", "limit", "expected a number from 1 to 1000, seen \"0\""},
      {"limit=1001", "limit", "expected a number from 1 to 1000, seen \"1001\""},
      {"limit=ten", "limit", "expected a number from 1 to 1000, seen \"ten\""},
      {"after=17", "after", "not a cursor that a list gave: \"17\""},
      {"state=lo", "state", "not a state of an alert: \"lo\""},
      {"provider=", "provider", "empty"},
      {"acount_id=17", "acount_id", "unknown parameter \"acount_id\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const HttpAnswer answer = client_->Get(std::string("/api/v1/accounts?") + c.query);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.Json(), (json{{"error", {{"field", c.field}, {"message", c.message}}}}));
  }
}

TEST_F(AccountsApiTest, AnIdMayHaveASlashInIt) {
  const HttpAnswer answer = client_->Get("/api/v1/accounts/other/a%2Fb%20c");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Json().at("account_id"), "a/b c");
  const HttpAnswer edited = client_->Send("PATCH", "/api/v1/accounts/other/a%2Fb%20c/alerts/low-1",
                                          R"({"enabled":true,"threshold":"1"})");
  EXPECT_EQ(edited.status, 200) << edited.body;
}

TEST_F(AccountsApiTest, WhatIsNotThereIs404) {
  EXPECT_EQ(client_->Get("/api/v1/accounts/demo/20").status, 404);
  EXPECT_EQ(client_->Get("/api/v1/accounts/demo/20").Json(),
            (json{{"error", {{"message", "there is no account \"20\" of \"demo\""}}}}));
  EXPECT_EQ(client_->Get("/api/v1/accounts/demo").status, 404);
  EXPECT_EQ(Patch("20", R"({"enabled":false})").status, 404);
}

TEST_F(AccountsApiTest, Edits) {
  const HttpAnswer answer = Patch("18", R"({"enabled":true,"threshold":"1,000.5"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json edit = answer.Json();
  EXPECT_EQ(edit.at("before"), nullptr);
  EXPECT_EQ(edit.at("after"), json::parse(R"({"level": "warning", "enabled": true,
      "threshold": "1000.50", "currency": "USD", "suspended": false, "provisioned": false,
      "state": "low", "low_since": "2026-11-23T13:00:00Z", "first_change": null,
      "overdue_since": null, "ended": null})"));
  EXPECT_EQ(edit.at("changed"), true);
  EXPECT_EQ(edit.at("dry_run"), false);
  EXPECT_EQ(edit.at("account"), client_->Get("/api/v1/accounts/demo/18").Json());

  const json off = Patch("18", R"({"enabled":false})").Json();
  EXPECT_EQ(off.at("before"), edit.at("after"));
  EXPECT_EQ(off.at("after").at("state"), "disabled");
  EXPECT_EQ(off.at("after").at("ended"),
            (json{{"at", "2026-11-23T13:00:00.001Z"}, {"reason", "disabled"}}));
  EXPECT_EQ(Patch("18", R"({"enabled":false})").Json().at("changed"), false);

  std::string who;
  store_.session() << "SELECT who FROM edits WHERE account_id = '18' AND through = 'api' LIMIT 1",
      soci::into(who);
  EXPECT_EQ(who, "alice");
}

TEST_F(AccountsApiTest, DisablingWhatNeverWasIsNoChange) {
  const json edit = Patch("18", R"({"enabled":false})").Json();
  EXPECT_EQ(edit.at("changed"), false);
  EXPECT_EQ(edit.at("before"), nullptr);
  EXPECT_EQ(edit.at("after").at("state"), "disabled");
  EXPECT_EQ(edit.at("account").at("alerts"), json::array());
}

TEST_F(AccountsApiTest, IfMatchNamesTheVersionThatWasSeen) {
  const std::string version = client_->Get("/api/v1/accounts/demo/18").Json().at("version");
  const struct {
    std::string header;
    int status;
  } cases[] = {{"", 200},
               {"If-Match: *\r\n", 200},
               {"If-Match: \"" + version + "\"\r\n", 200},
               {"If-Match: W/\"" + version + "\"\r\n", 200},
               {"If-Match: " + version + "\r\n", 200},
               {"If-Match: \"0123456789abcdef\"\r\n", 412},
               {"If-Match: \"\"\r\n", 412},
               {"If-Match: W/\"\"\r\n", 412},
               {"If-Match:\r\n", 412},
               {"If-Match: \r\n", 412}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    const HttpAnswer answer =
        client_->Send("PATCH", "/api/v1/accounts/demo/18/alerts/warning",
                      R"({"enabled":true,"threshold":"100","dry_run":true})", c.header);
    EXPECT_EQ(answer.status, c.status) << answer.body;
  }
}

TEST_F(AccountsApiTest, ADryRunChangesNothing) {
  const json before = client_->Get("/api/v1/accounts").Json();
  const json edit = Patch("18", R"({"enabled":true,"threshold":"100","dry_run":true})").Json();
  EXPECT_EQ(edit.at("dry_run"), true);
  EXPECT_EQ(edit.at("changed"), true);
  EXPECT_EQ(edit.at("after").at("state"), "low");
  EXPECT_EQ(client_->Get("/api/v1/accounts").Json(), before);
}

TEST_F(AccountsApiTest, RefusesEdits) {
  const struct {
    const char* name;
    std::string id;
    std::string body;
    int status;
    const char* field;  // Null where the error has none.
    const char* message;
  } cases[] = {
      {"not JSON", "18", "enabled=true", 400, nullptr, "the body is not JSON"},
      {"nothing", "18", "", 400, nullptr, "the body is not JSON"},
      {"not an object", "18", "[]", 400, nullptr, "the body is not an object"},
      {"bad UTF-8", "18", "{\"threshold\":\"\xff\"}", 400, nullptr, "the body is not JSON"},
      {"deep", "18", std::string(60'000, '['), 400, nullptr, "the body is not JSON"},
      {"an empty object", "18", "{}", 400, nullptr, "nothing to change: give enabled or threshold"},
      {"a currency alone", "18", R"({"currency":"USD"})", 400, nullptr,
       "nothing to change: give enabled or threshold"},
      {"an unknown key", "18", R"({"enable":true})", 400, "enable",
       "unknown key \"enable\"; known are enabled, threshold, currency and dry_run"},
      {"a key twice", "18", R"({"threshold":"1","threshold":"2"})", 400, "threshold",
       "given twice"},
      {"enabled as text", "18", R"({"enabled":"true"})", 400, "enabled", "expected true or false"},
      {"a threshold as a number", "18", R"({"threshold":100})", 400, "threshold",
       "expected text in quotes"},
      {"a threshold that is no amount", "18", R"({"threshold":"$100"})", 422, "threshold",
       "not an amount (expected digits): \"$100\""},
      {"a currency that is none", "18", R"({"threshold":"1","currency":"usd"})", 422, "currency",
       "not a currency code like USD: \"usd\""},
      {"another currency", "18", R"({"threshold":"1","currency":"CNY"})", 422, "currency",
       "the account's amounts are in USD, not in CNY"},
      {"enabled without a threshold", "18", R"({"enabled":true})", 422, "threshold",
       "needed to enable the alert at level warning"},
      {"provisioned", "17", R"({"enabled":false})", 409, nullptr,
       "read-only: the setting stands in lowbalance.yml, line 12; change it there and reload"},
      {"provisioned, dry", "17", R"({"enabled":false,"dry_run":true})", 409, nullptr,
       "read-only: the setting stands in lowbalance.yml, line 12; change it there and reload"},
  };
  const json before = client_->Get("/api/v1/accounts").Json();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const HttpAnswer answer = Patch(c.id, c.body);
    EXPECT_EQ(answer.status, c.status);
    json error{{"message", c.message}};
    if (c.field != nullptr) error["field"] = c.field;
    EXPECT_EQ(answer.Json(), (json{{"error", error}}));
  }
  EXPECT_EQ(client_->Get("/api/v1/accounts").Json(), before);
  EXPECT_EQ(Patch("18", std::string((64U << 10U) + 1, ' ')).status, 413);
}

TEST_F(AccountsApiTest, AnEditThatCannotBeStoredIsNotApplied) {
  store_.session() << "CREATE TRIGGER refuse BEFORE INSERT ON edits BEGIN "
                      "SELECT RAISE(ABORT, 'no room'); END";
  const json before = client_->Get("/api/v1/accounts").Json();
  const HttpAnswer answer = Patch("18", R"({"enabled":true,"threshold":"100"})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, testing::Not(testing::HasSubstr("no room")));
  EXPECT_EQ(client_->Get("/api/v1/accounts").Json(), before);
  EXPECT_THAT(metrics_.Text(), testing::HasSubstr("lowbalance_exporter_store_errors_total 1\n"));
}

TEST_F(AccountsApiTest, CountsEdits) {
  (void)Patch("18", R"({"enabled":true,"threshold":"100"})");
  (void)Patch("18", R"({"enabled":true,"threshold":"90","dry_run":true})");
  (void)Patch("17", R"({"enabled":false})");
  (void)Patch("18", "{}");
  EXPECT_THAT(metrics_.Text(),
              testing::HasSubstr("lowbalance_exporter_edits_total{outcome=\"applied\"} 1\n"));
  EXPECT_THAT(metrics_.Text(),
              testing::HasSubstr("lowbalance_exporter_edits_total{outcome=\"refused\"} 2\n"));
}

TEST_F(AccountsApiTest, WantsALogin) {
  const auto port = Serve(folder_ / "web.yml");
  const std::uint16_t bound = port->Start();
  for (const char* authorization : {"", kWrongPassword, "Bearer x"}) {
    const RawHttpClient stranger(bound, authorization);
    for (const char* target : {"/api/v1/accounts", "/api/v1/accounts/demo/17"}) {
      const HttpAnswer answer = stranger.Get(target);
      EXPECT_EQ(answer.status, 401) << target;
      EXPECT_THAT(answer.body, testing::Not(testing::HasSubstr("Account 17")));
    }
    EXPECT_EQ(stranger
                  .Send("PATCH", "/api/v1/accounts/demo/18/alerts/warning",
                        R"({"enabled":true,"threshold":"100"})")
                  .status,
              401);
  }
  EXPECT_TRUE(accounts_.snapshot()->Find({"demo", "18"})->memory.levels.empty());
}

TEST_F(AccountsApiTest, IsOffWithoutUsers) {
  const auto open = Serve("");
  const RawHttpClient anyone(open->Start());
  EXPECT_EQ(anyone.Get("/api/v1/accounts").status, 403);
  EXPECT_EQ(anyone.Get("/api/v1/accounts/demo/17").status, 403);
  EXPECT_EQ(anyone
                .Send("PATCH", "/api/v1/accounts/demo/18/alerts/warning",
                      R"({"enabled":true,"threshold":"100"})")
                .status,
            403);
}

}  // namespace
}  // namespace lowbalance
