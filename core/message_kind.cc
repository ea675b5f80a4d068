#include "core/message_kind.h"

#include <algorithm>
#include <array>

namespace lowbalance {
namespace {

constexpr std::array<std::string_view, kMessageKindCount> kNames{"alert",   "reminder", "recovery",
                                                                 "overdue", "watchdog", "test"};

}  // namespace

std::string_view ToString(MessageKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<MessageKind> ParseMessageKind(std::string_view text) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<MessageKind>(found - kNames.begin());
}

}  // namespace lowbalance
