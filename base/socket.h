#pragma once
// Descriptors with one owner, and the socket a server listens on.

#include <cstdint>
#include <string>
#include <utility>

namespace lowbalance {

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// "127.0.0.1:10380", ":10380" (all addresses, IPv6 and IPv4), "[::1]:0", "localhost:10380".
// Throws std::runtime_error naming the address. `port` receives the port that was bound. The
// socket does not block.
[[nodiscard]] UniqueFd ListenOn(const std::string& address, std::uint16_t* port);

}  // namespace lowbalance
