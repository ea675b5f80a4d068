#include "webhook/records.h"

#include <algorithm>
#include <array>

#include "base/store.h"
#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::array<std::string_view, 4> kStateNames{"pending", "delivered", "dead", "cancelled"};

}  // namespace

std::string_view ToString(DeliveryState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::optional<DeliveryState> ParseDeliveryState(std::string_view text) {
  const auto* const found = std::find(kStateNames.begin(), kStateNames.end(), text);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<DeliveryState>(found - kStateNames.begin());
}

MessageKind KindOf(std::string_view word) {
  const auto kind = ParseMessageKind(word);
  if (!kind) throw StoreError("a message has the unknown kind " + Quoted(word));
  return *kind;
}

}  // namespace lowbalance
