#pragma once
// The difference of two short texts, as people know it from diff -u.

#include <string>
#include <vector>

namespace lowbalance {

// Every line of both, with a blank in front if both have it, "-" if only `before` does, "+" if only
// `after` does. Texts that differ in thousands of lines are not matched up any more: all of
// `before` comes first.
[[nodiscard]] std::vector<std::string> LineDiff(const std::vector<std::string>& before,
                                                const std::vector<std::string>& after);

}  // namespace lowbalance
