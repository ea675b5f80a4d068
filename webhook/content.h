#pragma once
// What a message says, before it becomes text or HTML. Pure; shared by the files that word and
// render messages.

#include <optional>
#include <string>
#include <vector>

namespace lowbalance {

struct Content {
  enum class Tone { kLow, kOverdue, kRecovered, kNotice };
  struct Row {
    std::string label;
    std::string value;
  };
  struct Term {
    std::string sign;  // "", "+", "−" or "=".
    Row row;
  };

  Tone tone = Tone::kNotice;
  std::string language_tag;
  std::string row_format;  // {label}, {value}: as text.
  std::string subject;
  std::string label;     // "Reminder 2 of 5".
  std::string headline;  // A sentence.
  // The amount that the message is about, and how much of the threshold it is, from 0 to 100.
  std::optional<Row> amount;
  std::optional<int> percent;
  std::vector<Row> rows;
  std::vector<Row> account;
  std::string formula_title;
  std::vector<Term> formula;
  std::string warning_title;
  std::string warning;  // Empty if there is none.
  std::string next_title;
  std::vector<std::string> next;
  std::vector<Row> links;  // With the address as the value.
  std::vector<std::string> notes;
  std::string footer;  // Of a mail.
};

[[nodiscard]] std::string RenderText(const Content& content);
[[nodiscard]] std::string RenderHtml(const Content& content);
[[nodiscard]] std::string RenderInternal(const Content& content);

}  // namespace lowbalance
