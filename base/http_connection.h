#pragma once
// One accepted connection of the HTTP server, plain or TLS. Every wait on it has a deadline, and
// ends early when the server stops.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_pool.h"
#include "base/http_tls.h"
#include "base/socket.h"

struct ssl_st;  // OpenSSL's SSL.

namespace lowbalance {

// How long a connection is kept between requests, if nobody else wants its thread.
inline constexpr std::chrono::seconds kHttpIdleTime{30};

class HttpConnection {
 public:
  // `stop_fd` becomes readable, and stays so, when the server stops.
  HttpConnection(UniqueFd socket, TlsContext tls, int stop_fd, HttpPool* pool);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // The TLS handshake, if there is TLS. False: close it.
  [[nodiscard]] bool Greet();
  // Waits for the first byte of a request. False if none came in time, the server stops, or the
  // pool wants the thread for somebody else.
  [[nodiscard]] bool WaitForRequest();

  // From here on reads belong to a request's head; then to its body, of that many bytes.
  void BeginHead();
  void BeginBody(std::size_t length);
  // The number of bytes read, at least 1; 0 at the end of the stream; -1 on failure or when out
  // of time. Sends first what was written.
  long Read(char* data, std::size_t size);
  // Kept until Flush, or a Read.
  void Write(std::string_view data) { unsent_ += data; }
  // Sends what was written, then `body`.
  [[nodiscard]] bool Flush(std::string_view body = {});

  // Closes so that the peer gets to read the answer even though we did not read all it sent.
  void CloseGently();

  [[nodiscard]] std::string PeerAddress() const;
  [[nodiscard]] bool stopping() const;
  // It was too slow while others waited for its thread.
  [[nodiscard]] bool gave_way() const { return gave_way_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Wake { kReady, kTooLate, kStop, kWanted };
  // What may cut a wait short. In none of them does a stop wait long.
  enum class Patience {
    kIdle,  // Nothing is under way: ends when the server stops or the pool wants the thread.
    kWary,  // A request comes in, or an answer goes out: gives way once that is suspiciously slow.
  };
  [[nodiscard]] Wake Wait(short events, Clock::time_point deadline, Patience patience);
  [[nodiscard]] long ReadSome(char* data, std::size_t size);
  [[nodiscard]] bool SendAll(std::string_view data, bool more);
  // After a failed TLS call: waits as it wants to. False: it is over.
  [[nodiscard]] bool WaitForTls(int result, Clock::time_point deadline, Patience patience);

  const UniqueFd socket_;
  const TlsContext tls_context_;
  const int stop_fd_;
  HttpPool* const pool_;
  const std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
  std::string buffer_;  // Read, and not asked for yet, from buffer_used_ on.
  std::size_t buffer_used_ = 0;
  std::string unsent_;
  const Clock::time_point opened_ = Clock::now();
  Clock::time_point give_way_after_{};
  std::optional<Clock::time_point> stop_seen_;
  Clock::time_point deadline_{};
  bool in_body_ = false;
  bool used_ = false;
  bool gave_way_ = false;  // Somebody waits for this thread: nothing more is waited for.
};

}  // namespace lowbalance
