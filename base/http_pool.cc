#include "base/http_pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

namespace lowbalance {
namespace {

constexpr auto kIdleThreadLives = std::chrono::seconds{10};

int MakeCounter() {
  const int fd = ::eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

HttpPool::HttpPool(std::size_t most_threads, std::size_t most_waiting)
    : most_threads_(most_threads), most_waiting_(most_waiting), wanted_fd_(MakeCounter()) {}

HttpPool::~HttpPool() {
  Shutdown();
  ::close(wanted_fd_);
}

bool HttpPool::Submit(std::function<void()> work) {
  Reap();
  const std::lock_guard lock(mutex_);
  if (shut_down_ || waiting_.size() >= most_waiting_) return false;
  waiting_.push_back(std::move(work));
  if (waiting_.size() <= idle_) {
    changed_.notify_one();
    return true;
  }
  if (threads_.size() < most_threads_) {
    const auto self = threads_.emplace(threads_.end());
    try {
      *self = std::thread([this, self] { Work(self); });
      return true;
    } catch (const std::system_error&) {
      // The system has no more threads to give. One of those that run will come by.
      threads_.erase(self);
      if (threads_.empty()) {
        waiting_.pop_back();
        return false;
      }
    }
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wanted_fd_, &one, sizeof one);
  return true;
}

bool HttpPool::Busy() {
  const std::lock_guard lock(mutex_);
  return waiting_.size() > idle_;
}

bool HttpPool::TakeWanted() {
  std::uint64_t count = 0;
  return ::read(wanted_fd_, &count, sizeof count) > 0;
}

void HttpPool::Work(std::list<std::thread>::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    const bool woken = changed_.wait_for(lock, kIdleThreadLives,
                                         [this] { return !waiting_.empty() || shut_down_; });
    --idle_;
    if (waiting_.empty()) {
      if (!woken || shut_down_) break;
      continue;
    }
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting_.empty()) {
      while (TakeWanted()) {
      }
    }
    lock.unlock();
    work();
    lock.lock();
  }
  finished_.splice(finished_.end(), threads_, self);
  changed_.notify_all();
}

void HttpPool::Reap() {
  std::list<std::thread> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (auto& thread : finished) thread.join();
}

void HttpPool::Shutdown() {
  {
    std::unique_lock lock(mutex_);
    shut_down_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return threads_.empty(); });
  }
  Reap();
}

}  // namespace lowbalance
