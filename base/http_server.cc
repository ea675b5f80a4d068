#include "base/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/http_access.h"
#include "base/http_connection.h"
#include "base/http_message.h"
#include "base/http_parser.h"
#include "base/http_pool.h"
#include "base/http_routes.h"
#include "base/log.h"
#include "base/session_api.h"

namespace lowbalance {
namespace {

constexpr std::size_t kMostWaiting = 8192;  // Connections without a thread.

// As many connections as the system allows. The soft limit is 1024 on most, for the sake of
// programs that use select(), which we do not.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

// False if it did not come in time, or whole.
bool ReadBody(HttpConnection* connection, std::size_t length, std::string* body) {
  // Room is made as the body arrives: a promise of 64 MiB costs the sender 64 MiB.
  constexpr std::size_t kStep = 256U << 10U;
  connection->BeginBody(length);
  while (body->size() < length) {
    const std::size_t at = body->size();
    body->resize(std::min(length, at + kStep));
    const long n = connection->Read(body->data() + at, body->size() - at);
    body->resize(at + static_cast<std::size_t>(std::max(n, 0L)));
    if (n <= 0) return false;
  }
  return true;
}

}  // namespace

struct HttpServer::Impl {
  struct Route {
    std::string method;
    std::string pattern;
    Access access;
    Handler handler;
    std::size_t max_body;
  };

  explicit Impl(Options o);
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t Start();
  void Stop();
  void Accept();
  void Serve(UniqueFd socket);
  HttpResponse Answer(HttpExchange* exchange);
  OrRefusal<const Route*> Admit(HttpExchange* exchange, HttpRequest* request, std::size_t* length);
  void NoteRefusal(const HttpRequest& request, int status);

  const Options options;
  HttpAccess access;
  HttpRoutes paths;
  std::vector<Route> routes;  // Beside paths, by its indices.
  HttpParser parser;
  HttpPool pool;
  UniqueFd stopped;  // Readable once the server is to stop.
  UniqueFd listener;
  std::mutex mutex;
  std::optional<std::chrono::steady_clock::time_point> refusal_noted;  // Guarded by mutex.
  std::thread acceptor;
};

HttpServer::Impl::Impl(Options o)
    : options(std::move(o)),
      access(options.web_config_file, options.token_file, options.clock),
      parser({
          .refuse = [this](HttpExchange* exchange) -> std::optional<HttpResponse> {
            HttpRequest request;
            std::size_t length = 0;
            auto route = Admit(exchange, &request, &length);
            if (route) return std::nullopt;
            return std::move(route.error());
          },
          .answer = [this](HttpExchange* exchange) { return Answer(exchange); },
          .answered =
              [this](const HttpExchange& exchange) {
                if (options.answered) options.answered(exchange.pattern, exchange.status);
              },
      }),
      pool(static_cast<std::size_t>(std::max(options.threads, 1)), kMostWaiting),
      stopped(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (stopped.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  // OpenSSL writes to sockets without a way to say so on the call.
  std::signal(SIGPIPE, SIG_IGN);
}

std::uint16_t HttpServer::Impl::Start() {
  assert(!acceptor.joinable());
  RaiseFileLimit();
  std::uint16_t port = 0;
  listener = ListenOn(options.listen_address, &port);
  acceptor = std::thread([this] { Accept(); });
  return port;
}

void HttpServer::Impl::Stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(stopped.get(), &one, sizeof one);
  if (acceptor.joinable()) acceptor.join();
  listener = UniqueFd();
  pool.Shutdown();
}

void HttpServer::Impl::Accept() {
  std::optional<std::chrono::steady_clock::time_point> complained;
  for (;;) {
    std::array<pollfd, 2> fds{{{listener.get(), POLLIN, 0}, {stopped.get(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return;
    UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      // std::function wants what it holds to be copyable.
      auto shared = std::make_shared<UniqueFd>(std::move(socket));
      (void)pool.Submit([this, shared] { Serve(std::move(*shared)); });
      continue;
    }
    // Most failures are one connection's. The others pass, and must not end the server.
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
    const auto now = std::chrono::steady_clock::now();
    if (!complained || now - *complained > std::chrono::minutes{1}) {
      complained = now;
      log::Error("cannot accept connections", {{"error", std::generic_category().message(errno)}});
    }
    ::poll(&fds[1], 1, 50);
  }
}

void HttpServer::Impl::Serve(UniqueFd socket) try {
  HttpConnection connection(std::move(socket), access.Settings()->tls, stopped.get(), &pool);
  if (!connection.Greet()) return;
  for (int n = 1; connection.WaitForRequest(); ++n) {
    const bool last = n >= HttpParser::kMostRequests || connection.stopping() || pool.Busy();
    if (!parser.Serve(&connection, last)) return;
  }
} catch (const std::exception& e) {
  log::Error("connection failed", {{"error", e.what()}});
}

HttpResponse HttpServer::Impl::Answer(HttpExchange* exchange) {
  HttpRequest request;
  std::size_t length = 0;
  try {
    auto route = Admit(exchange, &request, &length);
    if (!route) {
      exchange->unread = exchange->unread || AnnouncesBody(request.headers);
      return std::move(route.error());
    }
    if (!ReadBody(exchange->connection, length, &request.body)) {
      exchange->unread = true;
      // To Alertmanager 503 says to try again.
      return exchange->connection->gave_way()
                 ? JsonError(request, 503,
                             {"the body arrived too slowly while others waited",
                              "请求内容传输太慢，已让位给其他请求；请稍后再试"})
                 : JsonError(request, 408,
                             {"the body did not arrive in time", "请求内容未能及时传完"});
    }
    // Whatever a handler does for GET is right for HEAD; the body is counted and left out.
    if (request.method == "HEAD") request.method = "GET";
    HttpResponse response = (*route)->handler(request);
    CompressBody(request, &response);
    return response;
  } catch (const std::exception& e) {
    log::Error("request failed",
               {{"method", request.method}, {"path", request.path}, {"error", e.what()}});
  } catch (...) {
    log::Error("request failed", {{"method", request.method}, {"path", request.path}});
  }
  return JsonError(
      request, 500,
      {"internal error; the program's log has the details", "内部错误，详情见程序日志"});
}

// What can be said of a request by its head. Fills in all of `request` but the body.
OrRefusal<const HttpServer::Impl::Route*> HttpServer::Impl::Admit(HttpExchange* exchange,
                                                                  HttpRequest* request,
                                                                  std::size_t* length) {
  request->method = exchange->method;
  request->address = exchange->connection->PeerAddress();
  auto headers = ParseHttpHeaders(exchange->head);
  if (!headers) {
    exchange->unread = true;
    return tl::make_unexpected(std::move(headers.error()));
  }
  request->headers = std::move(*headers);
  request->language = PreferredLanguage(request->Header("accept-language"));
  auto target = ParseHttpTarget(exchange->target);
  if (!target) return Refuse(400, target.error().message);
  request->path = target->path;
  HttpRoutes::Match match = paths.Find(request->method, *target);
  if (!match.found && match.allow.empty()) return Refuse(404, "there is nothing at this path");
  if (!match.found) {
    HttpResponse refusal = JsonError(405, "this path takes " + match.allow);
    refusal.headers.emplace_back("Allow", match.allow);
    return tl::make_unexpected(std::move(refusal));
  }
  const Route& route = routes[match.index];
  exchange->pattern = route.pattern;
  request->params = std::move(match.params);
  request->query = std::move(target->query);
  if (auto refusal = access.Refuse(route.access, request)) {
    NoteRefusal(*request, refusal->status);
    return tl::make_unexpected(std::move(*refusal));
  }
  const auto announced = BodyLength(*request, route.max_body);
  if (!announced) return tl::make_unexpected(announced.error());
  *length = *announced;
  return &route;
}

// One line in ten seconds is enough to notice, and too few to fill a disk with.
void HttpServer::Impl::NoteRefusal(const HttpRequest& request, int status) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex);
    if (refusal_noted && now - *refusal_noted < std::chrono::seconds{10}) return;
    refusal_noted = now;
  }
  log::Warn("request refused", {{"status", std::to_string(status)},
                                {"method", request.method},
                                {"path", request.path},
                                {"from", request.address}});
}

HttpServer::HttpServer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpServer::~HttpServer() = default;

void HttpServer::Route(std::string method, std::string pattern, Access access, Handler handler,
                       std::size_t max_body) {
  assert(!impl_->acceptor.joinable());
  impl_->paths.Add(method, pattern);
  impl_->routes.push_back(
      {std::move(method), std::move(pattern), access, std::move(handler), max_body});
}

void HttpServer::AddSessionApi() {
  constexpr std::size_t kMostBytes = 8192;
  constexpr const char* kPath = "/api/v1/session";
  HttpAccess* const rules = &impl_->access;
  Route(
      "POST", kPath, Access::kOpen,
      [rules](const HttpRequest& request) { return LogIn(*rules, request); }, kMostBytes);
  Route("GET", kPath, Access::kLogin,
        [rules](const HttpRequest& request) { return ShowSession(*rules, request); });
  Route("DELETE", kPath, Access::kOpen,
        [rules](const HttpRequest& request) { return LogOut(*rules, request); });
}

void HttpServer::SetAccess(AccessRules rules) { impl_->access.SetRules(std::move(rules)); }

std::vector<std::string> HttpServer::Routes() const {
  std::vector<std::string> routes;
  for (const auto& route : impl_->routes) routes.push_back(route.method + " " + route.pattern);
  return routes;
}

std::uint16_t HttpServer::Start() { return impl_->Start(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace lowbalance
