#pragma once
// Runs a story through the code that the exporter and the webhook run: the exporter's memory, the
// facts line as text, the webhook's plan for a notification.
//
// Pure, and told the time: one clock for all parts, which a story may set. What stands between the
// two programs is replaced by its promise: Prometheus evaluates at once, Alertmanager repeats every
// minute, with one notification for each alert name.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/story.h"
#include "core/episode.h"
#include "core/pipeline.h"
#include "core/result.h"

namespace lowbalance {

struct SimulationOptions {
  Pipeline pipeline;
  Cadence cadence;
};

// One decision that sent something or whose reason is another than the account and level had
// before. kDuplicate is about a delivery and not about the account, and stands here only where a
// story's `duplicate` caused it.
struct SimulatedDecision {
  Millis at{};  // Truly elapsed since the start, whatever the clock says.
  Reason reason = Reason::kDuplicate;
  std::optional<Notice> notice;  // The message it caused.
  std::string account;
  std::string level;
};

// In the order of time. Refuses an event that the exporter would refuse, naming file and line.
[[nodiscard]] Result<std::vector<SimulatedDecision>> Simulate(const Story& story,
                                                              const SimulationOptions& options);

// The messages among them.
[[nodiscard]] std::vector<StoryMessage> MessagesOf(const std::vector<SimulatedDecision>& decisions);

// "2h1m reminder_not_due", and for a message its own line: "26h reminder 1".
[[nodiscard]] std::string ToLine(const Story& story, const SimulatedDecision& decision);

}  // namespace lowbalance
