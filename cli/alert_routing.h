#pragma once
// Where an Alertmanager's configuration takes an alert: what `amtool config routes test` answers.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace lowbalance::cli {

using AlertLabels = std::map<std::string, std::string, std::less<>>;

struct WebhookReceiver {
  std::string url;  // "<secret>" from Alertmanager 0.26 on.
  int max_alerts = 0;
};

struct RoutedTo {
  std::string receiver;
  std::vector<WebhookReceiver> webhooks;  // Of that receiver.
  Millis repeat_interval{};               // 0: not said.
};

// `config` is alertmanager.yml as Alertmanager's status shows it, with its routes of any depth,
// `match`, `match_re`, `matchers` and `continue`. Refused: what is not that, or a matcher that
// cannot be read.
[[nodiscard]] Result<std::vector<RoutedTo>> RouteAlert(std::string_view config,
                                                       const AlertLabels& labels);

}  // namespace lowbalance::cli
