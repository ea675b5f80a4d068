#include "webhook/message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "webhook/content.h"
#include "webhook/formats.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

using std::chrono::hours;

constexpr std::size_t kNameMax = 120;  // Of names in the body, in bytes.
constexpr std::size_t kNameInSubjectMax = 60;

// Puts one message together.
class Composer {
 public:
  Composer(const PlannedMessage& message, const Config& config, const Reader& reader)
      : message_(message),
        facts_(message.facts),
        config_(config),
        reader_(reader),
        wording_(*reader.wording),
        below_zero_(facts_.available_credit < Money()) {}

  Content Compose() {
    Begin();
    Headline();
    content_.amount = {wording_.Get("row.available_credit"), Amount(facts_.available_credit)};
    content_.percent = Percent();
    Rows();
    AccountRows();
    Formula();
    if (config_.IsBilledBeforeTax(facts_.account) &&
        message_.notice.kind != MessageKind::kRecovery) {
      content_.warning_title = wording_.Get("tax.title");
      content_.warning = wording_.Get("tax.warning");
    }
    content_.next_title = wording_.Get("next.title");
    Next();
    Links();
    return std::move(content_);
  }

 private:
  [[nodiscard]] std::string Amount(Money amount) const {
    return FormatAmount(amount, facts_.currency, wording_);
  }

  // The name people know the account by, and the id where it is not the name. `write` makes a text
  // from outside fit to stand there.
  template <class Write>
  [[nodiscard]] std::string Account(Write write) const {
    const std::string id = write(facts_.account.account_id);
    if (facts_.account_name.empty() || facts_.account_name == facts_.account.account_id) {
      return Fill(wording_.Get("format.account_without_name"), {{"id", id}});
    }
    return Fill(wording_.Get("format.account"), {{"name", write(facts_.account_name)}, {"id", id}});
  }

  void Begin() {
    content_.language_tag = wording_.Get("language_tag");
    content_.row_format = wording_.Get("format.row");
    if (!reader_.unknown_time_zone.empty()) {
      content_.notes.push_back(Fill(wording_.Get("note.unknown_time_zone"),
                                    {{"zone", OneLine(reader_.unknown_time_zone, kNameMax)}}));
    }
    content_.footer = wording_.Get("note.footer");
  }

  struct Head {
    Content::Tone tone;
    Phrase label;
    Phrase subject;
    Phrase headline;
  };
  [[nodiscard]] Head HeadOf() const {
    using Tone = Content::Tone;
    const bool unlimited = config_.webhook.reminders.unlimited();
    switch (message_.notice.kind) {
      case MessageKind::kReminder:
        return {below_zero_ ? Tone::kOverdue : Tone::kLow,
                unlimited ? Phrase("reminder.label_unlimited") : Phrase("reminder.label"),
                unlimited ? Phrase("reminder.subject_unlimited") : Phrase("reminder.subject"),
                below_zero_ ? Phrase("reminder.headline_overdue") : Phrase("reminder.headline")};
      case MessageKind::kRecovery:
        return {Tone::kRecovered, "recovery.label", "recovery.subject", "recovery.headline"};
      case MessageKind::kOverdue:
        return {Tone::kOverdue, "overdue.label", "overdue.subject", "overdue.headline"};
      default:
        if (below_zero_) {
          return {Tone::kOverdue, "alert.label_overdue", "alert.subject_overdue",
                  "alert.headline_overdue"};
        }
        return {Tone::kLow, "alert.label", "alert.subject", "alert.headline"};
    }
  }

  void Headline() {
    const Head head = HeadOf();
    const std::string number = std::to_string(message_.notice.number);
    const std::string most = std::to_string(config_.webhook.reminders.at_most);
    content_.tone = head.tone;
    content_.label = Fill(wording_.Get(head.label), {{"number", number}, {"most", most}});
    // Headers have no marks of direction.
    const std::string in_subject =
        Account([](std::string_view text) { return OneLine(text, kNameInSubjectMax); });
    const std::string in_sentence =
        Account([](std::string_view text) { return NameInSentence(text, kNameMax); });
    content_.subject =
        Fill(wording_.Get(head.subject), {{"account", in_subject},
                                          {"credit", Amount(facts_.available_credit)},
                                          {"threshold", Amount(facts_.threshold)},
                                          {"number", number},
                                          {"most", most}});
    content_.headline = Fill(wording_.Get(head.headline), {{"account", in_sentence}});
  }

  [[nodiscard]] std::optional<int> Percent() const {
    if (facts_.threshold <= Money()) return std::nullopt;
    if (facts_.available_credit <= Money()) return 0;
    const std::int64_t part = facts_.available_credit.millionths();
    const std::int64_t whole = facts_.threshold.millionths();
    if (part >= whole) return 100;
    return static_cast<int>(static_cast<long double>(part) * 100 / static_cast<long double>(whole));
  }

  void Row(Phrase label, std::string value) {
    content_.rows.push_back({wording_.Get(label), std::move(value)});
  }
  void Instant(Phrase label, const std::optional<Time>& at) {
    if (at) Row(label, FormatInstant(*at, reader_.time_zone, wording_));
  }

  void Rows() {
    Row("row.threshold", Amount(facts_.threshold));
    Instant("row.low_since", message_.low_since);
    Instant("row.overdue_since", facts_.overdue);
    // The facts of an account that is low again carry the end of the time before.
    if (facts_.ended && message_.notice.kind == MessageKind::kRecovery) {
      Instant("row.recovered_at", facts_.ended->at);
    }
    Instant("row.last_change", facts_.changed);
    Instant("row.as_of", facts_.last_success);
    if (facts_.burn_rate && *facts_.burn_rate > Money()) {
      Row("row.spending",
          Fill(wording_.Get("row.per_day"), {{"amount", Amount(*facts_.burn_rate)}}));
    }
    if (facts_.runway && facts_.runway->count() >= 0 && !below_zero_) {
      Row("row.runway", FormatRoughly(*facts_.runway, wording_));
    }
  }

  void AccountRows() {
    const auto row = [this](Phrase label, std::string_view value) {
      if (!value.empty())
        content_.account.push_back({wording_.Get(label), OneLine(value, kNameMax)});
    };
    row("row.account", facts_.account_name);
    row("row.account_id", facts_.account.account_id);
    row("row.provider", facts_.account.provider);
    if (facts_.level != kDefaultLevel) row("row.level", facts_.level);
  }

  // Only a formula whose terms are all known can be read as one.
  void Formula() {
    static constexpr std::array<Phrase, kCreditTerms.size()> kLabels{
        "formula.cash_balance", "formula.credit_limit", "formula.credit_refunds",
        "formula.unsettled_current_month", "formula.unsettled_previous_months"};
    const auto other = UnexplainedAmount(facts_.available_credit, facts_.terms);
    for (std::size_t i = 0; i < kCreditTerms.size(); ++i) {
      const CreditTermInfo& term = kCreditTerms[i];
      const std::optional<Money>& amount = facts_.terms.*term.member;
      if (!amount) continue;
      Term(content_.formula.empty() && other ? "" : term.sign < 0 ? "−" : "+", kLabels[i], *amount);
    }
    if (content_.formula.empty()) return;
    content_.formula_title = wording_.Get("formula.title");
    if (!other) return;
    if (*other != Money()) Term("+", "formula.other_amounts", *other);
    Term("=", "row.available_credit", facts_.available_credit);
  }
  void Term(std::string sign, Phrase label, Money amount) {
    content_.formula.push_back({std::move(sign), {wording_.Get(label), Amount(amount)}});
  }

  void Next() {
    std::vector<std::string>& next = content_.next;
    if (message_.notice.kind == MessageKind::kRecovery) {
      next.push_back(wording_.Get(message_.another_level_low
                                      ? Phrase("next.after_recovery_of_one_level")
                                      : Phrase("next.after_recovery")));
      return;
    }
    const Cadence& cadence = config_.webhook.reminders;
    const int sent = message_.last_reminder;
    if (message_.notice.kind == MessageKind::kReminder && cadence.at_most <= sent) {
      next.push_back(wording_.Get("next.last_reminder"));
    } else if (cadence.at_most == 0) {
      next.push_back(wording_.Get("next.no_reminders"));
    } else if (message_.overdue && cadence.stop_when_overdue) {
      next.push_back(wording_.Get("next.no_reminders_after_overdue"));
    } else if (cadence.at_most <= sent) {
      next.push_back(wording_.Get("next.no_reminders"));
    } else {
      const int remaining = cadence.at_most - sent;
      next.push_back(Reminders(cadence, remaining));
      if (cadence.stop_when_overdue) {
        next.push_back(Fill(wording_.Get("next.stop_when_overdue", remaining),
                            {{"n", std::to_string(remaining)}}));
      }
    }
    next.push_back(wording_.Get("next.how_to_end"));
  }
  [[nodiscard]] std::string Reminders(const Cadence& cadence, int remaining) const {
    const bool daily = cadence.every == hours{24};
    const std::string every = FormatSpan(cadence.every, wording_);
    const std::string interval = FormatInterval(cadence.every, wording_);
    if (cadence.unlimited()) {
      return Fill(wording_.Get(daily ? Phrase("next.unlimited_daily_reminders")
                                     : Phrase("next.unlimited_other_reminders")),
                  {{"interval", interval}});
    }
    const bool more = message_.last_reminder > 0;
    const Phrase phrase =
        daily ? (more ? Phrase("next.more_daily_reminders") : Phrase("next.daily_reminders"))
              : (more ? Phrase("next.more_other_reminders") : Phrase("next.other_reminders"));
    return Fill(wording_.Get(phrase, remaining),
                {{"n", std::to_string(remaining)}, {"every", every}, {"interval", interval}});
  }

  void Links() {
    const auto link = [this](Phrase label, const std::string& address) {
      if (address.empty()) return;
      content_.links.push_back(
          {wording_.Get(label),
           ExpandLink(address, facts_.account.provider, facts_.account.account_id, facts_.level)});
    };
    link("link.dashboard", config_.webhook.links.dashboard);
    link("link.accounts", config_.webhook.links.accounts);
    link("link.messages", config_.webhook.links.messages);
  }

  const PlannedMessage& message_;
  const Facts& facts_;
  const Config& config_;
  const Reader& reader_;
  const Wording& wording_;
  const bool below_zero_;
  Content content_;
};

WordedMessage Render(const Content& content) {
  return {.subject = content.subject,
          .text = RenderText(content),
          .html = RenderHtml(content),
          .internal = RenderInternal(content)};
}

// What messages that are about no account have in common.
Content Plain(const Reader& reader, Phrase label) {
  Content content;
  content.language_tag = reader.wording->Get("language_tag");
  content.row_format = reader.wording->Get("format.row");
  content.label = reader.wording->Get(label);
  content.footer = reader.wording->Get("note.footer");
  return content;
}

// In whole minutes, and below two of them in seconds.
std::string FormatSilence(Millis silence, const Wording& wording) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  const Millis whole = silence < minutes{2}
                           ? std::max<Millis>(std::chrono::floor<seconds>(silence), seconds{1})
                           : Millis(std::chrono::floor<minutes>(silence));
  return FormatSpan(whole, wording);
}

}  // namespace

Reader ReaderOf(const Config& config, const Contact& contact) {
  const Wordings& wordings = config.webhook.wordings;
  auto found = wordings.find(contact.language);
  if (found == wordings.end()) found = wordings.find("en");
  Reader reader{.wording = &found->second};
  if (auto zone = TimeZone::Load(contact.time_zone)) {
    reader.time_zone = std::move(*zone);
  } else {
    reader.unknown_time_zone = contact.time_zone;
  }
  return reader;
}

WordedMessage WordMessage(const PlannedMessage& message, const Config& config,
                          const Reader& reader) {
  return Render(Composer(message, config, reader).Compose());
}

WordedMessage WordWatchdog(std::optional<Time> last_heard, Millis silence, const Reader& reader) {
  const Wording& wording = *reader.wording;
  const std::string duration = FormatSilence(silence, wording);
  Content content = Plain(reader, "watchdog.label");
  content.tone = Content::Tone::kOverdue;
  content.subject = Fill(wording.Get("watchdog.subject"), {{"duration", duration}});
  content.headline = Fill(wording.Get("watchdog.headline"), {{"duration", duration}});
  if (last_heard) {
    content.rows.push_back({wording.Get("watchdog.last_heard"),
                            FormatInstant(*last_heard, reader.time_zone, wording)});
  }
  content.next = {wording.Get("watchdog.meaning"), wording.Get("watchdog.what_to_do")};
  return Render(content);
}

WordedMessage WordHeardAgain(Millis silence, const Reader& reader) {
  const Wording& wording = *reader.wording;
  const std::string duration = FormatSilence(silence, wording);
  Content content = Plain(reader, "watchdog.again_label");
  content.tone = Content::Tone::kRecovered;
  content.subject = Fill(wording.Get("watchdog.again_subject"), {{"duration", duration}});
  content.headline = Fill(wording.Get("watchdog.again_headline"), {{"duration", duration}});
  content.next = {wording.Get("watchdog.again_meaning")};
  return Render(content);
}

WordedMessage WordTest(std::string_view contact, const Reader& reader) {
  const Wording& wording = *reader.wording;
  Content content = Plain(reader, "test.label");
  content.subject = wording.Get("test.subject");
  content.headline = Fill(wording.Get("test.headline"), {{"contact", OneLine(contact, kNameMax)}});
  content.next = {wording.Get("test.meaning")};
  return Render(content);
}

}  // namespace lowbalance
