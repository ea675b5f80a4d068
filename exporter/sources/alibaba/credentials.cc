#include "exporter/sources/alibaba/credentials.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace lowbalance::alibaba {
namespace {

// The vendor's programs hold temporary credentials for stale 15 minutes before they expire. Those
// that live for less than an hour are used for three quarters of it.
constexpr Millis kStaleBefore = std::chrono::minutes{15};
constexpr Millis kBetweenFailures = std::chrono::minutes{1};

}  // namespace

const Credentials* CredentialsCache::Usable(Time now) const {
  if (!credentials_ || look_again_) return nullptr;
  if (credentials_->expires && (now >= *credentials_->expires || now >= refresh_at_)) {
    return nullptr;
  }
  return &*credentials_;
}

void CredentialsCache::Refresh(ApiClient& client, Time now,
                               std::function<void(Result<void>)> done) {
  obtain_(client, [this, now, done = std::move(done)](Result<Credentials> obtained) {
    Take(std::move(obtained), now, done);
  });
}

void CredentialsCache::Take(Result<Credentials> obtained, Time now,
                            const std::function<void(Result<void>)>& done) {
  look_again_ = false;
  if (obtained && obtained->expires && *obtained->expires <= now) {
    obtained = Retry("the credentials obtained have already expired");
  }
  if (!obtained) {
    const bool still_good = credentials_ && credentials_->expires && now < *credentials_->expires;
    if (!still_good) {
      credentials_.reset();
      return done(tl::unexpected(obtained.error()));
    }
    refresh_at_ = std::min(now + kBetweenFailures, *credentials_->expires);
    return done({});
  }
  credentials_ = std::move(*obtained);
  if (credentials_->expires) {
    const Millis lives = *credentials_->expires - now;
    refresh_at_ = *credentials_->expires - std::min(kStaleBefore, lives / 4);
  }
  done({});
}

void CredentialsCache::Refused(const Credentials& credentials) {
  if (credentials_ == credentials) credentials_.reset();
}

void CredentialsCache::LookAgain() {
  if (credentials_ && !credentials_->expires) look_again_ = true;
}

}  // namespace lowbalance::alibaba
