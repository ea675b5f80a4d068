#include "webhook/watchdog.h"

#include <soci/soci.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "webhook/compose.h"
#include "webhook/receiver.h"
#include "webhook/sql_values.h"

namespace lowbalance {
namespace {

// Numbers of messages of the kind watchdog; those of one silence share its instant.
constexpr int kSilent = 0;
constexpr int kHeardAgain = 1;

constexpr Millis kLooksApartMax = std::chrono::seconds{10};

}  // namespace

Watchdog::Watchdog(const LiveConfig& config, Database& database, Outbox& outbox,
                   WebhookMetrics& metrics, Clock clock, std::function<void()> committed)
    : config_(config),
      outbox_(outbox),
      metrics_(metrics),
      clock_(std::move(clock)),
      committed_(std::move(committed)),
      silent_since_(clock_()),
      last_look_(silent_since_) {
  database.Use("read what the operator was told", [this](soci::session& sql) {
    sql::Int since = 0;
    int number = 0;
    sql << "SELECT low_since, number FROM messages WHERE kind = 'watchdog' "
           "ORDER BY id DESC LIMIT 1",
        soci::into(since), soci::into(number);
    if (sql.got_data() && number == kSilent) told_since_ = sql::ToTime(since);
  });
}

void Watchdog::Start() {
  loop_ = std::make_unique<Loop>("watchdog", clock_, [this](Time now) { return Look(now); });
}

void Watchdog::Stop() { loop_.reset(); }

Time Watchdog::Look(Time now) {
  const auto config = config_.Get();
  const WatchdogConfig& settings = config->webhook.watchdog;
  const Millis apart = std::clamp(settings.silence / 20, Millis{1}, kLooksApartMax);
  // Time that nobody looked through is no silence: a clock set forward or a machine that slept.
  silence_ += std::clamp(now - last_look_, Millis{0}, apart + kLooksApartMax);
  last_look_ = now;
  if (heard_.exchange(false)) {
    silence_ = Millis{0};
    silent_since_ = now;
    ever_heard_ = true;
    is_over_ = true;
  }
  if (told_since_ && is_over_) {
    Tell(/*heard_again=*/true, *told_since_, now);
    told_since_.reset();
  } else if (!told_since_ && silence_ > settings.silence && !settings.contact.empty()) {
    Tell(/*heard_again=*/false, silent_since_, now);
    told_since_ = silent_since_;
    is_over_ = false;
  }
  return now + apart;
}

void Watchdog::Tell(bool heard_again, Time since, Time now) {
  const auto config = config_.Get();
  const std::string& name = config->webhook.watchdog.contact;
  if (name.empty()) return;  // A reload has taken it out meanwhile.
  const Contact* const contact = config->FindContact(name);
  if (contact == nullptr) return;  // The configuration's check has seen to it that there is one.
  const Reader reader = ReaderOf(*config, *contact);
  WordedMessage worded =
      heard_again
          ? WordHeardAgain(now - since, reader)
          : WordWatchdog(ever_heard_ ? std::optional(since) : std::nullopt, now - since, reader);
  NewMessage message;
  message.message = MessageOf(MessageKind::kWatchdog, contact->name, std::move(worded), now);
  message.message.number = heard_again ? kHeardAgain : kSilent;
  message.message.low_since = since;
  message.expires = now + config->webhook.alert_expiry;
  message.recipients = RecipientsOf(*contact);
  const Outbox::Committed committed = outbox_.Add({std::move(message)}, now);
  log::Warn(
      heard_again ? "the watchdog is heard again" : "the watchdog is silent: no alert arrives",
      {{"since", FormatRfc3339(since)}, {"contact", contact->name}});
  if (committed.messages == 0) return;
  metrics_.CountMessage(MessageKind::kWatchdog);
  committed_();
}

}  // namespace lowbalance
