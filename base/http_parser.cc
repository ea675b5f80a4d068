#include "base/http_parser.h"

#include <array>
#include <ctime>
#include <string>
#include <utility>

#include "base/http_message.h"
#include "base/httplib.h"

namespace lowbalance {
namespace {

constexpr std::size_t kMostHead = 64U << 10U;

// A request under way; cpp-httplib's callbacks find it through the thread.
struct Underway {
  HttpExchange exchange;
  std::string body;  // Of the answer.
  bool head_done = false;
  bool head_too_large = false;
};
thread_local Underway* t_underway = nullptr;

struct CurrentRequest {
  explicit CurrentRequest(Underway* underway) { t_underway = underway; }
  ~CurrentRequest() { t_underway = nullptr; }
};

// Lets cpp-httplib read from, and write to, one of our connections.
class ConnectionStream final : public httplib::Stream {
 public:
  explicit ConnectionStream(HttpConnection* connection) : connection_(connection) {}

  ssize_t read(char* data, std::size_t size) override {
    Underway& underway = *t_underway;
    // An answer has been given: what it did not need is not read.
    if (underway.exchange.status != 0) return -1;
    const ssize_t n = connection_->Read(data, size);
    if (n <= 0 || underway.head_done) return n;
    underway.exchange.head.append(data, static_cast<std::size_t>(n));
    underway.head_too_large = underway.exchange.head.size() > kMostHead;
    return underway.head_too_large ? -1 : n;
  }
  ssize_t write(const char* data, std::size_t size) override {
    connection_->Write({data, size});
    return static_cast<ssize_t>(size);
  }
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool wait_readable() const override { return true; }
  [[nodiscard]] bool wait_writable() const override { return true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }
  [[nodiscard]] time_t duration() const override { return 0; }

 private:
  HttpConnection* const connection_;
};

class Server final : public httplib::Server {
 public:
  using httplib::Server::process_request;
};

// "Sun, 06 Nov 1994 08:49:37 GMT": by it others see how far our clock is from theirs.
std::string HttpDate(std::time_t at) {
  std::tm utc{};
  gmtime_r(&at, &utc);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text.data(), size};
}

// Hands our answer to cpp-httplib, all but its body: that is sent from where it is.
void Fill(HttpResponse answer, httplib::Response* out) {
  Underway& underway = *t_underway;
  AddSecurityHeaders(&answer);
  out->status = underway.exchange.status = answer.status;
  for (const auto& [name, value] : answer.headers) out->set_header(name, value);
  if (!answer.body.empty()) out->set_header("Content-Type", answer.content_type);
  out->set_header("Date", HttpDate(std::time(nullptr)));
  out->set_header("Content-Length", std::to_string(answer.body.size()));
  if (underway.exchange.method == "HEAD") out->set_header("Accept-Ranges", "none");
  underway.body = std::move(answer.body);
}

}  // namespace

struct HttpParser::Impl {
  explicit Impl(Callbacks c) : callbacks(std::move(c)) {}

  const Callbacks callbacks;
  Server server;
};

HttpParser::HttpParser(Callbacks callbacks) : impl_(std::make_unique<Impl>(std::move(callbacks))) {
  Server& server = impl_->server;
  server.set_keep_alive_timeout(kHttpIdleTime.count());
  server.set_keep_alive_max_count(kMostRequests);
  // All of a request happens here, before cpp-httplib would look for routes of its own.
  server.set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
    Fill(impl_->callbacks.answer(&t_underway->exchange), &out);
    return httplib::Server::HandlerResponse::Handled;
  });
  server.set_expect_100_continue_handler(
      [this](const httplib::Request&, httplib::Response& out) -> int {
        auto refusal = impl_->callbacks.refuse(&t_underway->exchange);
        if (!refusal) return httplib::StatusCode::Continue_100;
        t_underway->exchange.unread = true;
        Fill(std::move(*refusal), &out);
        return out.status;
      });
  // Called for every error. What has no answer yet, cpp-httplib refused by itself: heads that it
  // cannot read.
  server.set_error_handler([](const httplib::Request&, httplib::Response& out) {
    Underway& underway = *t_underway;
    if (underway.exchange.status != 0) return httplib::Server::HandlerResponse::Unhandled;
    underway.exchange.unread = true;
    if (underway.head_too_large) {
      out.status = httplib::StatusCode::RequestHeaderFieldsTooLarge_431;
    }
    Fill(JsonError(out.status, httplib::status_message(out.status)), &out);
    return httplib::Server::HandlerResponse::Handled;
  });
}

HttpParser::~HttpParser() = default;

bool HttpParser::Serve(HttpConnection* connection, bool last) {
  Underway underway{.exchange = {.connection = connection}};
  const CurrentRequest current(&underway);
  connection->BeginHead();
  ConnectionStream stream(connection);
  HttpExchange& exchange = underway.exchange;
  bool closed = false;
  const bool answered = impl_->server.process_request(
      stream, "", 0, "", 0, last, closed, [&](httplib::Request& parsed) {
        underway.head_done = true;
        exchange.method = parsed.method;
        exchange.target = parsed.target;
        parsed.ranges.clear();         // Answers are always whole.
        parsed.body_consumed_ = true;  // Bodies are not its business.
      });
  if (!answered || exchange.status == 0) return false;
  impl_->callbacks.answered(exchange);
  const bool is_head = exchange.method == "HEAD";
  if (!connection->Flush(is_head ? std::string_view() : underway.body)) return false;
  if (exchange.unread) {
    connection->CloseGently();
    return false;
  }
  // cpp-httplib announces the end of the connection with every error.
  return !last && !closed && exchange.status < 400;
}

}  // namespace lowbalance
