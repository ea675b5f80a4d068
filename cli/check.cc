// lowbalance check: every mistake of the configuration, at once.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "base/clock.h"
#include "base/web_config.h"
#include "cli/commands.h"
#include "cli/config_option.h"
#include "core/text.h"
#include "exporter/source.h"

namespace lowbalance::cli {
namespace {

// What is no mistake in the file, but would surprise where the file is used.
class Warnings {
 public:
  void Add(std::string_view key, const std::string& message) {
    std::fprintf(stderr, "warning: %.*s: %s\n", static_cast<int>(key.size()), key.data(),
                 message.c_str());
    ++count_;
  }

  // Files are read by the programs, perhaps under another user or on another machine.
  void Readable(std::string_view key, const std::filesystem::path& file) {
    if (!file.empty() && access(file.c_str(), R_OK) != 0) {
      Add(key, "cannot be read from here: " + file.string());
    }
  }

  [[nodiscard]] int count() const { return count_; }

 private:
  int count_ = 0;
};

void CheckFiles(const Config& config, Warnings& warnings) {
  warnings.Readable("exporter.web_config_file", config.exporter.server.web_config_file);
  warnings.Readable("webhook.web_config_file", config.webhook.server.web_config_file);
  warnings.Readable("webhook.bearer_token_file", config.webhook.bearer_token_file);
  warnings.Readable("webhook.email.password_file", config.webhook.email.password_file);
  warnings.Readable("webhook.email.ca_file", config.webhook.email.ca_file);
}

void CheckContacts(const Config& config, Warnings& warnings) {
  if (config.contacts.empty()) {
    warnings.Add("contacts", "there are none: nobody would be told of anything");
  }
  const std::filesystem::path zones = "/usr/share/zoneinfo";
  std::error_code ignored;
  const bool knows_zones = std::filesystem::exists(zones, ignored);
  for (const Contact& contact : config.contacts) {
    const std::string key = "contacts." + contact.name;
    if (!contact.email.empty() && config.webhook.email.url.empty()) {
      warnings.Add(key + ".email", "no e-mail is sent while there is no webhook.email.url");
    }
    if (knows_zones && !std::filesystem::exists(zones / contact.time_zone, ignored)) {
      warnings.Add(key + ".time_zone", "this machine does not know " + Quoted(contact.time_zone));
    }
  }
}

// Reads the sources that are files, as the exporter would. What such a file holds is data and its
// mistakes are warnings; that two sources claim one account is a mistake of the configuration, as
// the balance would jump from one to the other with every poll.
std::vector<Mistake> CheckSources(const Config& config, Warnings& warnings) {
  if (config.exporter.sources.empty()) {
    warnings.Add("exporter.sources", "there are none: no balance would be watched");
  }
  std::vector<Mistake> mistakes;
  std::map<AccountKey, std::string> claimed;  // By which source.
  bool all_read = true;
  for (const SourceConfig& source : config.exporter.sources) {
    const std::string key = "exporter.sources " + source.name;
    if (source.type != "file") {
      all_read = false;
      continue;
    }
    const auto fetched = MakeSource(source)->Fetch(
        {.now = SystemClock()(), .deadline = std::chrono::steady_clock::now() + source.timeout});
    if (!fetched) {
      warnings.Add(key, "this would be a failed poll: " + fetched.error().message);
      all_read = false;
      continue;
    }
    for (const Reading& reading : fetched->readings) {
      const auto [first, is_new] = claimed.emplace(reading.account, source.name);
      if (is_new || first->second == source.name) continue;
      mistakes.push_back({.file = config.file.string(),
                          .key = key,
                          .message = "has the account " + reading.account.provider + "/" +
                                     reading.account.account_id + ", which the source " +
                                     first->second + " has too"});
    }
  }
  for (const AccountConfig& account : config.exporter.accounts) {
    if (!all_read || claimed.contains(account.account)) continue;
    warnings.Add("exporter.accounts", "no source has the account " + account.account.provider +
                                          "/" + account.account.account_id + " of line " +
                                          std::to_string(account.line));
  }
  return mistakes;
}

void CheckSecrecy(const Config& config, Warnings& warnings) {
  const EmailConfig& email = config.webhook.email;
  if (email.url.starts_with("smtp:") && email.tls != "required" && !email.username.empty()) {
    warnings.Add("webhook.email.tls", "the password may be sent without encryption: " + email.tls);
  }
}

std::vector<Mistake> WebMistakes(const Config& config) {
  std::vector<Mistake> mistakes;
  std::set<std::filesystem::path> files{config.exporter.server.web_config_file,
                                        config.webhook.server.web_config_file};
  for (const std::filesystem::path& file : files) {
    if (file.empty() || access(file.c_str(), R_OK) != 0) continue;
    static_cast<void>(LoadWebConfig(file, &mistakes));
  }
  return mistakes;
}

std::string Count(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

void PrintSummary(const Config& config) {
  const auto line = [](const char* name, const std::string& text) {
    std::printf("  %-10s %s\n", name, text.c_str());
  };
  std::size_t settings = 0;
  for (const AccountConfig& account : config.exporter.accounts) settings += account.settings.size();
  const Cadence& reminders = config.webhook.reminders;
  const std::string email = config.webhook.email.url.empty() ? "none" : config.webhook.email.url;
  std::printf("%s: no mistakes\n", config.file.c_str());
  line("exporter", config.exporter.server.listen_address + ", " + config.exporter.server.store_url);
  line("sources", std::to_string(config.exporter.sources.size()) + "; " +
                      Count(config.exporter.accounts.size(), "account") + " and " +
                      Count(settings, "alert") + " set in the file");
  line("webhook", config.webhook.server.listen_address + ", " + config.webhook.server.store_url);
  line("e-mail", email);
  line("contacts",
       std::to_string(config.contacts.size()) +
           (config.default_contact.empty() ? "" : "; default " + config.default_contact));
  std::string cadence = "none";
  if (reminders.at_most > 0) {
    cadence = "every " + FormatDuration(reminders.every) +
              (reminders.unlimited() ? ", without end"
                                     : ", at most " + std::to_string(reminders.at_most)) +
              (reminders.stop_when_overdue ? ", none once overdue" : "");
  }
  line("reminders", cadence);
}

int Check(std::string file) {
  if (file.empty()) file = kDefaultConfigFile;
  ConfigResult result = LoadConfig(file);
  std::vector<Mistake> mistakes = std::move(result.mistakes);
  if (mistakes.empty()) mistakes = WebMistakes(result.config);
  Warnings warnings;
  if (mistakes.empty()) {
    CheckFiles(result.config, warnings);
    CheckContacts(result.config, warnings);
    CheckSecrecy(result.config, warnings);
    mistakes = CheckSources(result.config, warnings);
  }
  for (const Mistake& mistake : mistakes) {
    std::fprintf(stderr, "%s\n", mistake.ToString().c_str());
  }
  if (!mistakes.empty()) return kUsage;
  PrintSummary(result.config);
  if (warnings.count() > 0) {
    std::printf("  %s\n", Count(static_cast<std::size_t>(warnings.count()), "warning").c_str());
  }
  return kDone;
}

}  // namespace

void AddCheck(CLI::App& app, Run& run) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("check", "Check the configuration and name every mistake in it.");
  AddConfigOption(*command, *file);
  command->footer(
      "Mistakes are printed as file:line: key: message, and the exit code is 2. Warnings, such as "
      "a secret that cannot be read by whoever runs this, leave it at 0.\n\nExamples:\n"
      "  lowbalance check\n"
      "  lowbalance check --config.file /etc/lowbalance/lowbalance.yml");
  command->callback([file, &run] { run = [file] { return Check(*file); }; });
}

}  // namespace lowbalance::cli
