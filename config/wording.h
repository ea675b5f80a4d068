#pragma once
// The wording of messages, one per language.
//
// What is built in stands in config/wording/LANGUAGE.yml; a folder named by the configuration may
// hold further files of the same form. One that has a built-in language's name replaces the phrases
// it has; any other must have them all. docs/wording.md is for the people who edit them.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "config/phrases.h"

namespace lowbalance {

// The phrases of one language. A value.
class Wording {
 public:
  // The phrase; its places are still in it. Of a counted one, the form for a number.
  [[nodiscard]] const std::string& Get(Phrase phrase) const { return Of(phrase).other; }
  [[nodiscard]] const std::string& Get(Phrase phrase, std::int64_t n) const {
    const Forms& forms = Of(phrase);
    return n == 1 && !forms.one.empty() ? forms.one : forms.other;
  }

 private:
  friend class WordingReader;
  struct Forms {
    std::string one;  // Empty where the language has no form of its own for one.
    std::string other;
  };
  [[nodiscard]] const Forms& Of(Phrase phrase) const { return phrases_[phrase.index()]; }
  std::array<Forms, kPhrases.size()> phrases_;
};

// By language: "en", "zh". Whatever is there is complete.
using Wordings = std::map<std::string, Wording, std::less<>>;

[[nodiscard]] const Wordings& BuiltInWordings();

// Reads the files of a folder over `wordings`. Notes each mistake with file, line and key: an
// unknown key, an unknown place or one that is missing, a phrase missing from a language that is
// not built in. Returns what is wrong with the folder itself, empty if nothing is.
[[nodiscard]] std::string LoadWordings(const std::filesystem::path& folder, Wordings& wordings,
                                       std::vector<Mistake>& mistakes);

// Values for places, by name.
using Places = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Puts values in their places in one pass, so that a value cannot hold a place.
[[nodiscard]] std::string Fill(std::string_view phrase, Places places);

}  // namespace lowbalance
