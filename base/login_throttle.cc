#include "base/login_throttle.h"

#include <algorithm>
#include <vector>

namespace lowbalance {
namespace {

// A name can be as long as a header; what is kept of it cannot.
std::string Short(std::string_view text) { return std::string(text.substr(0, 128)); }

}  // namespace

std::chrono::seconds LoginThrottle::WaitOf(const Key& key, int free, Clock::time_point now) const {
  const auto found = failures_.find(key);
  if (found == failures_.end() || found->second.count < free) return {};
  if (now - found->second.last > kForgotten) return {};
  const int doublings = std::min(found->second.count - free, 6);
  const auto wait = std::min<std::chrono::seconds>(std::chrono::seconds{1 << doublings}, kLongest);
  const auto passed = std::chrono::floor<std::chrono::seconds>(now - found->second.last);
  return std::max(wait - passed, std::chrono::seconds{0});
}

std::optional<std::chrono::seconds> LoginThrottle::Wait(std::string_view user,
                                                        std::string_view address,
                                                        Clock::time_point now) const {
  const auto wait = std::max(WaitOf({Short(user), Short(address)}, kFreePerUser, now),
                             WaitOf({"", Short(address)}, kFreePerAddress, now));
  if (wait == std::chrono::seconds{0}) return std::nullopt;
  return wait;
}

void LoginThrottle::Note(Key key, Clock::time_point now) {
  if (failures_.size() >= kMostKept && !failures_.contains(key)) MakeRoom();
  Failures& failures = failures_[std::move(key)];
  if (now - failures.last > kForgotten) failures.count = 0;
  ++failures.count;
  failures.last = now;
}

// Lets go of the older half, so that it is seldom done.
void LoginThrottle::MakeRoom() {
  std::vector<Clock::time_point> instants;
  instants.reserve(failures_.size());
  for (const auto& [key, failures] : failures_) instants.push_back(failures.last);
  const auto middle = instants.begin() + static_cast<std::ptrdiff_t>(instants.size() / 2);
  std::nth_element(instants.begin(), middle, instants.end());
  std::erase_if(failures_, [&](const auto& f) { return f.second.last <= *middle; });
}

void LoginThrottle::Failed(std::string_view user, std::string_view address, Clock::time_point now) {
  if (!user.empty()) Note({Short(user), Short(address)}, now);
  Note({"", Short(address)}, now);
}

void LoginThrottle::Succeeded(std::string_view user, std::string_view address) {
  failures_.erase({Short(user), Short(address)});
}

}  // namespace lowbalance
