#pragma once
// Secrets come from files, are read again when the file changes, and are never printed.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance {

// The content of a secret file without the line end; read at each call, as such files are
// replaced while we run. Refused: a file that cannot be read, is empty or is over 64 KiB. The
// error names the file, never the content.
[[nodiscard]] Result<std::string> ReadSecretFile(const std::filesystem::path& file);

// Compares in a time that depends on the lengths alone.
[[nodiscard]] bool EqualInConstantTime(std::string_view a, std::string_view b);

// `bytes` random bytes from the system, as lower-case hex.
[[nodiscard]] std::string RandomHex(std::size_t bytes);

}  // namespace lowbalance
