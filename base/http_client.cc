#include "base/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

namespace lowbalance {
namespace {

constexpr std::size_t kLargestHead = std::size_t{64} << 10U;

void PrepareLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl does not start");
    }
  });
}

// The hosts that the environment wants no proxy for, and this machine.
std::string HostsWithoutProxy() {
  for (const char* const name : {"no_proxy", "NO_PROXY"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string(value) + ",localhost,127.0.0.1,::1";
  }
  return "localhost,127.0.0.1,::1";
}

std::string HostOf(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

HttpFailure::Kind KindOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::Kind::kTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::Kind::kTls;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_PROXY:
      return HttpFailure::Kind::kConnection;
    default:
      return HttpFailure::Kind::kProtocol;
  }
}

// One request in flight. libcurl holds its address, so it never moves.
class Flight {
 public:
  Flight(std::uint64_t id, HttpCall call, const HttpClient::Options& options)
      : id_(id), call_(std::move(call)), easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw std::runtime_error("libcurl has no memory");
    SetTarget(options);
    SetContent();
  }
  ~Flight() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
  }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] CURL* easy() const { return easy_; }

  HttpOutcome End(CURLcode code) {
    if (too_large_) {
      return Failed(HttpFailure::Kind::kTooLarge,
                    "the reply is larger than " + std::to_string(call_.max_reply_bytes) + " bytes");
    }
    if (sent_ > 1) {
      return Failed(HttpFailure::Kind::kConnection, "the connection was closed without a reply");
    }
    if (code != CURLE_OK) {
      return Failed(KindOf(code), error_[0] == '\0' ? curl_easy_strerror(code) : error_.data());
    }
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    return {id_, std::move(reply_)};
  }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy_, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl refuses option " + std::to_string(option));
    }
  }

  void SetTarget(const HttpClient::Options& options) {
    Set(CURLOPT_URL, call_.url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_NOPROXY, call_.direct ? "*" : HostsWithoutProxy().c_str());
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(call_.connect_timeout.count()));
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(call_.timeout.count()));
    Set(CURLOPT_ERRORBUFFER, error_.data());
    if (!options.ca_file.empty()) Set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.user_agent.empty()) Set(CURLOPT_USERAGENT, options.user_agent.c_str());
  }

  void SetContent() {
    if (call_.method != "GET") {
      Set(CURLOPT_POST, 1L);
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size()));
      Set(CURLOPT_POSTFIELDS, call_.body.c_str());
      Set(CURLOPT_CUSTOMREQUEST, call_.method.c_str());
    }
    Set(CURLOPT_PREREQFUNCTION, &Flight::BeforeSending);
    Set(CURLOPT_PREREQDATA, this);
    // What libcurl would add by itself for a POST.
    AddHeader("Expect:");
    bool typed = false;
    for (const auto& [name, value] : call_.headers) {
      typed = typed || name == "content-type";
      AddHeader(value.empty() ? name + ";" : name + ": " + value);
    }
    if (!typed) AddHeader("Content-Type:");
    Set(CURLOPT_HTTPHEADER, headers_);
    Set(CURLOPT_WRITEFUNCTION, &Flight::TakeBody);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Flight::TakeHeader);
    Set(CURLOPT_HEADERDATA, this);
  }

  void AddHeader(const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) throw std::runtime_error("libcurl has no memory");
    headers_ = longer;
  }

  HttpOutcome Failed(HttpFailure::Kind kind, const std::string& why) const {
    return {id_, tl::make_unexpected(HttpFailure{kind, HostOf(call_.url) + ": " + why})};
  }

  // libcurl would send a request again by itself where a connection that was kept turns out to be
  // closed. Whether the server has seen it then nobody knows, so that is for the caller to decide.
  static int BeforeSending(void* self, char* /*to*/, char* /*from*/, int /*to_port*/,
                           int /*from_port*/) {
    auto& flight = *static_cast<Flight*>(self);
    return ++flight.sent_ == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

  static std::size_t TakeBody(const char* data, std::size_t size, std::size_t count, void* self) {
    auto& flight = *static_cast<Flight*>(self);
    if (flight.reply_.body.size() + size * count > flight.call_.max_reply_bytes) {
      flight.too_large_ = true;
      return 0;
    }
    flight.reply_.body.append(data, size * count);
    return size * count;
  }

  static std::size_t TakeHeader(const char* data, std::size_t size, std::size_t count, void* self) {
    auto& flight = *static_cast<Flight*>(self);
    const std::string_view line(data, size * count);
    flight.head_bytes_ += line.size();
    if (flight.head_bytes_ > kLargestHead) {
      flight.too_large_ = true;
      return 0;
    }
    if (line.starts_with("HTTP/")) flight.reply_.headers.clear();  // After an interim reply.
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    std::string name(line.substr(0, colon));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    flight.reply_.headers[std::move(name)] = Trimmed(line.substr(colon + 1));
    return line.size();
  }

  const std::uint64_t id_;
  const HttpCall call_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  HttpReply reply_;
  std::size_t head_bytes_ = 0;
  bool too_large_ = false;
  int sent_ = 0;
};

}  // namespace

std::string_view HttpReply::Header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view{} : found->second;
}

std::string_view ToString(HttpFailure::Kind kind) {
  switch (kind) {
    case HttpFailure::Kind::kTimeout:
      return "timeout";
    case HttpFailure::Kind::kConnection:
      return "connection";
    case HttpFailure::Kind::kTls:
      return "tls";
    case HttpFailure::Kind::kTooLarge:
      return "too_large";
    case HttpFailure::Kind::kProtocol:
      return "protocol";
  }
  return "";
}

struct HttpClient::Impl {
  Options options;
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Flight>> flights;
};

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>()) {
  PrepareLibrary();
  impl_->options = std::move(options);
  impl_->multi = curl_multi_init();
  if (impl_->multi == nullptr) throw std::runtime_error("libcurl has no memory");
  const long connections = std::max(1, impl_->options.connections);
  curl_multi_setopt(impl_->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
  curl_multi_setopt(impl_->multi, CURLMOPT_MAXCONNECTS, 2 * connections);
}

HttpClient::~HttpClient() {
  Abandon();
  curl_multi_cleanup(impl_->multi);
}

void HttpClient::Start(std::uint64_t id, HttpCall call) {
  auto flight = std::make_unique<Flight>(id, std::move(call), impl_->options);
  CURL* const easy = flight->easy();
  if (curl_multi_add_handle(impl_->multi, easy) != CURLM_OK) {
    throw std::runtime_error("libcurl takes no request");
  }
  impl_->flights.emplace(easy, std::move(flight));
}

std::vector<HttpOutcome> HttpClient::Wait(Millis longest) {
  const SteadyTime until = Now() + std::max(longest, Millis{0});
  std::vector<HttpOutcome> ended;
  for (bool waited = false;; waited = true) {
    int running = 0;
    curl_multi_perform(impl_->multi, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(impl_->multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto found = impl_->flights.find(message->easy_handle);
      curl_multi_remove_handle(impl_->multi, found->first);
      ended.push_back(found->second->End(code));
      impl_->flights.erase(found);
    }
    const auto rest = std::chrono::ceil<Millis>(until - Now());
    if (!ended.empty() || waited || rest <= Millis{0}) return ended;
    const auto wait = static_cast<int>(std::min<std::int64_t>(rest.count(), 60'000));
    curl_multi_poll(impl_->multi, nullptr, 0, wait, nullptr);
  }
}

void HttpClient::Abandon() {
  for (const auto& [easy, flight] : impl_->flights) curl_multi_remove_handle(impl_->multi, easy);
  impl_->flights.clear();
}

void HttpClient::Wake() { curl_multi_wakeup(impl_->multi); }

}  // namespace lowbalance
