#include "exporter/burn_rates.h"

#include <algorithm>

namespace lowbalance {
namespace {

constexpr std::int64_t kBuckets = 24;
constexpr std::int64_t kDayMs = 86'400'000;

// a * b / c without overflow in between; empty where the answer itself does not fit.
std::optional<std::int64_t> Scale(std::int64_t a, std::int64_t b, std::int64_t c) {
  __extension__ using Wide = __int128;
  const Wide scaled = static_cast<Wide>(a) * b / c;
  if (scaled > INT64_MAX || scaled < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(scaled);
}

}  // namespace

void BurnRates::SetWindow(Millis window) {
  if (window == window_) return;
  window_ = window;
  spends_.clear();
}

std::int64_t BurnRates::BucketOf(Time at) const {
  return ToMillis(at) / std::max<std::int64_t>(window_.count() / kBuckets, 1);
}

void BurnRates::Add(Spend& spend, Time at, Money amount) const {
  const std::int64_t number = BucketOf(at);
  std::erase_if(spend.buckets, [&](const Bucket& b) { return b.number <= number - kBuckets; });
  if (spend.buckets.empty() || spend.buckets.back().number < number) {
    spend.buckets.push_back({number, 0});
  }
  const Money before = Money::FromMillionths(spend.buckets.back().millionths);
  spend.buckets.back().millionths = Money::Add(before, amount).value_or(before).millionths();
}

void BurnRates::Load(const AccountKey& account, std::span<const CreditChange> changes, Time now) {
  Spend spend{.known_since = changes.empty() ? now : changes.front().at};
  for (std::size_t i = 1; i < changes.size(); ++i) {
    const CreditChange& was = changes[i - 1];
    const CreditChange& is = changes[i];
    if (was.currency != is.currency) {
      spend = {.known_since = is.at};
    } else if (const auto spent = Money::Subtract(was.available_credit, is.available_credit);
               spent && *spent > Money{}) {
      Add(spend, is.at, *spent);
    }
  }
  spends_.insert_or_assign(account, std::move(spend));
}

void BurnRates::Note(const AccountChange& change, Time now) {
  if (spends_.empty()) return;
  const auto found =
      spends_.find(change.after ? change.after->memory.account : change.before->memory.account);
  if (found == spends_.end()) return;
  if (!change.before || !change.after ||
      change.before->memory.currency != change.after->memory.currency) {
    spends_.erase(found);
    return;
  }
  const auto spent =
      Money::Subtract(change.after->memory.spend_total, change.before->memory.spend_total);
  if (spent && *spent > Money{}) Add(found->second, now, *spent);
}

BurnRates::Rate BurnRates::Of(const Account& account, Time now) const {
  const auto found = spends_.find(account.memory.account);
  if (found == spends_.end() || found->second.known_since > now - window_) return {};
  std::int64_t spent = 0;
  for (const Bucket& bucket : found->second.buckets) {
    if (bucket.number > BucketOf(now) - kBuckets) spent += bucket.millionths;
  }
  Rate rate;
  if (const auto per_day = Scale(spent, kDayMs, window_.count())) {
    rate.per_day = Money::FromMillionths(*per_day);
  }
  const auto& credit = account.memory.available_credit;
  if (spent > 0 && credit && *credit > Money{}) {
    if (const auto ms = Scale(credit->millionths(), window_.count(), spent))
      rate.runway = Millis{*ms};
  }
  return rate;
}

}  // namespace lowbalance
