#pragma once
// What was sent, for people who look: messages with their deliveries, the inbox, alerts that
// decided nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "webhook/database.h"
#include "webhook/records.h"

namespace lowbalance {

// Thread-safe. All of it throws StoreError.
class Archive {
 public:
  explicit Archive(Database& database) : database_(database) {}

  struct Found {
    Message message;  // Without its HTML, and in lists without its text.
    std::vector<Delivery> deliveries;
  };
  struct MessageFilter {
    std::string provider;                // Empty matches all.
    std::string account_id;              // Empty matches all.
    std::string contact;                 // Empty matches all.
    std::optional<DeliveryState> state;  // Has a delivery in this state.
    std::optional<std::int64_t> before;  // Ids below this one.
    int limit = 100;
  };
  // Newest first.
  [[nodiscard]] std::vector<Found> FindMessages(const MessageFilter& filter);
  [[nodiscard]] std::optional<Found> FindMessage(std::int64_t id);

  struct InboxFilter {
    std::vector<std::string> recipients;  // Any of them; none matches all.
    std::optional<std::int64_t> before;
    int limit = 100;
  };
  // Newest first.
  [[nodiscard]] std::vector<InboxEntry> FindInbox(const InboxFilter& filter);
  // False if there is no such entry of one of the recipients; none matches all.
  [[nodiscard]] bool MarkRead(std::int64_t inbox_id, const std::vector<std::string>& recipients);
  struct Recipient {
    std::string name;
    int unread = 0;
  };
  // Everybody who ever got an internal message, by name.
  [[nodiscard]] std::vector<Recipient> FindRecipients();

  // The latest seen first.
  [[nodiscard]] std::vector<StoredBadAlert> FindBadAlerts(int limit);

 private:
  Database& database_;
};

}  // namespace lowbalance
