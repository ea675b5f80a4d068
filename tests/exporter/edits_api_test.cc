// The accounts API for many accounts at once: whole or not at all, by whom, and the audit of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "exporter/accounts_api.h"
#include "tests/base/raw_http.h"
#include "tests/exporter/helpers.h"
#include "tests/exporter/raw_http_client.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

// All three with the password "secret"; bcrypt at its cheapest.
constexpr std::string_view kUsers =
    "basic_auth_users:\n"
    "  alice: \"$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG\"\n"
    "  vera: \"$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG\"\n"
    "  olga: \"$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG\"\n";
constexpr const char* kAlice = "Basic YWxpY2U6c2VjcmV0";
constexpr const char* kVera = "Basic dmVyYTpzZWNyZXQ=";
constexpr const char* kOlga = "Basic b2xnYTpzZWNyZXQ=";

class EditsApiTest : public testing::Test {
 protected:
  EditsApiTest() {
    config_.file = "lowbalance.yml";
    config_.default_contact = "finance";
    config_.exporter.sources = {{.name = "bills"}};
    config_.exporter.accounts = {
        {.account = {"demo", "2"}, .contact = "ops"},
        {.account = {"demo", "9"}, .settings = {{.threshold = Amount("100")}}, .line = 12}};
    accounts_.Configure(MakeAccountRules(config_), kNoon);
    Reading no_costs = ReadingOf("4", "5", kNoon);
    no_costs.costs_incurred = CostsIncurred::kNo;
    accounts_.ApplyFetched(
        "bills",
        {.readings = {ReadingOf("1", "90", kNoon), ReadingOf("2", "90", kNoon),
                      ReadingOf("3", "500", kNoon), no_costs, ReadingOf("5", "90", kNoon, "CNY"),
                      ReadingOf("9", "150", kNoon)}},
        kNoon);
    AddAccountsApi(server_, accounts_, metrics_, [this] { return now_; });
    server_.SetAccess({.roles = {{"alice", {.role = Role::kAdministrator}},
                                 {"vera", {.role = Role::kViewer}},
                                 {"olga", {.role = Role::kContact, .contact = "ops"}}}});
    server_.AddSessionApi();
    port_ = server_.Start();
  }

  HttpAnswer Post(const std::string& body, const char* user = kAlice) {
    return RawHttpClient(port_, user).Send("POST", "/api/v1/accounts/edits", body);
  }
  HttpAnswer Get(const std::string& target, const char* user = kAlice) {
    return RawHttpClient(port_, user).Get(target);
  }
  HttpAnswer Patch(const std::string& id, const std::string& body, const char* user) {
    return RawHttpClient(port_, user)
        .Send("PATCH", "/api/v1/accounts/demo/" + id + "/alerts/warning", body);
  }

  // "1 changed first_change, …" of what an edit answered.
  static std::string Results(const HttpAnswer& answer) {
    std::string text;
    const json body = answer.Json();
    for (const json& item : body.value("results", json::array())) {
      text += (text.empty() ? "" : ", ") + item.at("account_id").get<std::string>() + " " +
              item.at("outcome").get<std::string>();
      if (item.contains("effect")) text += " " + item["effect"].get<std::string>();
      if (item.contains("left_out")) text += " " + item["left_out"].get<std::string>();
      if (item.contains("error")) text += " " + item["error"].value("field", "");
    }
    return text;
  }

  int Edits() {
    int count = 0;
    store_.session() << "SELECT COUNT(*) FROM edits WHERE through <> 'file'", soci::into(count);
    return count;
  }

  const TempFolder folder_;
  Time now_ = kNoon + minutes{60};
  Config config_;
  Store store_{Store::Options{.url = "sqlite:" + (folder_ / "e.db").string(),
                              .migrations = AccountStore::Migrations()}};
  AccountStore account_store_{store_};
  Accounts accounts_{account_store_};
  ExporterMetrics metrics_;
  HttpServer server_{HttpServer::Options{.listen_address = "127.0.0.1:0",
                                         .web_config_file = folder_.Write("web.yml", kUsers)}};
  std::uint16_t port_ = 0;
};

TEST_F(EditsApiTest, PreviewsThenApplies) {
  const std::string edit =
      R"("select":"currency=USD,!provisioned","enabled":true,"threshold":"100")";
  const auto before = accounts_.snapshot();
  const HttpAnswer preview = Post("{" + edit + R"(,"dry_run":true})");
  EXPECT_EQ(preview.status, 200) << preview.body;
  EXPECT_EQ(Results(preview),
            "1 changed first_change, 2 changed first_change, 3 changed will_watch, 4 left_out "
            "no_costs");
  EXPECT_EQ(preview.Json().at("effects"), (json{{"first_change", 2}, {"will_watch", 1}}));
  EXPECT_EQ(preview.Json().at("results")[0].at("sentence"),
            "available credit is already below this threshold: the first alert goes out when it "
            "next changes");
  EXPECT_EQ(accounts_.snapshot(), before);
  EXPECT_EQ(Edits(), 0);

  const std::string basis = preview.Json().at("basis");
  const HttpAnswer applied = Post("{" + edit + R"(,"basis":")" + basis + R"("})");
  EXPECT_EQ(applied.status, 200);
  EXPECT_EQ(applied.Json().at("applied"), true);
  EXPECT_EQ(Results(applied), Results(preview));
  EXPECT_EQ(Edits(), 3);
  EXPECT_TRUE(accounts_.snapshot()->Find({"demo", "1"})->memory.levels.at("warning").low_since);
}

TEST_F(EditsApiTest, HalfAnInvalidEditIsNone) {
  const auto before = accounts_.snapshot();
  const HttpAnswer answer = Post(R"({"select":"account=1|9","enabled":true,"threshold":"110"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(Results(answer), "9 refused , 1 changed first_change") << "what is in the way is first";
  EXPECT_EQ(answer.Json().at("applied"), false);
  EXPECT_EQ(answer.Json().at("error").at("message"),
            "1 of 2 accounts refuse the edit, so nothing is changed");
  EXPECT_EQ(accounts_.snapshot(), before);
  EXPECT_EQ(Post(R"({"select":"","enabled":true,"threshold":"1","leave_out_provisioned":true})")
                .Json()
                .at("error")
                .at("field"),
            "thresholds");
  EXPECT_EQ(accounts_.snapshot(), before);
  EXPECT_EQ(Edits(), 0);
}

TEST_F(EditsApiTest, ALimitHidesWhatChangesLast) {
  ASSERT_EQ(Patch("1", R"({"enabled":true,"threshold":"100"})", kAlice).status, 200);
  const std::string edit = R"({"select":"currency=USD,!provisioned","enabled":true,)"
                           R"("threshold":"100","dry_run":true)";
  EXPECT_EQ(Results(Post(edit + "}")),
            "2 changed first_change, 3 changed will_watch, 4 left_out no_costs, 1 unchanged "
            "unchanged");
  const HttpAnswer first = Post(edit + R"(,"limit":1})");
  EXPECT_EQ(Results(first), "2 changed first_change");
  EXPECT_EQ(first.Json().at("results_left_out"), 3);
}

TEST_F(EditsApiTest, NothingOfItIsStoredWhereOneCannotBe) {
  store_.session()
      << "CREATE TRIGGER refuse BEFORE INSERT ON edits WHEN NEW.account_id = '3' BEGIN "
         "SELECT RAISE(ABORT, 'no room'); END";
  const auto before = accounts_.snapshot();
  EXPECT_EQ(Post(R"({"select":"account=1|2|3","enabled":true,"threshold":"100"})").status, 503);
  EXPECT_EQ(accounts_.snapshot(), before);
  EXPECT_EQ(Edits(), 0);
}

TEST_F(EditsApiTest, WhoWasFasterIsNamed) {
  const std::string edit = R"("select":"account=1|2","enabled":true,"threshold":"100")";
  const std::string basis = Post("{" + edit + R"(,"dry_run":true})").Json().at("basis");
  ASSERT_EQ(Patch("2", R"({"enabled":true,"threshold":"7"})", kOlga).status, 200);
  const HttpAnswer late = Post("{" + edit + R"(,"basis":")" + basis + R"("})");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.Json().at("applied"), false);
  ASSERT_EQ(late.Json().at("conflicts").size(), 1);
  EXPECT_EQ(late.Json().at("conflicts")[0].at("who"), "olga");
  EXPECT_THAT(late.Json().at("error").at("message").get<std::string>(),
              HasSubstr("olga set warning from nothing to enabled at 7.00 USD"));
  const HttpAnswer in_chinese =
      RawHttpClient(port_, kAlice)
          .Send("POST", "/api/v1/accounts/edits", "{" + edit + R"(,"basis":")" + basis + R"("})",
                "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n");
  EXPECT_EQ(in_chinese.Json().at("error").at("message"),
            "预览之后，所涉及的账户或设置已有变化：olga 于 2026-11-23T13:00:00Z 将级别 warning "
            "由“未设置”改为“开启，阈值 7.00 USD”（通过 API）；请重新预览");
  EXPECT_TRUE(accounts_.snapshot()->Find({"demo", "1"})->memory.levels.empty());
}

TEST_F(EditsApiTest, AStaleVersionIsRefused) {
  const HttpAnswer shown = Get("/api/v1/accounts/demo/1");
  const std::string version = shown.Json().at("version");
  EXPECT_THAT(shown.head, HasSubstr("ETag: \"" + version + "\""));
  ASSERT_EQ(Patch("1", R"({"enabled":true,"threshold":"7"})", kAlice).status, 200);
  const HttpAnswer named = Post(R"({"accounts":[{"provider":"demo","account_id":"1","version":")" +
                                version + R"("}],"enabled":false})");
  EXPECT_EQ(named.status, 409);
  EXPECT_EQ(Results(named), "1 refused version");
  const HttpAnswer csv =
      Post(json{{"csv", "account_id,threshold,version\n1,8," + version + "\n"}}.dump());
  EXPECT_EQ(csv.status, 409);
  EXPECT_EQ(accounts_.snapshot()->Find({"demo", "1"})->memory.levels.at("warning").threshold,
            Amount("7"));
  EXPECT_EQ(Post(json{{"csv", "account_id,threshold,version\n1,8,\n"}}.dump()).status, 200)
      << "an empty cell is any version";
}

TEST_F(EditsApiTest, AWrongLineOfACsvIsNamedAndNothingApplied) {
  const auto before = accounts_.snapshot();
  const HttpAnswer wrong =
      Post(json{{"csv", "account_id,enabled,threshold\n1,yes,10\n2,yes,ten\n3,yes,30\n"}}.dump());
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.Json().at("lines"),
            (json{{{"line", 3},
                   {"column", "threshold"},
                   {"message", "not an amount (expected digits): \"ten\""}}}));
  // What is quoted of it is cut between characters, so that the answer can be written.
  const std::string long_amount = std::string(59, '1') + "é";
  EXPECT_EQ(Post(json{{"csv", "account_id,threshold\n1," + long_amount + "\n"}}.dump()).status,
            422);
  const HttpAnswer unknown =
      Post(json{{"csv", "account_id,enabled,threshold\n1,yes,10\n77,yes,1\n"}}.dump());
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(unknown.Json().at("results")[0].at("line"), 3);
  EXPECT_EQ(accounts_.snapshot(), before);

  const HttpAnswer good =
      Post(json{{"csv", "account_id,enabled,threshold\n1,yes,10\n5,no,30\n"}}.dump());
  EXPECT_EQ(good.status, 200) << good.body;
  EXPECT_EQ(Results(good), "1 changed will_watch, 5 changed stays_off");
}

TEST_F(EditsApiTest, AnExportIsImportedAgainThoughOneSettingIsProvisioned) {
  ASSERT_EQ(Patch("1", R"({"enabled":true,"threshold":"7"})", kAlice).status, 200);
  std::string csv = Get("/api/v1/settings.csv").body;
  const HttpAnswer same = Post(json{{"csv", csv}}.dump());
  EXPECT_EQ(same.status, 200) << same.body;
  EXPECT_EQ(Results(same), "1 unchanged unchanged, 9 unchanged unchanged");
  EXPECT_EQ(Patch("9", R"({"enabled":true,"threshold":"100"})", kAlice).Json().at("changed"), false)
      << "nor is the same edit refused alone";

  csv.replace(csv.find(",100.00,"), 8, ",100.01,");
  EXPECT_EQ(Results(Post(json{{"csv", csv}}.dump())), "9 refused , 1 unchanged unchanged");
  const json without{{"csv", csv}, {"leave_out_provisioned", true}};
  EXPECT_EQ(Results(Post(without.dump())), "9 left_out provisioned, 1 unchanged unchanged");
}

TEST_F(EditsApiTest, WhatTheConsoleSavesOpensAsUtf8) {
  std::string cookie = Ask(port_, "POST /api/v1/session", "X-Lowbalance-Console: 1\r\n",
                           R"({"user":"alice","password":"secret"})")
                           .headers["Set-Cookie"];
  cookie = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  for (const std::string path : {"/api/v1/edits.csv", "/api/v1/settings.csv"}) {
    const std::string piped = Get(path).body;
    EXPECT_FALSE(piped.starts_with('\xef')) << path;
    const std::string saved = Ask(port_, "GET " + path, cookie).body;
    EXPECT_EQ(saved, "\xef\xbb\xbf" + piped) << path;
  }
  const std::string saved = Ask(port_, "GET /api/v1/settings.csv", cookie).body;
  EXPECT_EQ(Post(json{{"csv", saved}}.dump()).status, 200) << "and can be read again";
}

TEST_F(EditsApiTest, AViewerChangesNothing) {
  EXPECT_EQ(Get("/api/v1/accounts", kVera).Json().at("total"), 6);
  EXPECT_EQ(Post(R"({"select":"","enabled":false})", kVera).status, 403);
  EXPECT_EQ(Patch("1", R"({"enabled":true,"threshold":"7"})", kVera).status, 403);
  EXPECT_EQ(Edits(), 0);
}

TEST_F(EditsApiTest, AContactHasItsOwnAccountsAlone) {
  ASSERT_EQ(Patch("1", R"({"enabled":true,"threshold":"7"})", kAlice).status, 200);
  ASSERT_EQ(Patch("2", R"({"enabled":true,"threshold":"7"})", kAlice).status, 200);
  const HttpAnswer list = Get("/api/v1/accounts", kOlga);
  EXPECT_EQ(list.Json().at("total"), 1);
  EXPECT_EQ(list.Json().at("accounts")[0].at("account_id"), "2");
  EXPECT_EQ(Get("/api/v1/accounts/summary", kOlga).Json().at("contacts"), (json{{"ops", 1}}));
  for (const char* path : {"", "/history"}) {
    EXPECT_EQ(Get(std::string("/api/v1/accounts/demo/1") + path, kOlga).status, 404) << path;
  }
  EXPECT_EQ(Patch("1", R"({"enabled":false})", kOlga).status, 404);
  EXPECT_EQ(Patch("1", R"({"enabled":false})", kOlga).Json(),
            (json{{"error", {{"message", "there is no account \"1\" of \"demo\""}}}}));
  EXPECT_EQ(Results(Post(R"({"select":"","enabled":false})", kOlga)), "2 changed switched_off");
  EXPECT_EQ(
      Post(R"({"accounts":[{"provider":"demo","account_id":"1"}],"enabled":false})", kOlga).status,
      422);
  const json edits = Get("/api/v1/edits", kOlga).Json().at("edits");
  ASSERT_EQ(edits.size(), 2);
  for (const json& edit : edits) EXPECT_EQ(edit.at("account_id"), "2");
  EXPECT_THAT(Get("/api/v1/settings.csv", kOlga).body, testing::Not(HasSubstr("demo,1,")));
}

TEST_F(EditsApiTest, TheAuditIsFilteredPagedAndExported) {
  now_ = kNoon + minutes{1};
  (void)Patch("1", R"({"enabled":true,"threshold":"7"})", kAlice);
  now_ = kNoon + minutes{2};
  (void)Patch("2", R"({"enabled":true,"threshold":"8"})", kOlga);
  now_ = kNoon + minutes{3};
  (void)Patch("1", R"({"enabled":false})", kAlice);
  const auto ids = [&](const std::string& query) {
    std::vector<std::string> found;
    const json answer = Get("/api/v1/edits" + query).Json();
    for (const json& edit : answer.at("edits")) found.push_back(edit.at("account_id"));
    return found;
  };
  EXPECT_THAT(ids(""), ElementsAre("1", "2", "1", "9"));
  EXPECT_THAT(ids("?who=olga"), ElementsAre("2"));
  EXPECT_THAT(ids("?provider=demo&account_id=1"), ElementsAre("1", "1"));
  EXPECT_THAT(ids("?through=file"), ElementsAre("9"));
  EXPECT_THAT(ids("?since=2026-11-23T12:02:00Z&until=2026-11-23T12:03:00Z"), ElementsAre("2"));
  const json page = Get("/api/v1/edits?limit=3").Json();
  EXPECT_THAT(ids("?limit=3&before=" + page.at("next").dump()), ElementsAre("9"));
  const json latest = page.at("edits")[0];
  EXPECT_EQ(latest.at("from"),
            (json{{"enabled", true}, {"threshold", "7.00"}, {"currency", "USD"}}));
  EXPECT_EQ(latest.at("to"),
            (json{{"enabled", false}, {"threshold", "7.00"}, {"currency", "USD"}}));
  EXPECT_EQ(latest.at("through"), "api");
  EXPECT_THAT(Get("/api/v1/edits.csv?who=olga").body,
              HasSubstr("2026-11-23T12:02:00Z,olga,api,demo,2,warning,,,,yes,8.00,USD\r\n"));
  EXPECT_EQ(Get("/api/v1/edits?sinse=x").Json().at("error").at("field"), "sinse");
}

TEST_F(EditsApiTest, ErrorsNameTheField) {
  const struct {
    const char* body;
    int status;
    const char* field;
  } cases[] = {
      {"{", 400, ""},
      {R"({"enabled":true})", 400, ""},
      {R"({"select":"","accounts":[],"enabled":true})", 400, ""},
      {R"({"select":"","threshold":5})", 400, "threshold"},
      {R"({"select":"","threshold":"five"})", 422, "threshold"},
      {R"({"select":"","thresholds":{"usd":"5"}})", 422, "thresholds"},
      {R"({"select":"","thresholds":{"USD":"x"}})", 422, "thresholds.USD"},
      {R"({"select":"","threshold":"1","thresholds":{"USD":"1"}})", 400, "threshold"},
      {R"({"select":"lowe","enabled":true})", 400, "select"},
      {R"({"select":""})", 400, ""},
      {R"({"select":"","enabled":true,"level":"W"})", 422, "level"},
      {R"({"accounts":[{"provider":"demo","id":"1"}],"enabled":true})", 400, "accounts[0].id"},
      {R"({"accounts":[{"provider":"demo","account_id":"1","version":"x"},)"
       R"({"provider":"demo","account_id":"2","version":""}],"enabled":false})",
       400, "accounts[1].version"},
      {R"({"csv":"account_id,threshold\n1,1\n","enabled":true})", 400, "enabled"},
      {R"({"select":"","provider":"demo","enabled":false})", 400, "provider"},
      {R"({"accounts":[{"provider":"demo","account_id":"1"}],"provider":"demo","enabled":false})",
       400, "provider"},
      {R"({"accounts":[{"provider":"demo","account_id":"1"}],"include_without_costs":true,)"
       R"("enabled":false})",
       400, "include_without_costs"},
      {R"({"csv":"account_id,threshold\n1,1\n","include_without_costs":true})", 400,
       "include_without_costs"},
      {R"({"select":"","enabled":true,"nonsense":1})", 400, "nonsense"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    const HttpAnswer answer = Post(c.body);
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.Json().at("error").value("field", ""), c.field) << answer.body;
  }
  EXPECT_EQ(Edits(), 0);
}

TEST_F(EditsApiTest, SortsAndPages) {
  const auto ids = [&](const std::string& query) {
    std::string found;
    const json answer = Get("/api/v1/accounts" + query).Json();
    for (const json& account : answer.at("accounts")) {
      found += account.at("account_id").get<std::string>() + " ";
    }
    return found + "of " + answer.at("total").dump();
  };
  EXPECT_EQ(ids("?sort=-credit"), "3 9 1 2 5 4 of 6");
  EXPECT_EQ(ids("?sort=credit&limit=2&offset=1"), "1 2 of 6");
  EXPECT_EQ(ids("?sort=threshold"), "9 1 2 3 4 5 of 6") << "those without one come last";
  EXPECT_EQ(ids("?sort=-threshold"), "9 1 2 3 4 5 of 6") << "either way";
  EXPECT_EQ(ids("?select=currency%3DUSD,credit%3C100"), "1 2 4 of 3");
  EXPECT_EQ(ids("?offset=100"), "of 6");
  EXPECT_EQ(Get("/api/v1/accounts?sort=size").Json().at("error").at("field"), "sort");
  EXPECT_EQ(Get("/api/v1/accounts?sort=credit&after=demo/1").status, 400);
}

TEST_F(EditsApiTest, TellsTheHistory) {
  for (int i = 1; i <= 3; ++i) {
    accounts_.ApplyFetched(
        "bills", {.readings = {ReadingOf("1", std::to_string(90 - i), kNoon + minutes{i})}},
        kNoon + minutes{i});
  }
  const auto amounts = [&](const std::string& query) {
    std::string text;
    const json history = Get("/api/v1/accounts/demo/1/history" + query).Json();
    for (const json& change : history.at("changes")) {
      text += change.at("available_credit").get<std::string>() + " ";
    }
    return text;
  };
  EXPECT_EQ(amounts(""), "90.00 89.00 88.00 87.00 ");
  EXPECT_EQ(amounts("?since=2026-11-23T12:02:30Z"), "88.00 87.00 ")
      << "from what held at that instant";
}

}  // namespace
}  // namespace lowbalance
