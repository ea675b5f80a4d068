#pragma once
// lowbalance simulate --from and --from-prometheus: a history instead of stories.

#include <string>
#include <vector>

#include "cli/api_client.h"

namespace CLI {
class App;
}

namespace lowbalance::cli {

struct HistoryOptions {
  std::string csv_file;
  std::string account;  // PROVIDER/ID
  std::string currency;
  std::string level = "warning";
  std::vector<std::string> thresholds;
  int days = 90;
  std::string step = "5m";
  std::string config_file;
  ApiOptions prometheus;  // Its `output` is text or json.

  [[nodiscard]] bool given() const { return !csv_file.empty() || !prometheus.url.empty(); }
};

void AddHistoryOptions(CLI::App& command, HistoryOptions& options);

// Plays the history at every threshold and prints what came of it.
[[nodiscard]] int RunHistory(const HistoryOptions& options);

}  // namespace lowbalance::cli
