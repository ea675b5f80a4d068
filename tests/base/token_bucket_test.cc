#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr SteadyTime kStart{hours{1000}};

TEST(TokenBucketTest, GivesABurstAndThenOneAtATime) {
  TokenBucket bucket(2, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(kStart), Millis{0});
  EXPECT_EQ(bucket.Take(kStart), Millis{500});
  EXPECT_EQ(bucket.Take(kStart + Millis{499}), Millis{1});
  EXPECT_EQ(bucket.Take(kStart + Millis{500}), Millis{0});
  EXPECT_EQ(bucket.Take(kStart + Millis{500}), Millis{500});
}

TEST(TokenBucketTest, SavesUpNoMoreThanABurst) {
  TokenBucket bucket(10, 2);
  EXPECT_EQ(bucket.Take(kStart), Millis{0});
  EXPECT_FALSE(bucket.Full(kStart));
  const SteadyTime later = kStart + hours{24};
  EXPECT_TRUE(bucket.Full(later));
  EXPECT_EQ(bucket.Take(later), Millis{0});
  EXPECT_EQ(bucket.Take(later), Millis{0});
  EXPECT_GT(bucket.Take(later), Millis{0});
}

TEST(TokenBucketTest, HoldsAndThenGivesOneAtATime) {
  TokenBucket bucket(1, 5);
  bucket.HoldUntil(kStart + seconds{10});
  EXPECT_EQ(bucket.Take(kStart), seconds{10});
  EXPECT_FALSE(bucket.Full(kStart + seconds{5}));
  EXPECT_EQ(bucket.Take(kStart + seconds{10}), Millis{0});
  EXPECT_EQ(bucket.Take(kStart + seconds{10}), seconds{1}) << "what was saved up is gone";
  bucket.HoldUntil(kStart);
  EXPECT_EQ(bucket.Take(kStart + seconds{11}), Millis{0}) << "an earlier hold ends no later one";
}

}  // namespace
}  // namespace lowbalance
