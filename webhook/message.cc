#include "webhook/message.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "webhook/phrases.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

using std::chrono::hours;

constexpr std::size_t kNameMax = 120;  // Of names in the body, in bytes.
constexpr std::size_t kNameInSubjectMax = 60;

using Places = std::initializer_list<std::pair<std::string_view, std::string>>;

// Puts values in their places in one pass, so that a value cannot hold a place.
std::string Fill(std::string_view phrase, Places places) {
  std::string out;
  while (!phrase.empty()) {
    const auto open = std::min(phrase.find('{'), phrase.size());
    out += phrase.substr(0, open);
    phrase.remove_prefix(open);
    if (phrase.empty()) break;
    const auto close = phrase.find('}');
    const std::string_view name = phrase.substr(1, close - 1);
    for (const auto& [place, value] : places) {
      if (place == name) out += value;
    }
    phrase.remove_prefix(close + 1);
  }
  return out;
}

// What a message says, before it becomes text or HTML.
struct Content {
  struct Row {
    std::string label;
    std::string value;
    bool strong = false;
  };
  std::string headline;
  std::vector<Row> rows;
  std::vector<Row> terms;
  std::vector<std::string> next;
  std::vector<std::string> notes;
};

// The name people know the account by, and the id where it is not the name.
std::string AccountText(const Phrases& phrases, const Facts& facts, std::size_t max) {
  const std::string id = OneLine(facts.account.account_id, max);
  if (facts.account_name.empty() || facts.account_name == facts.account.account_id) {
    return Fill(phrases.unnamed_account, {{"id", id}});
  }
  return OneLine(facts.account_name, max) + " (" + id + ")";
}

std::string RunwayText(const Phrases& phrases, Millis runway) {
  const auto whole = std::chrono::duration_cast<hours>(runway).count();
  if (whole < 2) return std::string(phrases.under_two_hours);
  if (whole < 48) return Fill(phrases.about_hours, {{"n", std::to_string(whole)}});
  return Fill(phrases.about_days, {{"n", std::to_string(whole / 24)}});
}

std::vector<std::string> WhatHappensNext(const Phrases& phrases, const PlannedMessage& message,
                                         const Cadence& cadence) {
  const int remaining = cadence.at_most - message.notice.number;
  const bool daily = cadence.every == hours{24};
  std::vector<std::string> next;
  if (remaining <= 0) {
    next.emplace_back(message.notice.number > 0 ? phrases.last_reminder : phrases.no_reminders);
  } else if (message.overdue && cadence.stop_when_overdue) {
    next.emplace_back(phrases.no_reminders_after_overdue);
  } else {
    std::string_view phrase;
    if (remaining == 1) {
      phrase = daily ? phrases.one_daily_reminder : phrases.one_other_reminder;
    } else if (message.notice.number == 0) {
      phrase = daily ? phrases.daily_reminders : phrases.other_reminders;
    } else {
      phrase = daily ? phrases.more_daily_reminders : phrases.more_other_reminders;
    }
    next.push_back(
        Fill(phrase, {{"n", std::to_string(remaining)}, {"every", FormatDuration(cadence.every)}}));
    if (cadence.stop_when_overdue) next.emplace_back(phrases.stop_when_overdue);
  }
  next.emplace_back(phrases.how_to_end);
  return next;
}

std::vector<Content::Row> TermRows(const Phrases& phrases, const Facts& facts) {
  const std::array<std::string_view, kCreditTerms.size()> labels{
      phrases.cash_balance, phrases.credit_limit, phrases.credit_refunds,
      phrases.unsettled_current_month, phrases.unsettled_previous_months};
  std::vector<Content::Row> rows;
  for (std::size_t i = 0; i < kCreditTerms.size(); ++i) {
    const CreditTermInfo& term = kCreditTerms[i];
    const std::optional<Money>& amount = facts.terms.*term.member;
    if (!amount) continue;
    rows.push_back({(term.sign < 0 ? "− " : "+ ") + std::string(labels[i]),
                    FormatAmount(*amount, facts.currency)});
  }
  return rows;
}

Content Compose(const Phrases& phrases, const PlannedMessage& message, const Cadence& cadence,
                const Reader& reader) {
  const Facts& facts = message.facts;
  const bool below_zero = facts.available_credit < Money();
  Content content;
  const std::string_view headline =
      message.notice.number == 0
          ? (below_zero ? phrases.headline_alert_overdue : phrases.headline_alert)
          : (below_zero ? phrases.headline_reminder_overdue : phrases.headline_reminder);
  content.headline = Fill(headline, {{"account", AccountText(phrases, facts, kNameMax)}});

  const auto row = [&content](std::string_view label, std::string value, bool strong = false) {
    content.rows.push_back({std::string(label), std::move(value), strong});
  };
  const auto instant = [&](std::string_view label, const std::optional<Time>& at) {
    if (at) row(label, reader.time_zone.Format(*at));
  };
  row(phrases.available_credit, FormatAmount(facts.available_credit, facts.currency), true);
  row(phrases.threshold, FormatAmount(facts.threshold, facts.currency), true);
  instant(phrases.low_since, message.low_since);
  instant(phrases.overdue_since, facts.overdue);
  instant(phrases.last_change, facts.changed);
  instant(phrases.as_of, facts.last_success);
  if (facts.burn_rate && *facts.burn_rate > Money()) {
    row(phrases.burn_rate,
        Fill(phrases.per_day, {{"amount", FormatAmount(*facts.burn_rate, facts.currency)}}));
  }
  if (facts.runway && facts.runway->count() >= 0 && !below_zero) {
    row(phrases.runway, RunwayText(phrases, *facts.runway));
  }
  if (!facts.account_name.empty()) row(phrases.account, OneLine(facts.account_name, kNameMax));
  row(phrases.account_id, facts.account.account_id);
  row(phrases.provider, facts.account.provider);
  if (facts.level != kDefaultLevel) row(phrases.level, facts.level);

  content.terms = TermRows(phrases, facts);
  content.next = WhatHappensNext(phrases, message, cadence);
  if (!reader.unknown_time_zone.empty()) {
    content.notes.push_back(
        Fill(phrases.unknown_time_zone, {{"zone", OneLine(reader.unknown_time_zone, kNameMax)}}));
  }
  content.notes.emplace_back(phrases.footer);
  return content;
}

std::string AsText(const Phrases& phrases, const Content& content) {
  std::string text = content.headline + "\n\n";
  const auto rows = [&](const std::vector<Content::Row>& all) {
    for (const Content::Row& row : all) {
      text += "  " + row.label + std::string(phrases.colon) + row.value + "\n";
    }
  };
  rows(content.rows);
  if (!content.terms.empty()) {
    text += "\n" + std::string(phrases.terms_title) + "\n";
    rows(content.terms);
  }
  text += "\n" + std::string(phrases.next_title) + "\n";
  for (const std::string& line : content.next) text += "  " + line + "\n";
  text += "\n-- \n";
  for (const std::string& line : content.notes) text += line + "\n";
  return text;
}

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

// Tables and inline styles: what mail programs of all ages agree on. <bdi> keeps a name written
// from right to left from turning its neighbours around.
std::string AsHtml(const Phrases& phrases, const std::string& subject, const Content& content) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"" + std::string(phrases.html_lang) +
                     "\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
                     Escape(subject) +
                     "</title>\n</head>\n"
                     "<body style=\"margin:0;padding:16px;font-family:Arial,'Microsoft YaHei',"
                     "sans-serif;font-size:15px;line-height:1.5;color:#1f2328\">\n"
                     "<div style=\"max-width:600px\">\n"
                     "<p style=\"margin:0 0 16px;padding:12px 16px;border-left:4px solid #c2410c;"
                     "background:#fff7ed;color:#1f2328;font-size:17px\"><bdi>" +
                     Escape(content.headline) + "</bdi></p>\n";
  const auto rows = [&html](const std::vector<Content::Row>& all) {
    html += "<table role=\"presentation\" style=\"border-collapse:collapse;width:100%\">\n";
    for (const Content::Row& row : all) {
      const std::string weight = row.strong ? ";font-weight:bold" : "";
      html += "<tr><td style=\"padding:4px 12px 4px 0;color:#57606a;vertical-align:top\">" +
              Escape(row.label) + "</td><td style=\"padding:4px 0;text-align:right" + weight +
              "\"><bdi>" + Escape(row.value) + "</bdi></td></tr>\n";
    }
    html += "</table>\n";
  };
  const auto title = [&html](std::string_view text) {
    html += "<h3 style=\"margin:20px 0 4px;font-size:15px\">" + Escape(text) + "</h3>\n";
  };
  rows(content.rows);
  if (!content.terms.empty()) {
    title(phrases.terms_title);
    rows(content.terms);
  }
  title(phrases.next_title);
  for (const std::string& line : content.next) {
    html += "<p style=\"margin:0 0 4px\">" + Escape(line) + "</p>\n";
  }
  html += "<p style=\"margin:24px 0 0;font-size:12px;color:#57606a\">";
  for (const std::string& line : content.notes) html += Escape(line) + "<br>\n";
  return html + "</p>\n</div>\n</body>\n</html>\n";
}

}  // namespace

std::string FormatAmount(Money amount, std::string_view currency) {
  std::string text = amount.ToString(2);
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > begin + 3; at -= 3) text.insert(at - 3, ",");
  return text + " " + std::string(currency);
}

Wording WordMessage(const PlannedMessage& message, const Cadence& cadence, const Reader& reader) {
  const Phrases& phrases = PhrasesOf(reader.language);
  const Facts& facts = message.facts;
  Wording wording;
  wording.subject =
      Fill(message.notice.number == 0 ? phrases.subject_alert : phrases.subject_reminder,
           {{"account", AccountText(phrases, facts, kNameInSubjectMax)},
            {"credit", FormatAmount(facts.available_credit, facts.currency)},
            {"threshold", FormatAmount(facts.threshold, facts.currency)},
            {"number", std::to_string(message.notice.number)},
            {"most", std::to_string(cadence.at_most)}});
  const Content content = Compose(phrases, message, cadence, reader);
  wording.text = AsText(phrases, content);
  wording.html = AsHtml(phrases, wording.subject, content);
  return wording;
}

}  // namespace lowbalance
