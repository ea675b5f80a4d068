#include "cli/line_diff.h"

#include <algorithm>
#include <cstddef>

namespace lowbalance {
namespace {

// Beyond this many pairs of lines the table below costs more than it is worth.
constexpr std::size_t kMostPairs = 4'000'000;

}  // namespace

std::vector<std::string> LineDiff(const std::vector<std::string>& before,
                                  const std::vector<std::string>& after) {
  std::vector<std::string> lines;
  if (before.size() * after.size() > kMostPairs) {
    for (const std::string& line : before) lines.push_back("-" + line);
    for (const std::string& line : after) lines.push_back("+" + line);
    return lines;
  }
  // common[i][j]: how many lines before[i..] and after[j..] share, in order.
  std::vector<std::vector<std::size_t>> common(before.size() + 1,
                                               std::vector<std::size_t>(after.size() + 1));
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      common[i][j] = before[i] == after[j] ? common[i + 1][j + 1] + 1
                                           : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      lines.push_back(" " + before[i]);
      ++i;
      ++j;
    } else if (j == after.size() || (i < before.size() && common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back("-" + before[i++]);
    } else {
      lines.push_back("+" + after[j++]);
    }
  }
  return lines;
}

}  // namespace lowbalance
