#include "exporter/source.h"

#include <cassert>

#include "exporter/sources/file.h"

namespace lowbalance {

std::unique_ptr<Source> MakeSource(const SourceConfig& config) {
  assert(config.type == "file");
  return std::make_unique<FileSource>(config.path, config.provider);
}

}  // namespace lowbalance
