#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "core/text.h"

namespace lowbalance::log {
namespace {

// What comes from outside has no say in how long a line gets.
constexpr std::size_t kLongestValue = 4096;

std::atomic<Level> g_level{Level::kInfo};
std::atomic<Format> g_format{Format::kLogfmt};

// One line is one write: lines of several threads or processes do not mix.
spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum SpdlogLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Always with milliseconds, so that lines are of one width and sort as text.
std::string Timestamp() {
  std::string text = FormatRfc3339(SystemClock()());
  if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
  return text;
}

std::string Cut(std::string_view text) {
  if (text.size() <= kLongestValue) return std::string(text);
  std::size_t size = kLongestValue;
  while (size > kLongestValue - 4 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) {
    --size;
  }
  return std::string(text.substr(0, size)) + "…";
}

bool NeedsQuotes(std::string_view value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
      return true;
    }
  }
  return value.empty() || !IsValidUtf8(value);
}

std::string Logfmt(Level level, std::string_view message, Fields fields) {
  std::string line =
      "ts=" + Timestamp() + " level=" + std::string(Name(level)) + " msg=" + GoQuote(Cut(message));
  for (const auto& [key, value] : fields) {
    const std::string cut = Cut(value);
    line += ' ';
    line += key;
    line += '=';
    line += NeedsQuotes(cut) ? GoQuote(cut) : cut;
  }
  return line;
}

std::string Json(Level level, std::string_view message, Fields fields) {
  nlohmann::ordered_json line = {
      {"ts", Timestamp()}, {"level", Name(level)}, {"msg", Cut(message)}};
  for (const auto& [key, value] : fields) line[std::string(key)] = Cut(value);
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Write(Level level, std::string_view message, Fields fields) {
  if (!Enabled(level)) return;
  const std::string line = g_format.load() == Format::kJson ? Json(level, message, fields)
                                                            : Logfmt(level, message, fields);
  Logger().log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

Result<Level> ParseLevel(std::string_view text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (text == Name(level)) return level;
  }
  return Reject("not a log level (debug, info, warn, error): " + Quoted(text));
}

Result<Format> ParseFormat(std::string_view text) {
  if (text == "logfmt") return Format::kLogfmt;
  if (text == "json") return Format::kJson;
  return Reject("not a log format (logfmt, json): " + Quoted(text));
}

void Configure(Level level, Format format) {
  g_level = level;
  g_format = format;
}

bool Enabled(Level level) { return level >= g_level.load(); }

void Debug(std::string_view message, Fields fields) { Write(Level::kDebug, message, fields); }
void Info(std::string_view message, Fields fields) { Write(Level::kInfo, message, fields); }
void Warn(std::string_view message, Fields fields) { Write(Level::kWarn, message, fields); }
void Error(std::string_view message, Fields fields) { Write(Level::kError, message, fields); }

}  // namespace lowbalance::log
