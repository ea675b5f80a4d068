#pragma once
// Requests to other people's HTTP servers: many in flight on the caller's own thread, over one pool
// of connections that outlives them.
//
// The owner starts requests and waits for whichever ends first; nothing happens between the calls
// of Wait. A request is sent once: what to do when it fails is for the caller to say. Bodies and
// heads have limits, waits have limits, TLS is 1.2 or later with certificates and host names
// verified, redirects are answers like others. A proxy is used where the environment names one
// (https_proxy, http_proxy, no_proxy), never for this machine itself.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/token_bucket.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpCall {
  std::string method = "GET";
  std::string url;     // http:// or https://, without user and password.
  HttpFields headers;  // Names in lower case.
  std::string body;
  Millis connect_timeout = std::chrono::seconds{5};
  Millis timeout = std::chrono::seconds{10};  // Until the last byte of the reply.
  std::size_t max_reply_bytes = std::size_t{4} << 20U;
  bool direct = false;  // Past any proxy.
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // By lower-case name; the last counts.
  std::string body;

  // Empty if the reply has no such header.
  [[nodiscard]] std::string_view Header(std::string_view lower_case_name) const;
};

// Why there is no reply.
struct HttpFailure {
  enum class Kind { kTimeout, kConnection, kTls, kTooLarge, kProtocol };
  Kind kind = Kind::kConnection;
  std::string message;  // Names the host, nothing else of the URL, and no header.
};
// "timeout", "connection", "tls", "too_large", "protocol".
[[nodiscard]] std::string_view ToString(HttpFailure::Kind kind);

struct HttpOutcome {
  std::uint64_t id = 0;
  tl::expected<HttpReply, HttpFailure> result;
};

// One thread at a time, but for Wake.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  // Begins a request under an id of the caller's, not used by another one in flight.
  virtual void Start(std::uint64_t id, HttpCall call) = 0;
  // What has ended: at once if anything has, else within `longest`, which with nothing in flight is
  // a sleep. May return nothing.
  [[nodiscard]] virtual std::vector<HttpOutcome> Wait(Millis longest) = 0;
  // Forgets all that is in flight.
  virtual void Abandon() = 0;
  // Makes a running Wait, or the next one, return early. From any thread.
  virtual void Wake() = 0;
  // The clock that waits are measured by.
  [[nodiscard]] virtual SteadyTime Now() const = 0;
};

// Through libcurl's multi interface.
class HttpClient : public HttpTransport {
 public:
  struct Options {
    int connections = 32;           // At most, to one host.
    std::filesystem::path ca_file;  // Certificates to trust; empty: the system's.
    std::string user_agent;
  };
  explicit HttpClient(Options options);
  ~HttpClient() override;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void Start(std::uint64_t id, HttpCall call) override;
  [[nodiscard]] std::vector<HttpOutcome> Wait(Millis longest) override;
  void Abandon() override;
  void Wake() override;
  [[nodiscard]] SteadyTime Now() const override { return std::chrono::steady_clock::now(); }

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
