#pragma once
// What several tests of the exporter need: a folder of their own, readings, an HTTP client.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "core/account_memory.h"
#include "exporter/snapshot.h"

namespace lowbalance {

inline constexpr Time kNoon = TimeFromMillis(1'795'435'200'000);  // 2026-11-23T12:00:00Z.

inline Money Amount(std::string_view text) { return Money::Parse(text).value(); }

// Gone, with all that is in it, when the test ends.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "exporter-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  std::filesystem::path Write(std::string_view name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline Reading ReadingOf(std::string account_id, std::string_view credit, Time as_of,
                         std::string currency = "USD") {
  Reading reading;
  reading.account = {.provider = "demo", .account_id = std::move(account_id)};
  reading.account_name = "Account " + reading.account.account_id;
  reading.currency = std::move(currency);
  reading.available_credit = Amount(credit);
  reading.as_of = as_of;
  return reading;
}

}  // namespace lowbalance
