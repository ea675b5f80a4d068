#pragma once
// Every phrase that a message may need, by its key in a wording file, and the places for what the
// program puts in.

#include <array>
#include <cstddef>
#include <string_view>

namespace lowbalance {

struct PhraseInfo {
  std::string_view key;
  // The {places} it must have, separated by blanks; those in brackets it may have.
  std::string_view places;
  // Depends on the number {n}: has a form for one where the language has such a form.
  bool counted = false;
};

inline constexpr auto kPhrases = std::to_array<PhraseInfo>({
    {"language_tag", ""},

    {"format.thousands_separator", ""},
    {"format.decimal_separator", ""},
    {"format.amount", "amount currency"},
    {"format.date_time", "year hour minute zone [day] [day_2] [month] [month_2] [month_name]"},
    {"format.month_names", ""},
    {"format.row", "label value"},
    {"format.account", "name id"},
    {"format.account_without_name", "id"},

    {"duration.seconds", "n", true},
    {"duration.minutes", "n", true},
    {"duration.hours", "n", true},
    {"duration.days", "n", true},
    {"duration.about", "duration"},
    {"duration.under_two_hours", ""},
    {"interval.seconds", "n", true},
    {"interval.minutes", "n", true},
    {"interval.hours", "n", true},
    {"interval.days", "n", true},

    {"alert.label", ""},
    {"alert.subject", "account credit [threshold]"},
    {"alert.headline", "account"},
    {"alert.label_overdue", ""},
    {"alert.subject_overdue", "account credit [threshold]"},
    {"alert.headline_overdue", "account"},
    {"reminder.label", "number most"},
    {"reminder.label_unlimited", "number"},
    {"reminder.subject", "number most account credit [threshold]"},
    {"reminder.subject_unlimited", "number account credit [threshold]"},
    {"reminder.headline", "account"},
    {"reminder.headline_overdue", "account"},
    {"recovery.label", ""},
    {"recovery.subject", "account credit [threshold]"},
    {"recovery.headline", "account"},
    {"overdue.label", ""},
    {"overdue.subject", "account credit [threshold]"},
    {"overdue.headline", "account"},
    {"watchdog.label", ""},
    {"watchdog.subject", "[duration]"},
    {"watchdog.headline", "duration"},
    {"watchdog.meaning", ""},
    {"watchdog.what_to_do", ""},
    {"watchdog.last_heard", ""},
    {"watchdog.again_label", ""},
    {"watchdog.again_subject", "[duration]"},
    {"watchdog.again_headline", "duration"},
    {"watchdog.again_meaning", ""},
    {"test.label", ""},
    {"test.subject", ""},
    {"test.headline", "contact"},
    {"test.meaning", ""},

    {"row.available_credit", ""},
    {"row.threshold", ""},
    {"row.low_since", ""},
    {"row.overdue_since", ""},
    {"row.recovered_at", ""},
    {"row.last_change", ""},
    {"row.as_of", ""},
    {"row.spending", ""},
    {"row.per_day", "amount"},
    {"row.runway", ""},
    {"row.account", ""},
    {"row.account_id", ""},
    {"row.provider", ""},
    {"row.level", ""},

    {"formula.title", ""},
    {"formula.cash_balance", ""},
    {"formula.credit_limit", ""},
    {"formula.credit_refunds", ""},
    {"formula.unsettled_current_month", ""},
    {"formula.unsettled_previous_months", ""},
    {"formula.other_amounts", ""},

    {"tax.title", ""},
    {"tax.warning", ""},

    {"next.title", ""},
    {"next.daily_reminders", "n", true},
    {"next.other_reminders", "n [every] [interval]", true},
    {"next.more_daily_reminders", "n", true},
    {"next.more_other_reminders", "n [every] [interval]", true},
    {"next.unlimited_daily_reminders", ""},
    {"next.unlimited_other_reminders", "interval"},
    {"next.stop_when_overdue", "[n]", true},
    {"next.last_reminder", ""},
    {"next.no_reminders", ""},
    {"next.no_reminders_after_overdue", ""},
    {"next.how_to_end", ""},
    {"next.after_recovery", ""},
    {"next.after_recovery_of_one_level", ""},

    {"link.dashboard", ""},
    {"link.accounts", ""},
    {"link.messages", ""},

    {"note.unknown_time_zone", "zone"},
    {"note.footer", ""},
});

// A phrase by its key, which is looked up when the program is compiled: an unknown one does not
// compile.
class Phrase {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a key is a phrase.
  consteval Phrase(const char* key) : index_(Find(key)) {}
  constexpr explicit Phrase(std::size_t index) : index_(index) {}
  [[nodiscard]] constexpr std::size_t index() const { return index_; }

 private:
  static consteval std::size_t Find(std::string_view key) {
    for (std::size_t i = 0; i < kPhrases.size(); ++i) {
      if (kPhrases[i].key == key) return i;
    }
    throw "no phrase has this key";
  }
  std::size_t index_;
};

}  // namespace lowbalance
