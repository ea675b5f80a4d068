#include "exporter/account_select.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <utility>

#include "core/text.h"
#include "exporter/account_json.h"

namespace lowbalance {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostTerms = 64;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return lower;
}

bool IsWordCharacter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

}  // namespace

std::string SelectText(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

enum class Selection::Field {
  // Words.
  kLow,
  kOverdue,
  kAwaiting,
  kStale,
  kFailing,
  kEnabled,
  kDisabled,
  kSuspended,
  kStopped,
  kProvisioned,
  kCosts,
  kNoCosts,
  // Texts.
  kProvider,
  kAccount,
  kName,
  kContact,
  kSource,
  kCurrency,
  kLevel,
  kState,
  kAny,
  // Numbers.
  kCredit,
  kThreshold,
  kRunway,
};

struct Selection::Word {
  enum class Kind { kFlag, kText, kAmount, kDuration };
  std::string_view name;
  Field field;
  Kind kind;
};

const std::vector<Selection::Word>& Selection::Words() {
  using Kind = Word::Kind;
  static const std::vector<Word> kWords{
      {"low", Field::kLow, Kind::kFlag},
      {"overdue", Field::kOverdue, Kind::kFlag},
      {"awaiting", Field::kAwaiting, Kind::kFlag},
      {"stale", Field::kStale, Kind::kFlag},
      {"failing", Field::kFailing, Kind::kFlag},
      {"enabled", Field::kEnabled, Kind::kFlag},
      {"disabled", Field::kDisabled, Kind::kFlag},
      {"suspended", Field::kSuspended, Kind::kFlag},
      {"stopped", Field::kStopped, Kind::kFlag},
      {"provisioned", Field::kProvisioned, Kind::kFlag},
      {"costs", Field::kCosts, Kind::kFlag},
      {"no_costs", Field::kNoCosts, Kind::kFlag},
      {"provider", Field::kProvider, Kind::kText},
      {"account", Field::kAccount, Kind::kText},
      {"name", Field::kName, Kind::kText},
      {"contact", Field::kContact, Kind::kText},
      {"source", Field::kSource, Kind::kText},
      {"currency", Field::kCurrency, Kind::kText},
      {"level", Field::kLevel, Kind::kText},
      {"state", Field::kState, Kind::kText},
      {"any", Field::kAny, Kind::kText},
      {"credit", Field::kCredit, Kind::kAmount},
      {"threshold", Field::kThreshold, Kind::kAmount},
      {"runway", Field::kRunway, Kind::kDuration},
  };
  return kWords;
}

// Takes terms off the front of the text, one after the other.
class Selection::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  tl::expected<Selection, SelectError> Parse() {
    Selection selection;
    SkipBlanks();
    while (at_ < text_.size()) {
      begin_ = at_;
      Term term{};
      if (const std::string wrong = TakeTerm(&term); !wrong.empty()) return Fail(wrong);
      selection.terms_.push_back(std::move(term));
      if (selection.terms_.size() > kMostTerms) {
        return Fail("more than " + std::to_string(kMostTerms) + " terms");
      }
      SkipBlanks();
      if (at_ == text_.size()) break;
      if (text_[at_] != ',') return Fail("expected a comma between terms");
      ++at_;
      SkipBlanks();
      if (at_ == text_.size()) {
        begin_ = at_ - 1;
        return Fail("a comma with no term behind it");
      }
    }
    return selection;
  }

 private:
  // The wrong term reaches to the next comma.
  tl::unexpected<SelectError> Fail(std::string message) const {
    const std::size_t comma = text_.find(',', std::max(at_, begin_ + 1));
    std::string term(text_.substr(begin_, comma == text_.npos ? comma : comma - begin_));
    while (term.ends_with(' ')) term.pop_back();
    return tl::make_unexpected(SelectError{begin_, std::move(term), std::move(message)});
  }

  void SkipBlanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  bool Take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }

  std::string TakeTerm(Term* term) {
    term->negated = Take("!");
    const std::size_t from = at_;
    while (at_ < text_.size() && IsWordCharacter(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    const Word* word = nullptr;
    for (const Word& each : Words()) {
      if (each.name == name) word = &each;
    }
    if (word == nullptr) return UnknownWord(name);
    term->field = word->field;
    SkipBlanks();
    std::string_view op;
    for (const std::string_view each : {"!=", "!~", "<=", ">=", "=", "~", "<", ">"}) {
      if (Take(each)) {
        op = each;
        break;
      }
    }
    if (word->kind == Word::Kind::kFlag) {
      return op.empty() ? "" : Quoted(name) + " is a word that holds or not; it takes no value";
    }
    if (op.empty()) return Quoted(name) + " wants an operator and a value, as in " + Example(*word);
    if (op.size() == 2 && op[0] == '!') {
      term->negated = !term->negated;
      op.remove_prefix(1);
    }
    return TakeValue(*word, op, term);
  }

  static std::string UnknownWord(std::string_view name) {
    if (name.empty()) return "expected a word like low, or a field like provider";
    std::vector<std::string> names;
    for (const Word& each : Words()) names.emplace_back(each.name);
    std::string message = "unknown word " + Quoted(name);
    if (const auto nearest = NearestWord(name, names); !nearest.empty()) {
      return message + "; did you mean " + std::string(nearest) + "?";
    }
    message += "; known are";
    for (const std::string& each : names) message += (each == names.front() ? " " : ", ") + each;
    return message;
  }

  static std::string Example(const Word& word) {
    if (word.kind == Word::Kind::kText) return std::string(word.name) + "=…";
    return std::string(word.name) + (word.kind == Word::Kind::kAmount ? "<100" : "<7d");
  }

  std::string TakeValue(const Word& word, std::string_view op, Term* term) {
    term->op = op == "="    ? Operator::kIs
               : op == "~"  ? Operator::kContains
               : op == "<"  ? Operator::kLess
               : op == "<=" ? Operator::kAtMost
               : op == ">"  ? Operator::kMore
                            : Operator::kAtLeast;
    const bool compares = term->op != Operator::kIs && term->op != Operator::kContains;
    const bool text = word.kind == Word::Kind::kText;
    if (text ? compares : term->op == Operator::kContains) {
      return Quoted(word.name) + " does not take " + std::string(op) + "; " +
             (text ? "it takes = and ~ (contains)" : "it takes =, <, <=, > and >=");
    }
    do {
      SkipBlanks();
      std::string value;
      if (const std::string wrong = TakeText(&value); !wrong.empty()) return wrong;
      if (value.empty()) return "the value is missing behind " + std::string(op);
      term->texts.push_back(term->op == Operator::kContains ? LowerCase(value) : std::move(value));
      SkipBlanks();
    } while (text && Take("|"));
    if (word.field == Field::kState) return CheckStates(*term);
    if (word.kind == Word::Kind::kAmount) {
      const auto amount = Money::Parse(term->texts.front());
      if (!amount) return amount.error().message;
      term->amount = *amount;
    }
    if (word.kind == Word::Kind::kDuration) {
      const auto duration = ParseDuration(term->texts.front());
      if (!duration) return duration.error().message;
      term->duration = *duration;
    }
    return "";
  }

  static std::string CheckStates(const Term& term) {
    for (const std::string& text : term.texts) {
      if (std::find(kAlertStates.begin(), kAlertStates.end(), text) == kAlertStates.end()) {
        return "not a state of an alert: " + Quoted(text);
      }
    }
    return "";
  }

  std::string TakeText(std::string* value) {
    if (!Take("\"")) {
      const std::size_t end = std::min(text_.find_first_of(",|\"", at_), text_.size());
      *value = text_.substr(at_, end - at_);
      at_ = end;
      while (value->ends_with(' ')) value->pop_back();
      if (at_ < text_.size() && text_[at_] == '"') {
        return "a quote within a value that does not begin with one";
      }
      return "";
    }
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      *value += text_[at_++];
    }
    return Take("\"") ? "" : "a quote is opened and never closed";
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // Of the term being read.
};

tl::expected<Selection, SelectError> Selection::Parse(std::string_view text) {
  if (text.size() > kMostBytes) {
    return tl::make_unexpected(
        SelectError{kMostBytes, "", "longer than " + std::to_string(kMostBytes) + " bytes"});
  }
  return Parser(text).Parse();
}

bool Selection::Matches(const Account& account, const AccountView& view) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return Holds(term, account, view) != term.negated; });
}

bool Selection::NeedsRunway() const {
  return std::any_of(terms_.begin(), terms_.end(),
                     [](const Term& term) { return term.field == Field::kRunway; });
}

bool Selection::Holds(const Term& term, const Account& account, const AccountView& view) {
  const AccountMemory& m = account.memory;
  const auto any_level = [&](auto holds) {
    return std::any_of(m.levels.begin(), m.levels.end(),
                       [&](const auto& level) { return holds(level.first, level.second); });
  };
  const auto text = [&](std::string_view value) {
    if (term.op == Operator::kIs) {
      return std::find(term.texts.begin(), term.texts.end(), value) != term.texts.end();
    }
    const std::string lower = LowerCase(value);
    return std::any_of(term.texts.begin(), term.texts.end(), [&](const std::string& part) {
      return lower.find(part) != std::string::npos;
    });
  };
  const auto compare = [&](const auto& value, const auto& with) {
    switch (term.op) {
      case Operator::kLess:
        return value < with;
      case Operator::kAtMost:
        return value <= with;
      case Operator::kMore:
        return value > with;
      case Operator::kAtLeast:
        return value >= with;
      default:
        return value == with;
    }
  };
  switch (term.field) {
    case Field::kLow:
      return any_level([](const auto&, const LevelMemory& l) { return l.low_since.has_value(); });
    case Field::kOverdue:
      return m.available_credit && *m.available_credit < Money{};
    case Field::kAwaiting:
      return any_level(
          [](const auto&, const LevelMemory& l) { return l.low_since && !l.first_change; });
    case Field::kStale:
      return view.stale;
    case Field::kFailing:
      return !m.up;
    case Field::kEnabled:
      return any_level([](const auto&, const LevelMemory& l) { return l.enabled; });
    case Field::kDisabled:
      return !any_level([](const auto&, const LevelMemory& l) { return l.enabled; });
    case Field::kSuspended:
      return any_level([](const auto&, const LevelMemory& l) { return l.suspended; });
    case Field::kStopped:
      return IsStopped(m.status);
    case Field::kProvisioned:
      return !account.provisioned.empty();
    case Field::kCosts:
      return m.costs_incurred == CostsIncurred::kYes;
    case Field::kNoCosts:
      return m.costs_incurred == CostsIncurred::kNo;
    case Field::kProvider:
      return text(m.account.provider);
    case Field::kAccount:
      return text(m.account.account_id);
    case Field::kName:
      return text(m.account_name);
    case Field::kContact:
      return text(account.contact);
    case Field::kSource:
      return text(account.source);
    case Field::kCurrency:
      return text(m.currency);
    case Field::kLevel:
      return any_level([&](const std::string& name, const LevelMemory&) { return text(name); });
    case Field::kState:
      return any_level(
          [&](const auto&, const LevelMemory& level) { return text(AlertState(m, level)); });
    case Field::kAny:
      return text(m.account.account_id) || text(m.account_name) || text(account.contact) ||
             text(m.account.provider + "/" + m.account.account_id);
    case Field::kCredit:
      return m.available_credit && compare(*m.available_credit, term.amount);
    case Field::kThreshold:
      return any_level([&](const auto&, const LevelMemory& level) {
        return level.threshold && compare(*level.threshold, term.amount);
      });
    case Field::kRunway:
      return view.runway && compare(*view.runway, term.duration);
  }
  return false;
}

}  // namespace lowbalance
