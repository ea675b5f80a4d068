#pragma once
// How fast each account is spent, and so how long its available credit lasts.
//
// What Prometheus' recording rules say of billing_account:runway_seconds, worked out from the
// store's own history for whoever lists accounts by it: the spend of the last `window`, to a 24th
// of it. An account is loaded when it is first asked about and kept up to date from then on.
// Not thread-safe: the owner guards it.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "exporter/account_store.h"
#include "exporter/snapshot.h"

namespace lowbalance {

class BurnRates {
 public:
  // Another window than before forgets what was loaded.
  void SetWindow(Millis window);
  [[nodiscard]] Millis window() const { return window_; }

  [[nodiscard]] bool Knows(const AccountKey& account) const { return spends_.contains(account); }
  // `changes` begin with the one in force a window ago, if there was one.
  void Load(const AccountKey& account, std::span<const CreditChange> changes, Time now);
  // The account was committed so.
  void Note(const AccountChange& change, Time now);

  struct Rate {
    std::optional<Money> per_day;  // Empty while history is shorter than the window.
    std::optional<Millis> runway;  // Empty where nothing is spent, or nothing is left.
  };
  [[nodiscard]] Rate Of(const Account& account, Time now) const;

 private:
  struct Bucket {
    std::int64_t number = 0;
    std::int64_t millionths = 0;
  };
  struct Spend {
    Time known_since{};
    std::vector<Bucket> buckets;  // By number.
  };
  [[nodiscard]] std::int64_t BucketOf(Time at) const;
  void Add(Spend& spend, Time at, Money amount) const;

  Millis window_ = std::chrono::hours{24};
  std::map<AccountKey, Spend> spends_;
};

}  // namespace lowbalance
