#include "cli/simulate_history.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/accounts.h"
#include "cli/backtest.h"
#include "cli/backtest_report.h"
#include "cli/commands.h"
#include "cli/config_option.h"
#include "cli/history.h"
#include "cli/input_file.h"
#include "cli/json_text.h"
#include "cli/prometheus_history.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

constexpr std::size_t kMostThresholds = 20;
constexpr std::size_t kLargestHistory = 64U << 20U;

std::vector<Money> Thresholds(const HistoryOptions& options) {
  if (options.thresholds.empty()) {
    throw Stop(kUsage, "--threshold is missing: the amount to try, or several, as in 50,100,200");
  }
  if (options.thresholds.size() > kMostThresholds) {
    throw Stop(kUsage, "--threshold: more than " + std::to_string(kMostThresholds) + " of them");
  }
  std::vector<Money> thresholds;
  for (const std::string& text : options.thresholds) {
    const auto amount = Money::Parse(text);
    if (!amount) throw Stop(kUsage, "--threshold: " + amount.error().message);
    // What is left of "1,000" between the commas that separate thresholds.
    if (text.size() == 3 && text.starts_with("0") && thresholds.size() > 0) {
      throw Stop(kUsage, "--threshold: commas separate thresholds, so write 1000 and not 1,000: " +
                             Quoted(text));
    }
    thresholds.push_back(*amount);
  }
  return thresholds;
}

Millis Step(const HistoryOptions& options) {
  using std::chrono::seconds;
  const auto step = ParseDuration(options.step);
  if (!step) throw Stop(kUsage, "--step: " + step.error().message);
  if (*step < seconds{1} || *step > std::chrono::hours{1} || *step % seconds{1} != Millis{0}) {
    throw Stop(kUsage, "--step: must be whole seconds, from 1s to 1h: " + Quoted(options.step));
  }
  return *step;
}

History ReadHistory(const HistoryOptions& options) {
  if (!options.csv_file.empty()) {
    const auto text = ReadInputFile(options.csv_file, kLargestHistory);
    if (!text) throw Stop(kUsage, text.error().message);
    auto history = ParseHistoryCsv(*text, InputName(options.csv_file));
    if (!history) throw Stop(kUsage, history.error().message);
    history->currency = options.currency;
    return std::move(*history);
  }
  if (options.account.empty()) {
    throw Stop(kUsage, "--from-prometheus: which account? Give --account PROVIDER/ID");
  }
  const ApiClient client(options.prometheus);
  const Time now = SystemClock()();
  auto history = FetchHistory({.account = ParseAccount(options.account),
                               .currency = options.currency,
                               .from = now - std::chrono::days{options.days},
                               .to = now,
                               .step = Step(options)},
                              [&](const std::string& path) { return client.Get(path); });
  if (!history) throw Stop(kFailed, history.error().message);
  return std::move(*history);
}

const Contact* ContactOf(const Config& config, const HistoryOptions& options) {
  const AccountConfig* account =
      options.account.empty() ? nullptr : config.FindAccount(ParseAccount(options.account));
  return config.FindContact(account == nullptr ? "" : account->contact);
}

}  // namespace

void AddHistoryOptions(CLI::App& command, HistoryOptions& options) {
  constexpr const char* kGroup = "A history instead of stories";
  const auto in_group = [&](const char* name) { command.get_option(name)->group(kGroup); };
  command
      .add_option("--from", options.csv_file,
                  "A CSV file with the columns time and available_credit; - is standard input.")
      ->type_name("FILE");
  command
      .add_option("--from-prometheus", options.prometheus.url,
                  "The history that this Prometheus server has of an account.")
      ->type_name("URL");
  command
      .add_option("--threshold", options.thresholds,
                  "What the threshold would have been. Several, separated by commas, are compared.")
      ->type_name("AMOUNT,…")
      ->delimiter(',');
  command
      .add_option("--account", options.account,
                  "The account; says too who would have been told, by the configuration.")
      ->type_name("PROVIDER/ID");
  command.add_option("--level", options.level, "The level that the threshold is of.")
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--currency", options.currency,
                  "Of a CSV file's amounts; of Prometheus' where there are several.")
      ->type_name("CODE");
  command.add_option("--days", options.days, "How far back to ask Prometheus.")
      ->type_name("N")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  command.add_option("--step", options.step, "How closely to ask Prometheus.")
      ->type_name("DURATION")
      ->capture_default_str();
  AddConfigOption(command, options.config_file);
  AddClientOptions(command, options.prometheus);
  command
      .add_option("--bearer-token-file", options.prometheus.bearer_token_file,
                  "A file with the token that Prometheus wants.")
      ->type_name("FILE");
  for (const char* name : {"--from", "--from-prometheus", "--threshold", "--account", "--level",
                           "--currency", "--days", "--step", "--config.file", "--user",
                           "--password-file", "--bearer-token-file", "--ca-file", "--timeout"}) {
    in_group(name);
  }
}

int RunHistory(const HistoryOptions& options) {
  if (!options.csv_file.empty() && !options.prometheus.url.empty()) {
    throw Stop(kUsage, "--from and --from-prometheus: one of the two");
  }
  const std::vector<Money> thresholds = Thresholds(options);
  if (!IsValidName(options.level)) {
    throw Stop(kUsage, "--level: not a name of a-z, 0-9, _ and -: " + Quoted(options.level));
  }
  if (!options.currency.empty()) {
    if (const auto currency = ParseCurrency(options.currency); !currency) {
      throw Stop(kUsage, "--currency: " + currency.error().message);
    }
  }
  const Config config = ConfigOrDefaults(options.config_file);
  const History history = ReadHistory(options);

  BacktestOptions backtest{.level = options.level,
                           .extra = config.webhook.extra_notices,
                           .simulation = {.cadence = config.webhook.reminders}};
  // The simulation polls every ten minutes, whatever the configuration's intervals are.
  backtest.simulation.pipeline.billing_data_max_age =
      std::max<Millis>(config.pipeline.billing_data_max_age, std::chrono::minutes{30});
  std::vector<Backtest> tests;
  for (const Money threshold : thresholds) {
    auto test = RunBacktest(history, threshold, backtest);
    if (!test) throw Stop(kUsage, test.error().message);
    tests.push_back(std::move(*test));
  }
  const BacktestSubject subject{
      .account = options.account, .level = options.level, .contact = ContactOf(config, options)};
  if (options.prometheus.json()) {
    std::printf("%s", PrettyInOrder(BacktestJson(history, subject, tests)).c_str());
  } else {
    std::printf("%s", BacktestText(history, subject, tests).c_str());
  }
  return kDone;
}

}  // namespace lowbalance::cli
