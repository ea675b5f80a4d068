#include "exporter/source.h"

#include <algorithm>
#include <cassert>

#include "exporter/sources/alibaba/source.h"
#include "exporter/sources/file.h"

namespace lowbalance {

Millis FetchContext::Remaining() const {
  using std::chrono::steady_clock;
  if (stop.stop_requested()) return Millis{0};
  if (deadline == steady_clock::time_point::max()) return Millis::max();
  const auto left = std::chrono::ceil<Millis>(deadline - steady_clock::now());
  return std::max(left, Millis{0});
}

Result<void> FetchContext::Check(const std::string& doing) const {
  if (stop.stop_requested()) return Retry(doing + ": stopped");
  if (Remaining() == Millis{0}) return Retry(doing + ": not finished within the source's timeout");
  return {};
}

std::unique_ptr<Source> MakeSource(const SourceConfig& config) {
  if (config.type == "alibaba") {
    return alibaba::MakeAlibabaSource(config.name, config.provider, *config.alibaba);
  }
  assert(config.type == "file");
  return std::make_unique<FileSource>(config.path, config.provider);
}

}  // namespace lowbalance
