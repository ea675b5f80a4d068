#include "base/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "core/text.h"

namespace lowbalance::yaml {
namespace {

constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kDeepest = 64;

struct Refused : std::runtime_error {
  Refused(int at, const std::string& what) : std::runtime_error(what), line(at) {}
  int line;
};

std::size_t CountNodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += CountNodes(item);
  for (const auto& [key, value] : node.entries) count += CountNodes(value);
  return count;
}

std::size_t DepthOf(const Node& node) {
  std::size_t depth = 0;
  for (const auto& item : node.items) depth = std::max(depth, DepthOf(item));
  for (const auto& [key, value] : node.entries) depth = std::max(depth, DepthOf(value));
  return depth + 1;
}

// Puts the events together. A map's events alternate between keys and values.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document* document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused(mark.line + 1, "a second document; only one is read");
  }
  void OnDocumentEnd() override {}
  [[nodiscard]] const YAML::Mark& last_scalar() const { return last_scalar_; }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leaf(Node{.kind = Node::Kind::kNull, .line = mark.line + 1}, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    NoTag(mark, tag);
    last_scalar_ = mark;
    Leaf(Node{.kind = Node::Kind::kScalar, .line = mark.line + 1, .value = value}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      throw Refused(mark.line + 1, "an alias to something that is not complete yet");
    }
    if (open_.size() + known->second.depth > kDeepest) TooDeep(mark.line + 1);
    Count(mark.line + 1, known->second.nodes);
    Node copy = known->second.node;
    copy.line = mark.line + 1;
    Add(std::move(copy));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    NoTag(mark, tag);
    Open(Node::Kind::kList, mark.line + 1, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    NoTag(mark, tag);
    Open(Node::Kind::kMap, mark.line + 1, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    int key_line = 0;
    std::map<std::string, int> lines;  // Of a map's keys.
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1;
    std::size_t depth = 1;
  };

  [[noreturn]] static void TooDeep(int line) {
    throw Refused(line, "nested deeper than " + std::to_string(kDeepest) + " levels");
  }

  static void NoTag(const YAML::Mark& mark, const std::string& tag) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    const std::string_view name =
        tag.starts_with(kCore) ? std::string_view(tag).substr(kCore.size()) : "-";
    static const std::set<std::string_view> known = {"str",  "int", "float", "bool",
                                                     "null", "map", "seq"};
    if (!tag.empty() && tag != "?" && tag != "!" && !known.contains(name)) {
      throw Refused(mark.line + 1, "a tag (" + Quoted(tag) + "), which means nothing here");
    }
  }

  void Count(int line, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) {
      throw Refused(line, "aliases that expand to more than a million values");
    }
  }

  void Open(Node::Kind kind, int line, YAML::anchor_t anchor) {
    if (open_.size() >= kDeepest) TooDeep(line);
    Count(line, 1);
    open_.push_back(Level{.node = Node{.kind = kind, .line = line}, .anchor = anchor});
  }

  void Close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    Keep(level.node, level.anchor);
    Add(std::move(level.node));
  }

  void Leaf(Node node, YAML::anchor_t anchor) {
    Count(node.line, 1);
    Keep(node, anchor);
    Add(std::move(node));
  }

  void Keep(const Node& node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {node, CountNodes(node), DepthOf(node)};
  }

  void Add(Node node) {
    if (open_.empty()) {
      document_->root = std::move(node);
      return;
    }
    Level& parent = open_.back();
    if (parent.node.kind == Node::Kind::kList) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    if (!parent.has_key) {
      parent.has_key = true;
      parent.key_line = node.line;
      parent.key = node.value;
      if (node.kind != Node::Kind::kScalar) {
        // A key that is no scalar cannot be asked for; it is kept so that its value is not taken
        // for a key.
        document_->problems.push_back(
            {node.line, "", "a key must be a word, not " + std::string(Describe(node.kind))});
      }
      return;
    }
    parent.has_key = false;
    if (node.kind != Node::Kind::kScalar) node.line = parent.key_line;
    const auto [first, is_new] = parent.lines.emplace(parent.key, parent.key_line);
    if (!is_new) {
      document_->problems.push_back(
          {parent.key_line, Path(parent.key),
           "stands here a second time; first in line " + std::to_string(first->second)});
      return;
    }
    parent.node.entries.push_back({parent.key, std::move(node)});
  }

  // Where the builder is, with `key` at the end.
  [[nodiscard]] std::string Path(const std::string& key) const {
    std::string path;
    for (const auto& level : open_) {
      if (&level == &open_.back()) break;
      if (level.node.kind == Node::Kind::kList) {
        path += "[" + std::to_string(level.node.items.size()) + "]";
      } else {
        path += (path.empty() ? "" : ".") + level.key;
      }
    }
    return path + (path.empty() ? "" : ".") + key;
  }

  Document* const document_;
  std::vector<Level> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// yaml-cpp takes a quote that is never closed for closed by the end of the text, and so everything
// behind it for a part of one value. Such a value is the last one; does it begin at `from`?
bool IsOpenQuote(std::string_view text, std::size_t from) {
  // Properties stand before the quote: an anchor, a tag.
  while (from < text.size() && (text[from] == '!' || text[from] == '&')) {
    from = text.find_first_of(" \t\r\n", from);
    from = std::min(text.find_first_not_of(" \t\r\n", from), text.size());
  }
  if (from >= text.size() || (text[from] != '"' && text[from] != '\'')) return false;
  const char quote = text[from];
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
      continue;
    }
    // In single quotes, two of them stand for one.
    if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return false;
      ++i;
    }
  }
  return true;
}

// Does a line, from 0, have a tab among the blanks at its beginning?
bool IsIndentedByTab(std::string_view text, int line) {
  for (; line > 0; --line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

std::string NotYaml(std::string_view text, const YAML::Exception& error) {
  if (error.mark.is_null()) return "not YAML: " + error.msg;
  if (IsIndentedByTab(text, error.mark.line)) return "indented by a tab; YAML wants blanks";
  return "not YAML from column " + std::to_string(error.mark.column + 1) + " on: " + error.msg;
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const auto& [name, entry] : entries) {
    if (name == key) return entry.kind == Kind::kNull ? nullptr : &entry;
  }
  return nullptr;
}

std::string_view Describe(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

Document ParseDocument(std::string_view text) {
  Document document;
  document.root.line = 1;
  const auto refuse = [&](int line, std::string why) {
    document.root = Node{.line = 1};
    document.problems.push_back({line, "", std::move(why)});
  };
  Builder builder(&document);
  std::optional<Problem> broken;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& e) {
    broken = {e.line, "", e.what()};
  } catch (const YAML::Exception& e) {
    broken = {e.mark.line + 1, "", NotYaml(text, e)};
  }
  // The cause of whatever else came of it, so that it goes first.
  const YAML::Mark& last = builder.last_scalar();
  if (!last.is_null() && IsOpenQuote(text, static_cast<std::size_t>(last.pos))) {
    refuse(last.line + 1, "a quote that is never closed");
  } else if (broken) {
    refuse(broken->line, std::move(broken->message));
  }
  return document;
}

}  // namespace lowbalance::yaml
