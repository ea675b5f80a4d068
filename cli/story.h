#pragma once
// Stories: what happens to an account, and the messages it must cause, as text.
//
//   0h      credit 150
//   1h      enable 100
//   2h      credit 90
//   2d      end
//   expect
//   2h      alert
//   26h     reminder 1
//
// Pure. The project's semantics page, section "Stories", is the definition; cli/simulation.h runs
// what is read here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/account_memory.h"
#include "core/episode.h"
#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct StoryAccount {
  std::string id;
  std::string currency;
};

struct StoryEvent {
  enum class Kind {
    kCredit,  // With an amount.
    kEnable,  // With the threshold.
    kDisable,
    kThreshold,  // With an amount.
    kPollFails,
    kPollWorks,
    kExporterDown,
    kExporterUp,
    kExporterRestart,
    kPipelineDown,
    kPipelineUp,
    kWebhookRestart,
    kDuplicate,
    kResolved,
    kClockBack,     // With a duration.
    kClockForward,  // With a duration.
    kEnd,
  };
  Millis at{};  // Since the start.
  Kind kind = Kind::kEnd;
  Money amount;
  Millis by{};  // How far the clock is set.
  // Of the account and level that the event is about; the account is empty where it is about all
  // of them (poll fails, poll works) or about none.
  std::string account;
  std::string level{kDefaultLevel};
  int line = 0;
};

// A message that is sent, or that a story expects.
struct StoryMessage {
  Millis at{};
  Notice notice;
  std::string account;
  std::string level{kDefaultLevel};
  friend bool operator==(const StoryMessage&, const StoryMessage&) = default;
};

struct Story {
  std::string name;                                   // Of the file, for error messages.
  std::vector<StoryAccount> accounts;                 // At least one.
  std::vector<StoryEvent> events;                     // At least one, in the order of time.
  ExtraNotices extra;                                 // `option` lines.
  Millis end{};                                       // Run on until here, inclusive.
  std::optional<std::vector<StoryMessage>> expected;  // In the order of the file.
  // Whether lines of output say which account and which level they are about.
  bool shows_account = false;
  bool shows_level = false;
};

// Reads a story. An error begins with "name:line: ".
[[nodiscard]] Result<Story> ParseStory(std::string_view text, std::string name);

// " of ID level NAME", each part only where the story's output has it.
[[nodiscard]] std::string Whose(const Story& story, std::string_view account,
                                std::string_view level);

// "26h reminder 1 of 17 level warning".
[[nodiscard]] std::string ToLine(const Story& story, const StoryMessage& message);

}  // namespace lowbalance
