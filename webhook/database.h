#pragma once
// The webhook's store, shared by the parts that own tables in it, one at a time.

#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/store.h"

namespace lowbalance {

// Thread-safe.
class Database {
 public:
  // Opens and migrates the store. Throws StoreError.
  explicit Database(const Store::Options& options) : store_(options) {}

  // Calls work(session) while nobody else uses the session. Its exceptions come out as StoreErrors
  // that begin with `doing`, name the file and say what to do about it. `work` must neither call
  // out nor use the Database again.
  template <class Work>
  auto Use(std::string_view doing, Work&& work) {
    const std::lock_guard lock(mutex_);
    try {
      return std::forward<Work>(work)(store_.session());
    } catch (const std::exception& error) {
      throw StoreError(Explain(doing, error));
    }
  }

  // As Store::Lost. Thread-safe, and waits for nobody.
  [[nodiscard]] std::string Lost() const { return store_.Lost(); }

 private:
  [[nodiscard]] std::string Explain(std::string_view doing, const std::exception& error) const;

  std::mutex mutex_;
  Store store_;  // Guarded by mutex_, but for Lost.
};

}  // namespace lowbalance
