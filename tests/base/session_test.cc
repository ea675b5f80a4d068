#include "base/session.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

using std::chrono::hours;

constexpr Time kNow = TimeFromMillis(1'795'435'200'000);
constexpr std::string_view kKey = "a key of at least sixteen bytes";
const std::map<std::string, std::string, std::less<>> kUsers{{"alice", "hash-of-alice"},
                                                             {"b.ob \"", "hash-of-bob"}};

std::string Signed(const std::string& user) {
  return SignSession({user, kNow + hours{12}}, kKey, kUsers.at(user));
}

TEST(SessionTest, IsWhoSignedItUntilItExpires) {
  for (const auto& [user, hash] : kUsers) {
    const auto session = VerifySession(Signed(user), kKey, kUsers, kNow + hours{12} - Millis{1});
    ASSERT_TRUE(session) << user;
    EXPECT_EQ(session->user, user);
    EXPECT_EQ(session->expires, kNow + hours{12});
  }
  EXPECT_FALSE(VerifySession(Signed("alice"), kKey, kUsers, kNow + hours{12}));
}

TEST(SessionTest, IsNobodyElse) {
  const std::string good = Signed("alice");
  EXPECT_FALSE(VerifySession(good, "another key of enough bytes", kUsers, kNow));
  EXPECT_FALSE(VerifySession(good, kKey, {{"alice", "a new password's hash"}}, kNow))
      << "a new password ends the logins of the old one";
  EXPECT_FALSE(VerifySession(good, kKey, {{"bob", "hash-of-alice"}}, kNow)) << "a user who left";
}

TEST(SessionTest, NoPartOfItCanBeChanged) {
  const std::string good = Signed("alice");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(VerifySession(changed, kKey, kUsers, kNow)) << "at " << i;
    EXPECT_FALSE(VerifySession(good.substr(0, i), kKey, kUsers, kNow)) << "cut at " << i;
  }
  for (const char* text : {"", ".", "..", "...", "616c696365..", "616c696365.9999999999999."}) {
    EXPECT_FALSE(VerifySession(text, kKey, kUsers, kNow)) << text;
  }
}

TEST(SessionTest, FindsItsCookieAmongOthers) {
  const std::string name = SessionCookieName(kKey);
  EXPECT_NE(name, SessionCookieName("another key"));
  EXPECT_EQ(FindCookie(name + "=x", name), "x");
  EXPECT_EQ(FindCookie("a=1; " + name + "=x; b=2", name), "x");
  EXPECT_EQ(FindCookie("x" + name + "=x", name), "");
  EXPECT_EQ(FindCookie(name, name), "");
  EXPECT_EQ(FindCookie("", name), "");
}

}  // namespace
}  // namespace lowbalance
