// lowbalance simulate: plays stories through.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/commands.h"
#include "cli/line_diff.h"
#include "cli/simulation.h"
#include "cli/story.h"

namespace lowbalance::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  bool reasons = false;
};

constexpr std::size_t kLargestStory = 1U << 20U;

Result<std::string> ReadAll(const std::string& file) {
  std::ifstream stream;
  if (file != "-") {
    stream.open(file, std::ios::binary);
    if (!stream) return Reject(file + ": cannot be read");
  }
  std::istream& in = file == "-" ? std::cin : stream;
  std::string text(kLargestStory + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Reject(file + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kLargestStory) return Reject(file + ": larger than 1 MiB");
  return text;
}

// Messages at one instant have no order among them: they are of different accounts or levels.
std::vector<std::string> Lines(const Story& story, std::vector<StoryMessage> messages) {
  const auto rank = [](const StoryMessage& m) {
    return std::tie(m.at, m.account, m.level, m.notice);
  };
  std::sort(messages.begin(), messages.end(),
            [&](const StoryMessage& a, const StoryMessage& b) { return rank(a) < rank(b); });
  std::vector<std::string> lines;
  for (const StoryMessage& message : messages) lines.push_back(ToLine(story, message));
  return lines;
}

void Print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

int RunOne(const std::string& file, const Options& options) {
  const auto text = ReadAll(file);
  if (!text) throw Stop(kUsage, text.error().message);
  const auto story = ParseStory(*text, file == "-" ? "standard input" : file);
  if (!story) throw Stop(kUsage, story.error().message);
  const auto decisions = Simulate(*story, {});
  if (!decisions) throw Stop(kUsage, decisions.error().message);
  const std::vector<std::string> sent = Lines(*story, MessagesOf(*decisions));
  if (options.files.size() > 1) std::printf("# %s\n", file.c_str());
  if (options.reasons) {
    for (const SimulatedDecision& decision : *decisions) {
      std::printf("%s\n", ToLine(*story, decision).c_str());
    }
  }
  const std::vector<std::string> expected =
      story->expected ? Lines(*story, *story->expected) : sent;
  if (expected == sent) {
    if (!options.reasons) Print(sent);
    return kDone;
  }
  std::printf("--- expected by %s\n+++ sent\n", file.c_str());
  Print(LineDiff(expected, sent));
  return kFailed;
}

int RunAll(const Options& options) {
  int worst = kDone;
  for (const std::string& file : options.files) {
    try {
      worst = std::max(worst, RunOne(file, options));
    } catch (const Stop& e) {
      std::fprintf(stderr, "lowbalance: %s\n", e.what());
      worst = std::max(worst, e.exit_code);
    }
  }
  return worst;
}

}  // namespace

void AddSimulate(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "simulate", "Play stories through the code that decides, and print what would be sent.");
  command->add_option("FILE", options->files, "Stories; - is standard input.")->required();
  command->add_flag("--reasons", options->reasons,
                    "Print also why nothing was sent, each time the reason changed.");
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
      "Exit codes: 0 the messages are those expected, 1 they are not, 2 a story cannot be read.\n\n"
      "Examples:\n"
      "  lowbalance simulate tests/stories/first-crossing.story\n"
      "  printf '0h credit 9\\n1h enable 10\\n2h credit 8\\n3d end\\n' | lowbalance simulate -");
  command->callback([options, &run] { run = [options] { return RunAll(*options); }; });
}

}  // namespace lowbalance::cli
