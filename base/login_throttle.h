#pragma once
// Slows down whoever guesses passwords: after some failures of one user from one address, or of
// one address, the next try has to wait, twice as long each time. Pure but for its memory, which
// is bounded. Not thread-safe: the owner guards it.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace lowbalance {

class LoginThrottle {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kFreePerUser = 5;  // Failures without a wait.
  static constexpr int kFreePerAddress = 50;
  static constexpr std::chrono::seconds kLongest{60};    // Of waits.
  static constexpr std::chrono::minutes kForgotten{15};  // After the last failure.
  static constexpr std::size_t kMostKept = 8192;

  // How long it has to wait until the next try; empty if it may try now.
  [[nodiscard]] std::optional<std::chrono::seconds> Wait(std::string_view user,
                                                         std::string_view address,
                                                         Clock::time_point now) const;
  void Failed(std::string_view user, std::string_view address, Clock::time_point now);
  void Succeeded(std::string_view user, std::string_view address);

 private:
  struct Failures {
    int count = 0;
    Clock::time_point last{};
  };
  using Key = std::pair<std::string, std::string>;  // User (empty: any), address.

  void Note(Key key, Clock::time_point now);
  void MakeRoom();
  [[nodiscard]] std::chrono::seconds WaitOf(const Key& key, int free, Clock::time_point now) const;

  std::map<Key, Failures> failures_;
};

}  // namespace lowbalance
