// accounts and messages, against a server that records what it is asked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/api_server.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAccount =
    R"({"provider":"demo","account_id":"a/b","account_name":"Ann's 账户",
  "contact":"finance","source":"demo","currency":"USD","available_credit":"90.50",
  "terms":{"cash_balance":"10.50","credit_limit":"80"},"unexplained_amount":null,
  "costs_incurred":"yes","up":true,"last_success":"2026-11-23T07:12:00Z","changed":null,
  "spend_total":"9.50","top_up_total":"0","alerts":[
   {"level":"critical","enabled":true,"threshold":"20","currency":"USD","suspended":false,
    "provisioned":true,"state":"ok","low_since":null,"first_change":null,"overdue_since":null,
    "ended":{"at":"2026-11-22T07:12:00Z","reason":"recovered"}},
   {"level":"warning","enabled":true,"threshold":"100","currency":"USD","suspended":false,
    "provisioned":false,"state":"low","low_since":"2026-11-23T06:00:00Z","first_change":null,
    "overdue_since":null,"ended":null}]})";
constexpr const char* kUnknownAccount = R"({"provider":"demo","account_id":"18","account_name":"",
  "contact":"finance","currency":"USD","available_credit":null,"up":false,"last_success":null,
  "alerts":[]})";
constexpr const char* kMessage = R"({"id":2,"created":"2026-11-23T07:12:00Z","kind":"reminder",
  "number":1,"provider":"demo","account_id":"17","account_name":"Ann","level":"warning",
  "currency":"USD","available_credit":"90.50","threshold":"100","low_since":"2026-11-22T07:00:00Z",
  "contact":"finance","subject":"Available credit is low","text":"Dear Ann,\nit is low.\u001b[2J\n",
  "deliveries":[{"id":1,"relay":"email","recipient":"a@example.com","state":"pending","attempts":3,
   "last_error":"451 later","next_attempt":"2026-11-23T07:20:00Z","finished":null},
   {"id":2,"relay":"internal","recipient":"ann","state":"delivered","attempts":1,"last_error":"",
   "next_attempt":null,"finished":"2026-11-23T07:12:00Z"}]})";

class ApiCommandsTest : public ApiCommands {};

// ---- accounts

TEST_F(ApiCommandsTest, ListsAccountsPageByPage) {
  Answer("GET", "/api/v1/accounts", [](const HttpRequest& request) {
    const bool first = request.Query("after").empty();
    return JsonOk(std::string(R"({"accounts":[)") + (first ? kAccount : kUnknownAccount) +
                  R"(],"next":)" + (first ? "\"demo/a b\"" : "null") + "}");
  });
  const Ran ran = Run({"accounts", "list", "--state", "low", "--contact", "finance"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      ran.out,
      "ACCOUNT   NAME        CONTACT  AVAILABLE CREDIT  THRESHOLD  LEVEL     STATE     AS OF\n"
      "demo/a/b  Ann's 账户  finance         90.50 USD         20  critical  ok        "
      "2026-11-23T07:12:00Z\n"
      "demo/a/b  Ann's 账户  finance         90.50 USD        100  warning   low       "
      "2026-11-23T07:12:00Z\n"
      "demo/18               finance                                         no alert\n");
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/accounts contact=finance limit=1000 state=low",
                                   "GET /api/v1/accounts after=demo/a b contact=finance limit=1000 "
                                   "state=low"));
}

TEST_F(ApiCommandsTest, ListsAsJson) {
  Answer("GET", "/api/v1/accounts",
         std::string(R"({"accounts":[)") + kAccount + R"(],"next":null})");
  const Ran ran = Run({"accounts", "list", "--output", "json"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(json::parse(ran.out), (json{{"accounts", {json::parse(kAccount)}}}));
}

TEST_F(ApiCommandsTest, ShowsAnAccount) {
  Answer("GET", "/api/v1/accounts/{provider}/{account_id}", kAccount);
  const Ran ran = Run({"accounts", "show", "demo/a/b"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "demo/a/b\n"
            "  name:                      Ann's 账户\n"
            "  contact:                   finance\n"
            "  source:                    demo\n"
            "  available credit:          90.50 USD\n"
            "    cash balance:            10.50 USD\n"
            "    credit limit:            80 USD\n"
            "  costs incurred:            yes\n"
            "  spent since first seen:    9.50 USD\n"
            "  topped up since then:      0 USD\n"
            "  last poll succeeded:       yes\n"
            "  as of:                     2026-11-23T07:12:00Z\n"
            "  alert critical:            ok, threshold 20 USD, set in the configuration file\n"
            "    last ended:              2026-11-22T07:12:00Z, recovered\n"
            "  alert warning:             low, threshold 100 USD\n"
            "    low since:               2026-11-23T06:00:00Z\n");
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/accounts/demo/a/b"));
  EXPECT_EQ(json::parse(Run({"accounts", "show", "demo/a/b", "--output", "json"}).out),
            (json{{"accounts", {json::parse(kAccount)}}}))
      << "of the form of `list`, however many accounts are shown";
}

constexpr const char* kEdited = R"({"before":null,"after":{"level":"warning","enabled":true,
  "threshold":"100","currency":"USD","suspended":false},"changed":true,"dry_run":false})";

TEST_F(ApiCommandsTest, EnablesAccountsOneByOne) {
  Answer("PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}",
         [](const HttpRequest& request) {
           const std::string id = request.params.at("account_id");
           if (id == "18") {
             return JsonError(409, "set in lowbalance.yml, line 7, and read-only here", "level");
           }
           return JsonOk(kEdited);
         });
  const Ran ran = Run({"accounts", "enable", "demo/a/b c", "demo/18", "demo/19", "--threshold",
                       "1,00.0", "--currency", "USD"});
  EXPECT_EQ(ran.code, 2) << "an amount with a misplaced comma";
  EXPECT_THAT(asked(), ElementsAre());

  const Ran good = Run({"accounts", "enable", "demo/a/b c", "demo/18", "demo/19", "--threshold",
                        "1,000.50", "--currency", "USD"});
  EXPECT_EQ(good.code, 1) << "one was refused";
  EXPECT_EQ(good.out,
            "demo/a/b c warning: enabled, threshold 100 USD (before: not set)\n"
            "demo/19 warning: enabled, threshold 100 USD (before: not set)\n");
  EXPECT_EQ(good.err,
            "lowbalance: demo/18: level: set in lowbalance.yml, line 7, and read-only here\n");
  const std::string body = R"( {"currency":"USD","enabled":true,"threshold":"1000.5"})";
  EXPECT_THAT(asked(), ElementsAre("PATCH /api/v1/accounts/demo/a/b c/alerts/warning" + body,
                                   "PATCH /api/v1/accounts/demo/18/alerts/warning" + body,
                                   "PATCH /api/v1/accounts/demo/19/alerts/warning" + body));
}

TEST_F(ApiCommandsTest, EditsSayWhatTheyMean) {
  Answer("PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}", kEdited);
  const std::string path = "PATCH /api/v1/accounts/demo/17/alerts/";
  EXPECT_EQ(Run({"accounts", "disable", "demo/17"}).code, 0);
  EXPECT_EQ(Run({"accounts", "threshold", "demo/17", "--threshold", "-5"}).code, 0);
  EXPECT_EQ(Run({"accounts", "enable", "demo/17", "--level", "critical", "--dry-run"}).code, 0);
  EXPECT_THAT(asked(), ElementsAre(path + R"(warning {"enabled":false})",
                                   path + R"(warning {"threshold":"-5"})",
                                   path + R"(critical {"dry_run":true,"enabled":true})"));
}

TEST_F(ApiCommandsTest, DryRunsAndNoChangesAreSaidToBeSo) {
  const std::string alert = R"({"enabled":true,"threshold":"5","currency":"USD"})";
  Answer("PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}",
         [&](const HttpRequest& request) {
           const bool dry = request.params.at("level") == "dry";
           return JsonOk(R"({"before":)" + alert + R"(,"after":{"enabled":false,"threshold":"5",)" +
                         R"("currency":"USD"},"changed":)" + (dry ? "true" : "false") +
                         R"(,"dry_run":)" + (dry ? "true" : "false") + "}");
         });
  EXPECT_EQ(Run({"accounts", "disable", "demo/17", "--level", "dry", "--dry-run"}).out,
            "demo/17 dry: would be disabled, threshold 5 USD (before: enabled, threshold 5 USD)\n");
  EXPECT_EQ(Run({"accounts", "disable", "demo/17"}).out,
            "demo/17 warning: unchanged (disabled, threshold 5 USD)\n");
}

TEST_F(ApiCommandsTest, EditsAsJsonTellOfEachAccount) {
  Answer("PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}",
         [](const HttpRequest& request) {
           return request.params.at("account_id") == "17" ? JsonOk(kEdited)
                                                          : JsonError(404, "no such account");
         });
  const Ran ran = Run({"accounts", "enable", "demo/17", "demo/18", "--output", "json"});
  EXPECT_EQ(ran.code, 1);
  const json results = json::parse(ran.out).at("results");
  EXPECT_EQ(results.at(0), (json{{"account", "demo/17"}, {"result", json::parse(kEdited)}}));
  EXPECT_EQ(results.at(1), (json{{"account", "demo/18"}, {"error", "no such account"}}));
}

TEST_F(ApiCommandsTest, WhatIsNoAccountIsRefusedBeforeAnythingIsAsked) {
  Answer("PATCH", "/api/v1/accounts/{provider}/{account_id}/alerts/{level}", kEdited);
  for (const char* name : {"17", "/17", "demo/", "Demo/17", "demo/ 17"}) {
    const Ran ran = Run({"accounts", "disable", "demo/1", name});
    EXPECT_EQ(ran.code, 2) << name;
    EXPECT_THAT(ran.err, HasSubstr("not an account like alibaba/17: ")) << name;
  }
  EXPECT_EQ(Run({"accounts", "disable", "demo/1", "--level", "High"}).code, 2);
  EXPECT_EQ(Run({"accounts", "enable", "demo/1", "--currency", "usd"}).code, 2);
  EXPECT_THAT(asked(), ElementsAre());
}

TEST_F(ApiCommandsTest, AppliesACsv) {
  Answer("POST", "/api/v1/accounts/edits",
         R"({"dry_run":false,"applicable":true,"changed":1,"unchanged":0,"left_out":1,"refused":0,
             "results":[{"provider":"demo","account_id":"17","level":"warning","from":null,
               "to":{"enabled":true,"threshold":"5.00","currency":"USD"},"outcome":"changed",
               "line":2,"sentence":"it is watched"},
              {"provider":"demo","account_id":"18","level":"warning","outcome":"left_out",
               "left_out":"provisioned"}]})");
  folder_.Write("settings.csv", "account_id,threshold\n17,5\n");
  const Ran ran = Run({"accounts", "apply", "settings.csv", "--leave-out-provisioned"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "ACCOUNT  LEVEL    FROM     TO            WHAT IT MEANS\n"
            "demo/17  warning  not set  on, 5.00 USD  line 2: it is watched\n"
            "demo/18  warning  not set                left out: provisioned\n"
            "1 changed, 0 unchanged, 1 left out, 0 refused\n");
  EXPECT_THAT(asked(), ElementsAre("POST /api/v1/accounts/edits "
                                   R"({"csv":"account_id,threshold\n17,5\n","dry_run":false,)"
                                   R"("leave_out_provisioned":true,"limit":200000})"));
}

TEST_F(ApiCommandsTest, ACsvThatIsWrongIsTheFilesFault) {
  Answer("POST", "/api/v1/accounts/edits", [](const HttpRequest&) {
    HttpResponse response = JsonOk(
        R"({"error":{"field":"csv","message":"line 3: threshold: not an amount"},
            "lines":[{"line":3,"column":"threshold","message":"not an amount"}]})");
    response.status = 422;
    return response;
  });
  folder_.Write("settings.csv", "account_id,threshold\n17,5\n18,lots\n");
  const Ran ran = Run({"accounts", "apply", "settings.csv"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "lowbalance: line 3: threshold: not an amount\n"
            "lowbalance: csv: line 3: threshold: not an amount\n");
  EXPECT_EQ(Run({"accounts", "apply", "nowhere.csv"}).code, 2);
  EXPECT_EQ(Run({"accounts", "apply", "."}).err, "lowbalance: .: cannot be read: it is a folder\n");
  EXPECT_EQ(asked().size(), 1U);
}

// ---- the audit

// Edits 3 to 1, of which the server tells two at once, or as many as it is asked for.
HttpResponse AuditPage(const HttpRequest& request) {
  json page{{"edits", json::array()}, {"next", nullptr}};
  const std::string before(request.Query("before"));
  const std::size_t limit = std::min(2, std::stoi(std::string(request.Query("limit"))));
  for (int id = before.empty() ? 3 : std::stoi(before) - 1; id > 0; --id) {
    if (page["edits"].size() == limit) {
      page["next"] = id + 1;
      break;
    }
    json edit = json::parse(R"({"at":"2026-11-23T12:00:00Z","who":"=ann","through":"cli",
      "provider":"demo","account_id":"a,b","level":"warning","from":null,
      "to":{"enabled":true,"threshold":"8.00","currency":"USD"}})");
    edit["id"] = id;
    page["edits"].push_back(edit);
  }
  return JsonOk(page.dump());
}

TEST_F(ApiCommandsTest, AFileAndAScriptGetTheWholeAudit) {
  Answer("GET", "/api/v1/edits", AuditPage);
  const Ran csv = Run({"accounts", "edits", "--who", "=ann", "--csv"});
  EXPECT_EQ(csv.code, 0) << csv.err;
  const std::string line =
      "2026-11-23T12:00:00Z,'=ann,cli,demo,\"a,b\",warning,,,,yes,8.00,USD\r\n";
  EXPECT_EQ(csv.out,
            "at,who,through,provider,account_id,level,from_enabled,from_threshold,from_currency,"
            "to_enabled,to_threshold,to_currency\r\n" +
                line + line + line);
  EXPECT_EQ(csv.err, "");
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/edits limit=1000 who==ann",
                                   "GET /api/v1/edits before=2 limit=1000 who==ann"));
  const json all = json::parse(Run({"accounts", "edits", "--output", "json"}).out);
  EXPECT_EQ(all.at("edits").size(), 3U);
  EXPECT_EQ(all.at("next"), nullptr);
}

TEST_F(ApiCommandsTest, WhereTheAuditIsCutItIsSaid) {
  Answer("GET", "/api/v1/edits", AuditPage);
  const Ran cut = Run({"accounts", "edits", "--limit", "1", "--output", "json"});
  EXPECT_EQ(cut.code, 0);
  EXPECT_EQ(json::parse(cut.out).at("edits").size(), 1U);
  EXPECT_EQ(json::parse(cut.out).at("next"), 3);
  EXPECT_EQ(cut.err, "lowbalance: only the newest 1; for older ones give --before 3\n");
  const Ran rest = Run({"accounts", "edits", "--limit", "2", "--before", "3"});
  EXPECT_EQ(rest.err, "") << "there are no more";
  EXPECT_EQ(std::count(rest.out.begin(), rest.out.end(), '\n'), 3) << "of the table";
  EXPECT_THAT(Run({"accounts", "edits", "--limit", "2", "--csv"}).err, HasSubstr("--before 2"));
}

// ---- the login

TEST_F(ApiCommandsTest, ThePasswordComesFromAFileOrTheEnvironment) {
  Answer("GET", "/api/v1/accounts", R"({"accounts":[],"next":null})");
  folder_.Write("password", "open sesame\n");
  EXPECT_EQ(Run({"accounts", "list"}).code, 0);
  EXPECT_EQ(authorization_, "");
  EXPECT_EQ(Run({"accounts", "list", "--user", "ops", "--password-file", "password"}).code, 0);
  EXPECT_EQ(authorization_, "Basic b3BzOm9wZW4gc2VzYW1l");
  EXPECT_EQ(Run({"accounts", "list"},
                {{"LOWBALANCE_USER", "ops"}, {"LOWBALANCE_PASSWORD", "open sesame"}})
                .code,
            0);
  EXPECT_EQ(authorization_, "Basic b3BzOm9wZW4gc2VzYW1l");
  // Where there is none, and nobody to ask.
  const Ran ran = Run({"accounts", "list", "--user", "ops"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "lowbalance: --user: no password; give --password-file or the variable "
            "LOWBALANCE_PASSWORD\n");
  EXPECT_EQ(Run({"accounts", "list", "--user", "ops", "--password-file", "nowhere"}).code, 2);
}

TEST_F(ApiCommandsTest, CredentialsInAUrlAreRefusedAndNotRepeated) {
  const Ran ran = Run({"accounts", "list", "--url", "http://ops:hunter2@127.0.0.1:1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, Not(HasSubstr("hunter2")));
}

TEST_F(ApiCommandsTest, RefusalsAreToldAsTheServerPutsThem) {
  int status = 401;
  Answer("GET", "/api/v1/accounts", [&](const HttpRequest&) {
    return status == 500 ? HttpResponse{.status = 500, .body = "<html>\x1b[2J"}
                         : JsonError(status, "a login is needed\x1b[2J");
  });
  Ran ran = Run({"accounts", "list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "lowbalance: a login is needed [2J (401: give --user and the right password)\n");
  status = 403;
  EXPECT_EQ(Run({"accounts", "list"}).err, "lowbalance: a login is needed [2J\n");
  status = 500;
  EXPECT_EQ(Run({"accounts", "list"}).err, "lowbalance: the server answered 500\n");
}

TEST_F(ApiCommandsTest, ServersThatDoNotAnswerOrAnswerNonsense) {
  const Ran gone = Run({"accounts", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(gone.code, 3);
  EXPECT_THAT(gone.err, HasSubstr("lowbalance: no answer from http://127.0.0.1:1: "));
  folder_.Write("settings.csv", "account_id,threshold\n17,5\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"accounts", "show", "demo/17"},
           {"accounts", "disable", "demo/17"},
           {"accounts", "disable", "--select", ""},
           {"accounts", "enable", "--select", "low", "--threshold", "5"},
           {"accounts", "threshold", "--select", "low", "--threshold", "5"},
           {"accounts", "apply", "settings.csv"},
           {"accounts", "export"},
           {"accounts", "edits", "--csv"},
           {"messages", "list"},
           {"messages", "resend", "7"},
           {"messages", "resend", "7", "8"},
           {"messages", "resend", "--all-dead"},
           {"messages", "cancel", "7"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--url", "http://127.0.0.1:1"});
    const Ran ran = Run(all);
    EXPECT_EQ(ran.code, 3) << testing::PrintToString(words) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("no answer from http://127.0.0.1:1: "));
  }
  EXPECT_EQ(Run({"accounts", "list", "--url", "127.0.0.1:1"}).code, 2);
  EXPECT_EQ(Run({"accounts", "list", "--url", "file:///etc/passwd"}).code, 2);
  EXPECT_EQ(Run({"accounts", "list", "--timeout", "soon"}).code, 2);
}

TEST_F(ApiCommandsTest, NoRedirectIsFollowed) {
  Answer("GET", "/api/v1/accounts", [](const HttpRequest&) {
    return HttpResponse{.status = 302, .headers = {{"Location", "/elsewhere"}}};
  });
  Answer("GET", "/elsewhere", R"({"accounts":[],"next":null})");
  EXPECT_EQ(Run({"accounts", "list"}).code, 1);
  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(ApiCommandsTest, NonsenseIsNotShownAsAnAnswer) {
  Answer("GET", "/api/v1/accounts", "[]");
  Answer("GET", "/api/v1/messages", R"({"messages":[{"id":null,"deliveries":7}, 5]})");
  EXPECT_EQ(Run({"accounts", "list"}).code, 1);
  EXPECT_EQ(Run({"messages", "list"}).code, 0);
}

// ---- messages

TEST_F(ApiCommandsTest, ListsMessages) {
  Answer("GET", "/api/v1/messages", [](const HttpRequest& request) {
    const bool first = request.Query("before").empty();
    return JsonOk(std::string(R"({"messages":[)") + kMessage + R"(],"next":)" +
                  (first ? "2" : "null") + "}");
  });
  const Ran ran = Run({"messages", "list", "--account-id", "17", "--limit", "3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string row =
      " 2  2026-11-23T07:12:00Z  reminder 1  demo/17  warning             90.50        100  USD"
      "       finance  1 delivered, 1 pending\n";
  EXPECT_EQ(ran.out,
            "ID  CREATED               KIND        ACCOUNT  LEVEL    AVAILABLE CREDIT  THRESHOLD  "
            "CURRENCY  CONTACT  DELIVERIES\n" +
                row + row);
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/messages account_id=17 limit=3",
                                   "GET /api/v1/messages account_id=17 before=2 limit=2"));
}

TEST_F(ApiCommandsTest, ShowsAMessage) {
  Answer("GET", "/api/v1/messages/{id}", kMessage);
  const Ran ran = Run({"messages", "show", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "reminder 1 2 of demo/17, level warning, to finance\n"
            "created 2026-11-23T07:12:00Z, low since 2026-11-22T07:00:00Z\n"
            "subject: Available credit is low\n"
            "\n"
            "  Dear Ann,\n"
            "  it is low. [2J\n"
            "\n"
            "DELIVERY  RELAY     RECIPIENT      STATE      TRIES  FINISHED              NEXT TRY"
            "              LAST ERROR\n"
            "       1  email     a@example.com  pending        3                        "
            "2026-11-23T07:20:00Z  451 later\n"
            "       2  internal  ann            delivered      1  2026-11-23T07:12:00Z\n");
  EXPECT_EQ(json::parse(Run({"messages", "show", "2", "--output", "json"}).out),
            json::parse(kMessage));
}

TEST_F(ApiCommandsTest, ShowsAMessageAboutNoAccount) {
  Answer("GET", "/api/v1/messages/{id}", R"({"id":3,"created":"2026-11-23T07:12:00Z",
    "kind":"watchdog","number":0,"provider":null,"account_id":null,"account_name":null,
    "level":null,"currency":null,"available_credit":null,"threshold":null,"low_since":null,
    "contact":"ops","subject":"Nothing heard","text":"For 10 minutes.\n","deliveries":[]})");
  const Ran ran = Run({"messages", "show", "3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, testing::StartsWith("watchdog 3, to ops\ncreated 2026-11-23T07:12:00Z\n"
                                           "subject: Nothing heard\n\n  For 10 minutes.\n"));
}

TEST_F(ApiCommandsTest, ShowsTheInbox) {
  Answer("GET", "/api/v1/inbox",
         R"({"messages":[{"id":1,"at":"2026-11-23T07:12:00Z","recipient":"ann","title":"Low",
             "text":"It is\nlow.","read":false,"message_id":2}],"next":null})");
  const Ran ran = Run({"messages", "inbox", "--recipient", "ann & co"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1  2026-11-23T07:12:00Z  to ann  (unread)\n  Low\n    It is\n    low.\n");
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/inbox limit=50 recipient=ann & co"));
}

}  // namespace
}  // namespace lowbalance
