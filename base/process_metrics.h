#pragma once
// What every Prometheus client library says of its own process.

#include <string>

namespace lowbalance {

// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
// process_open_fds, process_max_fds and process_start_time_seconds, with HELP and TYPE, in the
// text format. What /proc does not tell is left out.
[[nodiscard]] std::string ProcessMetrics();

}  // namespace lowbalance
