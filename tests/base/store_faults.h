#pragma once
// Makes SQLite itself fail at a call that is chosen by its number: a read, a write, a sync, a lock,
// the opening of a file, a statement, a commit. What is above SQLite cannot tell it from a bad
// disk, a full one, or another process that holds the store.
//
// While one lives, stores that are opened go through it. One at a time, and on one thread. Syncs
// that do not fail are noted and left out, since no test here cuts the power.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace lowbalance {

class StoreFaults {
 public:
  StoreFaults();
  ~StoreFaults();
  StoreFaults(const StoreFaults&) = delete;
  StoreFaults& operator=(const StoreFaults&) = delete;

  enum class What {
    kFileCall,   // SQLITE_FULL of writes, SQLITE_BUSY of locks for longer than anybody waits, else
                 // SQLITE_IOERR and SQLITE_CANTOPEN.
    kStatement,  // A statement at its begin, a commit at its end.
  };
  // Call number `n` from now on, from 1, is to fail: alone, or with `lasting` all like it until
  // Mend is called.
  void FailAt(What what, int n, bool lasting);
  void Mend();
  void Stop();  // Nothing fails or counts any more.

  [[nodiscard]] int calls() const;    // Since FailAt.
  [[nodiscard]] bool synced() const;  // Nothing was written to the store's log since its last sync.
  [[nodiscard]] std::string failed() const;  // "write webhook.db-wal"; empty if nothing has failed.
};

// Under a sanitizer everything takes several times as long, and fewer calls fail.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kFaultsApart = 7;
#else
inline constexpr int kFaultsApart = 1;
#endif

// Lives a Life(faults) for every `step`-th call that it makes, each with that call failing; expects
// every Outcome() to be `expected`. told() says how often somebody was told of a failure.
template <class Life>
void FailEach(StoreFaults& faults, StoreFaults::What what, bool lasting, int step,
              const std::string& expected) {
  step *= kFaultsApart;
  int told = 0;
  int lives = 0;
  for (int n = 1;; n += step) {
    Life life(faults);
    faults.FailAt(what, n, lasting);
    life.Live();
    const std::string failed = faults.failed();
    EXPECT_EQ(life.Outcome(), expected) << "call " << n << " failed: " << failed;
    if (failed.empty() || testing::Test::HasFailure()) break;
    ++lives;
    if (life.told() > 0) ++told;
  }
  std::printf("%d calls were made to fail, %d of which somebody was told of\n", lives, told);
  EXPECT_GT(lives * step, 100);
  EXPECT_GT(told * step, 80);
}

}  // namespace lowbalance
