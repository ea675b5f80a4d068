#include "config/wording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/config.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

// A configuration with a wording folder, and what is wrong with both.
class WordingTest : public testing::Test {
 protected:
  void Add(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_.path() / "wording");
    folder_.Write("wording/" + name, text);
  }
  ConfigResult Read(const std::string& contact_language = "en") {
    return ParseConfig(
        "webhook: {wording: wording}\n"
        "contacts: {finance: {internal: [f], language: " +
            contact_language +
            "}}\n"
            "default_contact: finance\n",
        folder_.path() / "lowbalance.yml");
  }
  // The mistakes without the folder's path.
  std::vector<std::string> Mistakes(const std::string& contact_language = "en") {
    std::vector<std::string> lines;
    const std::string prefix = folder_.path().string() + "/";
    for (const Mistake& mistake : Read(contact_language).mistakes) {
      std::string line = mistake.ToString();
      for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) {
        line.erase(at, prefix.size());
      }
      lines.push_back(line);
    }
    return lines;
  }

  TempFolder folder_;
};

std::string BuiltInText(const std::string& language) {
  std::ifstream file(LOWBALANCE_SOURCE_DIR "/config/wording/" + language + ".yml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(WordingTest, TheBuiltInLanguagesAreThoseOfTheFolder) {
  std::vector<std::string> built_in;
  for (const auto& [language, wording] : BuiltInWordings()) built_in.push_back(language);
  EXPECT_THAT(built_in, ElementsAre("en", "zh"));
  // Each as a language of its own, which must be complete.
  for (const std::string& language : built_in) Add("x" + language + ".yml", BuiltInText(language));
  EXPECT_THAT(Mistakes("xen"), ElementsAre());
  const Wordings wordings = Read().config.webhook.wordings;
  ASSERT_TRUE(wordings.contains("xzh"));
  for (std::size_t i = 0; i < kPhrases.size(); ++i) {
    for (const std::int64_t n : {1, 2}) {
      EXPECT_EQ(wordings.at("xzh").Get(Phrase(i), n), BuiltInWordings().at("zh").Get(Phrase(i), n))
          << kPhrases[i].key;
    }
  }
}

TEST_F(WordingTest, AFileReplacesThePhrasesItHas) {
  Add("en.yml", "alert: {subject: \"{account} is down to {credit}\"}\n");
  const ConfigResult result = Read();
  EXPECT_THAT(Mistakes(), ElementsAre());
  const Wording& english = result.config.webhook.wordings.at("en");
  EXPECT_EQ(english.Get("alert.subject"), "{account} is down to {credit}");
  EXPECT_EQ(english.Get("alert.label"), "Low balance");
  EXPECT_EQ(result.config.webhook.wordings.at("zh").Get("alert.label"), "余额不足");
}

TEST_F(WordingTest, AFileMayAddALanguage) {
  std::string german = BuiltInText("en");
  Add("de-AT.yml", german);
  EXPECT_THAT(Mistakes("de-AT"), ElementsAre());
  EXPECT_THAT(Mistakes("fr"),
              ElementsAre(EndsWith("contacts.finance.language: must be one of de-AT, en, zh: "
                                   "\"fr\"")));
}

TEST_F(WordingTest, FormsForOneAreOptional) {
  Add("en.yml",
      "duration:\n"
      "  days: {one: \"one day\", other: \"{n} days\"}\n"
      "  hours: \"{n} h\"\n"
      "next:\n"
      "  daily_reminders: {other: \"{n} to come\"}\n");
  EXPECT_THAT(Mistakes(), ElementsAre());
  const Wordings wordings = Read().config.webhook.wordings;
  const Wording& english = wordings.at("en");
  EXPECT_EQ(english.Get("duration.days", 1), "one day");
  EXPECT_EQ(english.Get("duration.days", 2), "{n} days");
  EXPECT_EQ(english.Get("duration.days", 0), "{n} days");
  EXPECT_EQ(english.Get("duration.hours", 1), "{n} h");
  EXPECT_EQ(english.Get("next.daily_reminders", 1), "{n} to come");
  EXPECT_EQ(english.Get("next.daily_reminders", 5), "{n} to come");
}

TEST_F(WordingTest, EveryMistakeIsToldWithFileLineAndKey) {
  Add("en.yml",
      "alert:\n"
      "  subject: \"{acount} has {credit}\"\n"
      "  headline: \"Below the threshold\"\n"
      "  subjct: \"Low\"\n"
      "  label: \"Low {account}\"\n"
      "reminder:\n"
      "  subject: \"{number} of {most: {account} {credit}\"\n"
      "  headline: \"\"\n"
      "  label: \"line\\nbreak {number} {most}\"\n"
      "row: [a]\n"
      "format:\n"
      "  month_names: Jan Feb\n"
      "duration:\n"
      "  days: {one: \"a day\"}\n"
      "  hours: {one: \"{m} hour\", other: \"hours\", few: \"x\"}\n"
      "language_tag: \"eng lish\"\n"
      "overdue: {subject: 5}\n"
      "remainder: {}\n");
  EXPECT_THAT(
      Mistakes(),
      ElementsAre(
          "wording/en.yml:2: alert.subject: unknown place {acount}; did you mean {account}?",
          "wording/en.yml:3: alert.headline: lacks {account}",
          "wording/en.yml:4: alert.subjct: unknown key; did you mean subject?",
          "wording/en.yml:5: alert.label: unknown place {account}; this phrase has none",
          "wording/en.yml:7: reminder.subject: a brace without its other; a place is written "
          "{name}",
          "wording/en.yml:8: reminder.headline: is empty",
          "wording/en.yml:9: reminder.label: must be one line of UTF-8 without control characters",
          "wording/en.yml:10: row: must be a map, not a list",
          "wording/en.yml:12: format.month_names: must be twelve names separated by blanks, seen 2",
          "wording/en.yml:14: duration.days.other: is missing",
          "wording/en.yml:15: duration.hours.other: lacks {n}",
          "wording/en.yml:15: duration.hours.one: unknown place {m}; did you mean {n}?",
          "wording/en.yml:15: duration.hours.few: unknown key; known are one, other",
          "wording/en.yml:16: language_tag: not a language like en or zh-CN: \"eng lish\"",
          "wording/en.yml:17: overdue.subject: lacks {account}, {credit}",
          "wording/en.yml:18: remainder: unknown key; did you mean reminder?"));
}

TEST_F(WordingTest, ANewLanguageMustBeComplete) {
  Add("de.yml", "language_tag: de\nalert:\n  label: Niedrig\n");
  const std::vector<std::string> mistakes = Mistakes();
  EXPECT_THAT(mistakes, testing::Contains("wording/de.yml:2: alert.subject: is missing"));
  EXPECT_THAT(mistakes, testing::Contains("wording/de.yml:1: reminder: is missing"));
  EXPECT_THAT(mistakes, testing::Not(testing::Contains(HasSubstr("alert.label:"))));
  // Every phrase of a section that is there, and every section that is not.
  EXPECT_EQ(mistakes.size(), 5U + 14U) << testing::PrintToString(mistakes);
}

TEST_F(WordingTest, TheFolderItself) {
  EXPECT_THAT(Mistakes(),
              ElementsAre(HasSubstr("webhook.wording: cannot read the folder wording")));
  Add("README.md", "not a wording");
  Add(".en.yml.swp", "nor this");
  EXPECT_THAT(Mistakes(), ElementsAre(HasSubstr("there is no wording (LANGUAGE.yml) in wording")));
  Add("English.yml", "");
  Add("zh.yaml", "");
  Add("en.yml", "a: [");
  EXPECT_THAT(Mistakes(),
              ElementsAre("wording/English.yml: is not named after a language: en.yml, zh.yml, "
                          "pt-BR.yml",
                          HasSubstr("wording/en.yml:"),
                          "wording/zh.yaml: is not named after a language: en.yml, zh.yml, "
                          "pt-BR.yml"));
}

TEST(FillTest, PutsValuesInTheirPlacesInOnePass) {
  EXPECT_EQ(Fill("{a} and {b}, {a}", {{"a", "{b}"}, {"b", "x"}}), "{b} and x, {b}");
  EXPECT_EQ(Fill("{unknown}!", {{"a", "x"}}), "!");
  EXPECT_EQ(Fill("", {}), "");
}

}  // namespace
}  // namespace lowbalance
