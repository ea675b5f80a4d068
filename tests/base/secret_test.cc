#include "base/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(ReadSecretFileTest, ReadsWithoutTheLineEnd) {
  const TempFolder folder;
  EXPECT_EQ(*ReadSecretFile(folder.Write("a", "s3cret")), "s3cret");
  EXPECT_EQ(*ReadSecretFile(folder.Write("a", "s3cret\n")), "s3cret");
  EXPECT_EQ(*ReadSecretFile(folder.Write("a", "s3cret\r\n")), "s3cret");
  EXPECT_EQ(*ReadSecretFile(folder.Write("a", " s3 cret \n")), " s3 cret ");
  EXPECT_EQ(ReadSecretFile(folder.Write("a", std::string(65536, 'x')))->size(), 65536U);
}

TEST(ReadSecretFileTest, NamesTheFileAndNotTheContent) {
  const TempFolder folder;
  const struct {
    std::filesystem::path file;
    const char* why;
  } cases[] = {
      {folder.path() / "none", "none: No such file or directory"},
      {folder.path(), "is a folder, not a file"},
      {folder.Write("empty", ""), "empty: is empty"},
      {folder.Write("newline", "\n\n"), "newline: is empty"},
      {folder.Write("long", std::string(70'000, 'x')), "long: is larger than 64 KiB"},
  };
  for (const auto& c : cases) {
    const auto secret = ReadSecretFile(c.file);
    ASSERT_FALSE(secret) << c.file;
    EXPECT_THAT(secret.error().message, HasSubstr(c.file.string()));
    EXPECT_THAT(secret.error().message, EndsWith(c.why));
    EXPECT_THAT(secret.error().message, Not(HasSubstr("xx")));
  }
}

TEST(EqualInConstantTimeTest, Compares) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "ab"));
  EXPECT_FALSE(EqualInConstantTime("", "a"));
}

TEST(RandomHexTest, IsHexAndDiffers) {
  EXPECT_THAT(RandomHex(16), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(RandomHex(16), RandomHex(16));
  EXPECT_EQ(RandomHex(0), "");
}

}  // namespace
}  // namespace lowbalance
