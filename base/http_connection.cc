#include "base/http_connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace lowbalance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kGreetTime{10};
constexpr seconds kHeadTime{10};
constexpr seconds kBodyTime{30};  // And a second more for each of these many bytes.
constexpr std::size_t kBodyBytesPerSecond = 256U << 10U;
constexpr seconds kReadSilence{15};  // Without a byte of a body.
constexpr seconds kSendTime{300};
constexpr seconds kSendSilence{30};
// Before these a connection does not give way to others that wait: whoever has just connected or
// been answered may be about to ask, and a head arrives in one piece from anybody honest, as does a
// small body.
constexpr milliseconds kNewcomersGrace{1000};
constexpr milliseconds kIdleGrace{100};
constexpr milliseconds kRequestGrace{1000};  // And for a body the time that it may take.
constexpr milliseconds kSendGrace{2000};     // Without any of an answer being taken.
// What is half read when the server stops gets this long to arrive.
constexpr seconds kStopGrace{2};
constexpr std::size_t kBufferSize = 16U << 10U;
constexpr std::size_t kMostToDiscard = 1U << 20U;

}  // namespace

HttpConnection::HttpConnection(UniqueFd socket, TlsContext tls, int stop_fd, HttpPool* pool)
    : socket_(std::move(socket)),
      tls_context_(std::move(tls)),
      stop_fd_(stop_fd),
      pool_(pool),
      tls_(tls_context_ ? SSL_new(tls_context_.get()) : nullptr, &SSL_free) {
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_) SSL_set_fd(tls_.get(), socket_.get());
}

HttpConnection::~HttpConnection() {
  if (tls_) {
    if (SSL_is_init_finished(tls_.get()) == 1) SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
}

bool HttpConnection::stopping() const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0;
}

HttpConnection::Wake HttpConnection::Wait(short events, Clock::time_point deadline,
                                          Patience patience) {
  for (;;) {
    if (stop_seen_) deadline = std::min(deadline, *stop_seen_ + kStopGrace);
    const auto now = Clock::now();
    const bool gives_way = now >= give_way_after_;
    auto until = deadline;
    if (!gives_way) until = std::min(until, give_way_after_);
    const auto left = std::chrono::ceil<milliseconds>(until - now).count();
    std::array<pollfd, 3> fds{{{socket_.get(), events, 0},
                               {stop_seen_ ? -1 : stop_fd_, POLLIN, 0},
                               {gives_way ? pool_->wanted_fd() : -1, POLLIN, 0}}};
    const int n = ::poll(fds.data(), fds.size(), static_cast<int>(std::max<long>(left, 0)));
    if (n < 0 && errno != EINTR) return Wake::kTooLate;
    if (n > 0 && fds[0].revents != 0) return Wake::kReady;
    if (n > 0 && fds[1].revents != 0) {
      if (patience == Patience::kIdle) return Wake::kStop;
      stop_seen_ = Clock::now();
    }
    if (n > 0 && fds[2].revents != 0 && pool_->TakeWanted()) {
      gave_way_ = true;
      return Wake::kWanted;
    }
    if (Clock::now() >= deadline) return Wake::kTooLate;
  }
}

bool HttpConnection::WaitForTls(int result, Clock::time_point deadline, Patience patience) {
  const int error = SSL_get_error(tls_.get(), result);
  ERR_clear_error();
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
  const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
  return Wait(events, deadline, patience) == Wake::kReady;
}

bool HttpConnection::Greet() {
  if (!tls_) return true;
  const auto deadline = Clock::now() + kGreetTime;
  give_way_after_ = opened_ + kNewcomersGrace;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_accept(tls_.get());
    if (result == 1) return true;
    if (!WaitForTls(result, deadline, Patience::kWary)) return false;
  }
}

bool HttpConnection::WaitForRequest() {
  if (buffer_used_ < buffer_.size() || (tls_ && SSL_pending(tls_.get()) > 0)) return true;
  give_way_after_ = used_ ? Clock::now() + kIdleGrace : opened_ + kNewcomersGrace;
  return Wait(POLLIN, Clock::now() + kHttpIdleTime, Patience::kIdle) == Wake::kReady;
}

void HttpConnection::BeginHead() {
  used_ = true;
  in_body_ = false;
  deadline_ = Clock::now() + kHeadTime;
  give_way_after_ = Clock::now() + kRequestGrace;
}

void HttpConnection::BeginBody(std::size_t length) {
  in_body_ = true;
  const auto usual = seconds(length / kBodyBytesPerSecond);
  deadline_ = Clock::now() + kBodyTime + usual;
  give_way_after_ = Clock::now() + kRequestGrace + usual;
}

long HttpConnection::ReadSome(char* data, std::size_t size) {
  for (;;) {
    const auto now = Clock::now();
    if (now >= deadline_) return -1;
    const auto until = in_body_ ? std::min(deadline_, now + kReadSilence) : deadline_;
    if (tls_) {
      ERR_clear_error();
      const int n = SSL_read(tls_.get(), data, static_cast<int>(std::min(size, kBufferSize)));
      if (n > 0) return n;
      if (SSL_get_error(tls_.get(), n) == SSL_ERROR_ZERO_RETURN) return 0;
      if (!WaitForTls(n, until, Patience::kWary)) return -1;
      continue;
    }
    const ssize_t n = ::recv(socket_.get(), data, size, 0);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (Wait(POLLIN, until, Patience::kWary) != Wake::kReady) return -1;
  }
}

long HttpConnection::Read(char* data, std::size_t size) {
  if (!unsent_.empty() && !Flush()) return -1;
  if (buffer_used_ == buffer_.size()) {
    if (size >= kBufferSize) return ReadSome(data, size);
    buffer_.resize(kBufferSize);
    buffer_used_ = 0;
    const long n = ReadSome(buffer_.data(), buffer_.size());
    buffer_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    if (n <= 0) return n;
  }
  const std::size_t n = std::min(size, buffer_.size() - buffer_used_);
  buffer_.copy(data, n, buffer_used_);
  buffer_used_ += n;
  return static_cast<long>(n);
}

bool HttpConnection::SendAll(std::string_view data, bool more) {
  const auto deadline = Clock::now() + kSendTime;
  while (!data.empty()) {
    const auto now = Clock::now();
    if (now >= deadline) return false;
    const auto until = std::min(deadline, now + kSendSilence);
    give_way_after_ = now + kSendGrace;
    if (tls_) {
      ERR_clear_error();
      const int n = SSL_write(tls_.get(), data.data(),
                              static_cast<int>(std::min<std::size_t>(data.size(), 1U << 20U)));
      if (n > 0) {
        data.remove_prefix(static_cast<std::size_t>(n));
      } else if (!WaitForTls(n, until, Patience::kWary)) {
        return false;
      }
      continue;
    }
    const ssize_t n =
        ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (n >= 0) {
      data.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
      if (Wait(POLLOUT, until, Patience::kWary) != Wake::kReady) return false;
    }
  }
  return true;
}

bool HttpConnection::Flush(std::string_view body) {
  std::string head = std::move(unsent_);
  unsent_.clear();
  if (body.size() <= kBufferSize) {
    head += body;
    body = {};
  }
  return SendAll(head, !body.empty()) && SendAll(body, false);
}

void HttpConnection::CloseGently() {
  if (tls_) SSL_shutdown(tls_.get());
  ERR_clear_error();
  ::shutdown(socket_.get(), SHUT_WR);
  if (gave_way_) return;
  // Closing with unread data in the socket would make the peer lose the answer.
  const auto deadline = Clock::now() + seconds{1};
  give_way_after_ = Clock::now();
  std::array<char, 4096> discarded{};
  std::size_t total = 0;
  while (total < kMostToDiscard && Wait(POLLIN, deadline, Patience::kIdle) == Wake::kReady) {
    const ssize_t n = ::recv(socket_.get(), discarded.data(), discarded.size(), 0);
    if (n <= 0) return;
    total += static_cast<std::size_t>(n);
  }
}

std::string HttpConnection::PeerAddress() const {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  std::array<char, NI_MAXHOST> host{};
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), size, host.data(), host.size(),
                    nullptr, 0, NI_NUMERICHOST) != 0) {
    return "";
  }
  return host.data();
}

}  // namespace lowbalance
