#include "webhook/service.h"

#include <memory>
#include <random>
#include <utility>

#include "base/log.h"
#include "config/config_hash.h"
#include "console/console.h"
#include "webhook/contacts_api.h"
#include "webhook/deliveries_api.h"
#include "webhook/landing_page.h"
#include "webhook/messages_api.h"
#include "webhook/relays/email.h"
#include "webhook/schema.h"

namespace lowbalance {
namespace {

// A connection that idles or drips holds a thread; so many cost 80 MB, and are hard to come by.
constexpr int kMostHttpThreads = 4096;

constexpr std::string_view kAlertsPath = "/api/v1/alerts";
// So that a mail server which hangs with some leaves others free.
constexpr int kEmailWorkers = 4;
// For e-mails under way when told to stop; supervisors tend to wait 10 s or more.
constexpr Millis kStopPatience = std::chrono::seconds{7};

Store::Options PatientStore(const Config& config, const std::function<bool()>& stop) {
  Store::Options options = WebhookStore(config);
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

double RandomFraction() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace

WebhookService::WebhookService(const Config& config, Options options)
    : options_(std::move(options)),
      started_with_(config.webhook),
      first_config_hash_(ConfigHash(config.file)),
      config_(config),
      database_(PatientStore(config, options_.stop_waiting)),
      outbox_(database_),
      queue_(database_),
      archive_(database_),
      deliveries_(database_),
      dispatcher_(config_, queue_, metrics_, options_.clock, RandomFraction),
      watchdog_(config_, database_, outbox_, metrics_, options_.clock,
                [this] { dispatcher_.Wake(); }),
      retention_(config_, database_, options_.clock),
      receiver_(
          config_, outbox_, metrics_, options_.clock, [this] { dispatcher_.Wake(); },
          [this] { watchdog_.Heard(); }),
      server_({.listen_address = config.webhook.server.listen_address,
               .web_config_file = config.webhook.server.web_config_file,
               .token_file = config.webhook.bearer_token_file,
               .threads = kMostHttpThreads,
               .clock = options_.clock,
               .answered = [this](std::string_view pattern, int status) {
                 if (pattern == kAlertsPath) metrics_.CountNotification(status);
               }}) {
  metrics_.NoteReload(/*success=*/true, options_.clock());
  metrics_.NoteConfig(first_config_hash_);
  server_.SetAccess(config.access);
  AddRoutes();
}

std::uint16_t WebhookService::Start() {
  std::vector<std::unique_ptr<Relay>> relays;
  for (int i = 0; i < kEmailWorkers; ++i) relays.push_back(std::make_unique<EmailRelay>(config_));
  dispatcher_.Start(std::move(relays));
  watchdog_.Start();
  retention_.Start();
  const std::uint16_t port = server_.Start();
  log::Info("listening", {{"address", ActualAddress(started_with_.server.listen_address, port)}});
  return port;
}

void WebhookService::Stop() {
  stopping_ = true;
  dispatcher_.Finish(kStopPatience);
  server_.Stop();
  watchdog_.Stop();
  retention_.Stop();
  dispatcher_.Stop(Millis{0});
}

void WebhookService::AddRoutes() {
  server_.Route("GET", "/", Access::kOpen, [](const HttpRequest&) {
    return HttpResponse{.content_type = "text/html; charset=utf-8", .body = WebhookLandingPage()};
  });
  server_.Route("GET", "/-/healthy", Access::kOpen, [](const HttpRequest&) {
    return HttpResponse{.body = "lowbalance-webhook is healthy.\n"};
  });
  server_.Route("GET", "/-/ready", Access::kOpen,
                [this](const HttpRequest&) { return ShowReady(); });
  server_.Route("POST", "/-/reload", Access::kMetrics, [this](const HttpRequest&) {
    std::string mistakes;
    for (const std::string& mistake : Reload()) mistakes += mistake + "\n";
    if (mistakes.empty()) return HttpResponse{.body = "reloaded\n"};
    return HttpResponse{.status = 500, .body = "not reloaded:\n" + mistakes};
  });
  server_.Route("GET", "/metrics", Access::kMetrics,
                [this](const HttpRequest&) { return ShowMetrics(); });
  server_.Route(
      "POST", std::string(kAlertsPath), Access::kToken,
      [this](const HttpRequest& request) { return receiver_.Receive(request.body); },
      started_with_.max_body_bytes);
  server_.AddSessionApi();
  AddMessagesApi(server_, archive_, outbox_, config_, options_.clock);
  AddDeliveriesApi(server_, deliveries_, config_, metrics_, options_.clock,
                   [this] { dispatcher_.Wake(); });
  AddContactsApi(server_, outbox_, config_, metrics_, options_.clock,
                 [this] { dispatcher_.Wake(); });
  AddConsole(
      server_, MessagesAssets(),
      {"/messages", "/messages/{provider}/{account_id}", "/inbox", "/deliveries", "/contacts"});
}

// The store was opened and read before there was a port to ask at.
HttpResponse WebhookService::ShowReady() const {
  if (stopping_) return {.status = 503, .body = "lowbalance-webhook is stopping.\n"};
  if (const std::string lost = database_.Lost(); !lost.empty()) {
    return {.status = 503, .body = lost + "\n"};
  }
  return {.body = "lowbalance-webhook is ready.\n"};
}

HttpResponse WebhookService::ShowMetrics() {
  HttpResponse response{.content_type = "text/plain; version=0.0.4; charset=utf-8"};
  try {
    const DeliveryQueue::Stats stats = queue_.GetStats();
    response.body = metrics_.Render(&stats);
  } catch (const StoreError& error) {
    // A store that fails is when the other metrics are needed most.
    log::Error("metrics of the store are left out", {{"error", error.what()}});
    response.body = metrics_.Render(nullptr);
  }
  return response;
}

std::vector<std::string> WebhookService::Reload() {
  const std::lock_guard lock(reload_mutex_);
  // Before it is read: where it is written at that moment, it is told as older than it is.
  const std::uint64_t hash = ConfigHash(config_.Get()->file);
  ConfigResult loaded = options_.load_config();
  std::vector<std::string> mistakes;
  for (const Mistake& mistake : loaded.mistakes) mistakes.push_back(mistake.ToString());
  metrics_.NoteReload(mistakes.empty(), options_.clock());
  for (const std::string& mistake : mistakes) {
    log::Error("configuration not reloaded", {{"error", mistake}});
  }
  if (!mistakes.empty()) return mistakes;
  metrics_.NoteConfig(hash);

  const WebhookConfig& next = loaded.config.webhook;
  if (next.server.listen_address != started_with_.server.listen_address ||
      next.server.web_config_file != started_with_.server.web_config_file ||
      next.server.store_url != started_with_.server.store_url ||
      next.bearer_token_file != started_with_.bearer_token_file ||
      next.max_body_bytes != started_with_.max_body_bytes) {
    log::Warn(
        "listen_address, web_config_file, store, bearer_token_file and max_body_bytes take effect "
        "at the next start");
  }
  server_.SetAccess(loaded.config.access);
  config_.Set(std::move(loaded.config));
  dispatcher_.Wake();
  log::Info("configuration reloaded");
  return mistakes;
}

}  // namespace lowbalance
