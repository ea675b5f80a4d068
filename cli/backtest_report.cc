#include "cli/backtest_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/table.h"

namespace lowbalance::cli {
namespace {

using nlohmann::ordered_json;
using Days = std::chrono::duration<double, std::ratio<86'400>>;

std::string InDays(Millis time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", Days(time).count());
  return text;
}

std::string Count(int n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

std::string Amount(Money amount, const std::string& currency) {
  return amount.ToString(2) + (currency.empty() ? "" : " " + currency);
}

// As people say it: minutes matter within two days, hours after that.
std::string NoticeText(Millis notice) {
  using namespace std::chrono;
  if (notice < minutes{1}) return "0m";
  if (notice < days{2}) return FormatDuration(floor<minutes>(notice));
  const auto whole_days = floor<days>(notice);
  const auto rest = floor<hours>(notice - whole_days);
  return std::to_string(whole_days.count()) + "d" +
         (rest == hours{0} ? "" : std::to_string(rest.count()) + "h");
}

std::string NoticeCell(const Backtest& test) {
  if (test.overdue.empty()) return "-";
  if (test.unwarned()) return "no alert before";
  return NoticeText(*test.shortest_notice());
}

Money Lowest(const History& history) {
  std::optional<Money> lowest;
  for (const HistorySample& sample : history.samples) {
    if (sample.credit) lowest = lowest ? std::min(*lowest, *sample.credit) : *sample.credit;
  }
  return lowest.value_or(Money{});
}

std::vector<std::string> Recipients(const Contact& contact) {
  std::vector<std::string> all = contact.email;
  for (const std::string& name : contact.internal) all.push_back("inbox of " + name);
  return all;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string Head(const History& history, const BacktestSubject& subject) {
  const auto& samples = history.samples;
  std::string text = Plain(subject.account.empty() ? history.name : subject.account) + ", " +
                     FormatRfc3339(samples.front().at) + " to " + FormatRfc3339(samples.back().at) +
                     " (" + InDays(samples.back().at - samples.front().at) +
                     " days), lowest available credit " +
                     Amount(Lowest(history), history.currency) + "\n";
  if (subject.contact != nullptr) {
    text += "to " + subject.contact->name + ": " + Joined(Recipients(*subject.contact)) + "\n";
  }
  return text;
}

std::string Detail(const History& history, const Backtest& test) {
  std::vector<std::vector<std::string>> rows;
  for (const BacktestMessage& message : test.messages) {
    rows.push_back({FormatRfc3339(message.at), ToString(message.notice),
                    Amount(message.credit, history.currency)});
  }
  std::string text = "threshold " + Amount(test.threshold, history.currency) + ": " +
                     Count(test.Count(MessageKind::kAlert), "alert", "alerts") + ", " +
                     Count(test.Count(MessageKind::kReminder), "reminder", "reminders") +
                     "; low for " + InDays(test.low) + " days";
  text += test.overdue.empty()
              ? "; never overdue\n"
              : "; overdue " + Count(static_cast<int>(test.overdue.size()), "time", "times") + "\n";
  if (!rows.empty()) text += Table({"SENT", "MESSAGE", ">AVAILABLE CREDIT"}, rows);
  for (const BacktestOverdue& overdue : test.overdue) {
    text += "overdue from " + FormatRfc3339(overdue.at) + ", " +
            (overdue.alerted ? NoticeText(overdue.at - *overdue.alerted) + " after the alert"
                             : "with no alert before it") +
            "\n";
  }
  return text;
}

std::string Comparison(const std::vector<Backtest>& tests) {
  std::vector<std::vector<std::string>> rows;
  for (const Backtest& test : tests) {
    rows.push_back({test.threshold.ToString(2), std::to_string(test.Count(MessageKind::kAlert)),
                    std::to_string(test.Count(MessageKind::kReminder)), InDays(test.low),
                    std::to_string(test.overdue.size()), NoticeCell(test)});
  }
  return Table(
      {">THRESHOLD", ">ALERTS", ">REMINDERS", ">DAYS LOW", ">TIMES OVERDUE", ">SHORTEST NOTICE"},
      rows);
}

ordered_json TestJson(const Backtest& test) {
  ordered_json messages = ordered_json::array();
  for (const BacktestMessage& message : test.messages) {
    messages.push_back({{"at", FormatRfc3339(message.at)},
                        {"kind", ToString(message.notice.kind)},
                        {"number", message.notice.number},
                        {"available_credit", message.credit.ToString(2)}});
  }
  const auto seconds = [](Millis time) {
    return std::chrono::floor<std::chrono::seconds>(time).count();
  };
  ordered_json overdue = ordered_json::array();
  for (const BacktestOverdue& o : test.overdue) {
    overdue.push_back(
        {{"at", FormatRfc3339(o.at)},
         {"alerted_at", o.alerted ? ordered_json(FormatRfc3339(*o.alerted)) : ordered_json()},
         {"notice_seconds",
          o.alerted ? ordered_json(seconds(o.at - *o.alerted)) : ordered_json()}});
  }
  return {{"threshold", test.threshold.ToString(2)},
          {"alerts", test.Count(MessageKind::kAlert)},
          {"reminders", test.Count(MessageKind::kReminder)},
          {"low_seconds", seconds(test.low)},
          {"overdue", std::move(overdue)},
          {"messages", std::move(messages)}};
}

}  // namespace

std::string BacktestText(const History& history, const BacktestSubject& subject,
                         const std::vector<Backtest>& tests) {
  return Head(history, subject) +
         (tests.size() == 1 ? Detail(history, tests.front()) : Comparison(tests));
}

ordered_json BacktestJson(const History& history, const BacktestSubject& subject,
                          const std::vector<Backtest>& tests) {
  ordered_json contact = nullptr;
  if (subject.contact != nullptr) {
    contact = {{"name", subject.contact->name},
               {"email", subject.contact->email},
               {"internal", subject.contact->internal}};
  }
  ordered_json thresholds = ordered_json::array();
  for (const Backtest& test : tests) thresholds.push_back(TestJson(test));
  return {{"history", history.name},
          {"account", subject.account},
          {"level", subject.level},
          {"currency", history.currency},
          {"from", FormatRfc3339(history.samples.front().at)},
          {"to", FormatRfc3339(history.samples.back().at)},
          {"lowest_available_credit", Lowest(history).ToString(2)},
          {"contact", std::move(contact)},
          {"thresholds", std::move(thresholds)}};
}

}  // namespace lowbalance::cli
