#include "exporter/service.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "config/config_hash.h"
#include "console/console.h"
#include "exporter/accounts_api.h"
#include "exporter/exposition.h"
#include "exporter/landing_page.h"

namespace lowbalance {
namespace {

// A connection that idles or drips holds a thread; so many cost 80 MB, and are hard to come by.
constexpr int kMostHttpThreads = 4096;

Store::Options PatientStore(const Config& config, const std::function<bool()>& stop) {
  Store::Options options = ExporterStore(config);
  options.wait_for_lock = true;
  options.stop = [stop, store = options.url, said = false]() mutable {
    if (!said) {
      log::Info("waiting for the store, which another process has in use", {{"store", store}});
    }
    said = true;
    return stop && stop();
  };
  return options;
}

// The address a client can use: the configured host with the port that was bound.
std::string ActualAddress(const std::string& configured, std::uint16_t port) {
  return configured.substr(0, configured.rfind(':')) + ":" + std::to_string(port);
}

}  // namespace

Store::Options ExporterStore(const Config& config) {
  return {.url = config.exporter.server.store_url,
          .migrations = AccountStore::Migrations(),
          .program = "exporter"};
}

ExporterService::ExporterService(const Config& config, Options options)
    : options_(std::move(options)),
      started_with_(config.exporter.server),
      config_file_(config.file),
      first_config_hash_(ConfigHash(config.file)),
      first_sources_(config.exporter.sources),
      store_(PatientStore(config, options_.stop_waiting)),
      account_store_(store_),
      accounts_(account_store_),
      poller_(accounts_, metrics_, options_.clock),
      server_({.listen_address = config.exporter.server.listen_address,
               .web_config_file = config.exporter.server.web_config_file,
               .threads = kMostHttpThreads,
               .clock = options_.clock}) {
  const Time now = options_.clock();
  accounts_.Configure(MakeAccountRules(config), now);
  server_.SetAccess(config.access);
  metrics_.ReloadDone(/*success=*/true, now);
  metrics_.ConfigLoaded(first_config_hash_);
  AddRoutes();
}

std::uint16_t ExporterService::Start() {
  // Before anybody can ask for a reload, which this would undo, or whether all were polled.
  poller_.Configure(first_sources_);
  const std::uint16_t port = server_.Start();
  log::Info("listening", {{"address", ActualAddress(started_with_.listen_address, port)}});
  return port;
}

void ExporterService::Stop() {
  stopping_ = true;
  server_.Stop();
  poller_.Configure({});
}

std::string ExporterService::NotReady() {
  if (stopping_) return "lowbalance-exporter is stopping.";
  if (std::string lost = store_.Lost(); !lost.empty()) return lost;
  // Stays so: a source that a reload adds is not waited for again.
  if (!every_source_polled_ && poller_.EverySourcePolled()) every_source_polled_ = true;
  return every_source_polled_ ? "" : "lowbalance-exporter has not polled every source yet.";
}

void ExporterService::AddRoutes() {
  server_.Route("GET", "/", Access::kOpen, [](const HttpRequest&) {
    return HttpResponse{.content_type = "text/html; charset=utf-8", .body = LandingPage()};
  });
  server_.Route("GET", "/-/healthy", Access::kOpen, [](const HttpRequest&) {
    return HttpResponse{.body = "lowbalance-exporter is healthy.\n"};
  });
  server_.Route("GET", "/-/ready", Access::kOpen, [this](const HttpRequest&) {
    const std::string why = NotReady();
    if (why.empty()) return HttpResponse{.body = "lowbalance-exporter is ready.\n"};
    return HttpResponse{.status = 503, .body = why + "\n"};
  });
  server_.Route("POST", "/-/reload", Access::kMetrics, [this](const HttpRequest&) {
    std::string mistakes;
    for (const std::string& mistake : Reload()) mistakes += mistake + "\n";
    if (mistakes.empty()) return HttpResponse{.body = "reloaded\n"};
    return HttpResponse{.status = 500, .body = "not reloaded:\n" + mistakes};
  });
  server_.Route("GET", "/metrics", Access::kMetrics, [this](const HttpRequest&) {
    HttpResponse response{.content_type = "text/plain; version=0.0.4; charset=utf-8"};
    AppendAccountMetrics(*accounts_.snapshot(), response.body);
    response.body += metrics_.Text();
    return response;
  });
  server_.AddSessionApi();
  AddConsole(server_, AccountsAssets(),
             {"/accounts", "/accounts/{provider}/{account_id}", "/edits"});
  AddAccountsApi(server_, accounts_, metrics_, options_.clock);
}

std::vector<std::string> ExporterService::Reload() {
  const std::lock_guard lock(reload_mutex_);
  std::vector<std::string> mistakes;
  try {
    mistakes = TryReload();
  } catch (const std::exception& e) {
    metrics_.ReloadDone(/*success=*/false, options_.clock());
    log::Error("configuration not reloaded", {{"error", e.what()}});
    throw;
  }
  metrics_.ReloadDone(mistakes.empty(), options_.clock());
  for (const std::string& mistake : mistakes) {
    log::Error("configuration not reloaded", {{"error", mistake}});
  }
  if (mistakes.empty()) log::Info("configuration reloaded");
  return mistakes;
}

std::vector<std::string> ExporterService::TryReload() {
  // Before it is read: where it is written at that moment, it is told as older than it is.
  const std::uint64_t hash = ConfigHash(config_file_);
  const ConfigResult loaded = options_.load_config();
  std::vector<std::string> mistakes;
  for (const Mistake& mistake : loaded.mistakes) mistakes.push_back(mistake.ToString());
  if (!mistakes.empty()) return mistakes;

  const ServerConfig& server = loaded.config.exporter.server;
  if (server.listen_address != started_with_.listen_address ||
      server.web_config_file != started_with_.web_config_file ||
      server.store_url != started_with_.store_url) {
    log::Warn("listen_address, web_config_file and store take effect at the next start");
  }
  // Accounts first: from then on, what a source that is gone may still bring is ignored.
  accounts_.Configure(MakeAccountRules(loaded.config), options_.clock());
  poller_.Configure(loaded.config.exporter.sources);
  server_.SetAccess(loaded.config.access);
  metrics_.ConfigLoaded(hash);
  return mistakes;
}

}  // namespace lowbalance
