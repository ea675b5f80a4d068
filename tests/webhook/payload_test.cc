#include "webhook/payload.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace lowbalance {
namespace {

std::string ReadTestData(const std::string& name) {
  std::ifstream file(LOWBALANCE_SOURCE_DIR "/tests/webhook/testdata/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file) << name;
  return text.str();
}

std::string Body(const std::string& members) { return R"({"version":"4",)" + members + "}"; }

TEST(ParsePayloadTest, ReadsWhatAlertmanagerSends) {
  for (const char* const name : {"alertmanager-0.25.json", "alertmanager-0.34.json"}) {
    SCOPED_TRACE(name);
    const auto payload = ParsePayload(ReadTestData(name));
    ASSERT_TRUE(payload) << payload.error().message;
    EXPECT_EQ(payload->receiver, "lowbalance");
    EXPECT_EQ(payload->status, "firing");
    ASSERT_EQ(payload->alerts.size(), 2U);
    const Alert& firing = payload->alerts[0];
    EXPECT_EQ(firing.status, "firing");
    EXPECT_EQ(firing.Label("alertname"), "LowBalance");
    EXPECT_EQ(firing.Label("account_id"), "17");
    EXPECT_EQ(firing.labels.size(), 7U);
    EXPECT_EQ(firing.Annotation("summary"), "生产 \"1\" is low");
    EXPECT_TRUE(ReadFacts(firing)) << ReadFacts(firing).error().message;
    EXPECT_EQ(payload->alerts[1].status, "resolved");
    EXPECT_EQ(payload->alerts[1].Label("nothing"), "");
  }
}

TEST(ParsePayloadTest, SkipsWhatItDoesNotKnow) {
  const auto payload = ParsePayload(
      Body(R"("x":{"alerts":[1,{"labels":3}],"version":"9"},"y":[[[{}]]],"z":null,"t":true,
              "alerts":[{"q":[{"labels":{"a":"b"}}],"labels":{"a":"1"},"startsAt":7,
                         "status":"firing","more":{"status":"resolved"}}],"n":-1.5e3)"));
  ASSERT_TRUE(payload) << payload.error().message;
  ASSERT_EQ(payload->alerts.size(), 1U);
  EXPECT_EQ(payload->alerts[0].status, "firing");
  EXPECT_EQ(payload->alerts[0].labels.size(), 1U);
  EXPECT_EQ(payload->alerts[0].Label("a"), "1");
}

TEST(ParsePayloadTest, AcceptsNothingToTell) {
  for (const char* const members :
       {R"("alerts":[])", R"("alerts":[{}])",
        R"("alerts":[{"labels":{},"annotations":{}},{"labels":null,"annotations":null}])"}) {
    const auto payload = ParsePayload(Body(members));
    EXPECT_TRUE(payload) << members << ": " << payload.error().message;
  }
}

TEST(ParsePayloadTest, AnAlertWithoutStatusIsNotFiring) {
  const auto payload = ParsePayload(Body(R"("alerts":[{"labels":{"alertname":"LowBalance"}}])"));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->alerts[0].status, "");
}

std::string Nested(int levels) {
  return Body("\"alerts\":[],\"x\":" + std::string(static_cast<std::size_t>(levels), '[') +
              std::string(static_cast<std::size_t>(levels), ']'));
}

TEST(ParsePayloadTest, SaysWhatIsWrong) {
  const struct {
    const char* name;
    std::string body;
    const char* want;
  } cases[] = {
      {"nothing", "", "not JSON in UTF-8 at byte 1"},
      {"text that is no JSON", "hello", "not JSON in UTF-8 at byte 1"},
      {"cut off within", R"({"version":"4","alerts":[{"labels":{"a)", "not JSON in UTF-8 at byte"},
      {"cut off at the end", R"({"version":"4","alerts":[])", "not JSON in UTF-8 at byte"},
      {"two bodies", R"({"version":"4","alerts":[]}{})", "not JSON in UTF-8 at byte"},
      {"bytes that are not UTF-8", Body("\"alerts\":[{\"labels\":{\"a\":\"\xff\"}}]"),
       "not JSON in UTF-8 at byte"},
      {"half a surrogate pair", Body(R"("alerts":[{"labels":{"a":"\ud800"}}])"),
       "not JSON in UTF-8 at byte"},
      {"a number that no double holds", Body(R"("alerts":[],"x":1e999)"), "a number out of range"},
      {"no version", R"({"alerts":[]})", "version is missing"},
      {"an older version", R"({"version":"3","alerts":[]})", "version is \"3\", not \"4\""},
      {"a number as version", R"({"version":4,"alerts":[]})",
       "version must be a text, seen a number"},
      {"no alerts", R"({"version":"4"})", "alerts is missing"},
      {"alerts that are no list", Body(R"("alerts":{})"), "alerts must be a list, seen an object"},
      {"null for alerts", Body(R"("alerts":null)"), "alerts must be a list, seen null"},
      {"an alert that is no object", Body(R"("alerts":["x"])"),
       "an alert must be an object, seen a text"},
      {"a list of lists", Body(R"("alerts":[[]])"), "an alert must be an object, seen a list"},
      {"labels that are no object", Body(R"("alerts":[{"labels":[]}])"),
       "an alert's labels must be an object, seen a list"},
      {"a label that is no text", Body(R"("alerts":[{"labels":{"a":1}}])"),
       "a label must be a text, seen a number"},
      {"a label that is an object", Body(R"("alerts":[{"labels":{"a":{}}}])"),
       "a label must be a text, seen an object"},
      {"an annotation that is no text", Body(R"("alerts":[{"annotations":{"a":true}}])"),
       "an annotation must be a text, seen true or false"},
      {"a list at the top", "[]", "the body must be an object, seen a list"},
      {"a text at the top", "\"4\"", "the body must be an object, seen a text"},
      {"65 levels", Nested(64), "nested deeper than 64 levels"},
      {"a million levels", std::string(1'000'000, '['), "the body must be an object"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto payload = ParsePayload(c.body);
    ASSERT_FALSE(payload);
    EXPECT_EQ(payload.error().kind, Error::Kind::kReject);
    EXPECT_EQ(payload.error().message.substr(0, std::string(c.want).size()), c.want)
        << payload.error().message;
  }
  EXPECT_TRUE(ParsePayload(Nested(63)));
}

TEST(ParsePayloadTest, DoesNotRepeatTheBody) {
  const auto payload = ParsePayload(R"({"version":"4","alerts":[{"labels":{"a":"secret"}}], x})");
  ASSERT_FALSE(payload);
  EXPECT_EQ(payload.error().message.find("secret"), std::string::npos) << payload.error().message;
}

TEST(ParsePayloadTest, EveryPrefixOfABodyIsRefused) {
  const std::string body = ReadTestData("alertmanager-0.34.json");
  for (std::size_t length = 0; length + 3 < body.size(); length += 7) {
    EXPECT_FALSE(ParsePayload(std::string_view(body).substr(0, length))) << length;
  }
}

TEST(ParsePayloadTest, RefusesMoreAlertsThanItsBytesCanHold) {
  std::string body = R"({"version":"4","alerts":[{})";
  for (int i = 0; i < 1000; ++i) body += ",{}";
  const auto payload = ParsePayload(body + "]}");
  ASSERT_FALSE(payload);
  EXPECT_EQ(payload.error().message, "more alerts than a body of its size can hold: over 48");
}

TEST(ParsePayloadTest, ReadsManyAlerts) {
  nlohmann::json alert = {{"status", "firing"},
                          {"labels", {{"alertname", "LowBalance"}, {"account_id", "1"}}},
                          {"annotations", {{"lowbalance_facts", std::string(500, 'x')}}}};
  nlohmann::json body = {{"version", "4"}, {"alerts", nlohmann::json::array()}};
  for (int i = 0; i < 5000; ++i) {
    alert["labels"]["account_id"] = std::to_string(i);
    body["alerts"].push_back(alert);
  }
  const auto payload = ParsePayload(body.dump());
  ASSERT_TRUE(payload);
  ASSERT_EQ(payload->alerts.size(), 5000U);
  EXPECT_EQ(payload->alerts.back().Label("account_id"), "4999");
}

}  // namespace
}  // namespace lowbalance
