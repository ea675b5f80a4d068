#pragma once
// Asking the servers of the chain: all at once, each within its time.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/api_client.h"
#include "cli/doctor_seen.h"

namespace lowbalance::cli {

// One after the other, for as long as `timeout` allows in all. After a path that had no answer the
// rest is not asked for.
[[nodiscard]] Server Ask(const std::string& url, ApiClient client,
                         const std::vector<std::string_view>& paths, Millis timeout);

// Asks Prometheus; then for its wording of those of our rules that it has in other words.
[[nodiscard]] Server AskPrometheus(const std::string& url, ApiClient client,
                                   const Pipeline& pipeline, Millis timeout);

// Something that runs on a thread of its own, which nobody waits for longer than they like: one
// that hangs in the kernel must not keep the others from being told.
template <class T>
class Look {
 public:
  explicit Look(std::function<T()> look) {
    std::packaged_task<T()> task(std::move(look));
    result_ = task.get_future();
    std::thread(std::move(task)).detach();
  }
  // Empty if it is not there by then. Rethrows. Once.
  std::optional<T> Wait(std::chrono::steady_clock::time_point until) {
    if (result_.wait_until(until) != std::future_status::ready) return std::nullopt;
    return result_.get();
  }

 private:
  std::future<T> result_;
};

}  // namespace lowbalance::cli
