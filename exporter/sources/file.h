#pragma once
// Balances from a JSON or CSV file that something else writes: the thin part that does the I/O.
//
// A file that is missing, half written, malformed, changed while it is read, or over 256 MiB is a
// failed poll. The data is as old as the file says (as_of), or as its modification time;
// where that lies ahead, as old as when the file was first seen so.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "exporter/source.h"

namespace lowbalance {

class FileSource : public Source {
 public:
  // `path` ends in .json or .csv, which says what is in it. `provider` is that of the accounts
  // for which the file names none.
  FileSource(std::filesystem::path path, std::string provider);

  // A file that is the same as at the last good poll is not read again; it gives the same
  // readings, which thereby age.
  [[nodiscard]] Result<Fetched> Fetch(const FetchContext& context) override;

 private:
  // What tells whether a file has been written since.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  static Result<Version> VersionOf(int fd, const std::string& name);

  const std::filesystem::path path_;
  const std::string provider_;
  std::optional<Version> read_;    // The version that `readings_` is of.
  std::optional<Version> first_;   // The version that was last seen to be new, …
  Time first_at_{};                // … and when that was.
  std::vector<Reading> readings_;  // Of the last good poll.
};

}  // namespace lowbalance
