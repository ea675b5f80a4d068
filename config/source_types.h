#pragma once
// The types of sources: how each is polled by default, and the keys that it alone has. A type's own
// keys are read by a function in a file of its own, config/source_<type>.cc.

#include <span>
#include <string_view>

#include "base/yaml.h"
#include "config/config.h"

namespace lowbalance {

struct SourceType {
  std::string_view name;
  Millis interval;
  Millis jitter;
  Millis timeout;
  // Zero: the source is asked again at its interval, as nobody is spared by waiting longer.
  Millis retry_first;
  Millis retry_longest;
  // Reads the type's own keys and notes what is wrong with them. The keys of all types have been
  // read by then.
  void (*read)(const YamlMap& map, SourceConfig& source);
};

[[nodiscard]] std::span<const SourceType> SourceTypes();

// An item of `exporter.sources`; checked against the sources and the pipeline read before it.
[[nodiscard]] SourceConfig ReadSource(const YamlMap& map, const Config& config);

void ReadFileSource(const YamlMap& map, SourceConfig& source);
void ReadAlibabaSource(const YamlMap& map, SourceConfig& source);

}  // namespace lowbalance
