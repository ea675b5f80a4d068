#include "exporter/sources/alibaba/api_client.h"

#include <algorithm>
#include <random>

#include "base/secret.h"

namespace lowbalance::alibaba {
namespace {

// The first wait after a failure; doubled with every further one.
constexpr Millis kFirstWait{250};
constexpr Millis kFirstWaitWhenThrottled{1000};
constexpr Millis kLongestWait = std::chrono::seconds{20};
// A look at whether we are told to stop, in case nothing else happens.
constexpr Millis kLongestSleep = std::chrono::seconds{1};

double Random() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

ApiClient::Options Complete(ApiClient::Options options) {
  if (!options.jitter) options.jitter = Random;
  if (!options.nonce) options.nonce = [] { return RandomHex(16); };
  return options;
}

ApiFailure Abandoned(const std::string& operation) {
  return {.operation = operation,
          .code = "abandoned",
          .detail = "the time for this poll was over before the call was answered"};
}

}  // namespace

// A call on its way to being answered.
struct ApiClient::Pending {
  ApiRequest request;
  CredentialsCache* credentials = nullptr;
  std::string budget;
  Done done;
  int tries = 0;
  bool signed_again = false;
  bool refreshed = false;
};

struct ApiClient::Lane {
  // The gateways count what comes within a second, so nothing is saved up; but for what passes
  // between two looks at the clock at high rates.
  explicit Lane(double per_second) : bucket(per_second, std::max(1.0, per_second / 50)) {}
  TokenBucket bucket;
  std::deque<PendingPtr> queue;
  bool expected = false;  // It stands in due_ or blocked_.
};

// A request in flight: of a call, or of somebody who Asks.
struct ApiClient::Flight {
  PendingPtr call;
  Credentials signed_with;
  std::string name;
  HttpDone done;
};

ApiClient::ApiClient(Options options, HttpTransport& transport, Clock clock)
    : options_(Complete(std::move(options))), transport_(transport), clock_(std::move(clock)) {}

ApiClient::~ApiClient() = default;

void ApiClient::Call(ApiRequest request, CredentialsCache* credentials, std::string budget,
                     Done done) {
  if (abandoned_) return done(tl::unexpected(Abandoned(request.operation)));
  auto call = std::make_unique<Pending>();
  call->request = std::move(request);
  call->credentials = credentials;
  call->budget = std::move(budget);
  call->done = std::move(done);
  Queue(std::move(call), /*first=*/false);
}

void ApiClient::Ask(std::string name, HttpCall call, HttpDone done) {
  if (abandoned_) {
    return done(tl::unexpected(HttpFailure{HttpFailure::Kind::kTimeout, "the time was over"}));
  }
  const std::uint64_t id = next_id_++;
  flights_.emplace(id, Flight{.name = std::move(name), .done = std::move(done)});
  transport_.Start(id, std::move(call));
}

ApiClient::Lane& ApiClient::LaneOf(const Pending& call) {
  auto& lane = lanes_[{call.request.operation, call.budget}];
  if (!lane) {
    const auto limit = options_.per_second.find(call.request.operation);
    lane = std::make_unique<Lane>(limit == options_.per_second.end() ? options_.per_second_else
                                                                     : limit->second);
  }
  return *lane;
}

void ApiClient::Queue(PendingPtr call, bool first) {
  Lane& lane = LaneOf(*call);
  if (first) {
    lane.queue.push_front(std::move(call));
  } else {
    lane.queue.push_back(std::move(call));
  }
  ServeLater(lane, Millis{0});
}

void ApiClient::ServeLater(Lane& lane, Millis wait) {
  if (lane.expected) return;
  lane.expected = true;
  due_.emplace(transport_.Now() + wait, &lane);
}

void ApiClient::Serve(Lane& lane) {
  lane.expected = false;
  while (!lane.queue.empty()) {
    if (static_cast<int>(flights_.size()) >= options_.in_flight) {
      lane.expected = true;
      blocked_.push_back(&lane);
      return;
    }
    CredentialsCache* const cache = lane.queue.front()->credentials;
    const Credentials* const credentials = cache == nullptr ? nullptr : cache->Usable(clock_());
    if (cache != nullptr && credentials == nullptr) {
      PendingPtr call = std::move(lane.queue.front());
      lane.queue.pop_front();
      WaitForCredentials(std::move(call));
      continue;
    }
    const Millis wait = lane.bucket.Take(transport_.Now());
    if (wait > Millis{0}) return ServeLater(lane, wait);
    PendingPtr call = std::move(lane.queue.front());
    lane.queue.pop_front();
    Send(std::move(call), credentials == nullptr ? Credentials{} : *credentials);
  }
}

void ApiClient::WaitForCredentials(PendingPtr call) {
  CredentialsCache* const cache = call->credentials;
  const auto [waiting, is_first] = parked_.try_emplace(cache);
  waiting->second.push_back(std::move(call));
  if (!is_first) return;
  cache->Refresh(*this, clock_(), [this, cache](Result<void> refreshed) {
    auto node = parked_.extract(cache);
    if (node.empty()) return;  // Abandoned meanwhile.
    auto& calls = node.mapped();
    // Those that were first go first again.
    for (auto it = calls.rbegin(); it != calls.rend(); ++it) {
      if (refreshed) {
        Queue(std::move(*it), /*first=*/true);
      } else {
        const ApiFailure failure{.operation = (*it)->request.operation,
                                 .code = "credentials",
                                 .detail = refreshed.error().message};
        Fail(std::move(*it), failure);
      }
    }
  });
}

void ApiClient::Send(PendingPtr call, const Credentials& credentials) {
  const Time now = clock_();
  const std::string nonce = options_.nonce();
  HttpCall http;
  if (call->credentials == nullptr) {
    http = Unsigned(call->request, now, nonce);
  } else if (options_.rpc_signature) {
    http = SignRpc(call->request, credentials, now, nonce);
  } else {
    http = SignAcs3(call->request, credentials, now, nonce);
  }
  http.connect_timeout = options_.connect_timeout;
  http.timeout = options_.timeout;
  http.max_reply_bytes = options_.max_reply_bytes;
  if (++call->tries > 1) ++counts_.retries[call->request.operation];
  const std::uint64_t id = next_id_++;
  flights_.emplace(id, Flight{.call = std::move(call), .signed_with = credentials});
  transport_.Start(id, std::move(http));
}

void ApiClient::Land(HttpOutcome outcome) {
  auto node = flights_.extract(outcome.id);
  if (node.empty()) return;
  Flight flight = std::move(node.mapped());
  if (!flight.call) {
    const auto& result = outcome.result;
    const std::string code = result ? "http_" + std::to_string(result->status)
                                    : std::string(ToString(result.error().kind));
    ++counts_.requests[{flight.name, result && result->status == 200 ? "ok" : code}];
    return flight.done(std::move(outcome.result));
  }
  const std::string& operation = flight.call->request.operation;
  std::optional<ApiFailure> failure;
  if (outcome.result) {
    failure = FindFailure(operation, *outcome.result, clock_());
    if (observer_) {
      const bool secret = CarriesCredentials(operation);
      observer_(operation, outcome.result->status, secret ? "" : outcome.result->body);
    }
  } else {
    failure = NoReply(operation, outcome.result.error());
  }
  ++counts_.requests[{operation, failure ? failure->code : "ok"}];
  if (!failure) return flight.call->done(std::move(outcome.result->body));

  Pending& call = *flight.call;
  switch (AdviceFor(*failure)) {
    case Advice::kRetry:
      return TryAgain(std::move(flight.call), *failure, /*slow_down=*/false);
    case Advice::kSlowDown:
      ++counts_.throttled[operation];
      return TryAgain(std::move(flight.call), *failure, /*slow_down=*/true);
    case Advice::kSignAgain:
      if (std::exchange(call.signed_again, true)) break;
      return Queue(std::move(flight.call), /*first=*/true);
    case Advice::kRefreshCredentials:
      if (call.credentials == nullptr) break;
      call.credentials->Refused(flight.signed_with);
      if (std::exchange(call.refreshed, true)) break;
      return Queue(std::move(flight.call), /*first=*/true);
    case Advice::kGiveUp:
      break;
  }
  Fail(std::move(flight.call), *failure);
}

void ApiClient::Fail(PendingPtr call, const ApiFailure& failure) {
  call->done(tl::unexpected(failure));
}

void ApiClient::TryAgain(PendingPtr call, const ApiFailure& failure, bool slow_down) {
  const SteadyTime at = transport_.Now() + BackOff(call->tries, failure, slow_down);
  if (slow_down) LaneOf(*call).bucket.HoldUntil(at);
  // A wait beyond the poll's end would only hide what went wrong.
  if (call->tries >= options_.tries || at >= deadline_) return Fail(std::move(call), failure);
  retries_.emplace(at, std::move(call));
}

Millis ApiClient::BackOff(int tries, const ApiFailure& failure, bool slow_down) {
  const Millis first = slow_down ? kFirstWaitWhenThrottled : kFirstWait;
  const Millis most = std::min<Millis>(first * (1 << std::min(tries - 1, 10)), kLongestWait);
  // Anywhere between half of it and all of it, so that many do not come back together.
  const auto wait = Millis{
      static_cast<std::int64_t>(static_cast<double>(most.count()) * (0.5 + options_.jitter() / 2))};
  return failure.retry_after ? *failure.retry_after + wait / 10 : wait;
}

void ApiClient::DoWhatIsDue() {
  const SteadyTime now = transport_.Now();
  while (!retries_.empty() && retries_.begin()->first <= now) {
    auto node = retries_.extract(retries_.begin());
    Queue(std::move(node.mapped()), /*first=*/true);
  }
  while (true) {
    Lane* lane = nullptr;
    if (!blocked_.empty() && static_cast<int>(flights_.size()) < options_.in_flight) {
      lane = blocked_.front();
      blocked_.pop_front();
    } else if (!due_.empty() && due_.begin()->first <= now) {
      lane = due_.extract(due_.begin()).mapped();
    } else {
      return;
    }
    Serve(*lane);
  }
}

Millis ApiClient::UntilNext(SteadyTime now) const {
  SteadyTime next = std::min(now + kLongestSleep, deadline_);
  if (!due_.empty()) next = std::min(next, due_.begin()->first);
  if (!retries_.empty()) next = std::min(next, retries_.begin()->first);
  return std::max(std::chrono::ceil<Millis>(next - now), Millis{0});
}

void ApiClient::Run(SteadyTime deadline, const std::stop_token& stop) {
  deadline_ = deadline;
  const std::stop_callback wake(stop, [this] { transport_.Wake(); });
  while (true) {
    DoWhatIsDue();
    if (flights_.empty() && due_.empty() && blocked_.empty() && retries_.empty() &&
        parked_.empty()) {
      break;
    }
    const SteadyTime now = transport_.Now();
    if (stop.stop_requested() || now >= deadline_) {
      AbandonAll();
      break;
    }
    for (HttpOutcome& outcome : transport_.Wait(UntilNext(now))) Land(std::move(outcome));
  }
  deadline_ = SteadyTime::max();
  Forget();
}

void ApiClient::AbandonAll() {
  abandoned_ = true;
  transport_.Abandon();
  auto flights = std::exchange(flights_, {});
  auto parked = std::exchange(parked_, {});
  auto retries = std::exchange(retries_, {});
  due_.clear();
  blocked_.clear();
  std::vector<PendingPtr> calls;
  for (auto& [id, flight] : flights) {
    if (flight.call) {
      calls.push_back(std::move(flight.call));
    } else {
      flight.done(tl::unexpected(HttpFailure{HttpFailure::Kind::kTimeout, "the time was over"}));
    }
  }
  for (auto& [cache, waiting] : parked) {
    for (PendingPtr& call : waiting) calls.push_back(std::move(call));
  }
  for (auto& [at, call] : retries) calls.push_back(std::move(call));
  for (auto& [key, lane] : lanes_) {
    for (PendingPtr& call : lane->queue) calls.push_back(std::move(call));
    lane->queue.clear();
    lane->expected = false;
  }
  for (PendingPtr& call : calls) {
    const ApiFailure failure = Abandoned(call->request.operation);
    Fail(std::move(call), failure);
  }
  abandoned_ = false;
}

// Lanes that are as good as new need not be kept: there may be one for every account.
void ApiClient::Forget() {
  const SteadyTime now = transport_.Now();
  std::erase_if(lanes_, [&](const auto& entry) {
    return entry.second->queue.empty() && entry.second->bucket.Full(now);
  });
}

CallCounts ApiClient::TakeCounts() { return std::exchange(counts_, {}); }

}  // namespace lowbalance::alibaba
