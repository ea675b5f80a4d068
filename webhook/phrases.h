#pragma once
// Every sentence and word of the messages, per language. A {name} is a place for what message.cc
// puts in.

#include <string_view>

namespace lowbalance {

struct Phrases {
  std::string_view html_lang;
  std::string_view colon;  // After a label; with its blank, if the language has one there.

  std::string_view unnamed_account;  // {id}; what stands for {account} where it has no name.

  // {account}, {credit}, {threshold}; reminders also {number} and {most}.
  std::string_view subject_alert;
  std::string_view subject_reminder;
  // The first sentence. {account}
  std::string_view headline_alert;
  std::string_view headline_alert_overdue;
  std::string_view headline_reminder;
  std::string_view headline_reminder_overdue;

  // Labels of the rows.
  std::string_view account;
  std::string_view account_id;
  std::string_view provider;
  std::string_view level;
  std::string_view available_credit;
  std::string_view threshold;
  std::string_view low_since;
  std::string_view overdue_since;
  std::string_view as_of;
  std::string_view last_change;
  std::string_view burn_rate;  // Row, with {amount} in per_day.
  std::string_view per_day;
  std::string_view runway;

  // How long the credit lasts. {n}
  std::string_view about_days;
  std::string_view about_hours;
  std::string_view under_two_hours;

  std::string_view terms_title;
  std::string_view cash_balance;
  std::string_view credit_limit;
  std::string_view credit_refunds;
  std::string_view unsettled_current_month;
  std::string_view unsettled_previous_months;

  std::string_view next_title;
  // {n} reminders, {every} apart.
  std::string_view daily_reminders;  // For a cadence of 24 h.
  std::string_view other_reminders;
  std::string_view more_daily_reminders;
  std::string_view more_other_reminders;
  std::string_view one_daily_reminder;
  std::string_view one_other_reminder;
  std::string_view stop_when_overdue;  // Follows one of the above.
  std::string_view last_reminder;
  std::string_view no_reminders;
  std::string_view no_reminders_after_overdue;
  std::string_view how_to_end;  // What makes it stop.

  std::string_view unknown_time_zone;  // {zone}
  std::string_view footer;
};

// English for a language that is not known.
[[nodiscard]] const Phrases& PhrasesOf(std::string_view language);

}  // namespace lowbalance
