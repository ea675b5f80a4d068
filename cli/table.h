#pragma once
// Text for people: columns that line up.

#include <string>
#include <string_view>
#include <vector>

namespace lowbalance::cli {

// Text from a server as it may be shown on a terminal: control characters as blanks.
[[nodiscard]] std::string Plain(std::string_view text);

// Rows under a header, columns two blanks apart, no blanks at line ends. A column whose header
// begins with '>' (which is not shown) is aligned to the right. Wide characters, such as Chinese
// ones, count as two.
[[nodiscard]] std::string Table(const std::vector<std::string>& header,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace lowbalance::cli
