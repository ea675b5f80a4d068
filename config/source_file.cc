// type: file

#include "config/source_types.h"
#include "core/text.h"

namespace lowbalance {

void ReadFileSource(const YamlMap& map, SourceConfig& source) {
  source.path = map.Path("path");
  const std::string path = map.RequiredString("path");
  if (!path.empty() && !path.ends_with(".json") && !path.ends_with(".csv")) {
    map.Mistaken("path", "must end in .json or .csv: " + Quoted(path));
  }
}

}  // namespace lowbalance
