#pragma once
// What the webhook's store holds, as values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/episode.h"
#include "core/message_kind.h"
#include "core/money.h"
#include "core/time.h"
#include "webhook/plan.h"

namespace lowbalance {

// How a message reaches people.
inline constexpr std::string_view kRelayEmail = "email";
inline constexpr std::string_view kRelayInternal = "internal";

// S12. A delivery is pending until it is one of the others, which are final; but one that was
// cancelled or given up while it was on its way and got there all the same is delivered.
enum class DeliveryState { kPending, kDelivered, kDead, kCancelled };
[[nodiscard]] std::string_view ToString(DeliveryState state);  // "pending", …
[[nodiscard]] std::optional<DeliveryState> ParseDeliveryState(std::string_view text);

// A message as it was worded when it was decided on: later edits of names, contacts or wording do
// not change what people are told at the third try. (provider, account, level, low_since, kind,
// number) is unique.
struct Message {
  std::int64_t id = 0;  // Given by the store, ascending.
  Time created{};
  MessageKind kind = MessageKind::kAlert;
  int number = 0;  // Of a reminder, from 1; 0 for every other kind.
  // Of the episode. A watchdog or test message belongs to no account: its key, names and amounts
  // are empty, and `low_since` is an instant of its own that tells it from others of its kind.
  EpisodeKey key;
  Time low_since{};
  std::string account_name;
  std::string currency;
  Money available_credit;
  Money threshold;
  std::string contact;  // The contact it was addressed to; empty if there was none.
  std::string subject;
  std::string text;
  std::string html;
  std::string internal;  // The internal message's text; its title is the subject.
};

struct Delivery {
  std::int64_t id = 0;
  std::int64_t message_id = 0;
  std::string relay;
  std::string recipient;
  DeliveryState state = DeliveryState::kPending;
  int attempts = 0;
  std::string last_error;  // Empty if no attempt has failed. For a reader: DescribeError.
  Time next_attempt{};     // Of meaning only while pending.
  Time expires{};          // No attempt is made from then on.
  std::optional<Time> finished;
};

// What a delivery that nobody will try any more has as its last_error, after the one it had.
[[nodiscard]] std::string ExpiredText(std::string_view last_error);
// That a delivery expired, in the reader's language. What an attempt ran into (a mail server's
// answer, the network) stays in the words it was told in.
[[nodiscard]] Bilingual DescribeError(std::string_view last_error);

// A message that is to be stored, and to whom it goes.
struct NewMessage {
  struct Recipient {
    std::string_view relay;
    std::string address;
    friend bool operator==(const Recipient&, const Recipient&) = default;
  };
  Message message;
  Time expires{};  // Of its deliveries.
  std::vector<Recipient> recipients;
};

struct InboxEntry {
  std::int64_t id = 0;
  std::int64_t message_id = 0;
  std::string recipient;
  Time at{};
  bool read = false;
  std::string title;
  std::string text;
};

struct StoredBadAlert {
  std::string labels;  // As a JSON object.
  std::string facts;
  std::string error;
  Time first_seen{};
  Time last_seen{};
  int times = 1;
};

// The kind that the store holds as a word. Throws StoreError for one that is not known.
[[nodiscard]] MessageKind KindOf(std::string_view word);

}  // namespace lowbalance
