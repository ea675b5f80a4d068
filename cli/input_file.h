#pragma once
// A file that a command is given to read, or standard input.

#include <cstddef>
#include <string>

#include "core/result.h"

namespace lowbalance::cli {

// All of it; `file` may be "-". An error names the file and says what is wrong: that it is missing,
// a folder, not readable, or larger than `most` bytes.
[[nodiscard]] Result<std::string> ReadInputFile(const std::string& file, std::size_t most);

// As messages name it.
[[nodiscard]] std::string InputName(const std::string& file);

}  // namespace lowbalance::cli
