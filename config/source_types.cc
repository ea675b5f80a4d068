#include "config/source_types.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "config/sections.h"
#include "core/text.h"

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<SourceType, 2> kTypes{{
    {.name = "file",
     .interval = minutes{1},
     .jitter = Millis{0},
     .timeout = seconds{30},
     .retry_first = Millis{0},
     .retry_longest = Millis{0},
     .read = ReadFileSource},
    // Bills are hours late and balances are asked for account by account, so minutes are enough.
    {.name = "alibaba",
     .interval = minutes{5},
     .jitter = seconds{10},
     .timeout = seconds{270},
     .retry_first = seconds{30},
     .retry_longest = minutes{5},
     .read = ReadAlibabaSource},
}};

// Null, with the mistake noted, if the map names none of the types.
const SourceType* ReadType(const YamlMap& map) {
  const std::string name = map.RequiredString("type");
  if (name.empty()) return nullptr;
  std::vector<std::string> names;
  for (const SourceType& type : kTypes) names.emplace_back(type.name);
  const std::string known = map.OneOf("type", "", names);
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const SourceType& type) { return type.name == known; });
  return found == kTypes.end() ? nullptr : found;
}

void ReadNames(const YamlMap& map, const Config& config, SourceConfig& source) {
  source.name = map.RequiredString("name");
  if (!source.name.empty() && !IsValidName(source.name)) {
    map.Mistaken("name", NotAName(source.name));
  }
  for (const SourceConfig& other : config.exporter.sources) {
    if (!source.name.empty() && other.name == source.name) {
      map.Mistaken("name", "another source has this name: " + Quoted(source.name));
    }
  }
  source.provider = map.String("provider");
  if (!source.provider.empty() && !IsValidName(source.provider)) {
    map.Mistaken("provider", NotAName(source.provider));
  }
}

void ReadTimes(const YamlMap& map, const SourceType& type, Millis data_max_age,
               SourceConfig& source) {
  const auto short_of_max_age = [&](const YamlMap& at, std::string_view key, Millis value) {
    if (value <= data_max_age) return;
    at.Mistaken(key,
                "longer than pipeline.billing_data_max_age (" + FormatDuration(data_max_age) +
                    "), so that alerts would be put off between polls: " + FormatDuration(value));
  };
  source.interval = map.Duration("interval", type.interval, kShortestInterval, hours{24});
  short_of_max_age(map, "interval", source.interval);
  source.jitter =
      map.Duration("jitter", std::min(type.jitter, source.interval), Millis{0}, hours{24});
  if (source.jitter > source.interval) {
    map.Mistaken("jitter", "longer than the source's interval (" + FormatDuration(source.interval) +
                               "): " + FormatDuration(source.jitter));
  }
  source.timeout = map.Duration("timeout", type.timeout, kShortestInterval, hours{1});

  const YamlMap retry = map.Map("retry");
  const Millis first = type.retry_first == Millis{0} ? source.interval : type.retry_first;
  source.retry_first = retry.Duration("first", first, kShortestInterval, hours{24});
  const Millis longest = type.retry_longest == Millis{0} ? source.interval : type.retry_longest;
  source.retry_longest =
      retry.Duration("longest", std::max(std::min(longest, data_max_age), source.retry_first),
                     kShortestInterval, hours{24});
  if (source.retry_longest < source.retry_first) {
    retry.Mistaken("longest", "shorter than the source's retry.first (" +
                                  FormatDuration(source.retry_first) +
                                  "): " + FormatDuration(source.retry_longest));
  }
  if (retry.Has("longest")) short_of_max_age(retry, "longest", source.retry_longest);
}

}  // namespace

std::span<const SourceType> SourceTypes() { return kTypes; }

SourceConfig ReadSource(const YamlMap& map, const Config& config) {
  SourceConfig source;
  ReadNames(map, config, source);
  const SourceType* const type = ReadType(map);
  const SourceType& read_as = type == nullptr ? kTypes.front() : *type;
  source.type = read_as.name;
  ReadTimes(map, read_as, config.pipeline.billing_data_max_age, source);
  read_as.read(map, source);
  return source;
}

}  // namespace lowbalance
