#pragma once
// Reading YAML configuration so that every mistake is found at once, each with file, line and key.
//
// A reader never throws for what stands in the file: a wrong value is noted and the default
// returned, and the caller looks at the mistakes when it has read everything. Keys that nobody
// asked for are mistakes too, named with the nearest key that was asked for.
//
//   YamlFile file = YamlFile::Load("lowbalance.yml");
//   YamlMap root = file.Root();
//   YamlMap exporter = root.Map("exporter");
//   options.listen = exporter.String("listen_address", ":10380");
//   ...
//   if (file.mistakes().empty()) ...
//
// Thread-compatible. A YamlMap must not outlive its YamlFile.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct Mistake {
  std::string file;
  int line = 0;     // From 1; 0 if the mistake has no line.
  std::string key;  // The path to it: "exporter.sources[0].interval".
  std::string message;

  // "lowbalance.yml:12: exporter.sources[0].interval: not a duration like 15m: \"abc\""
  [[nodiscard]] std::string ToString() const;
};

class YamlMap;

// One scalar that stands in a list, or is looked at in a form of its own.
class YamlValue {
 public:
  [[nodiscard]] std::string String() const;  // Notes a mistake unless it is a scalar.
  [[nodiscard]] YamlMap Map() const;         // Notes a mistake unless it is a map.
  [[nodiscard]] bool IsScalar() const;
  void Mistaken(std::string message) const;  // Notes a mistake at this place.

 private:
  friend class YamlMap;
  struct Node;
  explicit YamlValue(std::shared_ptr<Node> node);
  std::shared_ptr<Node> node_;
};

class YamlMap {
 public:
  // Notes keys that were never asked for, once, when the last copy goes.
  [[nodiscard]] bool Has(std::string_view key) const;

  // Each notes a mistake where the value has another form, or, for Required…, is missing.
  [[nodiscard]] std::string String(std::string_view key, std::string fallback = "") const;
  [[nodiscard]] std::string RequiredString(std::string_view key) const;
  [[nodiscard]] bool Bool(std::string_view key, bool fallback) const;
  [[nodiscard]] int Int(std::string_view key, int fallback, int least, int most) const;
  [[nodiscard]] Millis Duration(std::string_view key, Millis fallback, Millis least,
                                Millis most) const;
  [[nodiscard]] std::optional<Money> Amount(std::string_view key) const;
  // A path; relative ones are taken from the configuration file's folder. Empty if absent.
  [[nodiscard]] std::filesystem::path Path(std::string_view key) const;
  // One of `words`.
  [[nodiscard]] std::string OneOf(std::string_view key, std::string fallback,
                                  const std::vector<std::string>& words) const;
  // A map that is absent reads as an empty one.
  [[nodiscard]] YamlMap Map(std::string_view key) const;
  [[nodiscard]] std::vector<YamlValue> List(std::string_view key) const;
  // A value that may be a scalar or a map; empty if the key is absent.
  [[nodiscard]] std::optional<YamlValue> Value(std::string_view key) const;
  // A list of texts; a single scalar reads as a list of one.
  [[nodiscard]] std::vector<std::string> Strings(std::string_view key) const;
  // The keys of a map whose keys are the user's own names, in the file's order, with their values.
  [[nodiscard]] std::vector<std::pair<std::string, YamlValue>> Entries() const;

  // The map's own line, from 1; 0 if the map is absent.
  [[nodiscard]] int Line() const;

  // Notes a mistake at `key`, or at the map itself if `key` is empty or absent.
  void Mistaken(std::string_view key, std::string message) const;

 private:
  friend class YamlValue;
  friend class YamlFile;
  struct Node;
  explicit YamlMap(std::shared_ptr<Node> node);
  std::shared_ptr<Node> node_;
};

class YamlFile {
 public:
  // A file that cannot be read, is over 4 MiB or is not YAML with a map at its top gives a
  // YamlFile with one mistake and an empty root.
  [[nodiscard]] static YamlFile Load(const std::filesystem::path& file);
  // The same from text; `name` stands in the mistakes, `folder` resolves relative paths.
  [[nodiscard]] static YamlFile Parse(std::string_view text, std::string name,
                                      std::filesystem::path folder);

  [[nodiscard]] YamlMap Root() const;
  // In the order of lines. Complete once all YamlMaps are gone.
  [[nodiscard]] std::vector<Mistake> mistakes() const;

 private:
  friend class YamlMap;
  friend class YamlValue;
  struct State;
  explicit YamlFile(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace lowbalance
