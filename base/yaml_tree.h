#pragma once
// A YAML document as a tree that remembers lines, order, duplicate keys and which keys were asked
// for. Built from yaml-cpp's events; internal to base/yaml.cc.

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowbalance::yaml {

struct Entry;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                // Of the value; for a map or list in a map, of its key. From 1.
  std::string value;           // kScalar.
  std::vector<Node> items;     // kList.
  std::vector<Entry> entries;  // kMap, in the file's order.

  // What readers did with a map: filled in through const nodes.
  mutable std::string path;
  mutable std::set<std::string, std::less<>> asked;
  mutable bool all_asked = false;
  mutable int readers = 0;
  mutable bool visited = false;

  // The first entry of that key; null if there is none. A value that is null counts as none.
  [[nodiscard]] const Node* Find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Node node;
};

struct Problem {
  int line = 0;
  std::string key;
  std::string message;
};

// The document's tree, and what is wrong with it as YAML. Aliases are copied; a document that
// grows beyond a million nodes in this way, or is nested deeper than 64, is refused.
struct Document {
  Node root;
  std::vector<Problem> problems;
};
[[nodiscard]] Document ParseDocument(std::string_view text);

// "a scalar", "a list", "a map", "nothing", as messages say what they saw.
[[nodiscard]] std::string_view Describe(Node::Kind kind);

}  // namespace lowbalance::yaml
