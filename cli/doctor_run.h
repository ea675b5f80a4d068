#pragma once
// One run of `lowbalance doctor`: everything is looked at, at once as far as it can be, then
// judged.

#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/doctor_findings.h"

namespace lowbalance::cli {

struct DoctorOptions {
  std::string config_file;
  ApiOptions services;       // The login at exporter and webhook, and the time-out of each check.
  std::string exporter_url;  // Empty: as the configuration says.
  std::string webhook_url;
  ApiOptions prometheus;
  ApiOptions alertmanager;        // Its url may be empty: the one that Prometheus sends to.
  std::string route_url;          // The webhook as Alertmanager reaches it; empty: as we do.
  std::vector<std::string> skip;  // Of "stores", "sources", "mail".
  std::string send_test;          // A contact; empty: none.
};

struct Examined {
  Findings findings;
  bool config_is_good = false;
  // Something still hangs on a thread of its own, which must not be waited for.
  bool something_hangs = false;
};

// Throws Stop where the options cannot be right.
[[nodiscard]] Examined RunDoctor(const DoctorOptions& options);

}  // namespace lowbalance::cli
