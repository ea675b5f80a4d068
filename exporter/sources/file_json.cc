#include "exporter/sources/file_json.h"

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

using nlohmann::json;

// Where the JSON reader is, as it does not tell: it is fed through an iterator that counts.
struct Position {
  int lines = 1;
  bool after_line_end = false;

  // The line of the token just read. Only a number's end is seen by reading one character more.
  [[nodiscard]] int TokenLine() const { return after_line_end ? lines - 1 : lines; }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    position_->after_line_end = *at_ == '\n';
    if (position_->after_line_end) ++position_->lines;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  Position* position_;
};

enum class Kind { kText, kNumber, kBool, kNull };

// Follows the tokens of the file and fills rows. Whatever stands where nothing is expected is noted
// and skipped with all that is in it, so nesting costs nothing.
class Handler {
 public:
  Handler(const Position* position, FileReadings* readings)
      : position_(position), readings_(readings) {}

  // What the JSON library calls. Each answers whether to go on.
  bool null() { return Scalar(Kind::kNull, ""); }
  bool boolean(bool value) { return Scalar(Kind::kBool, value ? "true" : "false"); }
  bool number_integer(json::number_integer_t n) { return Scalar(Kind::kNumber, std::to_string(n)); }
  bool number_unsigned(json::number_unsigned_t n) {
    return Scalar(Kind::kNumber, std::to_string(n));
  }
  bool number_float(json::number_float_t /*rounded*/, const std::string& digits) {
    return Scalar(Kind::kNumber, digits);
  }
  bool string(std::string& text) { return Scalar(Kind::kText, std::move(text)); }
  bool binary(json::binary_t& /*bytes*/) { return false; }

  bool start_object(std::size_t /*size*/) {
    if (skipping_ == 0 && place_ == Place::kStart) {
      place_ = Place::kTop;
    } else if (skipping_ == 0 && place_ == Place::kAccounts) {
      place_ = Place::kAccount;
      row_ = FileRow{.line = Line()};
    } else {
      Skip("an object");
    }
    return true;
  }
  bool end_object() {
    if (skipping_ > 0) {
      --skipping_;
    } else if (place_ == Place::kAccount) {
      readings_->Add(row_);
      place_ = Place::kAccounts;
    } else {
      if (!seen_accounts_) Mistaken("accounts", "missing");
      place_ = Place::kEnd;
    }
    return true;
  }
  bool start_array(std::size_t /*size*/) {
    if (skipping_ == 0 && place_ == Place::kTop && key_ == "accounts") {
      place_ = Place::kAccounts;
    } else {
      Skip("a list");
    }
    return true;
  }
  bool end_array() {
    if (skipping_ > 0) {
      --skipping_;
    } else {
      place_ = Place::kTop;
    }
    return true;
  }
  bool key(std::string& name) {
    if (skipping_ == 0) place_ == Place::kTop ? TopKey(name) : FieldKey(name);
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const json::exception& error) {
    std::string_view what = error.what();
    if (const auto at = what.find("syntax error"); at != std::string_view::npos) {
      what.remove_prefix(at);
    }
    readings_->Mistaken(Line(), "", "", "not JSON: " + Escaped(what));
    return false;
  }

 private:
  enum class Place { kStart, kTop, kAccounts, kAccount, kEnd };

  [[nodiscard]] int Line() const { return position_->TokenLine(); }

  // The library quotes what it read, which may be anything.
  static std::string Escaped(std::string_view text) {
    const std::string quoted = Quoted(text, 300);
    return quoted.substr(1, quoted.size() - 2);
  }

  [[nodiscard]] std::string_view Account() const {
    const auto& id = row_.cells[kFileAccountId];
    return place_ == Place::kAccount && id ? std::string_view(id->text) : std::string_view();
  }

  void Mistaken(std::string_view field, const std::string& message) {
    readings_->Mistaken(Line(), Account(), field, message);
  }

  void TopKey(const std::string& name) {
    key_ = name;
    if (name != "accounts" && name != "as_of") {
      Mistaken("", "unknown key " + Quoted(name) + "; known are as_of and accounts");
      key_.clear();
      return;
    }
    bool& seen = name == "accounts" ? seen_accounts_ : seen_as_of_;
    if (seen) Mistaken(name, "stands there twice");
    seen = true;
  }

  void FieldKey(const std::string& name) {
    std::string complaint;
    field_ = FindFileField(name, &complaint);
    if (!complaint.empty()) return Mistaken("", complaint);
    if (row_.cells.at(*field_)) {
      Mistaken(name, "stands there twice");
      field_.reset();
    }
  }

  bool Scalar(Kind kind, std::string text) {
    if (skipping_ > 0) return true;
    switch (place_) {
      case Place::kTop:
        TopValue(kind, std::move(text));
        break;
      case Place::kAccount:
        AccountValue(kind, std::move(text));
        break;
      case Place::kAccounts:
        Mistaken("accounts", "expected an object for each account, seen " + Quoted(text));
        break;
      default:
        Mistaken("", "expected an object with accounts, seen " + Quoted(text));
        break;
    }
    return true;
  }

  void TopValue(Kind kind, std::string text) {
    if (key_ == "accounts") {
      Mistaken("accounts", "expected a list, seen " + Quoted(text));
    } else if (key_ == "as_of" && kind == Kind::kText) {
      readings_->SetAsOf({.text = std::move(text), .line = Line()});
    } else if (key_ == "as_of" && kind != Kind::kNull) {
      Mistaken("as_of", "expected a time in quotes, seen " + text);
    }
  }

  void AccountValue(Kind kind, std::string text) {
    if (!field_) return;
    FileCell cell{.text = std::move(text), .line = Line()};
    const std::string wrong = WrongKind(kind, cell.text);
    cell.wrong = !wrong.empty();
    if (cell.wrong) Mistaken(FileFieldName(*field_), wrong);
    row_.cells.at(*field_) = std::move(cell);
  }

  // What is wrong with a value of this kind in the current field; empty if nothing is.
  [[nodiscard]] std::string WrongKind(Kind kind, const std::string& text) const {
    if (kind == Kind::kNull) return "";
    const bool amount = *field_ >= kFileAvailableCredit && *field_ < kFileCostsIncurred;
    if (*field_ == kFileCostsIncurred) {
      return kind == Kind::kBool ? "" : "expected true or false, seen " + Quoted(text);
    }
    if (kind != Kind::kText && !(amount && kind == Kind::kNumber)) {
      return std::string(amount ? "expected an amount" : "expected text in quotes") + ", seen " +
             text;
    }
    if (text.empty() && *field_ != kFileAccountName) {
      return "empty; where it is not known, leave it out or write null";
    }
    return "";
  }

  void Skip(const std::string& what) {
    if (skipping_++ > 0) return;
    if (place_ == Place::kAccount && field_) {
      Mistaken(FileFieldName(*field_), "expected a single value, seen " + what);
      row_.cells.at(*field_) = FileCell{.line = Line(), .wrong = true};
    } else if (place_ == Place::kTop && !key_.empty()) {
      Mistaken(key_, "seen " + what + " where it cannot be");
    } else if (place_ == Place::kAccounts) {
      Mistaken("accounts", "expected an object for each account, seen " + what);
    } else if (place_ == Place::kStart) {
      Mistaken("", "expected an object with accounts, seen " + what);
    }
  }

  const Position* const position_;
  FileReadings* const readings_;
  Place place_ = Place::kStart;
  int skipping_ = 0;                  // How deep in something that is skipped.
  std::string key_;                   // At the top; empty if unknown.
  std::optional<std::size_t> field_;  // Within an account; empty if unknown.
  FileRow row_;
  bool seen_accounts_ = false;
  bool seen_as_of_ = false;
};

}  // namespace

Result<std::vector<Reading>> ParseFileJson(std::string_view text, const FileContext& context) {
  FileReadings readings(context);
  if (text.empty()) {
    readings.Mistaken(0, "", "", "the file is empty");
    return std::move(readings).Finish();
  }
  Position position;
  Handler handler(&position, &readings);
  json::sax_parse(CountingIterator(text.data(), &position),
                  CountingIterator(text.data() + text.size(), &position), &handler);
  return std::move(readings).Finish();
}

}  // namespace lowbalance
