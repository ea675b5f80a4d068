#pragma once
// The Prometheus rule file: one generic rule per alert, never one per account. Thresholds are read
// from the published gauge, so an edit needs no new rules.

#include <map>
#include <string>

#include "core/pipeline.h"

namespace lowbalance {

struct RuleOptions {
  Pipeline pipeline;
  // Put on every alert beside its own labels, e.g. namespace for an operator's routing.
  std::map<std::string, std::string> extra_labels;
  // Where runbook_url points: this, '#', the alert's name in lower case.
  std::string runbook_base = "https://github.com/lowbalance/lowbalance/blob/main/docs/runbooks.md";
};

// A complete rule file, valid for Prometheus 2.42 and later.
[[nodiscard]] std::string AlertRules(const RuleOptions& options);

}  // namespace lowbalance
