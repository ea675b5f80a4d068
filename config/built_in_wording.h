#pragma once
// The files of config/wording/, as the build puts them into the program.

#include <span>
#include <string_view>

namespace lowbalance {

struct BuiltInWordingFile {
  std::string_view language;
  std::string_view text;
};
extern const std::span<const BuiltInWordingFile> kBuiltInWordingFiles;

}  // namespace lowbalance
