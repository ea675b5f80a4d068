// lowbalance messages preview: what a message would look like, without any server.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/config_option.h"
#include "core/text.h"
#include "webhook/compose.h"
#include "webhook/message.h"
#include "webhook/mime.h"

namespace lowbalance::cli {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Options {
  std::string config_file;
  std::string kind = "alert";
  std::string format = "text";
  std::string language;
  std::string contact;
  std::string account = "example/1234567890";
  std::string name = "Example Ltd.";
  std::string level{kDefaultLevel};
  std::string currency = "USD";
  std::string credit;
  std::string threshold = "100";
  std::string at;
  std::string out;
  int number = 1;
  bool without_terms = false;
  bool heard_again = false;
};

template <class T>
T Wanted(Result<T> result, std::string_view option) {
  if (!result) throw Stop(kUsage, std::string(option) + ": " + result.error().message);
  return std::move(*result);
}

// What stands for the account's credit unless it is given: something that suits the kind.
Money ExampleCredit(MessageKind kind, Money threshold) {
  const std::int64_t of_threshold = kind == MessageKind::kRecovery  ? 250
                                    : kind == MessageKind::kOverdue ? -12
                                                                    : 86;
  return Money::FromMillionths(threshold.millionths() / 100 * of_threshold + 420'000);
}

// The terms add up to the available credit.
CreditTerms ExampleTerms(Money credit) {
  CreditTerms terms;
  terms.credit_limit = Money::FromUnits(0);
  terms.credit_refunds = Money::FromUnits(5);
  terms.unsettled_current_month = Money::FromMillionths(412'370'000);
  terms.unsettled_previous_months = Money::FromUnits(0);
  terms.cash_balance = Money();
  const auto without_cash = AvailableCredit(terms);
  if (without_cash) terms.cash_balance = Money::Subtract(credit, *without_cash);
  return terms.cash_balance ? terms : CreditTerms{};
}

PlannedMessage Example(const Options& options, MessageKind kind, Time now) {
  PlannedMessage message;
  Facts& facts = message.facts;
  const auto slash = options.account.find('/');
  if (slash == std::string::npos) {
    throw Stop(kUsage, "--account: not PROVIDER/ID: " + Quoted(options.account));
  }
  facts.account = {options.account.substr(0, slash), options.account.substr(slash + 1)};
  if (!IsValidName(facts.account.provider)) {
    throw Stop(kUsage, "--account: not a provider's name: " + Quoted(facts.account.provider));
  }
  if (!IsValidAccountId(facts.account.account_id)) {
    throw Stop(kUsage, "--account: not an account id: " + Quoted(facts.account.account_id));
  }
  facts.account_name = options.name;
  facts.level = options.level;
  facts.currency = Wanted(ParseCurrency(options.currency), "--currency");
  facts.threshold = Wanted(Money::Parse(options.threshold), "--threshold");
  facts.available_credit = options.credit.empty()
                               ? ExampleCredit(kind, facts.threshold)
                               : Wanted(Money::Parse(options.credit), "--credit");
  if (!options.without_terms) facts.terms = ExampleTerms(facts.available_credit);

  message.notice.kind = kind;
  if (kind == MessageKind::kReminder) message.notice.number = options.number;
  message.last_reminder = message.notice.number;
  // A crossing, heard of two minutes later, and a reminder some days after.
  message.alerted_at = now - message.notice.number * hours{24};
  message.low_since = message.alerted_at - minutes{2};
  facts.changed = now - minutes{17};
  if (message.notice.number == 0) facts.changed = message.low_since;
  facts.last_success = now - minutes{1};
  facts.evaluated_at = now;
  if (facts.available_credit < Money()) {
    facts.overdue = message.low_since;
    message.overdue = true;
  }
  if (kind == MessageKind::kRecovery || kind == MessageKind::kOverdue) {
    message.alerted_at -= hours{30};
    message.low_since -= hours{30};
    facts.changed = now - minutes{2};
  }
  if (kind == MessageKind::kOverdue) facts.overdue = now - minutes{2};
  if (kind == MessageKind::kRecovery) {
    facts.kind = AlertKind::kLowBalanceEnded;
    facts.ended = Ended{now - minutes{2}, EndReason::kRecovered};
    // A level of one's own is usually for less than the one there always is.
    message.another_level_low = facts.level != kDefaultLevel;
  }
  facts.burn_rate = Money::FromMillionths(13'500'000);
  if (facts.available_credit > Money()) {
    facts.runway = hours{24 * facts.available_credit.millionths() / 13'500'000};
  }
  return message;
}

const Contact& ContactOf(const Config& config, const Options& options) {
  static const Contact kNobody{.name = "finance", .email = {"finance@example.com"}};
  if (options.contact.empty()) {
    const Contact* contact = config.FindContact("");
    return contact != nullptr ? *contact : kNobody;
  }
  for (const Contact& contact : config.contacts) {
    if (contact.name == options.contact) return contact;
  }
  throw Stop(kUsage, "--contact: there is no contact " + Quoted(options.contact) + " in " +
                         config.file.string());
}

std::string AsMail(const Config& config, const Contact& contact, Message message) {
  const std::string from =
      config.webhook.email.from.empty() ? "alerts@example.com" : config.webhook.email.from;
  const std::string to = contact.email.empty() ? "finance@example.com" : contact.email.front();
  return RenderMail(MailFor(message, Wanted(ParseMailbox(from), "webhook.email.from"), to));
}

void Write(const std::string& text, const std::string& file) {
  if (file.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream) throw Stop(kFailed, "cannot write " + file);
}

int Preview(const Options& options) {
  Config config = ConfigOrDefaults(options.config_file);
  Contact contact = ContactOf(config, options);
  if (!options.language.empty()) {
    if (!config.webhook.wordings.contains(options.language)) {
      std::string known;
      for (const auto& [language, wording] : config.webhook.wordings) {
        known += (known.empty() ? "" : ", ") + language;
      }
      throw Stop(kUsage, "--language: there is no wording for " + Quoted(options.language) +
                             "; there is one for " + known);
    }
    contact.language = options.language;
  }
  const MessageKind kind = *ParseMessageKind(options.kind);
  Time now = SystemClock()();
  if (!options.at.empty()) now = Wanted(ParseRfc3339(options.at), "--at");
  const Reader reader = ReaderOf(config, contact);

  Message message;
  if (kind == MessageKind::kWatchdog) {
    const minutes silence{12};
    message = MessageOf(kind, contact.name,
                        options.heard_again ? WordHeardAgain(silence, reader)
                                            : WordWatchdog(now - silence, silence, reader),
                        now);
  } else if (kind == MessageKind::kTest) {
    message = MessageOf(kind, contact.name, WordTest(contact.name, reader), now);
  } else {
    message = MessageOf(Example(options, kind, now), contact.name, config, reader, now);
  }
  std::string text;
  if (options.format == "eml") {
    text = AsMail(config, contact, message);
  } else if (options.format == "html") {
    text = message.html;
  } else {
    text = message.subject + "\n\n" + (options.format == "text" ? message.text : message.internal);
  }
  Write(text, options.out);
  return kDone;
}

}  // namespace

void AddMessagesPreview(CLI::App& messages, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = messages.add_subcommand(
      "preview", "A message as it would be sent, with facts made up; asks no server.");
  AddConfigOption(*command, options->config_file);
  const auto text = [&](const char* flag, std::string& value, const char* help, const char* type) {
    command->add_option(flag, value, help)->type_name(type);
  };
  command->add_option("--kind", options->kind, "What the message is about.")
      ->check(CLI::IsMember({"alert", "reminder", "recovery", "overdue", "watchdog", "test"}))
      ->capture_default_str();
  command->add_option("--format", options->format, "Which part of it, or the whole mail.")
      ->check(CLI::IsMember({"text", "html", "eml", "internal"}))
      ->capture_default_str();
  text("--contact", options->contact, "Addressed to this contact; without it, to the default one.",
       "NAME");
  text("--language", options->language, "In this language instead of the contact's.", "LANGUAGE");
  text("--out", options->out, "Into this file instead of on standard output.", "FILE");
  text("--account", options->account, "The account.", "PROVIDER/ID");
  text("--name", options->name, "The account's name; may be empty.", "TEXT");
  text("--level", options->level, "The alert's level.", "NAME");
  text("--credit", options->credit, "Available credit.", "AMOUNT");
  text("--threshold", options->threshold, "The alert's threshold.", "AMOUNT");
  text("--currency", options->currency, "Of both.", "CODE");
  text("--at", options->at, "When it is sent, as 2026-11-23T07:12:00Z; without it, now.",
       "INSTANT");
  command->add_option("--number", options->number, "Of a reminder.")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--without-terms", options->without_terms,
                    "As for a provider that gives the available credit alone.");
  command->add_flag("--heard-again", options->heard_again,
                    "Of the kind watchdog: the one that says that the silence is over.");
  command->footer(
      "Examples:\n"
      "  lowbalance messages preview\n"
      "  lowbalance messages preview --kind reminder --number 4 --language zh\n"
      "  lowbalance messages preview --contact finance --format html --out mail.html\n"
      "  lowbalance messages preview --kind overdue --credit -12.5 --format eml --out mail.eml");
  command->callback([options, &run] { run = [options] { return Preview(*options); }; });
}

}  // namespace lowbalance::cli
