#include "exporter/sources/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "exporter/sources/file_csv.h"
#include "exporter/sources/file_json.h"

namespace lowbalance {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{256} << 20;

// Read at once: between two of these a request to stop is heard.
constexpr std::size_t kPiece = std::size_t{4} << 20;

// A file system's clock may stand still for as long as this, so a file modified more recently
// could be written again without looking any different.
constexpr Millis kClockGrain = std::chrono::seconds{2};

class Descriptor {
 public:
  // O_NONBLOCK so that a pipe put in the file's place does not hold up the poll.
  explicit Descriptor(const std::string& name)
      : fd_(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

Result<std::string> ReadAll(int fd, std::int64_t size, const std::string& name,
                            const FetchContext& fetch) {
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    if (const auto go_on = fetch.Check("reading " + name); !go_on) {
      return tl::unexpected(go_on.error());
    }
    const ssize_t n = ::read(fd, text.data() + filled, std::min(kPiece, text.size() - filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Retry("cannot read " + name + ": " + std::strerror(errno));
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  text.resize(filled);
  return text;
}

}  // namespace

FileSource::FileSource(std::filesystem::path path, std::string provider)
    : path_(std::move(path)), provider_(std::move(provider)) {}

Result<FileSource::Version> FileSource::VersionOf(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Retry("cannot read " + name + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return Reject(name + " is not a regular file");
  if (status.st_size > kMaxBytes) {
    return Reject(name + " is larger than 256 MiB: " + std::to_string(status.st_size) + " bytes");
  }
  return Version{
      .device = status.st_dev,
      .inode = status.st_ino,
      .size = status.st_size,
      .modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

Result<Fetched> FileSource::Fetch(const FetchContext& fetch) {
  const std::string name = path_.string();
  const Descriptor file(name);
  if (file.get() < 0) return Retry("cannot open " + name + ": " + std::strerror(errno));
  const auto before = VersionOf(file.get(), name);
  if (!before) return tl::unexpected(before.error());
  if (read_ == *before) return Fetched{.readings = readings_};

  const auto text = ReadAll(file.get(), before->size, name, fetch);
  if (!text) return tl::unexpected(text.error());
  const auto after = VersionOf(file.get(), name);
  if (!after) return tl::unexpected(after.error());
  if (*before != *after || static_cast<std::int64_t>(text->size()) != before->size) {
    return Retry(name + " was written to while it was read");
  }

  const FileContext context{.file = name,
                            .provider = provider_,
                            .modified = TimeFromMillis(before->modified_ns / 1'000'000)};
  auto readings =
      path_.extension() == ".csv" ? ParseFileCsv(*text, context) : ParseFileJson(*text, context);
  if (!readings) return tl::unexpected(readings.error());
  readings_ = std::move(*readings);
  // A clock that is ahead, or a local time that is given as UTC: the data was there by now, and
  // goes on ageing from now.
  if (first_ != *before) {
    first_ = *before;
    first_at_ = fetch.now;
  }
  for (Reading& reading : readings_) reading.as_of = std::min(*reading.as_of, first_at_);
  read_.reset();
  if (context.modified + kClockGrain < fetch.now) read_ = *before;
  return Fetched{.readings = readings_};
}

}  // namespace lowbalance
