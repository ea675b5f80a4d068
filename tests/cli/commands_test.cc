// The commands that need no server, as people run them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/alert_route.h"
#include "core/alert_rules.h"
#include "tests/base/temp_folder.h"
#include "tests/cli/run_program.h"

namespace lowbalance {
namespace {

using testing::HasSubstr;
using testing::Not;

class CommandsTest : public testing::Test {
 protected:
  Ran Run(const std::vector<std::string>& arguments, const std::string& input = "") {
    return RunLowbalance(arguments, folder_.path(), input);
  }
  TempFolder folder_;
};

TEST_F(CommandsTest, EveryCommandHelpsWithExamples) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"check"},
                                             {"rules"},
                                             {"route"},
                                             {"simulate"},
                                             {"accounts", "list"},
                                             {"accounts", "show"},
                                             {"accounts", "enable"},
                                             {"accounts", "disable"},
                                             {"accounts", "threshold"},
                                             {"messages", "list"},
                                             {"messages", "show"},
                                             {"messages", "inbox"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 0) << command.back();
    EXPECT_THAT(ran.out, HasSubstr("Examples:\n  ")) << command.back();
  }
}

TEST_F(CommandsTest, WrongCommandLinesExitWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"acounts"},
                                             {"accounts"},
                                             {"messages", "lst"},
                                             {"rules", "--labels", "a=b"},
                                             {"rules", "rules.yml"},
                                             {"simulate"},
                                             {"accounts", "enable"},
                                             {"accounts", "threshold", "demo/17"},
                                             {"accounts", "list", "--output", "xml"},
                                             {"messages", "show", "first"}}) {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(arguments);
    EXPECT_NE(ran.err, "") << testing::PrintToString(arguments);
    EXPECT_EQ(ran.out, "") << testing::PrintToString(arguments);
  }
  EXPECT_EQ(Run({"acounts"}).err,
            "lowbalance: unknown command \"acounts\"; did you mean accounts?\n"
            "Run lowbalance --help for more.\n");
  EXPECT_EQ(Run({"messages", "lst"}).err,
            "lowbalance: unknown command \"lst\"; did you mean list?\n"
            "Run lowbalance messages --help for more.\n");
  EXPECT_EQ(Run({"rules", "--labels", "a=b"}).err,
            "lowbalance: unknown option \"--labels\"; did you mean --label?\n"
            "Run lowbalance rules --help for more.\n");
  EXPECT_EQ(Run({"rules", "rules.yml"}).err,
            "lowbalance: unexpected \"rules.yml\"\nRun lowbalance rules --help for more.\n");
  EXPECT_THAT(Run({"--version"}).out, HasSubstr("lowbalance " LOWBALANCE_VERSION));
}

// ---- check

TEST_F(CommandsTest, CheckPrintsEveryMistakeAtOnce) {
  folder_.Write("lowbalance.yml",
                "exporter:\n"
                "  sources:\n"
                "    - {name: demo, type: file, path: balances.xls}\n"
                "webhook:\n"
                "  email: {url: \"smtp://a:hunter2@mail\", from: a@example.com}\n"
                "  retri: {}\n");
  const Ran ran = Run({"check"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "lowbalance.yml:3: exporter.sources[0].path: must end in .json or .csv: "
            "\"balances.xls\"\n"
            "lowbalance.yml:5: webhook.email.url: a user name or password must not stand in the "
            "URL; use username and password_file\n"
            "lowbalance.yml:6: webhook.retri: unknown key; did you mean retry?\n");
}

TEST_F(CommandsTest, CheckOfAMissingFile) {
  EXPECT_EQ(Run({"check"}).code, 2);
  const Ran ran = Run({"check", "--config.file", "nowhere.yml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "nowhere.yml: cannot be read: No such file or directory\n");
}

constexpr const char* kBalances = "account_id,currency,available_credit\n17,USD,90\n";

TEST_F(CommandsTest, CheckSummarizesAndWarns) {
  folder_.Write("balances.csv", kBalances);
  folder_.Write("lowbalance.yml",
                "contacts: {finance: {email: finance@example.com, time_zone: Asia/Shangri-La}}\n"
                "default_contact: finance\n"
                "exporter:\n"
                "  store: /var/lib/lb/e.db\n"
                "  sources: [{name: demo, type: file, provider: demo, path: balances.csv}]\n"
                "  accounts:\n"
                "    - {provider: demo, account_id: \"17\", alert: {threshold: 5}}\n"
                "    - {provider: demo, account_id: \"71\", alert: {threshold: 5}}\n"
                "webhook:\n"
                "  store: /var/lib/lb/w.db\n"
                "  bearer_token_file: /nonexistent/token\n");
  const Ran ran = Run({"check"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "lowbalance.yml: no mistakes\n"
            "  exporter   :10380, sqlite:/var/lib/lb/e.db\n"
            "  sources    1; 2 accounts and 2 alerts set in the file\n"
            "  webhook    :10381, sqlite:/var/lib/lb/w.db\n"
            "  e-mail     none\n"
            "  contacts   1; default finance\n"
            "  reminders  every 1d, at most 5, none once overdue\n"
            "  6 warnings\n");
  EXPECT_EQ(ran.err,
            "warning: webhook.bearer_token_file: cannot be read from here: /nonexistent/token\n"
            "warning: exporter.store: store /var/lib/lb/e.db: its folder /var/lib/lb does not "
            "exist; create it\n"
            "warning: webhook.store: store /var/lib/lb/w.db: its folder /var/lib/lb does not "
            "exist; create it\n"
            "warning: contacts.finance.email: no e-mail is sent while there is no "
            "webhook.email.url\n"
            "warning: contacts.finance.time_zone: this machine does not know "
            "\"Asia/Shangri-La\"\n"
            "warning: exporter.accounts: no source has the account demo/71 of line 8\n");
}

TEST_F(CommandsTest, CheckReadsTheSourcesFiles) {
  folder_.Write("balances.csv", kBalances);
  folder_.Write("again.csv", kBalances);
  folder_.Write("broken.csv", "account_id,currency,available_credit\n18,USD,9O\n");
  folder_.Write("lowbalance.yml",
                "contacts: {ops: {internal: ops}}\n"
                "default_contact: ops\n"
                "exporter:\n"
                "  sources:\n"
                "    - {name: one, type: file, provider: demo, path: balances.csv}\n"
                "    - {name: two, type: file, provider: demo, path: again.csv}\n"
                "    - {name: three, type: file, provider: demo, path: broken.csv}\n"
                "    - {name: four, type: file, provider: demo, path: missing.csv}\n"
                "  accounts: [{provider: demo, account_id: \"18\", alert: {threshold: 5}}]\n");
  const Ran ran = Run({"check"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("warning: exporter.sources three: this would be a failed poll: "));
  EXPECT_THAT(ran.err, HasSubstr("\"9O\""));
  EXPECT_THAT(ran.err, HasSubstr("warning: exporter.sources four: this would be a failed poll: "));
  EXPECT_THAT(ran.err, HasSubstr("lowbalance.yml: exporter.sources two: has the account demo/17, "
                                 "which the source one has too\n"));
  EXPECT_THAT(ran.err, Not(HasSubstr("no source has"))) << "not all could be read";
}

TEST_F(CommandsTest, CheckSaysWhenDataIsTooOld) {
  folder_.Write("balances.csv",
                "account_id,currency,available_credit,as_of\n"
                "17,USD,90,2020-01-01T00:00:00Z\n18,USD,90,2020-01-02T00:00:00Z\n"
                "19,USD,90,\n");
  folder_.Write("lowbalance.yml",
                "pipeline: {billing_data_max_age: 1d}\n"
                "exporter: {sources: [{name: demo, type: file, provider: demo, path: "
                "balances.csv}]}\n");
  const Ran ran = Run({"check"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("warning: exporter.sources demo: the data of 2 of its 3 accounts "
                                 "is as of 2020-01-01T00:00:00Z and earlier than "
                                 "pipeline.billing_data_max_age (1d) allows"));
}

TEST_F(CommandsTest, CheckForScripts) {
  folder_.Write("lowbalance.yml", "exporter:\n  sources: [{name: demo}]\nwebhok: {}\n");
  const Ran bad = Run({"check", "--output", "json"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err, "");
  EXPECT_EQ(nlohmann::json::parse(bad.out), nlohmann::json::parse(R"({
    "file": "lowbalance.yml", "ok": false, "warnings": [], "mistakes": [
      {"file": "lowbalance.yml", "line": 2, "key": "exporter.sources[0].type",
       "message": "is missing"},
      {"file": "lowbalance.yml", "line": 2, "key": "exporter.sources[0].path",
       "message": "is missing"},
      {"file": "lowbalance.yml", "line": 3, "key": "webhok",
       "message": "unknown key; did you mean webhook?"}]})"));
  folder_.Write("lowbalance.yml", "");
  const Ran good = Run({"check", "--output", "json"});
  EXPECT_EQ(good.code, 0);
  const auto answer = nlohmann::json::parse(good.out);
  EXPECT_EQ(answer["ok"], true);
  EXPECT_EQ(answer["warnings"][0]["key"], "contacts");
}

TEST_F(CommandsTest, CheckReadsTheWebConfigurationToo) {
  folder_.Write("web.yml", "basic_auth_users: {ops: hunter2}\n");
  folder_.Write("lowbalance.yml", "exporter: {web_config_file: web.yml}\n");
  const Ran ran = Run({"check"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("web.yml:1: basic_auth_users"));
  EXPECT_THAT(ran.err, Not(HasSubstr("hunter2")));
}

// ---- rules and route

TEST_F(CommandsTest, RulesWithoutAConfigurationAreTheDefaults) {
  const Ran ran = Run({"rules"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, AlertRules({}));
}

TEST_F(CommandsTest, RulesTakeIntervalsLabelsAndRunbooks) {
  folder_.Write("lowbalance.yml", "pipeline: {evaluation: 30s}\n");
  folder_.Write("other.yml", "pipeline: {evaluation: 20s}\n");
  RuleOptions options;
  options.pipeline.evaluation = std::chrono::seconds{30};
  options.extra_labels = {{"namespace", "bill'ing"}, {"team", "a=b"}};
  options.runbook_base = "https://wiki.example.com/x";
  EXPECT_EQ(Run({"rules", "--label", "namespace=bill'ing", "--label", "team=a=b", "--runbook-base",
                 "https://wiki.example.com/x"})
                .out,
            AlertRules(options));
  EXPECT_THAT(Run({"rules", "--config.file", "other.yml"}).out, HasSubstr("interval: 20s"));
}

TEST_F(CommandsTest, RulesRefuseWhatWouldBreakAnAlertsIdentity) {
  for (const char* label : {"namespace", "=x", "1a=x", "a-b=x", "__name__=x", "severity=page",
                            "account_id=17", "alertname=x", "a={{ $value }}", "a=b\nc"}) {
    const Ran ran = Run({"rules", "--label", label});
    EXPECT_EQ(ran.code, 2) << label;
    EXPECT_EQ(ran.out, "") << label;
    EXPECT_THAT(ran.err, HasSubstr("--label: ")) << label;
  }
  EXPECT_EQ(Run({"rules", "--label", "a=1", "--label", "a=2"}).code, 2);
}

TEST_F(CommandsTest, NothingIsGeneratedFromAConfigurationWithMistakes) {
  folder_.Write("lowbalance.yml", "pipeline: {heartbeat: soon}\n");
  for (const char* command : {"rules", "route"}) {
    const Ran ran = Run({command});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err,
              "lowbalance.yml:1: pipeline.heartbeat: not a duration like 15m, 1d2h or 250ms: "
              "\"soon\"\n"
              "lowbalance: lowbalance.yml has mistakes; nothing was written\n");
  }
  EXPECT_EQ(Run({"rules", "--config.file", "missing.yml"}).code, 2);
}

TEST_F(CommandsTest, RouteWithoutAConfigurationIsTheDefault) {
  EXPECT_EQ(Run({"route"}).out, AlertRouteFragment({}));
  EXPECT_EQ(Run({"route", "--complete"}).out, AlertmanagerConfig({}));
}

TEST_F(CommandsTest, RouteTakesItsAddressAndTokenFromTheConfiguration) {
  folder_.Write("lowbalance.yml",
                "webhook: {listen_address: \"0.0.0.0:4711\", bearer_token_file: token}\n");
  RouteOptions options;
  options.webhook_url = "http://127.0.0.1:4711/api/v1/alerts";
  options.bearer_token_file = (folder_.path() / "token").string();
  EXPECT_EQ(Run({"route"}).out, AlertRouteFragment(options));
  options.webhook_url = "https://billing/hook";
  options.bearer_token_file = "/run/token";
  options.receiver = "billing";
  EXPECT_EQ(Run({"route", "--url", "https://billing/hook", "--bearer-token-file", "/run/token",
                 "--receiver", "billing"})
                .out,
            AlertRouteFragment(options));
  EXPECT_THAT(Run({"route", "--bearer-token-file", ""}).out, Not(HasSubstr("credentials_file")));
}

TEST_F(CommandsTest, RouteRefusesWhatAlertmanagerWouldMangle) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"route", "--receiver", "low balance"},
                                             {"route", "--receiver", "low.balance"},
                                             {"route", "--receiver", ""},
                                             {"route", "--url", "billing:10381"},
                                             {"route", "--url", "http://ops:hunter2@billing/x"}}) {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, Not(HasSubstr("hunter2")));
  }
}

// ---- simulate

constexpr const char* kStory =
    "0h credit 150\n0h enable 100\n1h credit 90\n26h end\nexpect\n1h alert\n25h reminder 1\n";

TEST_F(CommandsTest, SimulatePrintsTheMessages) {
  folder_.Write("a.story", kStory);
  const Ran ran = Run({"simulate", "a.story"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "1h alert\n25h reminder 1\n");
  EXPECT_EQ(ran.err, "");
  const Ran reasons = Run({"simulate", "--reasons", "-"}, kStory);
  EXPECT_EQ(reasons.code, 0);
  EXPECT_EQ(reasons.out,
            "1h alert\n1h1m reminder_not_due\n25h reminder 1\n25h1m reminder_not_due\n");
}

TEST_F(CommandsTest, SimulateShowsTheDifference) {
  folder_.Write("a.story",
                "0h credit 150\n0h enable 100\n1h credit 90\n50h end\n"
                "expect\n1h alert\n2h reminder 1\n49h reminder 2\n");
  const Ran ran = Run({"simulate", "a.story"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out,
            "--- expected by a.story\n+++ sent\n"
            " 1h alert\n-2h reminder 1\n+25h reminder 1\n 49h reminder 2\n");
}

TEST_F(CommandsTest, SimulateExpectsInAnyOrderWithinAnInstant) {
  const Ran ran = Run({"simulate", "-"},
                      "account 2 USD\naccount 1 USD\n0h enable 9 of 1\n0h enable 9 of 2\n"
                      "0h credit 9 of 1\n0h credit 9 of 2\n1h credit 8 of 1\n1h credit 8 of 2\n"
                      "expect\n60m alert of 2\n1h alert of 1\n");
  EXPECT_EQ(ran.code, 0) << ran.out;
}

TEST_F(CommandsTest, SimulateNamesFileAndLineOfWhatItCannotRead) {
  folder_.Write("good.story", kStory);
  folder_.Write("bad.story", "0h credit 150\n1h enabel 100\n");
  folder_.Write("differs.story", "0h credit 150\n0h enable 100\n1h credit 90\nexpect\n");
  const Ran ran = Run({"simulate", "bad.story", "good.story", "differs.story", "none.story"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "lowbalance: bad.story:2: no such event: \"enabel\"; did you mean enable?\n"
            "lowbalance: none.story: cannot be read: No such file or directory\n");
  EXPECT_EQ(ran.out,
            "# good.story\n1h alert\n25h reminder 1\n"
            "# differs.story\n--- expected by differs.story\n+++ sent\n+1h alert\n");
  EXPECT_EQ(Run({"simulate", "good.story", "differs.story"}).code, 1);
}

TEST_F(CommandsTest, SimulateForScripts) {
  folder_.Write("a.story", kStory);
  folder_.Write("b.story", "0h credit 150\n0h enable 100\n1h credit 90\nexpect\n");
  const Ran ran = Run({"simulate", "a.story", "b.story", "--output", "json"});
  EXPECT_EQ(ran.code, 1);
  const std::string alert =
      R"({"at_seconds":3600,"kind":"alert","number":0,"account_id":"17","level":"warning"})";
  EXPECT_EQ(nlohmann::json::parse(ran.out),
            nlohmann::json::parse(
                R"({"stories":[{"story":"a.story","as_expected":true,"messages":[)" + alert +
                R"(,{"at_seconds":90000,"kind":"reminder","number":1,"account_id":"17",)"
                R"("level":"warning"}]},)"
                R"({"story":"b.story","as_expected":false,"expected":[],"messages":[)" +
                alert + "]}]}"));
}

TEST_F(CommandsTest, SimulatePlaysAHistory) {
  folder_.Write("lowbalance.yml",
                "contacts: {ops: {internal: ops}, boss: {email: boss@example.com}}\n"
                "default_contact: ops\n"
                "exporter: {accounts: [{provider: demo, account_id: \"17\", contact: boss}]}\n"
                "webhook: {reminders: once}\n");
  folder_.Write("h.csv",
                "time,available_credit\n2026-11-23T12:00:00Z,150\n2026-11-24T12:00:00Z,90\n"
                "2026-11-27T12:00:00Z,90\n");
  const Ran ran = Run({"simulate", "--from", "h.csv", "--threshold", "100", "--account", "demo/17",
                       "--currency", "USD"});
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "demo/17, 2026-11-23T12:00:00Z to 2026-11-27T12:00:00Z (4.0 days), lowest available "
            "credit 90.00 USD\n"
            "to boss: boss@example.com\n"
            "threshold 100.00 USD: 1 alert, 0 reminders; low for 3.0 days; never overdue\n"
            "SENT                  MESSAGE  AVAILABLE CREDIT\n"
            "2026-11-24T12:00:00Z  alert           90.00 USD\n");
  const Ran compared = Run({"simulate", "--from", "-", "--threshold", "100,50", "--output", "json"},
                           "time,available_credit\n1,150\n100,90\n");
  EXPECT_EQ(compared.code, 0);
  const auto answer = nlohmann::json::parse(compared.out);
  EXPECT_EQ(answer["contact"]["name"], "ops");
  EXPECT_EQ(answer["thresholds"][0]["alerts"], 1);
  EXPECT_EQ(answer["thresholds"][1]["alerts"], 0);
}

TEST_F(CommandsTest, SimulateTellsWhatItIsMissing) {
  folder_.Write("h.csv", "time,available_credit\n1,x\n");
  const struct {
    std::vector<std::string> arguments;
    const char* wrong;
  } cases[] = {
      {{}, "what is to be simulated? Give stories, --from or --from-prometheus"},
      {{"a.story", "--from", "h.csv"}, "stories, or --from or --from-prometheus: one of the two"},
      {{"--from", "h.csv"},
       "--threshold is missing: the amount to try, or several, as in "
       "50,100,200"},
      {{"--from", "h.csv", "--threshold", "ten"}, "--threshold: not an amount"},
      {{"--from", "h.csv", "--threshold", "1,000"},
       "--threshold: commas separate thresholds, so write 1000 and not 1,000: \"000\""},
      {{"--from", "h.csv", "--threshold", "1", "--level", "Loud"}, "--level: not a name"},
      {{"--from", "h.csv", "--threshold", "1"}, "h.csv:2: available_credit: not an amount"},
      {{"--from", ".", "--threshold", "1"}, ".: cannot be read: it is a folder"},
      {{"--from-prometheus", "http://127.0.0.1:1", "--threshold", "1"},
       "--from-prometheus: which account? Give --account PROVIDER/ID"},
      {{"--from-prometheus", "http://127.0.0.1:1", "--threshold", "1", "--account", "a/1", "--step",
        "1500ms"},
       "--step: must be whole seconds, from 1s to 1h: \"1500ms\""},
  };
  for (const auto& c : cases) {
    std::vector<std::string> arguments{"simulate"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(ran.err, testing::StartsWith("lowbalance: " + std::string(c.wrong)));
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace lowbalance
