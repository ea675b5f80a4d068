#pragma once
// Threads for connections: as many as are needed, up to a limit.
//
// A connection holds its thread while it is open, also while nobody uses it. So that connections
// kept open do not lock out new ones, the pool says when work is waiting for a thread, and idle
// connections then give theirs up.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace lowbalance {

class HttpPool {
 public:
  HttpPool(std::size_t most_threads, std::size_t most_waiting);
  ~HttpPool();  // As Shutdown.
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  // False if the limit of waiting work is reached, or after Shutdown. Thread-safe.
  [[nodiscard]] bool Submit(std::function<void()> work);

  // Does what was submitted, and joins all threads. Idempotent.
  void Shutdown();

  // Is there work that waits for a thread?
  [[nodiscard]] bool Busy();

  // Readable while somebody should give up his thread; poll it beside the connection.
  [[nodiscard]] int wanted_fd() const { return wanted_fd_; }
  // Should the caller? Says so once for each piece of work that waits.
  [[nodiscard]] bool TakeWanted();

 private:
  void Work(std::list<std::thread>::iterator self);
  void Reap();

  const std::size_t most_threads_;
  const std::size_t most_waiting_;
  const int wanted_fd_;  // An eventfd that counts.
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> waiting_;
  std::list<std::thread> threads_;
  std::list<std::thread> finished_;  // To be joined by whoever comes by.
  std::size_t idle_ = 0;
  bool shut_down_ = false;
};

}  // namespace lowbalance
