// lowbalance simulate: plays stories through.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/json_text.h"
#include "cli/line_diff.h"
#include "cli/simulate_history.h"
#include "cli/simulation.h"
#include "cli/story.h"

namespace lowbalance::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  bool reasons = false;
  HistoryOptions history;  // Its output format is that of stories too.
};

constexpr std::size_t kLargestStory = 1U << 20U;

// Messages at one instant have no order among them: they are of different accounts or levels.
std::vector<StoryMessage> InOrder(std::vector<StoryMessage> messages) {
  const auto rank = [](const StoryMessage& m) {
    return std::tie(m.at, m.account, m.level, m.notice);
  };
  std::sort(messages.begin(), messages.end(),
            [&](const StoryMessage& a, const StoryMessage& b) { return rank(a) < rank(b); });
  return messages;
}

std::vector<std::string> Lines(const Story& story, const std::vector<StoryMessage>& messages) {
  std::vector<std::string> lines;
  for (const StoryMessage& message : messages) lines.push_back(ToLine(story, message));
  return lines;
}

ordered_json MessagesJson(const std::vector<StoryMessage>& messages) {
  ordered_json list = ordered_json::array();
  for (const StoryMessage& message : messages) {
    list.push_back({{"at_seconds", std::chrono::floor<std::chrono::seconds>(message.at).count()},
                    {"kind", ToString(message.notice.kind)},
                    {"number", message.notice.number},
                    {"account_id", message.account},
                    {"level", message.level}});
  }
  return list;
}

void Print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

// What became of one story.
struct Played {
  Story story;
  std::vector<SimulatedDecision> decisions;
  std::vector<StoryMessage> sent;
  std::vector<StoryMessage> expected;  // What was sent, where the story expects nothing.

  [[nodiscard]] bool AsExpected() const { return sent == expected; }
};

Played Play(const std::string& file) {
  const auto text = ReadInputFile(file, kLargestStory);
  if (!text) throw Stop(kUsage, text.error().message);
  auto story = ParseStory(*text, InputName(file));
  if (!story) throw Stop(kUsage, story.error().message);
  auto decisions = Simulate(*story, {});
  if (!decisions) throw Stop(kUsage, decisions.error().message);
  Played played{.story = std::move(*story), .decisions = std::move(*decisions)};
  played.sent = InOrder(MessagesOf(played.decisions));
  played.expected = played.story.expected ? InOrder(*played.story.expected) : played.sent;
  return played;
}

void PrintText(const std::string& file, const Played& played, const Options& options) {
  if (options.files.size() > 1) std::printf("# %s\n", file.c_str());
  if (options.reasons) {
    for (const SimulatedDecision& decision : played.decisions) {
      std::printf("%s\n", ToLine(played.story, decision).c_str());
    }
  }
  const std::vector<std::string> sent = Lines(played.story, played.sent);
  if (played.AsExpected()) {
    if (!options.reasons) Print(sent);
    return;
  }
  std::printf("--- expected by %s\n+++ sent\n", file.c_str());
  Print(LineDiff(Lines(played.story, played.expected), sent));
}

ordered_json ToJson(const std::string& file, const Played& played, const Options& options) {
  ordered_json json = {{"story", file},
                       {"as_expected", played.AsExpected()},
                       {"messages", MessagesJson(played.sent)}};
  if (!played.AsExpected()) json["expected"] = MessagesJson(played.expected);
  if (!options.reasons) return json;
  for (const SimulatedDecision& decision : played.decisions) {
    json["decisions"].push_back(
        {{"at_seconds", std::chrono::floor<std::chrono::seconds>(decision.at).count()},
         {"reason", ToString(decision.reason)},
         {"account_id", decision.account},
         {"level", decision.level}});
  }
  return json;
}

int RunStories(const Options& options) {
  int worst = kDone;
  ordered_json stories = ordered_json::array();
  for (const std::string& file : options.files) {
    try {
      const Played played = Play(file);
      if (options.history.prometheus.json()) {
        stories.push_back(ToJson(file, played, options));
      } else {
        PrintText(file, played, options);
      }
      if (!played.AsExpected()) worst = std::max(worst, kFailed);
    } catch (const Stop& e) {
      std::fprintf(stderr, "lowbalance: %s\n", e.what());
      worst = std::max(worst, e.exit_code);
    }
  }
  if (options.history.prometheus.json()) {
    std::printf("%s", PrettyInOrder({{"stories", std::move(stories)}}).c_str());
  }
  return worst;
}

int RunSimulate(const Options& options) {
  if (options.history.given() == !options.files.empty()) {
    throw Stop(kUsage, options.history.given()
                           ? "stories, or --from or --from-prometheus: one of the two"
                           : "what is to be simulated? Give stories, --from or --from-prometheus");
  }
  if (!options.history.given()) return RunStories(options);
  if (options.reasons) throw Stop(kUsage, "--reasons: for stories alone");
  return RunHistory(options.history);
}

}  // namespace

void AddSimulate(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "simulate",
      "Play a story, or the history of an account, through the code that decides, and print what "
      "would be sent.");
  command->add_option("FILE", options->files, "Stories; - is standard input.");
  command->add_flag("--reasons", options->reasons,
                    "Print also why nothing was sent, each time the reason changed.");
  options->history.prometheus.output = "text";
  command
      ->add_option("--output", options->history.prometheus.output,
                   "text for people, json for scripts.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  AddHistoryOptions(*command, options->history);
  command->footer(
      "A story says what happens to an account, one event a line; after `expect`, the messages "
      "it must cause and no others:\n\n"
      "  0h      credit 150     # a poll saw this available credit\n"
      "  1h      enable 100     # also: disable, threshold 120\n"
      "  2h      credit 90\n"
      "  2d      end\n"
      "  expect\n"
      "  2h      alert\n"
      "  26h     reminder 1\n\n"
      "Further lines: `option recovery_notice` and `option overdue_notice` at the top, for the "
      "messages `recovery` and `overdue`.\n\n"
      "Further events: poll fails|works, exporter down|up|restart, pipeline down|up, webhook "
      "restart, duplicate, resolved, clock back|forward DURATION. Several accounts: "
      "`account ID CURRENCY` lines first, then `credit 90 of ID`, `enable 100 of ID level "
      "NAME`.\n\n"
      "A history is played as if the threshold had been there from its beginning; an account that "
      "is low from the first is alerted of at its first change, as it would be. Reminders and "
      "contacts are those of the configuration.\n\n"
      "Exit codes: 0 the messages are those expected, or there was nothing to expect; 1 they are "
      "not, or the server refused; 2 a file or the command line is wrong; 3 the server cannot be "
      "reached.\n\n"
      "Examples:\n"
      "  lowbalance simulate tests/stories/first-crossing.story\n"
      "  printf '0h credit 9\\n1h enable 10\\n2h credit 8\\n3d end\\n' | lowbalance simulate -\n"
      "  lowbalance simulate --from history.csv --threshold 100\n"
      "  lowbalance simulate --from-prometheus http://prometheus:9090 --account alibaba/17 "
      "--threshold 50,100,200");
  command->callback([options, &run] { run = [options] { return RunSimulate(*options); }; });
}

}  // namespace lowbalance::cli
