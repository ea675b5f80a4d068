#include "cli/doctor_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/config_checks.h"
#include "cli/config_option.h"
#include "cli/doctor_judge.h"
#include "cli/doctor_local.h"
#include "cli/doctor_look.h"
#include "cli/doctor_test_message.h"
#include "cli/service_url.h"
#include "config/config_hash.h"

namespace lowbalance::cli {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kDefaultAlertmanager = "http://127.0.0.1:9093";
// For what ends by itself, a little late.
constexpr Millis kGrace = std::chrono::seconds{1};

// A client of a server that is not ours; options that are wrong are named as they were given.
ApiClient ClientOf(const std::string& name, ApiOptions options, const std::string& timeout) {
  options.timeout = timeout;
  if (!options.user.empty() && options.password_file.empty()) {
    throw Stop(kUsage, "--" + name + ".user: give --" + name + ".password-file too");
  }
  try {
    return ApiClient(options);
  } catch (const Stop& e) {
    const std::string message = e.what();
    const bool of_option = message.starts_with("--") && !message.starts_with("--timeout");
    throw Stop(e.exit_code, of_option ? "--" + name + "." + message.substr(2) : message);
  }
}

template <class T>
using Looks = std::vector<std::pair<std::string, std::unique_ptr<Look<T>>>>;

class Doctor {
 public:
  explicit Doctor(const DoctorOptions& options);
  Examined Run();

 private:
  [[nodiscard]] std::unique_ptr<Look<Server>> AskService(const std::string& url) const;
  void BeginLocal();
  void Take(Look<Server>& look, Server& server);
  void AskAlertmanager();
  void AskReceivers();
  // The result of a look by then, or a finding that there is none.
  template <class T>
  std::optional<T> Got(const std::string& check, Look<T>& look);

  void JudgeConfiguration();
  void JudgeLocal();
  void JudgeChain();
  void JudgeMailServer();

  [[nodiscard]] bool Skips(const std::string& what) const {
    return std::find(options_.skip.begin(), options_.skip.end(), what) != options_.skip.end();
  }
  [[nodiscard]] std::string Why(const std::string& what) const {
    return Skips(what) ? "by --skip" : "the configuration has mistakes";
  }

  const DoctorOptions& options_;
  const ConfigFindings examined_;
  Seen seen_;
  const ApiClient client_;  // Of exporter and webhook. All clients are made before any thread.
  const ApiClient prometheus_client_;
  const ApiClient alertmanager_client_;
  const Millis timeout_;
  Steady::time_point local_until_{};
  Looks<StoreSeen> stores_;
  Looks<Result<Fetched>> sources_;
  std::unique_ptr<Look<MailSeen>> mail_;
  Examined result_;
};

Seen SeenAtFirst(const DoctorOptions& options, const Config& config) {
  Seen seen;
  seen.config = config;
  seen.config_file =
      options.config_file.empty() ? std::string(kDefaultConfigFile) : options.config_file;
  if (const std::uint64_t hash = ConfigHash(seen.config_file); hash != 0) {
    seen.config_hash = std::to_string(hash);
  }
  const auto url = [](const std::string& given, const ServerConfig& server) {
    return given.empty() ? ServiceUrl(server) : given;
  };
  seen.exporter.url = url(options.exporter_url, config.exporter.server);
  seen.webhook.url = url(options.webhook_url, config.webhook.server);
  seen.prometheus.url = options.prometheus.url;
  seen.route_url =
      options.route_url.empty() ? seen.webhook.url + "/api/v1/alerts" : options.route_url;
  return seen;
}

ApiOptions At(ApiOptions api, const std::string& url) {
  api.url = url;
  return api;
}

Doctor::Doctor(const DoctorOptions& options)
    : options_(options),
      examined_(ExamineConfig(options.config_file, Examine::kFileOnly)),
      seen_(SeenAtFirst(options, examined_.config)),
      client_(At(options.services, seen_.exporter.url)),
      prometheus_client_(ClientOf("prometheus", options.prometheus, options.services.timeout)),
      alertmanager_client_(ClientOf("alertmanager",
                                    options.alertmanager.url.empty()
                                        ? At(options.alertmanager, kDefaultAlertmanager)
                                        : options.alertmanager,
                                    options.services.timeout)),
      timeout_(ParseDuration(options.services.timeout).value()) {
  result_.config_is_good = examined_.mistakes.empty();
}

std::unique_ptr<Look<Server>> Doctor::AskService(const std::string& url) const {
  return std::make_unique<Look<Server>>([client = client_.At(url), url, timeout = timeout_] {
    return Ask(url, client, {kReadyPath, kMetricsPath}, timeout);
  });
}

void Doctor::BeginLocal() {
  local_until_ = Steady::now() + timeout_ + kGrace;
  if (!result_.config_is_good) return;
  // Copies, as what hangs may outlive us.
  const Config config = seen_.config;
  const Millis timeout = timeout_;
  if (!Skips("stores")) {
    for (const std::string name : {"exporter", "webhook"}) {
      stores_.emplace_back(name, std::make_unique<Look<StoreSeen>>(
                                     [name, config] { return LookAtStore(name, config); }));
    }
  }
  if (!Skips("sources")) {
    for (const SourceConfig& source : config.exporter.sources) {
      sources_.emplace_back(source.name, std::make_unique<Look<Result<Fetched>>>([source, timeout] {
                              return LookAtSource(source, timeout);
                            }));
    }
  }
  if (!Skips("mail") && !config.webhook.email.url.empty()) {
    mail_ =
        std::make_unique<Look<MailSeen>>([config, timeout] { return LookAtMail(config, timeout); });
  }
}

void Doctor::Take(Look<Server>& look, Server& server) {
  if (auto answered = look.Wait(Steady::now() + timeout_ + kGrace)) {
    server = std::move(*answered);
    return;
  }
  result_.something_hangs = true;
  for (const std::string_view path : {kReadyPath, kBuildPath, kStatusPath}) {
    server.answers[std::string(path)].error = "no answer from " + server.url;
  }
}

void Doctor::AskAlertmanager() {
  std::string url = options_.alertmanager.url;
  if (url.empty()) url = FirstAlertmanager(seen_.prometheus.At(kAlertmanagersPath));
  if (url.empty()) url = kDefaultAlertmanager;
  seen_.alertmanager.url = url;
  Look<Server> look([client = alertmanager_client_.At(url), url, timeout = timeout_] {
    return Ask(url, client, {kStatusPath, kWatchdogPath, kSilencedPath, kMetricsPath}, timeout);
  });
  Take(look, seen_.alertmanager);
}

// Who answers at other addresses that our alerts go to. Without our login: it may be anybody.
void Doctor::AskReceivers() {
  for (const std::string& url : OtherReceivers(seen_)) {
    Answer& answer = seen_.receivers[url];
    const auto scheme = url.find("://");
    const std::string server =
        scheme == std::string::npos ? url : url.substr(0, url.find('/', scheme + 3));
    try {
      const ApiClient client({.url = server, .timeout = options_.services.timeout});
      answer = Ask(server, client, {kHealthyPath}, timeout_).At(kHealthyPath);
    } catch (const Stop& e) {
      answer.error = e.what();
    }
  }
}

template <class T>
std::optional<T> Doctor::Got(const std::string& check, Look<T>& look) {
  auto got = look.Wait(local_until_);
  if (!got) {
    result_.something_hangs = true;
    result_.findings.Fail(check, "no result within " + options_.services.timeout,
                          "give it longer with --timeout");
  }
  return got;
}

void Doctor::JudgeConfiguration() {
  const std::string check = "configuration";
  Findings& findings = result_.findings;
  for (const Mistake& mistake : examined_.mistakes) {
    findings.Fail(check, mistake.ToString(), "correct it; docs/configuration.md");
  }
  for (const ConfigWarning& warning : examined_.warnings) {
    findings.Warn(check, warning.key + ": " + warning.message, "see docs/configuration.md");
  }
  if (findings.all().empty()) findings.Ok(check, seen_.config_file + ": no mistakes");
}

void Doctor::JudgeLocal() {
  Findings& findings = result_.findings;
  for (auto& [name, look] : stores_) {
    if (const auto store = Got(name + " store", *look)) JudgeStore(name, *store, seen_, findings);
  }
  if (stores_.empty()) findings.Skipped("stores", Why("stores"));
  for (auto& [name, look] : sources_) {
    if (const auto fetched = Got("source " + name, *look)) {
      JudgeSource(name, *fetched, seen_, findings);
    }
  }
  if (sources_.empty() && !seen_.config.exporter.sources.empty()) {
    findings.Skipped("sources", Why("sources"));
  }
}

void Doctor::JudgeMailServer() {
  if (seen_.config.webhook.email.url.empty()) {
    result_.findings.Skipped("mail", "no mail server is configured");
  } else if (!mail_) {
    result_.findings.Skipped("mail", Why("mail"));
  } else if (const auto tried = Got("mail", *mail_)) {
    JudgeMail(*tried, seen_, result_.findings);
  }
}

// In the order of the chain, so that a cause stands above what follows from it.
void Doctor::JudgeChain() {
  Findings& findings = result_.findings;
  JudgeService("exporter", seen_, findings);
  JudgeService("webhook", seen_, findings);
  JudgePolls(seen_, findings);
  JudgeClocks(seen_, findings);
  JudgePrometheus(seen_, findings);
  JudgeScrape("exporter", seen_, findings);
  JudgeScrape("webhook", seen_, findings);
  if (result_.config_is_good) JudgeRules(seen_, findings);
  JudgeAlertmanagers(seen_, findings);
  JudgeAlertmanager(seen_, findings);
  JudgeDropped(seen_, findings);
  if (!result_.config_is_good) return;
  JudgeRoute(seen_, findings);
  JudgeWatchdog(seen_, findings);
}

Examined Doctor::Run() {
  BeginLocal();
  const auto exporter = AskService(seen_.exporter.url);
  const auto webhook = AskService(seen_.webhook.url);
  Look<Server> prometheus(
      [client = prometheus_client_, url = options_.prometheus.url, pipeline = seen_.config.pipeline,
       timeout = timeout_] { return AskPrometheus(url, client, pipeline, timeout); });
  Take(*exporter, seen_.exporter);
  Take(*webhook, seen_.webhook);
  Take(prometheus, seen_.prometheus);
  AskAlertmanager();
  AskReceivers();
  seen_.now = SystemClock()();

  JudgeConfiguration();
  JudgeLocal();
  JudgeChain();
  JudgeMailServer();
  JudgeDeliveries(seen_, result_.findings);
  if (!options_.send_test.empty()) {
    SendTestMessage(client_.At(seen_.webhook.url), options_.send_test, timeout_, result_.findings);
  }
  return std::move(result_);
}

}  // namespace

Examined RunDoctor(const DoctorOptions& options) { return Doctor(options).Run(); }

}  // namespace lowbalance::cli
