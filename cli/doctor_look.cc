#include "cli/doctor_look.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "cli/doctor_judge.h"

namespace lowbalance::cli {
namespace {

using Steady = std::chrono::steady_clock;

// Of the Date header, which has whole seconds: half of one is added.
std::optional<Millis> Ahead(const std::string& date, Time asked, Time answered) {
  if (date.empty()) return std::nullopt;
  const time_t seconds = curl_getdate(date.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  const Time there{std::chrono::seconds{seconds}};
  return there + Millis{500} - (asked + (answered - asked) / 2);
}

Answer AskOne(ApiClient& client, std::string_view path, Steady::time_point deadline) {
  Answer answer;
  const auto left = std::chrono::duration_cast<Millis>(deadline - Steady::now());
  client.SetTimeout(std::max(Millis{1}, left));
  const Time asked = SystemClock()();
  const auto response = client.Send("GET", std::string(path));
  if (!response) {
    answer.error = response.error().message;
    return answer;
  }
  answer.status = response->status;
  answer.body = response->body;
  answer.ahead = Ahead(response->date, asked, SystemClock()());
  return answer;
}

void AskUntil(ApiClient& client, const std::vector<std::string>& paths, Steady::time_point deadline,
              Server& server) {
  for (const std::string& path : paths) {
    const Answer& answer = server.answers[path] = AskOne(client, path, deadline);
    if (!answer.error.empty()) return;
  }
}

}  // namespace

std::string FormatPath(const std::string& expression) {
  return "/api/v1/format_query" + QueryString({{"query", expression}});
}

const Answer& Server::At(std::string_view path) const {
  static const Answer kNone{.error = "not asked"};
  const auto found = answers.find(path);
  return found == answers.end() ? kNone : found->second;
}

Server Ask(const std::string& url, ApiClient client, const std::vector<std::string_view>& paths,
           Millis timeout) {
  Server server;
  server.url = url;
  AskUntil(client, {paths.begin(), paths.end()}, Steady::now() + timeout, server);
  return server;
}

Server AskPrometheus(const std::string& url, ApiClient client, const Pipeline& pipeline,
                     Millis timeout) {
  Server server;
  server.url = url;
  const auto deadline = Steady::now() + timeout;
  std::vector<std::string> paths;
  for (const std::string_view path :
       {kBuildPath, kTargetsPath, kRulesPath, kAlertmanagersPath, kMetricsPath, kDroppedPath}) {
    paths.emplace_back(path);
  }
  AskUntil(client, paths, deadline, server);
  paths.clear();
  for (const std::string& expr : ExpressionsToCompare(pipeline, server.At(kRulesPath))) {
    paths.push_back(FormatPath(expr));
  }
  AskUntil(client, paths, deadline, server);
  return server;
}

}  // namespace lowbalance::cli
