#pragma once
// Which fields of a reply nothing is made of: what the vendor's pages leave open, or what is new.

#include <string>
#include <string_view>
#include <vector>

namespace lowbalance::alibaba {

// The fields of the reply's innermost object about money (of the first entry of a list) that we do
// not read, as `Name: value`, lists and objects as their JSON. Empty for a body that is no object.
[[nodiscard]] std::vector<std::string> UnreadFields(std::string_view body);

}  // namespace lowbalance::alibaba
