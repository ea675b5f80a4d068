#include "base/yaml.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/yaml_tree.h"
#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::size_t kLargestFile = 4U << 20U;

using Kind = yaml::Node::Kind;

std::string Join(const std::string& path, std::string_view key) {
  if (key.empty()) return path;
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

// What a mistake says may hold what stands in the file: it stays one line that a terminal shows.
std::string PlainLine(const std::string& text) {
  const std::string quoted = Quoted(text, std::string::npos);
  return quoted.substr(1, quoted.size() - 2);
}

std::string AnyOf(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// The first control character that no text has; npos if there is none.
std::size_t StrayControl(std::string_view text) {
  const auto stray = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
  };
  const auto found = std::find_if(text.begin(), text.end(), stray);
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

int LineAt(std::string_view text, std::size_t at) {
  return static_cast<int>(
             std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

}  // namespace

std::string Mistake::ToString() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (!key.empty()) text += ": " + key;
  return text + ": " + message;
}

struct YamlFile::State {
  std::string name;
  std::filesystem::path folder;
  yaml::Node root;
  std::vector<Mistake> mistakes;

  void Note(int line, const std::string& key, const std::string& message) {
    mistakes.push_back({name, line, PlainLine(key), PlainLine(message)});
  }

  // Keys that stand in a map somebody has finished reading, and that nobody asked for.
  void NoteUnknownKeys(const yaml::Node& node, std::vector<Mistake>* out) const {
    if (node.kind == Kind::kMap && node.visited && node.readers == 0 && !node.all_asked) {
      const std::vector<std::string> known(node.asked.begin(), node.asked.end());
      for (const auto& [key, value] : node.entries) {
        if (node.asked.contains(key)) continue;
        std::string message = "unknown key";
        if (const auto nearest = NearestWord(key, known); !nearest.empty()) {
          message += "; did you mean " + std::string(nearest) + "?";
        } else if (!known.empty()) {
          message += "; known are " + AnyOf(known);
        }
        out->push_back({name, value.line, PlainLine(Join(node.path, key)), PlainLine(message)});
      }
    }
    for (const auto& item : node.items) NoteUnknownKeys(item, out);
    for (const auto& [key, value] : node.entries) NoteUnknownKeys(value, out);
  }
};

// One place in the file. Shared by the copies of a reader, and keeps the file's state alive.
struct YamlValue::Node {
  std::shared_ptr<YamlFile::State> state;
  const yaml::Node* at;
  std::string path;

  Node(std::shared_ptr<YamlFile::State> s, const yaml::Node* n, std::string p)
      : state(std::move(s)), at(n), path(std::move(p)) {}
  void Note(const std::string& message) const { state->Note(at->line, path, message); }
};

struct YamlMap::Node {
  std::shared_ptr<YamlFile::State> state;
  const yaml::Node* at;  // Null for a map that is absent.
  std::string path;
  int line;

  Node(std::shared_ptr<YamlFile::State> s, const yaml::Node* n, std::string p, int l)
      : state(std::move(s)), at(n), path(std::move(p)), line(l) {
    if (at == nullptr) return;
    at->path = path;
    at->visited = true;
    ++at->readers;
  }
  ~Node() {
    if (at != nullptr) --at->readers;
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const yaml::Node* Find(std::string_view key) const {
    if (at == nullptr) return nullptr;
    at->asked.emplace(key);
    return at->Find(key);
  }
  // The text of a scalar; notes a mistake if the key has a value of another form.
  const std::string* Scalar(std::string_view key, std::string_view wanted) const {
    const yaml::Node* value = Find(key);
    if (value == nullptr) return nullptr;
    if (value->kind == Kind::kScalar) return &value->value;
    Note(key, "must be " + std::string(wanted) + ", not " + std::string(Describe(value->kind)));
    return nullptr;
  }
  void Note(std::string_view key, const std::string& message) const {
    const yaml::Node* value = nullptr;
    if (at != nullptr && !key.empty()) {
      at->asked.emplace(key);  // Who has something to say about a key knows it.
      for (const auto& [name, entry] : at->entries) {
        if (name == key) value = &entry;
      }
    }
    state->Note(value != nullptr ? value->line : line, Join(path, key), message);
  }
};

YamlValue::YamlValue(std::shared_ptr<Node> node) : node_(std::move(node)) {}

std::string YamlValue::String() const {
  if (node_->at->kind == Kind::kScalar) return node_->at->value;
  node_->Note("must be a text, not " + std::string(Describe(node_->at->kind)));
  return "";
}

YamlMap YamlValue::Map() const {
  const bool is_map = node_->at->kind == Kind::kMap;
  if (!is_map && node_->at->kind != Kind::kNull) {
    node_->Note("must be a map, not " + std::string(Describe(node_->at->kind)));
  }
  return YamlMap(std::make_shared<YamlMap::Node>(node_->state, is_map ? node_->at : nullptr,
                                                 node_->path, node_->at->line));
}

bool YamlValue::IsScalar() const { return node_->at->kind == Kind::kScalar; }

void YamlValue::Mistaken(std::string message) const { node_->Note(std::move(message)); }

YamlMap::YamlMap(std::shared_ptr<Node> node) : node_(std::move(node)) {}

bool YamlMap::Has(std::string_view key) const { return node_->Find(key) != nullptr; }

std::string YamlMap::String(std::string_view key, std::string fallback) const {
  const std::string* text = node_->Scalar(key, "a text");
  return text != nullptr ? *text : std::move(fallback);
}

std::string YamlMap::RequiredString(std::string_view key) const {
  const yaml::Node* value = node_->Find(key);
  if (value == nullptr || (value->kind == Kind::kScalar && value->value.empty())) {
    node_->Note(key, "is missing");
    return "";
  }
  return String(key);
}

bool YamlMap::Bool(std::string_view key, bool fallback) const {
  const std::string* text = node_->Scalar(key, "true or false");
  if (text == nullptr) return fallback;
  if (*text == "true") return true;
  if (*text == "false") return false;
  node_->Note(key, "must be true or false: " + Quoted(*text));
  return fallback;
}

int YamlMap::Int(std::string_view key, int fallback, int least, int most) const {
  const std::string* text = node_->Scalar(key, "a whole number");
  if (text == nullptr) return fallback;
  int value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, failed] = std::from_chars(text->data(), end, value);
  if (failed == std::errc() && rest == end && value >= least && value <= most) return value;
  node_->Note(key, "must be a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most) + ": " + Quoted(*text));
  return fallback;
}

Millis YamlMap::Duration(std::string_view key, Millis fallback, Millis least, Millis most) const {
  const std::string* text = node_->Scalar(key, "a duration like 15m");
  if (text == nullptr) return fallback;
  const auto duration = ParseDuration(*text);
  if (!duration) {
    node_->Note(key, duration.error().message);
    return fallback;
  }
  if (*duration < least || *duration > most) {
    node_->Note(key, "must be from " + FormatDuration(least) + " to " + FormatDuration(most) +
                         ": " + Quoted(*text));
    return fallback;
  }
  return *duration;
}

std::optional<Money> YamlMap::Amount(std::string_view key) const {
  const std::string* text = node_->Scalar(key, "an amount");
  if (text == nullptr) return std::nullopt;
  auto amount = Money::Parse(*text);
  if (amount) return *amount;
  node_->Note(key, amount.error().message);
  return std::nullopt;
}

std::filesystem::path YamlMap::Path(std::string_view key) const {
  const std::string* text = node_->Scalar(key, "a path");
  if (text == nullptr || text->empty()) return {};
  return (node_->state->folder / *text).lexically_normal();
}

std::string YamlMap::OneOf(std::string_view key, std::string fallback,
                           const std::vector<std::string>& words) const {
  const std::string* text = node_->Scalar(key, "one of " + AnyOf(words));
  if (text == nullptr) return fallback;
  if (std::find(words.begin(), words.end(), *text) != words.end()) return *text;
  std::string message = "must be one of " + AnyOf(words) + ": " + Quoted(*text);
  if (const auto nearest = NearestWord(*text, words); !nearest.empty()) {
    message += "; did you mean " + std::string(nearest) + "?";
  }
  node_->Note(key, std::move(message));
  return fallback;
}

YamlMap YamlMap::Map(std::string_view key) const {
  const yaml::Node* value = node_->Find(key);
  const std::string path = Join(node_->path, key);
  if (value != nullptr && value->kind != Kind::kMap) {
    node_->Note(key, "must be a map, not " + std::string(Describe(value->kind)));
    value = nullptr;
  }
  return YamlMap(std::make_shared<Node>(node_->state, value, path,
                                        value != nullptr ? value->line : node_->line));
}

std::vector<YamlValue> YamlMap::List(std::string_view key) const {
  std::vector<YamlValue> values;
  const yaml::Node* value = node_->Find(key);
  if (value == nullptr) return values;
  if (value->kind != Kind::kList) {
    node_->Note(key, "must be a list, not " + std::string(Describe(value->kind)));
    return values;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    values.push_back(YamlValue(std::make_shared<YamlValue::Node>(
        node_->state, &value->items[i], Join(node_->path, key) + "[" + std::to_string(i) + "]")));
  }
  return values;
}

std::optional<YamlValue> YamlMap::Value(std::string_view key) const {
  const yaml::Node* value = node_->Find(key);
  if (value == nullptr) return std::nullopt;
  return YamlValue(std::make_shared<YamlValue::Node>(node_->state, value, Join(node_->path, key)));
}

std::vector<std::string> YamlMap::Strings(std::string_view key) const {
  const yaml::Node* value = node_->Find(key);
  if (value != nullptr && value->kind == Kind::kScalar) return {value->value};
  if (value != nullptr && value->kind == Kind::kMap) {
    node_->Note(key, "must be a text or a list of texts, not a map");
    return {};
  }
  std::vector<std::string> texts;
  for (const auto& item : List(key)) texts.push_back(item.String());
  return texts;
}

std::vector<std::pair<std::string, YamlValue>> YamlMap::Entries() const {
  std::vector<std::pair<std::string, YamlValue>> entries;
  if (node_->at == nullptr) return entries;
  node_->at->all_asked = true;
  for (const auto& [key, value] : node_->at->entries) {
    entries.emplace_back(key, YamlValue(std::make_shared<YamlValue::Node>(node_->state, &value,
                                                                          Join(node_->path, key))));
  }
  return entries;
}

int YamlMap::Line() const { return node_->at != nullptr ? node_->line : 0; }

void YamlMap::Mistaken(std::string_view key, std::string message) const {
  node_->Note(key, std::move(message));
}

YamlFile::YamlFile(std::shared_ptr<State> state) : state_(std::move(state)) {}

YamlFile YamlFile::Load(const std::filesystem::path& file) {
  const auto refuse = [&](std::string why) {
    auto state = std::make_shared<State>();
    state->name = file.string();
    state->folder = file.parent_path();
    state->Note(0, "", std::move(why));
    return YamlFile(std::move(state));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return refuse("is a folder, not a file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rbe"),
                                                           &std::fclose);
  if (!in) return refuse("cannot be read: " + std::generic_category().message(errno));
  std::string text(kLargestFile + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in.get()));
  if (std::ferror(in.get()) != 0) return refuse("cannot be read to its end");
  return Parse(text, file.string(), file.parent_path());
}

YamlFile YamlFile::Parse(std::string_view text, std::string name, std::filesystem::path folder) {
  auto state = std::make_shared<State>();
  state->name = std::move(name);
  state->folder = std::move(folder);
  if (text.size() > kLargestFile) {
    state->Note(0, "", "is larger than 4 MiB");
  } else if (!IsValidUtf8(text)) {
    state->Note(0, "", "is not UTF-8");
  } else if (const auto stray = StrayControl(text); stray != std::string_view::npos) {
    state->Note(LineAt(text, stray), "",
                "a control character, " + Quoted(text.substr(stray, 1)) + ": is this a text file?");
  } else {
    yaml::Document document = yaml::ParseDocument(text);
    for (auto& problem : document.problems) {
      state->Note(problem.line, std::move(problem.key), std::move(problem.message));
    }
    if (document.root.kind == Kind::kMap || document.root.kind == Kind::kNull) {
      state->root = std::move(document.root);
    } else {
      state->Note(
          document.root.line, "",
          "must be a map of keys at its top, not " + std::string(Describe(document.root.kind)));
    }
  }
  return YamlFile(std::move(state));
}

YamlMap YamlFile::Root() const {
  const yaml::Node* root = state_->root.kind == Kind::kMap ? &state_->root : nullptr;
  return YamlMap(std::make_shared<YamlMap::Node>(state_, root, "", 1));
}

std::vector<Mistake> YamlFile::mistakes() const {
  std::vector<Mistake> all = state_->mistakes;
  state_->NoteUnknownKeys(state_->root, &all);
  std::stable_sort(all.begin(), all.end(),
                   [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  return all;
}

}  // namespace lowbalance
