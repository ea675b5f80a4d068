#include "cli/config_option.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "cli/commands.h"

namespace lowbalance::cli {

void AddConfigOption(CLI::App& command, std::string& file) {
  command
      .add_option("--config.file", file,
                  "The configuration. Default: " + std::string(kDefaultConfigFile))
      ->type_name("FILE");
}

Config ConfigOrDefaults(const std::string& file) {
  std::error_code ignored;
  if (file.empty() && !std::filesystem::exists(kDefaultConfigFile, ignored)) return {};
  const std::string name = file.empty() ? std::string(kDefaultConfigFile) : file;
  ConfigResult result = LoadConfig(name);
  if (result.mistakes.empty()) return std::move(result.config);
  for (const Mistake& mistake : result.mistakes) {
    std::fprintf(stderr, "%s\n", mistake.ToString().c_str());
  }
  throw Stop(kUsage, name + " has mistakes; nothing was written");
}

}  // namespace lowbalance::cli
