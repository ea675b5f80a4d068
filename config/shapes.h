#pragma once
// Whether single texts of the configuration look like what they should be. Pure; nothing here asks
// the file system or the network. An error says what is wrong and quotes what was seen, unless that
// may hold a password.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance {

// "host:port", ":port" or "[::1]:port", port 0 to 65535. Returned as given.
[[nodiscard]] Result<std::string> ParseListenAddress(std::string_view text);

// "sqlite:PATH" or a path alone, made "sqlite:PATH" with relative paths taken from `folder`.
[[nodiscard]] Result<std::string> ParseStoreUrl(std::string_view text,
                                                const std::filesystem::path& folder);

// smtp://host[:port], smtps://host[:port] or file:FOLDER (relative ones taken from `folder`). A URL
// with a user or password in it is refused without being quoted.
[[nodiscard]] Result<std::string> ParseEmailUrl(std::string_view text,
                                                const std::filesystem::path& folder);

// Refuses what cannot be an address: no or several '@', blanks, an empty part. Whether the mailbox
// exists is for the mail server to say.
[[nodiscard]] Result<std::string> ParseEmailAddress(std::string_view text);

// An address alone, or with a name before it: "Low Balance Alerts <alerts@example.com>".
[[nodiscard]] Result<std::string> ParseSender(std::string_view text);

// The shape of an IANA name: "UTC", "Asia/Shanghai", "Etc/GMT+8".
[[nodiscard]] Result<std::string> ParseTimeZone(std::string_view text);

// A recipient of the inbox: 1 to 128 bytes of UTF-8 without control characters or blanks at the
// ends.
[[nodiscard]] Result<std::string> ParseRecipient(std::string_view text);

}  // namespace lowbalance
