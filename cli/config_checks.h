#pragma once
// What is wrong with a configuration, and what would surprise where it is used: for `check` and
// `doctor`.

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"

namespace lowbalance::cli {

// What is no mistake in the file, but would surprise where the file is used.
struct ConfigWarning {
  std::string key;
  std::string message;
};

struct ConfigFindings {
  Config config;  // To be used only if there are no mistakes.
  std::vector<Mistake> mistakes;
  std::vector<ConfigWarning> warnings;
};

enum class Examine {
  kAll,       // Also the stores, and sources that are files.
  kFileOnly,  // And the files it names, that they can be read.
};

// Reads `file`, or else lowbalance.yml, and looks at it. Changes nothing.
[[nodiscard]] ConfigFindings ExamineConfig(const std::string& file, Examine what);

// "1 warning", "2 warnings".
[[nodiscard]] std::string Count(std::size_t n, const std::string& what);

}  // namespace lowbalance::cli
