#include "cli/story.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

using Kind = StoryEvent::Kind;
using Words = std::vector<std::string_view>;

constexpr Millis kLongestStory = std::chrono::hours{24 * 3660};
constexpr std::size_t kMostAccounts = 1000;
constexpr std::string_view kDefaultAccount = "17";
constexpr std::string_view kDefaultCurrency = "USD";

enum class Argument { kNone, kAmount, kDuration };
// What may follow it: ` of ID`, and ` level NAME`.
enum class About { kNothing, kAccounts, kAccount, kLevel };

struct EventForm {
  std::string_view first;
  std::string_view second;  // Empty where the event is one word.
  Kind kind;
  Argument argument;
  About about;
};
constexpr std::array<EventForm, 17> kForms{{
    {"credit", "", Kind::kCredit, Argument::kAmount, About::kAccount},
    {"enable", "", Kind::kEnable, Argument::kAmount, About::kLevel},
    {"disable", "", Kind::kDisable, Argument::kNone, About::kLevel},
    {"threshold", "", Kind::kThreshold, Argument::kAmount, About::kLevel},
    {"poll", "fails", Kind::kPollFails, Argument::kNone, About::kAccounts},
    {"poll", "works", Kind::kPollWorks, Argument::kNone, About::kAccounts},
    {"exporter", "down", Kind::kExporterDown, Argument::kNone, About::kNothing},
    {"exporter", "up", Kind::kExporterUp, Argument::kNone, About::kNothing},
    {"exporter", "restart", Kind::kExporterRestart, Argument::kNone, About::kNothing},
    {"pipeline", "down", Kind::kPipelineDown, Argument::kNone, About::kNothing},
    {"pipeline", "up", Kind::kPipelineUp, Argument::kNone, About::kNothing},
    {"webhook", "restart", Kind::kWebhookRestart, Argument::kNone, About::kNothing},
    {"duplicate", "", Kind::kDuplicate, Argument::kNone, About::kNothing},
    {"resolved", "", Kind::kResolved, Argument::kNone, About::kNothing},
    {"clock", "back", Kind::kClockBack, Argument::kDuration, About::kNothing},
    {"clock", "forward", Kind::kClockForward, Argument::kDuration, About::kNothing},
    {"end", "", Kind::kEnd, Argument::kNone, About::kNothing},
}};

constexpr std::string_view kWhichAccount = "of which account? This story names several";

// 1 to 1000; 0 for anything else.
int ReminderNumber(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 1000) return 0;
    number = number * 10 + (c - '0');
  }
  return number <= 1000 ? number : 0;
}

// The line's words, without its comment.
Words Split(std::string_view line) {
  line = line.substr(0, line.find('#'));
  Words words;
  while (true) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string UnknownEvent(std::string_view first, std::string_view second) {
  std::vector<std::string> known;
  std::string seconds;
  for (const EventForm& form : kForms) {
    known.emplace_back(form.first);
    if (form.first == first) seconds += (seconds.empty() ? "" : " or ") + std::string(form.second);
  }
  if (!seconds.empty()) {
    return std::string(first) + " what? " + seconds +
           (second.empty() ? "" : ", not " + Quoted(second));
  }
  const std::string_view nearest = NearestWord(first, known);
  return "no such event: " + Quoted(first) +
         (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?");
}

class Parser {
 public:
  explicit Parser(std::string name) { story_.name = std::move(name); }

  // Empty if the line was read, else what is wrong with it.
  std::string Take(const Words& words, int line) {
    if (words.empty()) return "";
    if (words[0] == "expect" && words.size() == 1) {
      if (story_.expected) return "a second expect";
      story_.expected.emplace();
      return "";
    }
    if (words[0] == "account") return TakeAccount(words);
    if (words[0] == "option") return TakeOption(words);
    const auto at = ParseDuration(words[0]);
    if (!at) return "expected an offset like 26h30m, seen " + Quoted(words[0]);
    if (*at > kLongestStory) return "later than ten years: " + Quoted(words[0]);
    if (words.size() == 1) return "nothing follows the offset";
    DefaultAccount();
    return story_.expected ? TakeMessage(*at, words, line) : TakeEvent(*at, words, line);
  }

  // The story; or what is wrong with it, and in which line (0 for the whole).
  std::string Finish(int* line) {
    *line = 0;
    if (story_.events.empty()) return "nothing happens: there is no event";
    DefaultAccount();
    story_.end = story_.events.back().at;
    story_.shows_level = levels_.size() > 1;
    story_.shows_account = story_.accounts.size() > 1 || story_.shows_level;
    for (std::size_t i = 0; i < expected_lines_.size(); ++i) {
      *line = expected_lines_[i].line;
      std::string& level = story_.expected->at(i).level;
      if (!expected_lines_[i].names_level) {
        if (levels_.size() > 1) return "of which level? This story names several";
        if (!levels_.empty()) level = *levels_.begin();
      }
      if (!levels_.contains(level)) return "no event sets the alert of level " + Quoted(level);
    }
    return "";
  }

  Story Done() && { return std::move(story_); }

 private:
  struct ExpectedLine {
    int line;
    bool names_level;
  };

  void DefaultAccount() {
    if (!story_.accounts.empty()) return;
    story_.accounts.push_back({std::string(kDefaultAccount), std::string(kDefaultCurrency)});
  }

  bool IsDeclared(std::string_view id) const {
    return std::any_of(story_.accounts.begin(), story_.accounts.end(),
                       [&](const StoryAccount& account) { return account.id == id; });
  }

  std::string TakeOption(const Words& words) {
    if (!story_.events.empty() || story_.expected) return "options stand before the first event";
    if (words.size() == 2 && words[1] == "recovery_notice") {
      story_.extra.recovery = true;
    } else if (words.size() == 2 && words[1] == "overdue_notice") {
      story_.extra.overdue = true;
    } else {
      return "expected: option recovery_notice, or option overdue_notice";
    }
    return "";
  }

  std::string TakeAccount(const Words& words) {
    if (!story_.events.empty() || story_.expected) return "accounts stand before the first event";
    if (words.size() < 2 || words.size() > 3) return "expected: account ID CURRENCY";
    if (!IsValidAccountId(words[1])) return "not an account id: " + Quoted(words[1]);
    if (IsDeclared(words[1])) return "the account is declared already: " + Quoted(words[1]);
    if (story_.accounts.size() == kMostAccounts) return "more than a thousand accounts";
    const auto currency = ParseCurrency(words.size() == 3 ? words[2] : kDefaultCurrency);
    if (!currency) return currency.error().message;
    story_.accounts.push_back({std::string(words[1]), *currency});
    return "";
  }

  std::string TakeEvent(Millis at, const Words& words, int line) {
    if (!story_.events.empty()) {
      if (story_.events.back().kind == Kind::kEnd) return "this comes after the end";
      if (at < story_.events.back().at) return "earlier than the line before: " + Quoted(words[0]);
    }
    const std::string_view second = words.size() > 2 ? words[2] : "";
    const auto* const form = std::find_if(kForms.begin(), kForms.end(), [&](const EventForm& f) {
      return f.first == words[1] && (f.second.empty() || f.second == second);
    });
    if (form == kForms.end()) return UnknownEvent(words[1], second);
    StoryEvent event{.at = at, .kind = form->kind, .line = line};
    std::size_t next = form->second.empty() ? 2 : 3;
    if (form->argument != Argument::kNone) {
      if (next == words.size()) {
        return std::string(words[next - 1]) +
               (form->argument == Argument::kAmount ? ": by what amount?" : ": by how long?");
      }
      if (form->argument == Argument::kAmount) {
        const auto amount = Money::Parse(words[next]);
        if (!amount) return amount.error().message;
        event.amount = *amount;
      } else {
        const auto by = ParseDuration(words[next]);
        if (!by) return by.error().message;
        if (*by > kLongestStory) return "longer than ten years: " + Quoted(words[next]);
        event.by = *by;
      }
      ++next;
    }
    bool names_account = false;
    bool names_level = false;
    const std::string wrong = TakeWhose(words, next, form->about, event.account, event.level,
                                        &names_account, &names_level);
    if (!wrong.empty()) return wrong;
    if (form->about == About::kAccount || form->about == About::kLevel) {
      if (!names_account && story_.accounts.size() > 1) {
        return std::string(kWhichAccount);
      }
      if (!names_account) event.account = story_.accounts.front().id;
    }
    if (form->about == About::kLevel) levels_.insert(event.level);
    story_.events.push_back(std::move(event));
    return "";
  }

  std::string TakeMessage(Millis at, const Words& words, int line) {
    StoryMessage message{.at = at, .account = story_.accounts.front().id};
    std::size_t next = 2;
    if (words[1] == "reminder") {
      message.notice = {MessageKind::kReminder, words.size() > 2 ? ReminderNumber(words[2]) : 0};
      if (message.notice.number == 0) return "reminder of which number?";
      next = 3;
    } else if (words[1] == "recovery") {
      message.notice.kind = MessageKind::kRecovery;
    } else if (words[1] == "overdue") {
      message.notice.kind = MessageKind::kOverdue;
    } else if (words[1] != "alert") {
      return "expected alert, reminder N, recovery or overdue, seen " + Quoted(words[1]);
    }
    bool names_account = false;
    bool names_level = false;
    const std::string wrong = TakeWhose(words, next, About::kLevel, message.account, message.level,
                                        &names_account, &names_level);
    if (!wrong.empty()) return wrong;
    if (!names_account && story_.accounts.size() > 1) return std::string(kWhichAccount);
    expected_lines_.push_back({line, names_level});
    story_.expected->push_back(std::move(message));
    return "";
  }

  // Reads ` of ID` and ` level NAME`, as far as the line may have them.
  std::string TakeWhose(const Words& words, std::size_t next, About about, std::string& account,
                        std::string& level, bool* names_account, bool* names_level) const {
    if (about != About::kNothing && next + 1 < words.size() && words[next] == "of") {
      if (!IsDeclared(words[next + 1])) {
        return "the account is not declared: " + Quoted(words[next + 1]);
      }
      account = words[next + 1];
      *names_account = true;
      next += 2;
    }
    if (about == About::kLevel && next + 1 < words.size() && words[next] == "level") {
      if (!IsValidName(words[next + 1])) return "not a level's name: " + Quoted(words[next + 1]);
      level = words[next + 1];
      *names_level = true;
      next += 2;
    }
    return next == words.size() ? "" : "not expected here: " + Quoted(words[next]);
  }

  Story story_;
  std::set<std::string, std::less<>> levels_;
  std::vector<ExpectedLine> expected_lines_;
};

}  // namespace

Result<Story> ParseStory(std::string_view text, std::string name) {
  const auto bad = [&name](int line, const std::string& what) {
    return Reject(name + (line > 0 ? ":" + std::to_string(line) : "") + ": " + what);
  };
  if (!IsValidUtf8(text)) return bad(0, "not UTF-8");
  Parser parser(name);
  int line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    if (const std::string wrong = parser.Take(Split(text.substr(0, end)), line); !wrong.empty()) {
      return bad(line, wrong);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (const std::string wrong = parser.Finish(&line); !wrong.empty()) return bad(line, wrong);
  return std::move(parser).Done();
}

std::string Whose(const Story& story, std::string_view account, std::string_view level) {
  std::string text;
  if (story.shows_account) text += " of " + std::string(account);
  if (story.shows_level) text += " level " + std::string(level);
  return text;
}

std::string ToLine(const Story& story, const StoryMessage& message) {
  return FormatOffset(message.at) + " " + ToString(message.notice) +
         Whose(story, message.account, message.level);
}

}  // namespace lowbalance
