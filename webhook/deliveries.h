#pragma once
// Deliveries as a person looks at them, and what a person may do about one: have a dead letter sent
// again, or have done with one that nobody needs any more.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "webhook/database.h"
#include "webhook/records.h"

namespace lowbalance {

// Thread-safe. All of it throws StoreError.
class Deliveries {
 public:
  explicit Deliveries(Database& database) : database_(database) {}

  struct Found {
    Delivery delivery;
    Message message;  // Without its texts.
  };
  struct Filter {
    std::optional<DeliveryState> state;
    std::string contact;                 // Empty matches all.
    std::optional<std::int64_t> before;  // Ids below this one.
    int limit = 100;
  };
  // Newest first.
  [[nodiscard]] std::vector<Found> Find(const Filter& filter);

  // How long what is sent again is tried.
  struct Expiry {
    Millis alert{};
    Millis reminder{};
  };
  struct Change {
    bool known = true;     // There is such a delivery.
    bool changed = false;  // It is another now than it was.
    // Why not, where it was not changed: it is so already (the delivery's state says which), or
    // what it is forbids it, in which case it is refused.
    bool refused = false;
    Bilingual reason;
    Found found;  // As it is now.
  };
  // A dead letter is pending again: due at once, with a new expiry and no attempts behind it, and
  // with the Message-ID it had. One that is pending already stays as it is, so that asking twice
  // sends once. Refused: what was delivered or cancelled, and a dead letter whose episode has ended
  // (S12: it would tell people what is no longer so).
  [[nodiscard]] Change Resend(std::int64_t id, const Expiry& expiry, Time now);
  // A dead or pending delivery is cancelled; one that is on its way may get there all the same.
  // Refused: what was delivered.
  [[nodiscard]] Change Cancel(std::int64_t id, Time now);

 private:
  Database& database_;
};

}  // namespace lowbalance
