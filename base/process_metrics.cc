#include "base/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

namespace lowbalance {
namespace {

// The fields of /proc/self/stat that we read, numbered as proc(5) does.
enum StatField { kUserTicks = 14, kSystemTicks = 15, kStartTicks = 22, kVirtual = 23, kPages = 24 };

void Add(std::string& out, std::string_view name, std::string_view type, std::string_view help,
         const std::string& value) {
  out += "# HELP ";
  out += name;
  out += ' ';
  out += help;
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
  out += name;
  out += ' ' + value + '\n';
}

std::string Hundredths(std::uint64_t ticks, std::uint64_t ticks_per_second) {
  const std::uint64_t hundredths = ticks * 100 / ticks_per_second;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%llu.%02llu",
                static_cast<unsigned long long>(hundredths / 100),
                static_cast<unsigned long long>(hundredths % 100));
  return buffer.data();
}

// When the machine started, in seconds since 1970.
std::optional<std::uint64_t> BootSeconds() {
  std::ifstream in("/proc/stat");
  std::string word;
  std::uint64_t seconds = 0;
  while (in >> word) {
    if (word == "btime" && in >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> OpenFiles() {
  std::error_code failed;
  std::filesystem::directory_iterator folder("/proc/self/fd", failed);
  if (failed) return std::nullopt;
  const auto count = std::distance(begin(folder), end(folder));
  return static_cast<std::uint64_t>(count) - 1;  // The folder itself is open too.
}

}  // namespace

std::string ProcessMetrics() {
  std::string out;
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream file("/proc/self/stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in parentheses, which may hold anything.
  if (const std::size_t after_name = stat.rfind(')'); after_name != std::string::npos) {
    std::istringstream in(stat.substr(after_name + 2));
    std::array<std::uint64_t, kPages + 1> field{};
    std::string skipped;
    for (std::size_t i = 3; i < field.size(); ++i) {
      if (i < kUserTicks) {
        in >> skipped;
      } else {
        std::int64_t value = 0;
        in >> value;
        field[i] = static_cast<std::uint64_t>(value);
      }
    }
    if (in) {
      Add(out, "process_cpu_seconds_total", "counter",
          "Total user and system CPU time spent in seconds.",
          Hundredths(field[kUserTicks] + field[kSystemTicks], ticks_per_second));
      Add(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
          std::to_string(field[kPages] * page));
      Add(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
          std::to_string(field[kVirtual]));
      if (const auto boot = BootSeconds()) {
        Add(out, "process_start_time_seconds", "gauge",
            "Start time of the process since unix epoch in seconds.",
            Hundredths(*boot * ticks_per_second + field[kStartTicks], ticks_per_second));
      }
    }
  }
  if (const auto open = OpenFiles()) {
    Add(out, "process_open_fds", "gauge", "Number of open file descriptors.",
        std::to_string(*open));
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(out, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
        std::to_string(limit.rlim_cur));
  }
  return out;
}

}  // namespace lowbalance
