// Stories: a mistake is told with its line, and a story without one can be told from its start to
// its end.

#include "cli/story.h"

#include <algorithm>

#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {

void Try(std::string_view input) {
  const auto story = ParseStory(input, "a.story");
  if (!story) {
    const std::string& message = story.error().message;
    PROMISE_MESSAGE(message, 1000);
    // Some are of the whole.
    const int line = NumberAfter(message, "a.story:");
    PROMISE_OF(message, message.starts_with("a.story:") && line != 0 && line <= LinesOf(input));
    return;
  }
  PROMISE(!story->accounts.empty() && !story->events.empty());
  const auto is_declared = [&](const std::string& id) {
    return std::any_of(story->accounts.begin(), story->accounts.end(),
                       [&](const StoryAccount& account) { return account.id == id; });
  };
  for (const StoryAccount& account : story->accounts) {
    PROMISE(IsValidAccountId(account.id) && ParseCurrency(account.currency));
  }
  Millis last{};
  for (const StoryEvent& event : story->events) {
    PROMISE(event.at >= last && event.line >= 1 && event.line <= LinesOf(input));
    PROMISE(event.account.empty() || is_declared(event.account));
    PROMISE(IsValidName(event.level));
    last = event.at;
  }
  PROMISE(story->end >= last);
  if (!story->expected) return;
  for (const StoryMessage& message : *story->expected) {
    PROMISE(is_declared(message.account) && IsValidName(message.level));
    PROMISE(ToLine(*story, message).size() <= input.size() + 100);
  }
}

}  // namespace lowbalance::fuzz
