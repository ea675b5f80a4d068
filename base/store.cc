#include "base/store.h"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

namespace fs = std::filesystem;
namespace sqlite = sqlite_api;

// The table that says what is in the file. One row.
constexpr const char* kCreateVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL, program TEXT NOT NULL)";

constexpr auto kLockPoll = std::chrono::milliseconds{100};
// Only --check and a person's sqlite3 shell share the file with us; neither holds it for long.
constexpr int kBusyTimeoutMs = 10'000;

std::string Errno() { return std::generic_category().message(errno); }

[[noreturn]] void Fail(const fs::path& file, const std::string& what) {
  throw StoreError("store " + file.string() + ": " + what);
}

fs::path PathOf(std::string_view url) {
  constexpr std::string_view kScheme = "sqlite:";
  std::string_view path = url;
  if (path.starts_with(kScheme)) {
    path.remove_prefix(kScheme.size());
    while (path.starts_with("//")) path.remove_prefix(1);
  } else if (path.find("://") != std::string_view::npos) {
    throw StoreError("store " + Quoted(url.substr(0, url.find("://"))) +
                     ": only sqlite:PATH is known");
  }
  if (path.empty() || HasControlCharacters(path)) {
    throw StoreError("store " + Quoted(url) + ": names no file; write sqlite:PATH");
  }
  // Through any links, so that two names of one file share one lock.
  std::error_code failed;
  fs::path file = fs::weakly_canonical(fs::absolute(fs::path(path)), failed);
  return failed ? fs::absolute(fs::path(path)) : file;
}

// What SQLite's code means to whoever runs the program.
std::string Meaning(int code, const std::string& text) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "is locked by another process (" + text + "); find it with fuser and stop it";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "cannot be written to (" + text + "); make the file and its folder writable for uid " +
             std::to_string(geteuid());
    case SQLITE_CANTOPEN:
      return "cannot be opened (" + text + "); check that uid " + std::to_string(geteuid()) +
             " may read and write the file and its folder";
    case SQLITE_CORRUPT:
      return "is damaged (" + text + "); stop the program and restore the file from a backup";
    case SQLITE_NOTADB:
      return "is not a SQLite database; name another file, or move this one away";
    case SQLITE_FULL:
      return "cannot grow: the disk is full; free some space";
    case SQLITE_IOERR:
      return "cannot be read or written (" + text + "); check the disk";
    default:
      return text;
  }
}

void Execute(sqlite::sqlite3* db, const fs::path& file, const std::string& sql) {
  if (sqlite::sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    Fail(file, Meaning(sqlite::sqlite3_extended_errcode(db), sqlite::sqlite3_errmsg(db)));
  }
}

// The first column of the first row as text; empty if there is no row.
std::string Ask(sqlite::sqlite3* db, const fs::path& file, const char* sql) {
  sqlite::sqlite3_stmt* statement = nullptr;
  std::string answer;
  int code = sqlite::sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
  if (code == SQLITE_OK) {
    code = sqlite::sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      const auto* text = sqlite::sqlite3_column_text(statement, 0);
      if (text != nullptr) answer = reinterpret_cast<const char*>(text);
    }
  }
  const int extended = sqlite::sqlite3_extended_errcode(db);
  const std::string message = sqlite::sqlite3_errmsg(db);
  sqlite::sqlite3_finalize(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE) Fail(file, Meaning(extended, message));
  return answer;
}

// How many migrations the store has behind it. Throws if that is more than we know, or if it is
// another program's.
std::size_t VersionOf(sqlite::sqlite3* db, const fs::path& file, const Store::Options& options) {
  if (Ask(db, file, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='schema_version'")
          .empty()) {
    if (!Ask(db, file, "SELECT 1 FROM sqlite_master LIMIT 1").empty()) {
      Fail(file, "is a database of another program; name another file");
    }
    return 0;
  }
  const std::string program = Ask(db, file, "SELECT program FROM schema_version");
  if (!options.program.empty() && !program.empty() && program != options.program) {
    Fail(file, "belongs to the " + program + ", not to the " + std::string(options.program) +
                   "; give each its own file");
  }
  const auto version = static_cast<std::size_t>(
      std::strtoull(Ask(db, file, "SELECT version FROM schema_version").c_str(), nullptr, 10));
  if (version > options.migrations.size()) {
    Fail(file, "was written by a newer version of this program (schema " + std::to_string(version) +
                   ", this one knows up to " + std::to_string(options.migrations.size()) +
                   "); run that version, or restore the backup made before the upgrade");
  }
  return version;
}

// All missing migrations or none.
void Migrate(sqlite::sqlite3* db, const fs::path& file, const Store::Options& options) {
  if (VersionOf(db, file, options) == options.migrations.size() && !options.migrations.empty()) {
    return;
  }
  Execute(db, file, "BEGIN IMMEDIATE");
  try {
    const std::size_t from = VersionOf(db, file, options);
    Execute(db, file, kCreateVersionTable);
    for (std::size_t i = from; i < options.migrations.size(); ++i) {
      Execute(db, file, std::string(options.migrations[i]));
    }
    if (Ask(db, file, "SELECT 1 FROM schema_version").empty()) {
      std::string program;
      for (const char c : options.program)
        program += c == '\'' ? std::string("''") : std::string(1, c);
      Execute(db, file, "INSERT INTO schema_version VALUES (0, '" + program + "')");
    }
    Execute(db, file,
            "UPDATE schema_version SET version = " + std::to_string(options.migrations.size()));
    Execute(db, file, "COMMIT");
  } catch (...) {
    sqlite::sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void RequireFolder(const fs::path& file) {
  std::error_code failed;
  const fs::path folder = file.parent_path();
  if (!fs::is_directory(folder, failed)) {
    Fail(file, "its folder " + folder.string() + " does not exist; create it");
  }
  if (fs::is_directory(file, failed)) Fail(file, "is a folder; name a file in it");
}

// The advisory lock. Its file stays behind: removing it would let two processes lock two files of
// one name.
class FileLock {
 public:
  FileLock(const fs::path& store, const Store::Options& options) {
    const std::string name = store.string() + ".lock";
    fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) {
      Fail(store, "its lock file " + name + " cannot be opened (" + Errno() +
                      "); make the folder writable for uid " + std::to_string(geteuid()));
    }
    while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      if (reason == EINTR) continue;
      const bool taken = reason == EWOULDBLOCK;
      if (taken && options.wait_for_lock && !(options.stop && options.stop())) {
        std::this_thread::sleep_for(kLockPoll);
        continue;
      }
      const std::string holder = taken ? Holder() : "";
      ::close(fd_);
      if (taken) {
        Fail(store, "is in use by another process" + holder + ", which holds " + name +
                        "; stop that one, or give this one its own file");
      }
      errno = reason;
      Fail(store, "its lock file " + name + " cannot be locked (" + Errno() + ")");
    }
    // For the message of whoever comes second; nothing depends on it.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_, 0) == 0) [[maybe_unused]]
      const auto n = ::pwrite(fd_, pid.data(), pid.size(), 0);
  }
  ~FileLock() { ::close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  [[nodiscard]] std::string Holder() const {
    char text[32] = {};
    const ssize_t n = ::pread(fd_, text, sizeof text - 1, 0);
    const long pid = n > 0 ? std::strtol(text, nullptr, 10) : 0;
    return pid > 0 ? " (pid " + std::to_string(pid) + ")" : "";
  }

  int fd_ = -1;
};

// SOCI's connection strings know quotes, but no way to write a quote.
std::string ConnectString(const fs::path& file) {
  if (file.string().find('"') != std::string::npos) Fail(file, "has a quote in its name");
  return "db=\"" + file.string() + "\"";
}

// Created by us, so that nobody else can read it: it holds addresses and balances.
void CreatePrivately(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    Fail(file,
         (errno == EROFS || errno == EACCES || errno == EPERM ? Meaning(SQLITE_READONLY, Errno())
                                                              : Meaning(SQLITE_CANTOPEN, Errno())));
  }
  ::close(fd);
}

}  // namespace

struct Store::Impl {
  explicit Impl(const Options& options) : file(PathOf(options.url)) {
    RequireFolder(file);
    lock.emplace(file, options);
    CreatePrivately(file);
    try {
      session.open(soci::sqlite3, ConnectString(file));
    } catch (const soci::sqlite3_soci_error& e) {
      Fail(file, Meaning(e.result(), e.get_error_message()));
    } catch (const soci::soci_error& e) {
      Fail(file, e.get_error_message());
    }
    sqlite::sqlite3* db = static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
    sqlite::sqlite3_busy_timeout(db, kBusyTimeoutMs);
    // A newer version's store is refused before anything in it is touched.
    const std::size_t version = VersionOf(db, file, options);
    if (sqlite::sqlite3_db_readonly(db, "main") == 1) {
      Fail(file, Meaning(SQLITE_READONLY, "read-only"));
    }
    Execute(db, file,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA trusted_schema=OFF;");
    if (version < options.migrations.size() || version == 0) Migrate(db, file, options);
    if (::stat(file.c_str(), &opened) != 0) Fail(file, Meaning(SQLITE_CANTOPEN, Errno()));
  }

  fs::path file;
  std::optional<FileLock> lock;  // Before the session, so that it is released after it.
  soci::session session;
  struct stat opened {};
};

Store::Store(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Store::~Store() = default;

soci::session& Store::session() {
  if (const std::string lost = Lost(); !lost.empty()) throw StoreError(lost);
  return impl_->session;
}

std::string Store::Lost() const {
  struct stat now {};
  const struct stat& opened = impl_->opened;
  if (::stat(impl_->file.c_str(), &now) == 0 && now.st_ino == opened.st_ino &&
      now.st_dev == opened.st_dev) {
    return "";
  }
  return "store " + impl_->file.string() +
         ": was moved, deleted or replaced while it is in use; stop the program, put the file "
         "back, and start it";
}

std::string Store::Explain(const std::exception& error) const {
  const std::string name = "store " + impl_->file.string() + ": ";
  if (const auto* const e = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    return name + Meaning(e->result(), e->get_error_message());
  }
  if (const auto* const e = dynamic_cast<const soci::soci_error*>(&error)) {
    return name + e->get_error_message();
  }
  if (dynamic_cast<const StoreError*>(&error) != nullptr) return error.what();
  return name + error.what();
}

std::string Store::Check(const Options& options) {
  sqlite::sqlite3* db = nullptr;
  std::string wrong;
  try {
    const fs::path file = PathOf(options.url);
    RequireFolder(file);
    if (!fs::exists(file)) return "";
    if (sqlite::sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
      Fail(file, Meaning(sqlite::sqlite3_errcode(db), sqlite::sqlite3_errmsg(db)));
    }
    sqlite::sqlite3_busy_timeout(db, kBusyTimeoutMs);
    const std::string integrity = Ask(db, file, "PRAGMA integrity_check(1)");
    if (integrity != "ok") Fail(file, Meaning(SQLITE_CORRUPT, integrity));
    (void)VersionOf(db, file, options);
    if (::access(file.c_str(), W_OK) != 0) Fail(file, Meaning(SQLITE_READONLY, Errno()));
  } catch (const StoreError& e) {
    wrong = e.what();
  } catch (const fs::filesystem_error& e) {
    wrong = e.what();
  }
  sqlite::sqlite3_close(db);
  return wrong;
}

}  // namespace lowbalance
