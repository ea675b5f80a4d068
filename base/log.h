#pragma once
// Structured log lines on standard error, in logfmt or JSON, as Prometheus' programs write them:
//   ts=2026-11-23T07:12:00.123Z level=info msg="decided" account_id=17 reason=alert
//
// Thread-safe. No secret is ever a field; texts from outside are escaped.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace lowbalance::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kLogfmt, kJson };

// "debug", "info", "warn", "error"; "logfmt", "json".
[[nodiscard]] Result<Level> ParseLevel(std::string_view text);
[[nodiscard]] Result<Format> ParseFormat(std::string_view text);

// Called once by main before there are threads; until then info and logfmt.
void Configure(Level level, Format format);

// Whether lines of this level are written: for lines that cost something to make.
[[nodiscard]] bool Enabled(Level level);

using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warn(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

}  // namespace lowbalance::log
