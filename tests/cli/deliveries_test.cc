// messages deliveries, resend and cancel, against a server that records what it is asked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/api_server.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kDelivery = R"({"id":7,"relay":"email","recipient":"a@example.com",
  "state":"dead","attempts":3,"last_error":"550 no such user","next_attempt":null,
  "finished":"2026-11-23T07:12:00Z","message_id":2,"created":"2026-11-23T07:12:00Z",
  "kind":"reminder","number":1,"provider":"demo","account_id":"17","account_name":"Ann",
  "level":"warning","contact":"finance","subject":"Low"})";

class DeliveriesCommandsTest : public ApiCommands {
 protected:
  // 7 can be changed, 8 is so already, 9 is refused; there are no others.
  void AnswerChanges() {
    for (const char* const verb : {"resend", "cancel"}) {
      Answer("POST", std::string("/api/v1/deliveries/{id}/") + verb,
             [](const HttpRequest& request) {
               const std::string id = request.params.at("id");
               const std::string delivery = std::string(R"("delivery":)") + kDelivery;
               if (id == "7") return JsonOk(R"({"changed":true,)" + delivery + "}");
               if (id == "8")
                 return JsonOk(R"({"changed":false,"reason":"it waits",)" + delivery + "}");
               if (id == "9") return JsonError(409, "it has been delivered");
               return JsonError(404, "there is no such delivery");
             });
    }
  }
  // Two pages of dead letters: 9, 8 and 7.
  void AnswerList() {
    Answer("GET", "/api/v1/deliveries", [](const HttpRequest& request) {
      const bool first = request.Query("before").empty();
      json page = {{"deliveries", json::array()}, {"next", first ? json(8) : json()}};
      for (const int id : first ? std::vector{9, 8} : std::vector{7}) {
        json delivery = json::parse(kDelivery);
        delivery["id"] = id;
        page["deliveries"].push_back(delivery);
      }
      return JsonOk(page.dump());
    });
  }
};

TEST_F(DeliveriesCommandsTest, ListsThem) {
  Answer("GET", "/api/v1/deliveries",
         std::string(R"({"deliveries":[)") + kDelivery + R"(],"next":null})");
  const Ran ran = Run({"messages", "deliveries", "--state", "dead", "--contact", "finance"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "DELIVERY  MESSAGE  CREATED               KIND        ACCOUNT  RELAY  RECIPIENT      "
            "CONTACT  STATE  TRIES  LAST ERROR\n"
            "       7        2  2026-11-23T07:12:00Z  reminder 1  demo/17  email  a@example.com  "
            "finance  dead       3  550 no such user\n");
  EXPECT_THAT(asked(), ElementsAre("GET /api/v1/deliveries contact=finance limit=50 state=dead"));
  const Ran as_json = Run({"messages", "deliveries", "--output", "json"});
  EXPECT_EQ(json::parse(as_json.out), (json{{"deliveries", {json::parse(kDelivery)}}}));
}

TEST_F(DeliveriesCommandsTest, WhereTheListIsCutItIsSaid) {
  AnswerList();
  for (const char* path : {"/api/v1/messages", "/api/v1/inbox"}) {
    Answer("GET", path, R"({"messages":[{"id":9}],"next":9})");
  }
  const Ran cut = Run({"messages", "deliveries", "--limit", "2"});
  EXPECT_EQ(cut.code, 0);
  EXPECT_EQ(cut.err, "lowbalance: only the newest 2; --limit gives more\n");
  EXPECT_EQ(Run({"messages", "deliveries", "--limit", "3"}).err, "");
  EXPECT_THAT(Run({"messages", "list", "--limit", "1"}).err, HasSubstr("only the newest 1;"));
  EXPECT_THAT(Run({"messages", "inbox", "--limit", "1"}).err, HasSubstr("only the newest 1;"));
}

TEST_F(DeliveriesCommandsTest, SendsThemAgainOneByOne) {
  AnswerChanges();
  const Ran ran = Run({"messages", "resend", "7", "8", "9", "10"});
  EXPECT_EQ(ran.code, 1) << "since some were refused";
  EXPECT_EQ(ran.out,
            "delivery 7, reminder 1 of demo/17 to a@example.com: queued again\n"
            "delivery 8, reminder 1 of demo/17 to a@example.com: it waits\n"
            "1 queued again, 1 already, 2 refused\n");
  EXPECT_EQ(ran.err,
            "lowbalance: delivery 9: it has been delivered\n"
            "lowbalance: delivery 10: there is no such delivery\n");
  EXPECT_THAT(
      asked(),
      ElementsAre("POST /api/v1/deliveries/7/resend {}", "POST /api/v1/deliveries/8/resend {}",
                  "POST /api/v1/deliveries/9/resend {}", "POST /api/v1/deliveries/10/resend {}"));
  EXPECT_EQ(Run({"messages", "resend", "7", "8"}).code, 0);
}

TEST_F(DeliveriesCommandsTest, SendsAllDeadLettersAgainTheOldestFirst) {
  AnswerChanges();
  AnswerList();
  const Ran ran =
      Run({"messages", "resend", "--all-dead", "--contact", "finance", "--output", "json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(json::parse(ran.out)["results"],
            json::parse(R"([{"delivery":"7","changed":true},{"delivery":"8","changed":false},
                            {"delivery":"9","error":"it has been delivered"}])"));
  EXPECT_THAT(
      asked(),
      ElementsAre("GET /api/v1/deliveries contact=finance limit=1000 state=dead",
                  "GET /api/v1/deliveries before=8 contact=finance limit=1000 state=dead",
                  "POST /api/v1/deliveries/7/resend {}", "POST /api/v1/deliveries/8/resend {}",
                  "POST /api/v1/deliveries/9/resend {}"));
}

TEST_F(DeliveriesCommandsTest, SaysWhenThereIsNone) {
  Answer("GET", "/api/v1/deliveries", R"({"deliveries":[],"next":null})");
  const Ran ran = Run({"messages", "resend", "--all-dead"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "there is no dead letter\n");
}

TEST_F(DeliveriesCommandsTest, Cancels) {
  AnswerChanges();
  const Ran ran = Run({"messages", "cancel", "7"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "delivery 7, reminder 1 of demo/17 to a@example.com: cancelled\n");
  EXPECT_THAT(asked(), ElementsAre("POST /api/v1/deliveries/7/cancel {}"));
}

TEST_F(DeliveriesCommandsTest, WhichOnesMustBeSaid) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"7", "--all-dead"}, {"7", "--contact", "finance"}, {"x"}}) {
    std::vector<std::string> all{"messages", "resend"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = Run(all);
    EXPECT_EQ(ran.code, 2) << ran.out;
    EXPECT_FALSE(ran.err.empty());
  }
  EXPECT_THAT(Run({"messages", "resend"}).err, HasSubstr("--all-dead"));
  EXPECT_THAT(asked(), testing::IsEmpty());
}

}  // namespace
}  // namespace lowbalance
