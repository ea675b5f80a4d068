#include "webhook/records.h"

#include <algorithm>
#include <array>

#include "base/store.h"
#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::array<std::string_view, 4> kStateNames{"pending", "delivered", "dead", "cancelled"};

const Bilingual kExpiredUntried{"expired before it was tried", "尚未尝试即已过期"};
const Bilingual kExpiredAfter{"expired; the last attempt: ", "已过期；最后一次尝试："};

}  // namespace

std::string_view ToString(DeliveryState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::optional<DeliveryState> ParseDeliveryState(std::string_view text) {
  const auto* const found = std::find(kStateNames.begin(), kStateNames.end(), text);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<DeliveryState>(found - kStateNames.begin());
}

std::string ExpiredText(std::string_view last_error) {
  return last_error.empty() ? kExpiredUntried.en : kExpiredAfter.en + std::string(last_error);
}

Bilingual DescribeError(std::string_view last_error) {
  if (last_error == kExpiredUntried.en) return kExpiredUntried;
  if (!last_error.starts_with(kExpiredAfter.en)) return Verbatim(std::string(last_error));
  Bilingual text = kExpiredAfter;
  text += Verbatim(std::string(last_error.substr(kExpiredAfter.en.size())));
  return text;
}

MessageKind KindOf(std::string_view word) {
  const auto kind = ParseMessageKind(word);
  if (!kind) throw StoreError("a message has the unknown kind " + Quoted(word));
  return *kind;
}

}  // namespace lowbalance
