#pragma once
// The --config.file option of the commands that read lowbalance.yml.

#include <string>

#include "config/config.h"

namespace CLI {
class App;
}

namespace lowbalance::cli {

inline constexpr std::string_view kDefaultConfigFile = "lowbalance.yml";

// Declares the option; `file` stays empty unless it is given.
void AddConfigOption(CLI::App& command, std::string& file);

// The configuration in `file`. Without one: that in lowbalance.yml, or the defaults where there is
// no such file. Mistakes are printed on standard error, all of them, and end the command with
// kUsage.
[[nodiscard]] Config ConfigOrDefaults(const std::string& file);

}  // namespace lowbalance::cli
