#pragma once
// The body of Alertmanager's webhook, version 4.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
//
// Pure. Only what is needed is kept; keys this version does not know are skipped, whatever they
// hold, because Alertmanager adds some now and then.

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "webhook/plan.h"

namespace lowbalance {

struct Payload {
  std::string receiver;  // Alertmanager's name for us.
  std::string status;    // Of the group: "firing" or "resolved".
  std::vector<Alert> alerts;
};

// Refused, saying what is wrong but not repeating the body (Alertmanager writes our answer into
// its log): what is not JSON in UTF-8, is nested deeper than 64 levels, has another version than
// "4", has no list of alerts, or an alert whose labels, annotations or status are not texts.
[[nodiscard]] Result<Payload> ParsePayload(std::string_view body);

}  // namespace lowbalance
