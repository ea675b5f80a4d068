#include "cli/history.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::size_t kListedMistakes = 20;
constexpr std::chrono::days kLongest{3653};

constexpr std::string_view kTime = "time";
constexpr std::string_view kCredit = "available_credit";

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// A cell may stand in quotes, so that an amount may have commas; a quote within one is doubled.
Result<std::vector<std::string>> Cells(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool twice = c == '"' && i + 1 < line.size() && line[i + 1] == '"';
    if (quoted && twice) {
      cells.back() += '"';
      ++i;
    } else if (c == '"' && (quoted || cells.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) return Reject("a quote is opened and never closed");
  return cells;
}

Result<Time> ParseInstant(std::string_view text) {
  const bool seconds = text.find_first_not_of("0123456789.") == std::string_view::npos;
  auto at = seconds ? ParseSeconds(text) : ParseRfc3339(text);
  if (at) return at;
  return Reject("neither a time like 2026-11-23T07:12:00Z nor seconds since 1970: " + Quoted(text));
}

// Where the two columns stand in the header.
struct Columns {
  std::size_t count = 0;
  std::size_t time = 0;
  std::size_t credit = 0;
};

Result<Columns> ReadHeader(std::string_view line) {
  const auto cells = Cells(line);
  if (!cells) return tl::unexpected(cells.error());
  const auto find = [&](std::string_view name) -> Result<std::size_t> {
    const auto found = std::find(cells->begin(), cells->end(), name);
    if (found == cells->end()) {
      std::string message = "the header has no column " + std::string(name);
      if (const auto near = NearestWord(name, *cells); !near.empty()) {
        message += "; is it " + Quoted(near) + "?";
      }
      return Reject(message + " (it begins like time,available_credit)");
    }
    if (std::find(found + 1, cells->end(), name) != cells->end()) {
      return Reject("the column " + std::string(name) + " stands there twice");
    }
    return static_cast<std::size_t>(found - cells->begin());
  };
  const auto time = find(kTime);
  if (!time) return tl::unexpected(time.error());
  const auto credit = find(kCredit);
  if (!credit) return tl::unexpected(credit.error());
  return Columns{.count = cells->size(), .time = *time, .credit = *credit};
}

Result<HistorySample> ReadSample(std::string_view line, const Columns& columns) {
  const auto cells = Cells(line);
  if (!cells) return tl::unexpected(cells.error());
  if (cells->size() != columns.count) {
    return Reject(std::to_string(cells->size()) + " cells where the header has " +
                  std::to_string(columns.count));
  }
  const auto at = ParseInstant((*cells)[columns.time]);
  if (!at) return Reject("time: " + at.error().message);
  HistorySample sample{.at = *at};
  const std::string& amount = (*cells)[columns.credit];
  if (amount.empty()) return sample;
  const auto credit = Money::Parse(amount);
  if (!credit) return Reject("available_credit: " + credit.error().message);
  sample.credit = *credit;
  return sample;
}

}  // namespace

Result<History> ParseHistoryCsv(std::string_view text, std::string name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  History history{.name = std::move(name)};
  std::string listed;
  std::size_t mistakes = 0;
  int line_number = 0;
  const auto mistaken = [&](const std::string& message) {
    if (++mistakes > kListedMistakes) return;
    listed += (listed.empty() ? "" : "\n") + history.name + ":" + std::to_string(line_number) +
              ": " + message;
  };

  std::optional<Columns> columns;
  while (!text.empty() && (columns || mistakes == 0)) {
    ++line_number;
    const std::string_view line = TakeLine(text);
    if (line.empty()) continue;
    if (!columns) {
      const auto header = ReadHeader(line);
      if (header) columns = *header;
      if (!header) mistaken(header.error().message);
      continue;
    }
    const auto sample = ReadSample(line, *columns);
    if (!sample) {
      mistaken(sample.error().message);
    } else if (!history.samples.empty() && sample->at <= history.samples.back().at) {
      mistaken("time: not later than that of the line before, " +
               FormatRfc3339(history.samples.back().at) + ": " + FormatRfc3339(sample->at));
    } else {
      history.samples.push_back(*sample);
    }
  }
  if (mistakes > kListedMistakes) {
    listed += "\nand " + std::to_string(mistakes - kListedMistakes) + " more";
  }
  if (mistakes > 0) return Reject(std::move(listed));
  if (const auto of_use = CheckHistory(history); !of_use) return tl::unexpected(of_use.error());
  return history;
}

Result<void> CheckHistory(const History& history) {
  const auto& samples = history.samples;
  const bool any = std::any_of(samples.begin(), samples.end(), [](const HistorySample& sample) {
    return sample.credit.has_value();
  });
  if (!any) return Reject(history.name + ": no available credit in it");
  if (samples.back().at - samples.front().at > kLongest) {
    return Reject(history.name + ": longer than ten years: from " +
                  FormatRfc3339(samples.front().at) + " to " + FormatRfc3339(samples.back().at));
  }
  return {};
}

}  // namespace lowbalance
