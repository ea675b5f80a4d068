#include "base/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace lowbalance {
namespace {

// The value of a sample; -1 if there is none.
double Value(const std::string& exposition, const std::string& name) {
  std::istringstream in(exposition);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + " ")) return std::strtod(line.c_str() + name.size() + 1, nullptr);
  }
  return -1;
}

TEST(ProcessMetricsTest, SaysWhatClientLibrariesSay) {
  std::string names;
  std::istringstream in(ProcessMetrics());
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# TYPE ")) names += line.substr(7) + "\n";
  }
  EXPECT_EQ(names,
            "process_cpu_seconds_total counter\n"
            "process_resident_memory_bytes gauge\n"
            "process_virtual_memory_bytes gauge\n"
            "process_start_time_seconds gauge\n"
            "process_open_fds gauge\n"
            "process_max_fds gauge\n");
}

TEST(ProcessMetricsTest, ValuesAreOfThisProcess) {
  const std::string before = ProcessMetrics();
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_GE(Value(before, "process_cpu_seconds_total"), 0);
  EXPECT_GT(Value(before, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(Value(before, "process_virtual_memory_bytes"),
            Value(before, "process_resident_memory_bytes"));
  EXPECT_LE(Value(before, "process_start_time_seconds"), now.count() + 1);
  EXPECT_GT(Value(before, "process_start_time_seconds"), now.count() - 3600);
  EXPECT_GE(Value(before, "process_max_fds"), Value(before, "process_open_fds"));
  const std::ifstream one("/dev/null");
  EXPECT_EQ(Value(ProcessMetrics(), "process_open_fds"), Value(before, "process_open_fds") + 1);
}

}  // namespace
}  // namespace lowbalance
