#pragma once
// Opening a program's database: the URL, the pragmas, the lock, the migrations.
//
// One set of SQL through SOCI for every engine; SQLite today ("sqlite:PATH"). The classes that own
// the tables (exporter/account_store, webhook/outbox) include soci.h in their .cc; nobody else sees
// it. Failures are StoreErrors, whose text names the file and says what to do about it.

#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace soci {
class session;
}

namespace lowbalance {

struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Store {
 public:
  struct Options {
    std::string url;  // "sqlite:/var/lib/lowbalance/exporter.db"; a path alone means that too.
    // One element per schema version, in order, each one or more statements separated by ';'.
    // The store's version is the number of those applied; missing ones are applied in one
    // transaction. A store of a newer version is refused.
    std::span<const std::string_view> migrations;
    // An advisory lock beside the file, so that two processes never write one store. If it is
    // taken: throws, or with `wait_for_lock` waits until it is free or `stop` says to give up.
    bool wait_for_lock = false;
    std::function<bool()> stop;  // Asked every 100 ms while waiting; giving up throws.
    // Whose store it is, e.g. "exporter". Written into a new store; one that belongs to another
    // program is refused. Empty: not looked at.
    std::string_view program;
  };
  explicit Store(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Not thread-safe: the owner guards it. WAL and synchronous=FULL: a commit survives a power cut.
  // Throws StoreError where the store is Lost: what is committed then would survive nothing.
  [[nodiscard]] soci::session& session();

  // Why the file that was opened is not the one that its name leads to any more: moved, deleted or
  // replaced while we run. Empty if it is. Thread-safe.
  [[nodiscard]] std::string Lost() const;

  // What a failure of the session means to whoever runs the program: the file's name, what is
  // wrong, and the remedy. Never the statement, whose values may be anybody's.
  [[nodiscard]] std::string Explain(const std::exception& error) const;

  // Opens without writing and checks integrity and version. Empty if well, else what is wrong.
  // A store that does not exist yet is well.
  [[nodiscard]] static std::string Check(const Options& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
