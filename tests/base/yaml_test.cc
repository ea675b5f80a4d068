#include "base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/text.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Text(const YamlFile& file) {
  std::string text;
  for (const auto& mistake : file.mistakes()) text += mistake.ToString() + "\n";
  return text;
}

// Reads a made-up format that asks for everything in every form.
struct Example {
  std::string name;
  bool on = false;
  int count = 0;
  Millis interval{};
  std::optional<Money> amount;
  std::filesystem::path path;
  std::string colour;
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> people;
  std::vector<std::string> items;
};

Example Read(const YamlFile& file) {
  Example e;
  const YamlMap root = file.Root();
  e.name = root.RequiredString("name");
  e.on = root.Bool("on", true);
  e.count = root.Int("count", 3, 1, 10);
  e.interval = root.Duration("interval", 1min, 1s, 1h);
  e.amount = root.Amount("amount");
  e.path = root.Path("path");
  e.colour = root.OneOf("colour", "red", {"red", "green"});
  e.words = root.Strings("words");
  for (const auto& [person, value] : root.Map("people").Entries()) {
    e.people.emplace_back(person, value.Map().String("mail", "none"));
  }
  for (const auto& item : root.List("items")) {
    const YamlMap map = item.Map();
    e.items.push_back(map.RequiredString("id") + (map.Has("note") ? "+" : ""));
  }
  return e;
}

TEST(YamlTest, ReadsEveryForm) {
  const YamlFile file = YamlFile::Parse(
      "name: \"a: b\"  # it's a comment\n"
      "on: false\n"
      "count: 10\n"
      "interval: 1m30s\n"
      "amount: 1,234.50\n"
      "path: ../data/x.csv\n"
      "colour: green\n"
      "words: [one, 'two', 3]\n"
      "people:\n"
      "  bob: {mail: b@example.com}\n"
      "  alice:\n"
      "items:\n"
      "  - id: 17\n"
      "  - id: x\n"
      "    note: 'it''s'",
      "x.yml", "/etc/lowbalance");
  const Example e = Read(file);
  EXPECT_EQ(Text(file), "");
  EXPECT_EQ(e.name, "a: b");
  EXPECT_FALSE(e.on);
  EXPECT_EQ(e.count, 10);
  EXPECT_EQ(e.interval, 90s);
  EXPECT_EQ(e.amount->ToString(), "1234.5");
  EXPECT_EQ(e.path, "/etc/data/x.csv");
  EXPECT_EQ(e.colour, "green");
  EXPECT_THAT(e.words, ElementsAre("one", "two", "3"));
  EXPECT_THAT(e.people,
              ElementsAre(testing::Pair("bob", "b@example.com"), testing::Pair("alice", "none")));
  EXPECT_THAT(e.items, ElementsAre("17", "x+"));
}

TEST(YamlTest, AbsentAndNullReadAsTheDefault) {
  for (const char* text : {"name: x\n",
                           "name: x\non:\ncount: ~\ninterval: null\namount:\npath:\n"
                           "colour:\nwords:\npeople:\nitems:\n"}) {
    const YamlFile file = YamlFile::Parse(text, "x.yml", ".");
    const Example e = Read(file);
    EXPECT_EQ(Text(file), "");
    EXPECT_TRUE(e.on);
    EXPECT_EQ(e.count, 3);
    EXPECT_EQ(e.interval, 1min);
    EXPECT_FALSE(e.amount);
    EXPECT_EQ(e.path, "");
    EXPECT_EQ(e.colour, "red");
    EXPECT_TRUE(e.words.empty() && e.people.empty() && e.items.empty());
  }
}

TEST(YamlTest, FindsEveryMistakeAtOnce) {
  const YamlFile file = YamlFile::Parse(
      "on: yes\n"
      "count: 11\n"
      "interval: 2h\n"
      "amount: $5\n"
      "path: [a]\n"
      "colour: gren\n"
      "words:\n"
      "  - one\n"
      "  - {two: 2}\n"
      "people:\n"
      "  bob: {mial: b, mail: c}\n"
      "  carol: hello\n"
      "items:\n"
      "  - id: 1\n"
      "    idd: 2\n"
      "  - note: n\n"
      "  - just text\n"
      "intervall: 1m\n"
      "unrelated: 1\n",
      "x.yml", ".");
  (void)Read(file);
  EXPECT_EQ(
      Text(file),
      "x.yml:1: name: is missing\n"
      "x.yml:1: on: must be true or false: \"yes\"\n"
      "x.yml:2: count: must be a whole number from 1 to 10: \"11\"\n"
      "x.yml:3: interval: must be from 1s to 1h: \"2h\"\n"
      "x.yml:4: amount: " +
          Money::Parse("$5").error().message +
          "\n"
          "x.yml:5: path: must be a path, not a list\n"
          "x.yml:6: colour: must be one of red, green: \"gren\"; did you mean green?\n"
          "x.yml:9: words[1]: must be a text, not a map\n"
          "x.yml:11: people.bob.mial: unknown key; known are mail\n"
          "x.yml:12: people.carol: must be a map, not a single value\n"
          "x.yml:15: items[0].idd: unknown key; did you mean id?\n"
          "x.yml:16: items[1].id: is missing\n"
          "x.yml:17: items[2]: must be a map, not a single value\n"
          "x.yml:17: items[2].id: is missing\n"
          "x.yml:18: intervall: unknown key; did you mean interval?\n"
          "x.yml:19: unrelated: unknown key; known are amount, colour, count, interval, items, "
          "name, on, path, people, words\n");
}

TEST(YamlTest, NumbersThatAreNone) {
  for (const char* text : {"1.0", "0x1", "1e1", "''", "[1]", "99999999999999999999", "+1", "1 2"}) {
    const YamlFile file = YamlFile::Parse("count: " + std::string(text) + "\n", "x.yml", ".");
    EXPECT_EQ(file.Root().Int("count", 3, -5, 5), 3);
    EXPECT_THAT(Text(file), StartsWith("x.yml:1: count: must be a whole number")) << text;
  }
  const YamlFile file = YamlFile::Parse("count: -5\n", "x.yml", ".");
  EXPECT_EQ(file.Root().Int("count", 3, -5, 5), -5);
}

TEST(YamlTest, DuplicateKeysAreAMistake) {
  const YamlFile file = YamlFile::Parse(
      "a: 1\n"
      "b:\n"
      "  c: 2\n"
      "  c: 3\n"
      "l: [{x: 1, x: 2}]\n"
      "a: 4\n",
      "x.yml", ".");
  {
    const YamlMap root = file.Root();
    EXPECT_EQ(root.String("a"), "1");
    EXPECT_EQ(root.Map("b").String("c"), "2");
    EXPECT_EQ(root.List("l").at(0).Map().String("x"), "1");
  }
  EXPECT_EQ(Text(file),
            "x.yml:4: b.c: stands here a second time; first in line 3\n"
            "x.yml:5: l[0].x: stands here a second time; first in line 5\n"
            "x.yml:6: a: stands here a second time; first in line 1\n");
}

TEST(YamlTest, UnknownKeysAreToldOnceAndOnlyOfWhatWasReadToItsEnd) {
  const YamlFile file = YamlFile::Parse("a: 1\nb: {c: 1, d: 2}\n", "x.yml", ".");
  {
    const YamlMap root = file.Root();
    (void)root.Has("a");
    (void)root.Map("b").Has("c");
    EXPECT_EQ(Text(file), "x.yml:2: b.d: unknown key; did you mean c?\n") << "root is being read";
    (void)root.Map("b").Has("d");
  }
  EXPECT_EQ(Text(file), "");
}

TEST(YamlTest, AMistakeIsOnePlainLine) {
  const YamlFile file = YamlFile::Parse("\"a\\0\\nb\": 1\n", "x.yml", ".");
  file.Root().Mistaken("x", "there is no file a\rb");
  const std::vector<Mistake> mistakes = file.mistakes();
  ASSERT_EQ(mistakes.size(), 2U);
  for (const Mistake& mistake : mistakes) {
    EXPECT_FALSE(HasControlCharacters(mistake.ToString())) << testing::PrintToString(mistake.key);
  }
}

TEST(YamlTest, MistakesOfTheCallersOwn) {
  const YamlFile file = YamlFile::Parse("a: 1\nb:\n  c: x\n", "x.yml", ".");
  {
    const YamlMap root = file.Root();
    root.Mistaken("a", "is no good");
    root.Mistaken("z", "would be good");
    const YamlMap b = root.Map("b");
    b.Mistaken("", "is too small");
    b.Mistaken("c", "is too large");
    b.Value("c")->Mistaken("is odd");
    EXPECT_EQ(b.Line(), 2);
    EXPECT_EQ(root.Map("z").Line(), 0);
    EXPECT_FALSE(root.Value("z"));
  }
  EXPECT_EQ(Text(file),
            "x.yml:1: a: is no good\n"
            "x.yml:1: z: would be good\n"
            "x.yml:2: b: is too small\n"
            "x.yml:3: b.c: is too large\n"
            "x.yml:3: b.c: is odd\n");
}

TEST(YamlTest, AliasesAreCopies) {
  const YamlFile file = YamlFile::Parse(
      "one: &one {id: 1, x: 2}\n"
      "two: *one\n",
      "x.yml", ".");
  {
    const YamlMap root = file.Root();
    EXPECT_EQ(root.Map("two").String("id"), "1");
    (void)root.Map("one").Has("id");
  }
  EXPECT_EQ(Text(file),
            "x.yml:1: one.x: unknown key; known are id\n"
            "x.yml:1: two.x: unknown key; known are id\n");
}

TEST(YamlTest, RefusesWhatIsNoConfiguration) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += (i > 0 ? ", *" : "*") + before;
    bomb += "]\n";
  }
  const struct {
    std::string text;
    std::string mistake;
  } cases[] = {
      {"just text\n", "x.yml:1: must be a map of keys at its top, not a single value\n"},
      {"- a\n", "x.yml:1: must be a map of keys at its top, not a list\n"},
      {"a: 1\n  b: 2\n", "x.yml:2: not YAML from column 4 on: illegal map value\n"},
      {"a: 'open\n", "x.yml:1: a quote that is never closed\n"},
      {"b: {c: 'it''s\n", "x.yml:1: a quote that is never closed\n"},
      {"é: 1\na: &x \"open \\\"\nb: 2\n", "x.yml:2: a quote that is never closed\n"},
      {"a: 'open", "x.yml:1: not YAML from column 9 on: "},
      {"a:\n\t- 1\n", "x.yml:2: indented by a tab; YAML wants blanks\n"},
      {"a:\n  b: 1\n  \tc: 2\n", "x.yml:3: indented by a tab; YAML wants blanks\n"},
      {"a: 1\n---\nb: 2\n", "x.yml:2: a second document; only one is read\n"},
      {"a: !!python/object:os.system x\n", "x.yml:1: "},
      {"a: !secret x\n", "x.yml:1: a tag (\"!secret\"), which means nothing here\n"},
      {"a: &a [*a]\n", "x.yml:1: "},
      {"a: *none\n", "x.yml:1: not YAML from column 4 on: "},
      {"[a, b]: 1\n", "x.yml:1: a key must be a word, not a list\n"},
      {"a: " + std::string(100, '[') + std::string(100, ']') + "\n",
       "x.yml:1: nested deeper than 64 levels\n"},
      {"a: " + std::string(100'000, '['), "x.yml:1: "},
      {bomb, "x.yml:6: aliases that expand to more than a million values\n"},
      {"a: \xff\n", "x.yml: is not UTF-8\n"},
      {std::string("a: 1\nb: \0x\n", 11),
       "x.yml:2: a control character, \"\\x00\": is this a text file?\n"},
      {"a: " + std::string((4U << 20U) + 1, 'x'), "x.yml: is larger than 4 MiB\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text.substr(0, 80));
    const YamlFile file = YamlFile::Parse(c.text, "x.yml", ".");
    EXPECT_THAT(Text(file), StartsWith(c.mistake));
    EXPECT_EQ(file.mistakes().size(), 1U);
  }
}

TEST(YamlTest, LoadsFiles) {
  const TempFolder folder;
  const auto good = folder.Write("x.yml", "path: token\n");
  const YamlFile file = YamlFile::Load(good);
  EXPECT_EQ(file.Root().Path("path"), folder.path() / "token");
  EXPECT_EQ(Text(file), "");
  EXPECT_EQ(
      Text(YamlFile::Load(folder.path() / "none.yml")),
      (folder.path() / "none.yml").string() + ": cannot be read: No such file or directory\n");
  EXPECT_EQ(Text(YamlFile::Load(folder.path())),
            folder.path().string() + ": is a folder, not a file\n");
  EXPECT_EQ(Text(YamlFile::Load(folder.Write("empty.yml", ""))), "");
  EXPECT_THAT(Text(YamlFile::Load(folder.Write("big.yml", std::string(5'000'000, '#')))),
              HasSubstr("is larger than 4 MiB"));
}

}  // namespace
}  // namespace lowbalance
