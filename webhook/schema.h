#pragma once
// The tables of the webhook's store, one migration per version.

#include "base/store.h"
#include "config/config.h"

namespace lowbalance {

// How the webhook opens its store, but for waiting. Instants are milliseconds since 1970, amounts
// millionths, truth values 0 and 1, so that every engine keeps them exactly. Ids are given by the
// program, which is the only writer.
[[nodiscard]] Store::Options WebhookStore(const Config& config);

}  // namespace lowbalance
