#include "exporter/sources/alibaba/credentials.h"

#include <gtest/gtest.h>

#include "exporter/sources/alibaba/api_client.h"
#include "tests/exporter/sources/alibaba/fake_transport.h"

namespace lowbalance::alibaba {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart = TimeFromMillis(1'795'435'200'000);

class CredentialsCacheTest : public testing::Test {
 protected:
  // What the next look gives: credentials of that life, or none at all.
  void Next(Result<Millis> life) { next_ = std::move(life); }
  std::string Refresh(Time now) {
    std::string wrong = "not told";
    cache_.Refresh(client_, now,
                   [&](const Result<void>& done) { wrong = done ? "" : done.error().message; });
    return wrong;
  }
  std::string Usable(Time now) {
    const Credentials* const usable = cache_.Usable(now);
    return usable == nullptr ? "" : usable->access_key_id;
  }

  Time now_ = kStart;
  Result<Millis> next_ = hours{1};
  int obtained_ = 0;
  CredentialsCache cache_{[this](ApiClient&, const CredentialsCache::Done& done) {
    if (!next_) return done(tl::unexpected(next_.error()));
    Credentials credentials{.access_key_id = std::to_string(++obtained_)};
    if (*next_ != Millis::max()) credentials.expires = now_ + *next_;
    done(std::move(credentials));
  }};
  FakeTransport transport_{[](const HttpCall&) { return Answered(""); }};
  ApiClient client_{{}, transport_, [this] { return now_; }};
};

TEST_F(CredentialsCacheTest, AreUsedUntilAQuarterOfAnHourBeforeTheyExpire) {
  EXPECT_EQ(Usable(kStart), "");
  EXPECT_EQ(Refresh(kStart), "");
  EXPECT_EQ(Usable(kStart), "1");
  EXPECT_EQ(Usable(kStart + minutes{45} - seconds{1}), "1");
  EXPECT_EQ(Usable(kStart + minutes{45}), "");
}

TEST_F(CredentialsCacheTest, OfAShorterLifeTheLastQuarterIsNotUsed) {
  Next(seconds{40});
  EXPECT_EQ(Refresh(kStart), "");
  EXPECT_EQ(Usable(kStart + seconds{29}), "1");
  EXPECT_EQ(Usable(kStart + seconds{30}), "");
}

TEST_F(CredentialsCacheTest, TheOldOnesServeWhileNewOnesCannotBeHad) {
  EXPECT_EQ(Refresh(kStart), "");
  Next(Retry("no answer"));
  now_ = kStart + minutes{50};
  EXPECT_EQ(Refresh(now_), "") << "the old ones are still good";
  EXPECT_EQ(Usable(now_), "1");
  EXPECT_EQ(Usable(now_ + seconds{59}), "1");
  EXPECT_EQ(Usable(now_ + seconds{60}), "") << "tried again a minute later";
  EXPECT_EQ(Refresh(kStart + hours{1}), "no answer");
  EXPECT_EQ(Usable(kStart + hours{1}), "");
}

TEST_F(CredentialsCacheTest, ThoseThatHaveExpiredAlreadyAreNone) {
  Next(seconds{-1});
  EXPECT_EQ(Refresh(kStart), "the credentials obtained have already expired");
  EXPECT_EQ(Usable(kStart), "");
}

TEST_F(CredentialsCacheTest, WhatTheServerRefusedIsNotUsedAgain) {
  EXPECT_EQ(Refresh(kStart), "");
  const Credentials first = *cache_.Usable(kStart);
  cache_.Refused(first);
  EXPECT_EQ(Usable(kStart), "");
  EXPECT_EQ(Refresh(kStart), "");
  cache_.Refused(first);
  EXPECT_EQ(Usable(kStart), "2") << "those that came after are another matter";
  Next(Retry("no answer"));
  cache_.Refused(*cache_.Usable(kStart));
  EXPECT_EQ(Refresh(kStart), "no answer");
}

TEST_F(CredentialsCacheTest, LastingOnesAreLookedAtAgainWhenTold) {
  Next(Millis::max());
  EXPECT_EQ(Refresh(kStart), "");
  EXPECT_EQ(Usable(kStart + hours{10'000}), "1");
  cache_.LookAgain();
  EXPECT_EQ(Usable(kStart), "");
  Next(Reject("the file is gone"));
  EXPECT_EQ(Refresh(kStart), "the file is gone");
  EXPECT_EQ(Usable(kStart), "") << "a key that was taken away is not used on";
}

}  // namespace
}  // namespace lowbalance::alibaba
