#pragma once
// Makes calls: signs them, keeps to rate limits, tries again what may work later, and counts.
//
// All in the thread that calls Run. Calls wait in lanes, one for each operation and budget, as
// that is what the gateways count by; a lane lets through so many a second, and a gateway that says
// it was too much holds the whole lane. Every try is signed anew, with its own instant and nonce.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/token_bucket.h"
#include "exporter/source.h"
#include "exporter/sources/alibaba/credentials.h"
#include "exporter/sources/alibaba/failure.h"
#include "exporter/sources/alibaba/signing.h"

namespace lowbalance::alibaba {

class ApiClient {
 public:
  struct Options {
    std::map<std::string, double, std::less<>> per_second;  // By operation.
    double per_second_else = 5;                             // Of operations not in the list.
    int in_flight = 32;                                     // Requests at once, at most.
    int tries = 4;                                          // Of one call, the first included.
    Millis connect_timeout = std::chrono::seconds{5};
    Millis timeout = std::chrono::seconds{10};
    std::size_t max_reply_bytes = std::size_t{4} << 20U;
    bool rpc_signature = false;  // The older scheme.

    // Random numbers from 0 to 1, and nonces; for tests.
    std::function<double()> jitter;
    std::function<std::string()> nonce;
  };

  // `transport` must outlive this.
  ApiClient(Options options, HttpTransport& transport, Clock clock);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  using Done = std::function<void(ApiResult<std::string> body)>;
  // Asks; `done` is called exactly once, from within Run or at once, and may ask further.
  // `credentials` are to sign with, null for an operation that is not signed; they must live until
  // then. `budget` names whose rate limit it counts against.
  void Call(ApiRequest request, CredentialsCache* credentials, std::string budget, Done done);

  // A request to something that is no such gateway, under a name for metrics. Tried once.
  using HttpDone = std::function<void(tl::expected<HttpReply, HttpFailure>)>;
  void Ask(std::string name, HttpCall call, HttpDone done);

  // Returns when everything asked for has been answered. From `deadline` on, or when told to stop,
  // what is not yet answered ends as abandoned.
  void Run(SteadyTime deadline, const std::stop_token& stop);

  // The time is over: what ends now, within Run, ends as abandoned.
  [[nodiscard]] bool Abandoning() const { return abandoned_; }

  // Shows every reply to a call, for `lowbalance sources test`. Replies with credentials in them
  // are shown without their bodies.
  using Observer = decltype(FetchContext::observe);
  void Observe(Observer observer) { observer_ = std::move(observer); }

  [[nodiscard]] Time Now() const { return clock_(); }
  [[nodiscard]] CallCounts TakeCounts();

 private:
  struct Pending;
  struct Lane;
  struct Flight;
  using PendingPtr = std::unique_ptr<Pending>;

  Lane& LaneOf(const Pending& call);
  void Serve(Lane& lane);
  void Queue(PendingPtr call, bool first);
  void ServeLater(Lane& lane, Millis wait);
  void Send(PendingPtr call, const Credentials& credentials);
  void WaitForCredentials(PendingPtr call);
  void Land(HttpOutcome outcome);
  void Fail(PendingPtr call, const ApiFailure& failure);
  void TryAgain(PendingPtr call, const ApiFailure& failure, bool slow_down);
  [[nodiscard]] Millis BackOff(int tries, const ApiFailure& failure, bool slow_down);
  void DoWhatIsDue();
  [[nodiscard]] Millis UntilNext(SteadyTime now) const;
  void AbandonAll();
  void Forget();

  const Options options_;
  HttpTransport& transport_;
  const Clock clock_;
  SteadyTime deadline_ = SteadyTime::max();
  bool abandoned_ = false;  // New calls end at once.
  std::uint64_t next_id_ = 1;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Lane>> lanes_;
  std::deque<Lane*> blocked_;  // Lanes that wait for fewer requests in flight.
  std::map<std::uint64_t, Flight> flights_;
  std::map<CredentialsCache*, std::vector<PendingPtr>> parked_;  // Until they are refreshed.
  std::multimap<SteadyTime, Lane*> due_;                         // Lanes to serve.
  std::multimap<SteadyTime, PendingPtr> retries_;
  CallCounts counts_;
  Observer observer_;
};

}  // namespace lowbalance::alibaba
