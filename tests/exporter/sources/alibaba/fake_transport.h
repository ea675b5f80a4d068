#pragma once
// A transport whose time passes only while somebody waits, so that an hour's poll takes no time.

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/http_client.h"

namespace lowbalance::alibaba {

class FakeTransport : public HttpTransport {
 public:
  struct Answer {
    Millis after{100};
    tl::expected<HttpReply, HttpFailure> result;
  };
  using Service = std::function<Answer(const HttpCall& call)>;

  explicit FakeTransport(Service service) : service_(std::move(service)) {}

  void Start(std::uint64_t id, HttpCall call) override {
    Answer answer = service_(call);
    calls.push_back(std::move(call));
    started.push_back(now_);
    flights_.emplace(now_ + answer.after, HttpOutcome{id, std::move(answer.result)});
    most_in_flight = std::max(most_in_flight, flights_.size());
  }
  std::vector<HttpOutcome> Wait(Millis longest) override {
    if (flights_.empty() || flights_.begin()->first > now_ + longest) {
      now_ += longest;
      return {};
    }
    now_ = std::max(now_, flights_.begin()->first);
    std::vector<HttpOutcome> ended;
    while (!flights_.empty() && flights_.begin()->first <= now_) {
      ended.push_back(std::move(flights_.extract(flights_.begin()).mapped()));
    }
    return ended;
  }
  void Abandon() override { flights_.clear(); }
  void Wake() override {}
  SteadyTime Now() const override { return now_; }

  // The wall clock that goes with it.
  [[nodiscard]] Time WallTime() const {
    return TimeFromMillis(1'795'435'200'000) +
           std::chrono::duration_cast<Millis>(now_ - SteadyTime{});
  }

  std::vector<HttpCall> calls;      // In the order they were started.
  std::vector<SteadyTime> started;  // When each was.
  std::size_t most_in_flight = 0;

 private:
  const Service service_;
  SteadyTime now_{};
  std::multimap<SteadyTime, HttpOutcome> flights_;
};

inline FakeTransport::Answer Answered(std::string body, int status = 200,
                                      decltype(HttpReply::headers) headers = {}) {
  return {.result =
              HttpReply{.status = status, .headers = std::move(headers), .body = std::move(body)}};
}

inline std::string HeaderOf(const HttpCall& call, std::string_view name) {
  for (const auto& [field, value] : call.headers) {
    if (field == name) return value;
  }
  return "";
}

}  // namespace lowbalance::alibaba
