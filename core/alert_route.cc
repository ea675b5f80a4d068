#include "core/alert_route.h"

#include <string_view>

#include "core/contract.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// Repeats are the webhook's heartbeat: each brings the present facts of every low account of the
// group. No max_alerts, which would mark what it cuts as notified.
std::string Routes(const RouteOptions& options, std::string_view indent) {
  const auto line = [&](std::string_view text) {
    return std::string(indent) + std::string(text) + "\n";
  };
  const auto route = [&](const std::string& matcher, Millis repeat) {
    return line("- receiver: " + options.receiver) + line("  matchers: ['" + matcher + "']") +
           line("  group_by: [alertname, " + std::string(kLabelShard) + "]") +
           line("  group_wait: " + FormatDuration(options.pipeline.group_wait())) +
           line("  group_interval: " + FormatDuration(options.pipeline.evaluation)) +
           line("  repeat_interval: " + FormatDuration(repeat));
  };
  return route("alertname=\"" + std::string(kAlertWatchdog) + "\"",
               options.pipeline.watchdog_repeat()) +
         route("alertname=~\"" + std::string(kAlertLowBalance) + "|" +
                   std::string(kAlertLowBalanceEnded) + "\"",
               options.pipeline.heartbeat);
}

std::string Receiver(const RouteOptions& options, std::string_view indent) {
  const auto line = [&](std::string_view text) {
    return std::string(indent) + std::string(text) + "\n";
  };
  std::string out = line("- name: " + options.receiver) + line("  webhook_configs:") +
                    line("    - url: " + GoQuote(options.webhook_url)) +
                    line("      send_resolved: true");
  if (!options.bearer_token_file.empty()) {
    out += line("      http_config:") + line("        authorization:") +
           line("          type: Bearer") +
           line("          credentials_file: " + GoQuote(options.bearer_token_file));
  }
  return out;
}

}  // namespace

std::string AlertRouteFragment(const RouteOptions& options) {
  return "# Written by `lowbalance route`. Merge into alertmanager.yml: these routes before any\n"
         "# other that would match, the receiver beside the others.\n"
         "route:\n"
         "  routes:\n" +
         Routes(options, "    ") + "receivers:\n" + Receiver(options, "  ");
}

std::string AlertmanagerConfig(const RouteOptions& options) {
  return "# Written by `lowbalance route --complete`.\n"
         "route:\n"
         "  receiver: \"null\"\n"
         "  routes:\n" +
         Routes(options, "    ") +
         "receivers:\n"
         "  - name: \"null\"\n" +
         Receiver(options, "  ");
}

}  // namespace lowbalance
