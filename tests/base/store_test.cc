#include "base/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::array<std::string_view, 1> kFirst = {
    "CREATE TABLE account (id TEXT PRIMARY KEY, note TEXT);"
    "INSERT INTO account VALUES ('17', 'with ; in it');"
    "-- a comment; with a semicolon\n"
    "CREATE TABLE edit (account TEXT REFERENCES account (id))"};
constexpr std::array<std::string_view, 2> kSecond = {
    kFirst[0], "ALTER TABLE account ADD COLUMN limits INTEGER NOT NULL DEFAULT 5"};
constexpr std::array<std::string_view, 3> kBroken = {
    kFirst[0], kSecond[1], "CREATE TABLE more (x INTEGER); INSERT INTO nowhere VALUES (1)"};

class StoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path File() const { return folder_.path() / "x.db"; }
  [[nodiscard]] std::string Url() const { return "sqlite:" + File().string(); }
  [[nodiscard]] Store::Options Options(std::span<const std::string_view> migrations) const {
    return {.url = Url(), .migrations = migrations};
  }

  // What opening says; empty if it works.
  static std::string Opening(const Store::Options& options) {
    try {
      const Store store(options);
    } catch (const StoreError& e) {
      return e.what();
    }
    return "";
  }

  static std::string Text(Store& store, const std::string& sql) {
    std::string value;
    store.session() << sql, soci::into(value);
    return value;
  }
  static int Number(Store& store, const std::string& sql) {
    int value = -1;
    store.session() << sql, soci::into(value);
    return value;
  }

  // Runs `body` in a child process as a user with no rights, and gives what it returned.
  static std::string AsNobody(const std::function<std::string()>& body) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::string text = "cannot become nobody";
      if (::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0)) text = body();
      [[maybe_unused]] const auto n = ::write(ends[1], text.data(), text.size());
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    ::waitpid(pid, nullptr, 0);
    return text;
  }

  TempFolder folder_;
};

TEST_F(StoreTest, CreatesAndKeeps) {
  {
    Store store(Options(kFirst));
    EXPECT_EQ(Text(store, "SELECT note FROM account"), "with ; in it");
    store.session() << "INSERT INTO account VALUES ('18', 'x')";
  }
  Store again(Options(kFirst));
  EXPECT_EQ(Number(again, "SELECT count(*) FROM account"), 2);
}

TEST_F(StoreTest, IsPrivateAndDurable) {
  const ::mode_t old = ::umask(0);
  Store store(Options(kFirst));
  ::umask(old);
  struct stat s {};
  for (const char* name : {"x.db", "x.db-wal", "x.db-shm", "x.db.lock"}) {
    ASSERT_EQ(::stat((folder_.path() / name).c_str(), &s), 0) << name;
    EXPECT_EQ(s.st_mode & 0777U, 0600U) << name;
  }
  EXPECT_EQ(Text(store, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Number(store, "PRAGMA synchronous"), 2);
  EXPECT_EQ(Number(store, "PRAGMA foreign_keys"), 1);
  EXPECT_THROW(store.session() << "INSERT INTO edit VALUES ('none')", soci::soci_error);
}

TEST_F(StoreTest, APathIsAUrlToo) {
  { Store store({.url = (folder_.path() / "with space = and 'quote'.db").string()}); }
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "with space = and 'quote'.db"));
  EXPECT_THAT(Opening({.url = "postgresql://db/x"}), HasSubstr("only sqlite:PATH is known"));
  EXPECT_THAT(Opening({.url = "sqlite:"}), HasSubstr("names no file"));
  EXPECT_THAT(Opening({.url = folder_.path().string()}), HasSubstr("is a folder"));
}

TEST_F(StoreTest, MigratesForward) {
  { Store store(Options(kFirst)); }
  EXPECT_EQ(Store::Check(Options(kSecond)), "");
  {
    Store store(Options(kSecond));
    EXPECT_EQ(Number(store, "SELECT limits FROM account WHERE id = '17'"), 5);
  }
  Store store(Options(kSecond));
  EXPECT_EQ(Number(store, "SELECT version FROM schema_version"), 2);
}

TEST_F(StoreTest, AMigrationThatFailsLeavesNothingBehind) {
  { Store store(Options(kFirst)); }
  EXPECT_THAT(Opening(Options(kBroken)), HasSubstr("no such table: nowhere"));
  Store store(Options(kFirst));
  EXPECT_EQ(Number(store, "SELECT version FROM schema_version"), 1);
  EXPECT_EQ(Number(store, "SELECT count(*) FROM sqlite_master WHERE name = 'more'"), 0);
  EXPECT_EQ(Number(store, "SELECT count(*) FROM pragma_table_info('account')"), 2);
}

TEST_F(StoreTest, RefusesANewerVersionUntouched) {
  { Store store(Options(kSecond)); }
  const std::string expected =
      "store " + File().string() +
      ": was written by a newer version of this program (schema 2, this one knows up to 1); run "
      "that version, or restore the backup made before the upgrade";
  EXPECT_EQ(Opening(Options(kFirst)), expected);
  EXPECT_EQ(Store::Check(Options(kFirst)), expected);
  Store store(Options(kSecond));
}

TEST_F(StoreTest, RefusesAnotherProgramsStore) {
  { Store store({.url = Url(), .migrations = kFirst, .program = "exporter"}); }
  const Store::Options webhook{.url = Url(), .migrations = kFirst, .program = "webhook"};
  EXPECT_THAT(Opening(webhook), HasSubstr("belongs to the exporter, not to the webhook"));
  EXPECT_THAT(Store::Check(webhook), HasSubstr("belongs to the exporter"));

  std::filesystem::remove(File());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(File().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "CREATE TABLE t (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_THAT(Opening(Options(kFirst)), HasSubstr("is a database of another program"));
}

TEST_F(StoreTest, RefusesWhatIsNoDatabase) {
  folder_.Write("x.db", std::string(8192, 'x'));
  EXPECT_EQ(Opening(Options(kFirst)),
            "store " + File().string() +
                ": is not a SQLite database; name another file, or move this one away");
  EXPECT_THAT(Store::Check(Options(kFirst)), HasSubstr("is not a SQLite database"));
}

TEST_F(StoreTest, CheckFindsDamage) {
  EXPECT_EQ(Store::Check(Options(kFirst)), "");
  EXPECT_FALSE(std::filesystem::exists(File()));
  {
    Store store(Options(kFirst));
    soci::transaction all(store.session());
    for (int i = 100; i < 2000; ++i) {
      store.session() << "INSERT INTO account VALUES (:id, 'some text to fill a page with')",
          soci::use(i);
    }
    all.commit();
    EXPECT_EQ(Store::Check(Options(kFirst)), "") << "beside the running program";
  }
  EXPECT_EQ(Store::Check(Options(kFirst)), "");
  {
    std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 4096);
    file << std::string(2 * 4096, '\x5a');
  }
  EXPECT_THAT(Store::Check(Options(kFirst)), HasSubstr("is damaged"));
  EXPECT_THAT(Store::Check(Options(kFirst)), HasSubstr("restore the file from a backup"));
}

TEST_F(StoreTest, TheFolderMustExist) {
  const std::string url = "sqlite:" + (folder_.path() / "no/such/x.db").string();
  const std::string expected = "store " + (folder_.path() / "no/such/x.db").string() +
                               ": its folder " + (folder_.path() / "no/such").string() +
                               " does not exist; create it";
  EXPECT_EQ(Opening({.url = url}), expected);
  EXPECT_EQ(Store::Check({.url = url}), expected);
}

TEST_F(StoreTest, SaysThatItMayNotWrite) {
  { Store store(Options(kFirst)); }
  std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
  for (const char* name : {"x.db", "x.db.lock"}) {
    std::filesystem::permissions(folder_.path() / name, std::filesystem::perms{0444});
  }
  EXPECT_THAT(AsNobody([&] { return Opening(Options(kFirst)); }),
              HasSubstr("its lock file " + File().string() +
                        ".lock cannot be opened (Permission denied); make the folder writable"));
  // The folder is open to everybody, the file is not.
  std::filesystem::permissions(folder_.path(), std::filesystem::perms{0777});
  std::filesystem::permissions(File().string() + ".lock", std::filesystem::perms{0666});
  EXPECT_THAT(AsNobody([&] { return Opening(Options(kFirst)); }),
              HasSubstr("x.db: cannot be written to (Permission denied); make the file and its "
                        "folder writable for uid"));
  EXPECT_THAT(AsNobody([&] { return Store::Check(Options(kFirst)); }),
              HasSubstr("cannot be written to"));
}

// Another process holds the store until the test lets go of it.
class LockedStoreTest : public StoreTest {
 protected:
  LockedStoreTest() {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    holder_ = ::fork();
    if (holder_ == 0) {
      const Store store(Options(kFirst));
      [[maybe_unused]] const auto n = ::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~LockedStoreTest() override { Release(); }
  void Release() {
    if (holder_ <= 0) return;
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
    holder_ = 0;
  }
  pid_t holder_ = 0;
};

TEST_F(LockedStoreTest, IsRefusedWithTheHoldersName) {
  EXPECT_EQ(Opening(Options(kFirst)),
            "store " + File().string() + ": is in use by another process (pid " +
                std::to_string(holder_) + "), which holds " + File().string() +
                ".lock; stop that one, or give this one its own file");
  // A link is no way around it.
  std::filesystem::create_symlink(File(), folder_.path() / "link.db");
  EXPECT_THAT(Opening({.url = (folder_.path() / "link.db").string(), .migrations = kFirst}),
              HasSubstr("is in use by another process"));
  EXPECT_EQ(Store::Check(Options(kFirst)), "");
}

TEST_F(LockedStoreTest, IsFreeOnceItsHolderIsDead) {
  Release();
  EXPECT_EQ(Opening(Options(kFirst)), "");
}

TEST_F(LockedStoreTest, CanBeWaitedFor) {
  Store::Options options = Options(kFirst);
  options.wait_for_lock = true;
  int asked = 0;
  options.stop = [&] {
    if (++asked == 3) Release();
    return false;
  };
  EXPECT_EQ(Opening(options), "");
  EXPECT_GE(asked, 3);
}

TEST_F(LockedStoreTest, WaitingCanBeGivenUp) {
  Store::Options options = Options(kFirst);
  options.wait_for_lock = true;
  int asked = 0;
  options.stop = [&] { return ++asked == 2; };
  EXPECT_THAT(Opening(options), HasSubstr("is in use by another process"));
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace lowbalance
