// The webhook's section: how messages leave, and when reminders are due.

#include <utility>

#include "config/presets.h"
#include "config/sections.h"
#include "config/shapes.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// An inbox that forgets sooner is of no use to anybody.
constexpr std::chrono::hours kShortestRetention{24};

// "a, b and c".
std::string AllOf(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

// `reminders` is the name of a preset, or a map whose absent keys are those of the first preset.
Cadence ReadReminders(const YamlMap& webhook, Millis heartbeat) {
  Cadence cadence = kCadencePresets.front().cadence;
  const std::optional<YamlValue> value = webhook.Value("reminders");
  if (!value) return cadence;
  if (value->IsScalar()) {
    const std::string name = value->String();
    std::vector<std::string> names;
    bool found = false;
    for (const CadencePreset& preset : kCadencePresets) {
      names.emplace_back(preset.name);
      if (preset.name != name) continue;
      cadence = preset.cadence;
      found = true;
    }
    if (!found) {
      value->Mistaken(NotFound("cadence", name, names) + "; there are " + AllOf(names));
    }
  } else {
    const YamlMap map = value->Map();
    cadence.every = map.Duration("every", cadence.every, kShortest, kLongest);
    const auto most = map.Value("at_most");
    const bool unlimited = most && most->IsScalar() && most->String() == "unlimited";
    cadence.at_most =
        unlimited ? Cadence::kUnlimited : map.Int("at_most", cadence.at_most, 0, 1000);
    cadence.stop_when_overdue = map.Bool("stop_when_overdue", cadence.stop_when_overdue);
  }
  // The webhook decides when it hears; a reminder not sent before the next is due is skipped.
  if (cadence.at_most > 0 && cadence.every < heartbeat) {
    value->Mistaken("reminders would be skipped: every " + FormatDuration(cadence.every) +
                    " is shorter than pipeline.heartbeat (" + FormatDuration(heartbeat) + ")");
  }
  return cadence;
}

EmailConfig ReadEmail(const YamlMap& map, bool given, const std::filesystem::path& folder) {
  EmailConfig email;
  email.url = map.String("url");
  if (!email.url.empty()) {
    if (auto url = ParseEmailUrl(email.url, folder)) {
      email.url = *url;
    } else {
      map.Mistaken("url", url.error().message);
    }
  } else if (given && !map.Has("url")) {
    map.Mistaken("url", "is missing");
  }
  email.from = map.String("from");
  if (!email.from.empty()) {
    if (const auto from = ParseSender(email.from); !from) {
      map.Mistaken("from", from.error().message);
    }
  } else if (!email.url.empty()) {
    map.Mistaken("from", "is missing: who the messages are from");
  }
  email.username = map.String("username");
  email.password_file = map.Path("password_file");
  if (email.username.empty() != email.password_file.empty()) {
    map.Mistaken(email.username.empty() ? "username" : "password_file",
                 "is missing: username and password_file are given together or not at all");
  }
  if (HasControlCharacters(email.username)) map.Mistaken("username", "has control characters");
  email.tls = map.OneOf("tls", email.tls, {"required", "optional", "off"});
  if (email.url.starts_with("smtps:") && email.tls != "required") {
    map.Mistaken("tls", "an smtps:// URL always means TLS: " + Quoted(email.tls));
  }
  email.ca_file = map.Path("ca_file");
  email.timeout = map.Duration("timeout", email.timeout, kShortest, std::chrono::hours{1});
  return email;
}

WatchdogConfig ReadWatchdog(const YamlMap& map, bool given, const Config& config) {
  const Pipeline& pipeline = config.pipeline;
  WatchdogConfig watchdog{.silence = pipeline.watchdog_repeat() * 2};
  watchdog.contact = map.String("contact");
  if (!watchdog.contact.empty()) {
    CheckContact(map, "contact", watchdog.contact, config.contacts);
  } else if (given) {
    map.Mistaken("contact", "is missing: whom to tell");
  }
  watchdog.silence = map.Duration("silence", watchdog.silence, kShortest, kLongest);
  // Alertmanager repeats at the first of its group intervals after the repeat interval.
  const Millis usual = pipeline.watchdog_repeat() + pipeline.evaluation;
  if (map.Has("silence") && watchdog.silence <= usual) {
    map.Mistaken("silence", "not longer than the watchdog is silent anyway, which is up to " +
                                FormatDuration(usual) + ": " + FormatDuration(watchdog.silence));
  }
  return watchdog;
}

}  // namespace

void ReadWebhook(const YamlMap& map, const std::filesystem::path& folder, Config& config) {
  WebhookConfig& w = config.webhook;
  w.server = ReadServer(map, folder, ":10381", "sqlite:lowbalance-webhook.db");
  if (!w.server.store_url.empty() && w.server.store_url == config.exporter.server.store_url) {
    map.Mistaken("store", "the exporter's store; each program has one of its own");
  }
  w.bearer_token_file = map.Path("bearer_token_file");
  w.max_body_bytes = static_cast<std::size_t>(
      map.Int("max_body_bytes", static_cast<int>(w.max_body_bytes), 1024, 1 << 30));
  w.reminders = ReadReminders(map, config.pipeline.heartbeat);
  ReadMessages(map, config);
  w.email = ReadEmail(map.Map("email"), map.Has("email"), folder);
  w.alert_expiry = map.Duration("alert_expiry", w.alert_expiry, kShortest, kLongest);
  w.retention = map.Duration("retention", w.retention, kShortestRetention, kLongest);
  const YamlMap retry = map.Map("retry");
  w.retry_first = retry.Duration("first", w.retry_first, kShortest, std::chrono::hours{24});
  w.retry_longest = retry.Duration("longest", w.retry_longest, kShortest, std::chrono::hours{24});
  if (w.retry_longest < w.retry_first) {
    retry.Mistaken("longest", "shorter than webhook.retry.first (" + FormatDuration(w.retry_first) +
                                  "): " + FormatDuration(w.retry_longest));
  }
  w.watchdog = ReadWatchdog(map.Map("watchdog"), map.Has("watchdog"), config);
}

}  // namespace lowbalance
