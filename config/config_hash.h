#pragma once
// What programs tell of the configuration they run, so that it can be seen whether two run the
// same.

#include <cstdint>
#include <filesystem>

namespace lowbalance {

// Of the file's bytes: 48 bits, which a metric's value holds exactly. 0 if it cannot be read.
[[nodiscard]] std::uint64_t ConfigHash(const std::filesystem::path& file);

}  // namespace lowbalance
