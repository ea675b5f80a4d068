#include "config/wording.h"

#include <algorithm>
#include <cassert>
#include <set>

#include "config/built_in_wording.h"
#include "core/text.h"

namespace lowbalance {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestPhrase = 1000;

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string Braced(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "{" : ", {") + name + "}";
  return text;
}

// What is wrong with the places of a phrase; empty if nothing is.
std::string CheckPlaces(std::string_view phrase, const std::vector<std::string>& needed,
                        const std::vector<std::string>& known) {
  std::set<std::string, std::less<>> seen;
  while (true) {
    const auto open = phrase.find_first_of("{}");
    if (open == std::string_view::npos) break;
    const auto close = phrase.find_first_of("{}", open + 1);
    if (phrase[open] == '}' || close == std::string_view::npos || phrase[close] == '{') {
      return "a brace without its other; a place is written {name}";
    }
    const std::string_view name = phrase.substr(open + 1, close - open - 1);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string what = "unknown place {" + std::string(name) + "}";
      const std::string_view nearest = NearestWord(name, known);
      if (!nearest.empty()) return what + "; did you mean {" + std::string(nearest) + "}?";
      return what + (known.empty() ? "; this phrase has none" : "; known are " + Braced(known));
    }
    seen.emplace(name);
    phrase.remove_prefix(close + 1);
  }
  std::vector<std::string> missing;
  for (const std::string& name : needed) {
    if (!seen.contains(name)) missing.push_back(name);
  }
  return missing.empty() ? "" : "lacks " + Braced(missing);
}

bool IsLanguage(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const std::string_view first = name.substr(0, name.find('-'));
  return (first.size() == 2 || first.size() == 3) &&
         std::all_of(first.begin(), first.end(), is_letter) && name.size() <= 20 &&
         name.back() != '-' && std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

// Reads one file into a Wording.
class WordingReader {
 public:
  // `complete`: every phrase must be there.
  WordingReader(const YamlFile& file, bool complete, Wording& wording)
      : complete_(complete), wording_(wording) {
    const YamlMap root = file.Root();
    // One reader per section, so that its unknown keys are told against all that it may have.
    std::map<std::string, YamlMap, std::less<>> sections;
    for (std::size_t i = 0; i < kPhrases.size(); ++i) {
      const std::string_view key = kPhrases[i].key;
      const auto dot = key.find('.');
      if (dot == std::string_view::npos) {
        Read(root, key, i);
        continue;
      }
      const std::string section(key.substr(0, dot));
      auto found = sections.find(section);
      if (found == sections.end()) found = sections.emplace(section, root.Map(section)).first;
      if (complete_ && !root.Has(section)) {
        if (missing_.insert(section).second) root.Mistaken(section, "is missing");
        continue;
      }
      Read(found->second, key.substr(dot + 1), i);
    }
  }

 private:
  void Read(const YamlMap& map, std::string_view key, std::size_t index) {
    const PhraseInfo& info = kPhrases[index];
    const auto value = map.Value(key);
    if (!value) {
      if (complete_) map.Mistaken(key, "is missing");
      return;
    }
    std::vector<std::string> needed;
    std::vector<std::string> known;
    for (const std::string& word : Split(info.places)) {
      const bool optional = word.starts_with('[');
      known.push_back(optional ? word.substr(1, word.size() - 2) : word);
      if (!optional) needed.push_back(known.back());
    }
    Wording::Forms forms;
    if (!info.counted || value->IsScalar()) {
      forms.other = Text(map, key, info, needed, known);
    } else {
      const YamlMap counted = value->Map();
      forms.other = Text(counted, "other", info, needed, known);
      // "One more reminder" need not say the number.
      std::erase(needed, "n");
      if (counted.Has("one")) forms.one = Text(counted, "one", info, needed, known);
    }
    wording_.phrases_[index] = std::move(forms);
  }

  static std::string Text(const YamlMap& map, std::string_view key, const PhraseInfo& info,
                          const std::vector<std::string>& needed,
                          const std::vector<std::string>& known) {
    if (!map.Has(key)) {
      map.Mistaken(key, "is missing");
      return "";
    }
    const std::string text = map.String(key);
    std::string wrong;
    if (text.empty()) {
      wrong = "is empty";
    } else if (text.size() > kLongestPhrase) {
      wrong = "is longer than " + std::to_string(kLongestPhrase) + " bytes";
    } else if (!IsValidUtf8(text) || HasControlCharacters(text)) {
      wrong = "must be one line of UTF-8 without control characters";
    } else if (info.key == "format.month_names" && Split(text).size() != 12) {
      wrong =
          "must be twelve names separated by blanks, seen " + std::to_string(Split(text).size());
    } else if (info.key == "language_tag" && !IsLanguage(text)) {
      wrong = "not a language like en or zh-CN: " + Quoted(text);
    } else {
      wrong = CheckPlaces(text, needed, known);
    }
    if (!wrong.empty()) map.Mistaken(key, wrong);
    return text;
  }

  const bool complete_;
  Wording& wording_;
  std::set<std::string, std::less<>> missing_;
};

const Wordings& BuiltInWordings() {
  static const Wordings wordings = [] {
    Wordings built_in;
    for (const BuiltInWordingFile& source : kBuiltInWordingFiles) {
      const YamlFile file =
          YamlFile::Parse(source.text, std::string(source.language) + ".yml", ".");
      WordingReader(file, /*complete=*/true, built_in[std::string(source.language)]);
      // A test reads each of them; with a mistake no program would start.
      assert(file.mistakes().empty());
    }
    return built_in;
  }();
  return wordings;
}

std::string LoadWordings(const fs::path& folder, Wordings& wordings,
                         std::vector<Mistake>& mistakes) {
  std::error_code code;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename();
    std::error_code ignored;
    if (!name.starts_with('.') && entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (code) return "cannot read the folder " + folder.string() + ": " + code.message();
  std::sort(files.begin(), files.end());
  bool any = false;
  for (const fs::path& path : files) {
    if (path.extension() != ".yml" && path.extension() != ".yaml") continue;
    any = true;
    const std::string language = path.stem();
    if (path.extension() == ".yaml" || !IsLanguage(language)) {
      mistakes.push_back({.file = path.string(),
                          .message = "is not named after a language: en.yml, zh.yml, pt-BR.yml"});
      continue;
    }
    const auto [found, is_new] = wordings.try_emplace(language);
    const YamlFile file = YamlFile::Load(path);
    WordingReader(file, /*complete=*/is_new, found->second);
    for (Mistake& mistake : file.mistakes()) mistakes.push_back(std::move(mistake));
  }
  return any ? "" : "there is no wording (LANGUAGE.yml) in " + folder.string();
}

std::string Fill(std::string_view phrase, Places places) {
  std::string out;
  while (!phrase.empty()) {
    const auto open = std::min(phrase.find('{'), phrase.size());
    out += phrase.substr(0, open);
    phrase.remove_prefix(open);
    if (phrase.empty()) break;
    const auto close = std::min(phrase.find('}'), phrase.size() - 1);
    const std::string_view name = phrase.substr(1, close - 1);
    for (const auto& [place, value] : places) {
      if (place == name) out += value;
    }
    phrase.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace lowbalance
