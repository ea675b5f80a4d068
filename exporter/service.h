#pragma once
// The exporter put together: store, accounts, poller, HTTP server, and the configuration they run
// by.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/store.h"
#include "config/config.h"
#include "exporter/account_store.h"
#include "exporter/accounts.h"
#include "exporter/exporter_metrics.h"
#include "exporter/poller.h"

namespace lowbalance {

// How the exporter opens its store, but for waiting.
[[nodiscard]] Store::Options ExporterStore(const Config& config);

class ExporterService {
 public:
  struct Options {
    Clock clock;
    // Reads the configuration anew, for a reload.
    std::function<ConfigResult()> load_config;
    // Asked while another process holds the store; true gives up, and the constructor throws.
    std::function<bool()> stop_waiting;
  };

  // Opens the store, waiting until no other process holds it, and takes in the configuration,
  // which has no mistakes. Throws, saying why, where the exporter cannot start.
  ExporterService(const Config& config, Options options);

  // Begins to listen and to poll; returns the port. Throws where it cannot bind.
  std::uint16_t Start();

  // Says that it is not ready, answers what is being asked, and gives up the polls under way. What
  // is asked for later is refused.
  void Stop();

  // "GET /metrics", … of everything that is served.
  [[nodiscard]] std::vector<std::string> Routes() const { return server_.Routes(); }

  // Reads the configuration again and goes on with it; returns what is wrong with it, in which case
  // the old one stays. Where to listen and which store to use are settled at the start. Throws
  // where the store fails. Thread-safe.
  [[nodiscard]] std::vector<std::string> Reload();

 private:
  void AddRoutes();
  std::vector<std::string> TryReload();
  // Why it is not ready; empty if it is.
  [[nodiscard]] std::string NotReady();

  const Options options_;
  const ServerConfig started_with_;
  const std::filesystem::path config_file_;
  const std::uint64_t first_config_hash_;  // Before the store, which may be waited for.
  std::vector<SourceConfig> first_sources_;
  ExporterMetrics metrics_;
  Store store_;
  AccountStore account_store_;
  Accounts accounts_;
  std::atomic<bool> every_source_polled_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex reload_mutex_;  // One reload at a time.
  Poller poller_;
  HttpServer server_;  // Last, so that it stops first.
};

}  // namespace lowbalance
