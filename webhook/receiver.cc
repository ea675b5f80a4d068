#include "webhook/receiver.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "webhook/compose.h"
#include "webhook/payload.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

// Of the bodies being worked on at once; one alone may always be as large as is configured.
constexpr std::size_t kBodiesInWork = 4;
// Lines in the log per notification about alerts that decide nothing; they tend to be many alike.
constexpr std::size_t kBadAlertLines = 5;

// Adds to a counter for as long as it lives.
class Share {
 public:
  Share(std::atomic<std::size_t>& total, std::size_t mine)
      : total_(total), mine_(mine), sum_(total.fetch_add(mine) + mine) {}
  ~Share() { total_ -= mine_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  [[nodiscard]] std::size_t sum() const { return sum_; }

 private:
  std::atomic<std::size_t>& total_;
  const std::size_t mine_;
  const std::size_t sum_;
};

// Contacts as messages are worded for them; zones are read from disk once per notification.
class Readers {
 public:
  explicit Readers(const Config& config) : config_(config) {}

  const Reader& Of(const Contact& contact) {
    const auto [found, is_new] = readers_.try_emplace(contact.name);
    Reader& reader = found->second;
    if (!is_new) return reader;
    reader = ReaderOf(config_, contact);
    if (!reader.unknown_time_zone.empty()) {
      log::Warn("times are written in UTC: the time zone is not known here",
                {{"contact", contact.name}, {"time_zone", reader.unknown_time_zone}});
    }
    return reader;
  }

 private:
  const Config& config_;
  std::map<std::string, Reader> readers_;
};

// S12: an alert is tried for as long as is configured, a reminder until the next is due.
Time ExpiryOf(const Config& config, const PlannedMessage& planned, Time now) {
  if (planned.notice.kind != MessageKind::kReminder) return now + config.webhook.alert_expiry;
  return planned.alerted_at + (planned.notice.number + 1) * config.webhook.reminders.every;
}

// Turns what was planned into messages as people will read them, with everybody they go to:
// recipients are fixed from here on, whatever is reloaded later. Logs and counts contacts that are
// not known.
class Composer {
 public:
  Composer(const Config& config, WebhookMetrics& metrics)
      : config_(config), metrics_(metrics), readers_(config) {}

  NewMessage Compose(const PlannedMessage& planned, Time now) {
    const Facts& facts = planned.facts;
    const log::Field provider{"provider", facts.account.provider};
    const log::Field account_id{"account_id", facts.account.account_id};
    static const Contact kNobody;
    const Contact* contact = config_.FindContact(facts.contact);
    if (contact != nullptr && !facts.contact.empty() && contact->name != facts.contact) {
      metrics_.CountUnknownContact();
      log::Warn("the account's contact is not configured here; its message goes to the default",
                {provider,
                 account_id,
                 {"contact", OneLine(facts.contact, 100)},
                 {"default_contact", contact->name}});
    }
    if (contact == nullptr) contact = &kNobody;

    NewMessage message;
    message.message = MessageOf(planned, contact->name, config_, readers_.Of(*contact), now);
    message.expires = ExpiryOf(config_, planned, now);
    message.recipients = RecipientsOf(*contact);
    if (message.recipients.empty()) {
      log::Warn("a message goes to nobody: its contact has no address, or there is no contact",
                {provider, account_id, {"contact", contact->name}});
    }
    return message;
  }

 private:
  const Config& config_;
  WebhookMetrics& metrics_;
  Readers readers_;
};

}  // namespace

std::vector<NewMessage::Recipient> RecipientsOf(const Contact& contact) {
  std::vector<NewMessage::Recipient> recipients;
  const auto add = [&recipients](std::string_view relay, const std::vector<std::string>& all) {
    for (const std::string& address : all) {
      NewMessage::Recipient recipient{relay, address};
      const bool twice =
          std::find(recipients.begin(), recipients.end(), recipient) != recipients.end();
      if (!twice) recipients.push_back(std::move(recipient));
    }
  };
  add(kRelayEmail, contact.email);
  add(kRelayInternal, contact.internal);
  return recipients;
}

Receiver::Receiver(const LiveConfig& config, Outbox& outbox, WebhookMetrics& metrics, Clock clock,
                   std::function<void()> committed, std::function<void()> watchdog)
    : config_(config),
      outbox_(outbox),
      metrics_(metrics),
      clock_(std::move(clock)),
      committed_(std::move(committed)),
      watchdog_(std::move(watchdog)) {}

HttpResponse Receiver::Receive(std::string_view body) {
  const auto config = config_.Get();
  const Share share(bytes_in_work_, body.size());
  if (share.sum() > body.size() && share.sum() > kBodiesInWork * config->webhook.max_body_bytes) {
    log::Warn("a notification is refused for now: too much is being worked on",
              {{"bytes", std::to_string(share.sum())}});
    return JsonError(503, "too many notifications at once");
  }
  const auto payload = ParsePayload(body);
  if (!payload) {
    log::Warn("a request is no notification of Alertmanager",
              {{"error", payload.error().message}, {"bytes", std::to_string(body.size())}});
    return JsonError(400,
                     "not an Alertmanager notification of version 4: " + payload.error().message);
  }
  Composer composer(*config, metrics_);
  Outbox::Batch batch;
  Outbox::Committed committed;
  try {
    const auto make = [&](const Episodes& known) {
      // Read here, so that the order of decisions is the order of their instants.
      const Time now = clock_();
      Outbox::Batch made{.now = now};
      made.plan = MakePlan(payload->alerts, known, LimitsOf(*config), now);
      made.compose = [&composer, now](const PlannedMessage& planned) {
        return composer.Compose(planned, now);
      };
      return made;
    };
    committed = outbox_.Transact(make, &batch);
  } catch (const StoreError& error) {
    log::Error("a notification could not be committed; Alertmanager will send it again",
               {{"error", error.what()}});
    return JsonError(503, "the notification could not be stored");
  }
  metrics_.CountPlan(batch.plan, batch.now);
  for (const auto& [relay, count] : committed.cancellations) {
    metrics_.CountDeliveries(relay, "cancelled", count);
  }
  Log(batch.plan);
  if (committed.messages > 0) committed_();
  if (batch.plan.watchdog && watchdog_) watchdog_();
  return JsonOk("{}");
}

void Receiver::Log(const Plan& plan) const {
  for (const Decided& decided : plan.decisions) {
    // What is as it was is worth a line only to those who ask why nothing comes.
    if (!decided.changed && !log::Enabled(log::Level::kDebug)) continue;
    if (decided.reason == Reason::kBadFacts) continue;  // These have lines of their own, below.
    const log::Field provider{"provider", decided.key.account.provider};
    const log::Field account_id{"account_id", decided.key.account.account_id};
    const log::Field level{"level", decided.key.level};
    const log::Field reason{"reason", std::string(ToString(decided.reason))};
    const log::Field low_since{"low_since",
                               decided.low_since ? FormatRfc3339(*decided.low_since) : "unknown"};
    if (decided.notice) {
      log::Info(
          "decided to send",
          {provider, account_id, level, reason, low_since, {"message", ToString(*decided.notice)}});
    } else if (decided.changed) {
      log::Info("decided", {provider, account_id, level, reason, low_since});
    } else {
      log::Debug("decided as before", {provider, account_id, level, reason, low_since});
    }
  }
  for (std::size_t i = 0; i < std::min(plan.bad_alerts.size(), kBadAlertLines); ++i) {
    const BadAlert& bad = plan.bad_alerts[i];
    log::Warn("an alert decides nothing",
              {{"reason", std::string(ToString(Reason::kBadFacts))},
               {"provider", OneLine(bad.alert.Label(kLabelProvider), 100)},
               {"account_id", OneLine(bad.alert.Label(kLabelAccountId), 200)},
               {"level", OneLine(bad.alert.Label(kLabelLevel), 100)},
               {"error", bad.error}});
  }
  if (plan.bad_alerts.size() > kBadAlertLines) {
    log::Warn("further alerts decide nothing",
              {{"reason", std::string(ToString(Reason::kBadFacts))},
               {"count", std::to_string(plan.bad_alerts.size() - kBadAlertLines)}});
  }
}

}  // namespace lowbalance
