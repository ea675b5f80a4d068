#include "base/http_message.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

TEST(HttpMessageTest, PrefersWhatTheClientPrefers) {
  const struct {
    const char* header;
    Language language;
  } cases[] = {
      {"", Language::kEnglish},
      {"*", Language::kEnglish},
      {"en", Language::kEnglish},
      {"fr-FR, fr;q=0.9", Language::kEnglish},
      {"zh", Language::kChinese},
      {"zh-CN", Language::kChinese},
      {"ZH-Hant-TW", Language::kChinese},
      {"zhx", Language::kEnglish},
      {"zh-CN,zh;q=0.9,en;q=0.8", Language::kChinese},
      {"en-GB, en;q=0.9, zh;q=0.8", Language::kEnglish},
      {"en;q=0.5, zh-CN;q=0.6", Language::kChinese},
      {"de, zh;q=0.1", Language::kChinese},
      {"zh;q=0", Language::kEnglish},
      {"zh;q=0.000", Language::kEnglish},
      {"zh;q=none", Language::kChinese},
      {",,;q=,zh", Language::kChinese},
  };
  for (const auto& c : cases) EXPECT_EQ(PreferredLanguage(c.header), c.language) << c.header;
}

TEST(HttpMessageTest, RefusesInTheLanguageOfTheRequest) {
  HttpRequest request;
  EXPECT_EQ(JsonError(request, 409, {"no", "不"}, "x").body,
            "{\"error\":{\"field\":\"x\",\"message\":\"no\"}}\n");
  request.language = Language::kChinese;
  EXPECT_EQ(JsonError(request, 409, {"no", "不"}).body, "{\"error\":{\"message\":\"不\"}}\n");
}

}  // namespace
}  // namespace lowbalance
