#pragma once
// What `lowbalance doctor` has seen of the chain, as values: what is said about it is decided from
// these alone (cli/doctor_judge.h).

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/time.h"

namespace lowbalance::cli {

// One answer of a server, or why there is none.
struct Answer {
  std::string error;
  int status = 0;
  std::string body;
  std::optional<Millis> ahead;  // How far its clock is ahead of ours, to about a second.

  [[nodiscard]] bool ok() const { return error.empty() && status / 100 == 2; }
};

class Server {
 public:
  std::string url;  // Without a slash at its end.

  // By path and query. What was never asked is an answer with an error.
  [[nodiscard]] const Answer& At(std::string_view path) const;
  std::map<std::string, Answer, std::less<>> answers;
};

struct Seen {
  Time now{};
  Config config;
  std::string config_file;
  std::string config_hash;  // Of that file: what the programs publish of theirs. Empty: unknown.
  Server exporter;
  Server webhook;
  Server prometheus;
  Server alertmanager;
  std::string route_url;  // The webhook as Alertmanager's receiver should have it.
  // What was there at other addresses that receivers have: the answer to /-/healthy, by the
  // receiver's URL.
  std::map<std::string, Answer, std::less<>> receivers;
};

// The paths that are asked for.
inline constexpr std::string_view kReadyPath = "/-/ready";
inline constexpr std::string_view kHealthyPath = "/-/healthy";
inline constexpr std::string_view kMetricsPath = "/metrics";
inline constexpr std::string_view kBuildPath = "/api/v1/status/buildinfo";
inline constexpr std::string_view kTargetsPath = "/api/v1/targets?state=active";
inline constexpr std::string_view kRulesPath = "/api/v1/rules";
inline constexpr std::string_view kAlertmanagersPath = "/api/v1/alertmanagers";
// sum(increase(prometheus_notifications_dropped_total[15m])): empty where it does not scrape
// itself.
inline constexpr std::string_view kDroppedPath =
    "/api/v1/query?query=sum%28increase%28prometheus_notifications_dropped_total%5B15m%5D%29%29";
inline constexpr std::string_view kStatusPath = "/api/v2/status";
inline constexpr std::string_view kWatchdogPath =
    "/api/v2/alerts?filter=alertname%3D%22LowbalanceWatchdog%22";
inline constexpr std::string_view kSilencedPath =
    "/api/v2/alerts?active=false&inhibited=false&filter=alertname%3D%22LowBalance%22";
// Prometheus' own wording of an expression.
[[nodiscard]] std::string FormatPath(const std::string& expression);

}  // namespace lowbalance::cli
