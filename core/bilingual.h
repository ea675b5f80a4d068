#pragma once
// What is told to a person, in the languages that people read it in.
//
// Whatever finds out what to say says it in each: the two stand side by side where the rule stands,
// and both are to be given. Texts that only operators and programs come across (the configuration,
// the log, what only a program can get wrong in a request) are plain English strings.

#include <string>

namespace lowbalance {

enum class Language { kEnglish, kChinese };

struct Bilingual {
  std::string en;
  std::string zh;

  [[nodiscard]] const std::string& In(Language language) const {
    return language == Language::kChinese ? zh : en;
  }
  Bilingual& operator+=(const Bilingual& more) {
    en += more.en;
    zh += more.zh;
    return *this;
  }
};

// What is the same in both, such as a name or a number.
[[nodiscard]] inline Bilingual Verbatim(const std::string& text) { return {text, text}; }

}  // namespace lowbalance
