// lowbalance sources: what the configured sources of balances answer.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/config_option.h"
#include "cli/table.h"
#include "core/text.h"
#include "exporter/source.h"
#include "exporter/sources/alibaba/unread_fields.h"

namespace lowbalance::cli {
namespace {

struct Options {
  std::string file;
  std::string name;
  bool all = false;
};

// A reply's text, on a terminal, and not without end.
std::string Shown(const std::string& body) {
  constexpr std::size_t kLongest = 4000;
  if (body.size() <= kLongest) return Plain(body);
  return Plain(body.substr(0, kLongest)) + " … (" + std::to_string(body.size()) + " bytes in all)";
}

// Prints replies as they come: the first of each operation and outcome, or all of them.
class Replies {
 public:
  explicit Replies(bool all) : all_(all) {}

  void Show(const std::string& operation, int status, const std::string& body) {
    int& seen = seen_[operation + " " + std::to_string(status)];
    ++seen;
    if (!all_ && seen > 1) return;
    std::printf("  %s: HTTP %d\n", operation.c_str(), status);
    if (body.empty()) {
      std::printf("      (not shown: credentials)\n");
      return;
    }
    std::printf("      %s\n", Shown(body).c_str());
    const auto unread = alibaba::UnreadFields(body);
    if (!unread.empty()) std::printf("      nothing is made of:\n");
    for (const std::string& field : unread) std::printf("        %s\n", Shown(field).c_str());
  }

  void ShowCount() const {
    for (const auto& [what, count] : seen_) {
      if (!all_ && count > 1) {
        std::printf("  %s: %d replies like the first (--all shows them)\n", what.c_str(), count);
      }
    }
  }

 private:
  const bool all_;
  std::map<std::string, int> seen_;
};

std::string AmountsOf(const Reading& reading) {
  std::string text = reading.available_credit.ToString(2) + " " + reading.currency;
  for (const CreditTermInfo& term : kCreditTerms) {
    const auto& amount = reading.terms.*term.member;
    text += ", " + std::string(term.name) + " " + (amount ? amount->ToString(2) : "unknown");
  }
  if (const auto unexplained = UnexplainedAmount(reading.available_credit, reading.terms);
      unexplained && *unexplained != Money{}) {
    text += ", unexplained " + unexplained->ToString(2);
  }
  return text;
}

void ShowReading(const Reading& reading) {
  std::printf("  account %s%s\n      available credit %s\n", reading.account.account_id.c_str(),
              reading.account_name.empty() ? "" : (", " + reading.account_name).c_str(),
              AmountsOf(reading).c_str());
  if (reading.status != AccountStatus::kUnknown) {
    std::printf("      status %s\n", std::string(ToString(reading.status)).c_str());
  }
  if (reading.alarm) {
    std::printf("      the provider's own alarm: %s%s\n", reading.alarm->enabled ? "on" : "off",
                reading.alarm->threshold
                    ? (", below " + reading.alarm->threshold->ToString(2)).c_str()
                    : ", no threshold");
  }
}

// Whether everything could be read.
bool TestSource(const SourceConfig& config, bool all) {
  std::printf("source %s (%s)\n", config.name.c_str(), config.type.c_str());
  Replies replies(all);
  const auto source = MakeSource(config);
  const auto fetched = source->Fetch(
      {.now = SystemClock()(),
       .deadline = std::chrono::steady_clock::now() + config.timeout,
       .observe = [&](const std::string& operation, int status, const std::string& body) {
         replies.Show(operation, status, body);
       }});
  replies.ShowCount();
  if (!fetched) {
    std::printf("  failed: %s\n", fetched.error().message.c_str());
    return false;
  }
  for (const Reading& reading : fetched->readings) ShowReading(reading);
  for (const AccountFailure& failure : fetched->failures) {
    std::printf("  account %s\n      failed: %s\n", failure.account.account_id.c_str(),
                failure.message.c_str());
  }
  std::printf("  %zu read, %zu failed%s\n", fetched->readings.size(), fetched->failures.size(),
              fetched->complete ? "" : "; the list of accounts may not be complete");
  return fetched->failures.empty() && fetched->complete;
}

int Test(const Options& options) {
  const Config config = ConfigOrDefaults(options.file);
  int tested = 0;
  bool well = true;
  for (const SourceConfig& source : config.exporter.sources) {
    if (!options.name.empty() && source.name != options.name) continue;
    ++tested;
    well = TestSource(source, options.all) && well;
  }
  if (tested == 0) {
    throw Stop(kUsage, options.name.empty()
                           ? "the configuration has no sources"
                           : "the configuration has no source " + Quoted(options.name));
  }
  return well ? kDone : kFailed;
}

}  // namespace

void AddSources(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("sources", "The sources of balances.");
  command->require_subcommand(0, 1);
  auto options = std::make_shared<Options>();
  CLI::App* test = command->add_subcommand(
      "test", "Ask the sources once and show what they answer. Nothing is changed anywhere.");
  AddConfigOption(*test, options->file);
  test->add_option("NAME", options->name, "One source. Default: all of them.");
  test->add_flag("--all", options->all,
                 "Show every reply, not the first of each kind. Replies hold account numbers and "
                 "amounts; credentials are left out.");
  test->footer(
      "Fields of a reply that nothing is made of are listed, to see what a provider's pages leave "
      "open. The exit code is 1 if anything could not be read.\n\nExamples:\n"
      "  lowbalance sources test\n"
      "  lowbalance sources test alibaba --all");
  test->callback([options, &run] { run = [options] { return Test(*options); }; });
}

}  // namespace lowbalance::cli
