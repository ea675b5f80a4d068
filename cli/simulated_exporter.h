#pragma once
// The exporter of a simulation: core/account_memory behind the events of a story, and in front of
// what the generated rules would say of the metrics. Pure, and told the time.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/story.h"
#include "core/account_memory.h"
#include "core/contract.h"
#include "core/pipeline.h"
#include "core/result.h"

namespace lowbalance {

class SimulatedExporter {
 public:
  explicit SimulatedExporter(const Story& story);

  // One poll of every account that ever had a credit. While the exporter is down: nothing.
  [[nodiscard]] Result<void> Poll(Time now);
  // `enable`, `disable` and `threshold`. Edits reach the store whether the exporter runs or not.
  [[nodiscard]] Result<void> Edit(const StoryEvent& event, Time now);

  // What the next polls see, and whether they see anything.
  void SetCredit(const StoryEvent& event);
  void SetPollFails(const StoryEvent& event, bool fails);
  void SetUp(bool up);

  // The facts of each alert of that kind that fires on what is published. An exporter that is down
  // publishes nothing.
  [[nodiscard]] std::vector<Facts> Firing(AlertKind kind, const Pipeline& pipeline, Time now) const;

 private:
  struct Account {
    AccountMemory memory;  // Its store, which survives.
    std::string currency;
    std::optional<Money> credit;  // What a poll would see; empty before the first credit event.
    bool poll_fails = false;
  };

  Account& Find(std::string_view id);

  std::vector<Account> accounts_;
  bool up_ = true;
};

}  // namespace lowbalance
