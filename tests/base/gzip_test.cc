#include "base/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace lowbalance {
namespace {

// Empty, too, if there is more than one member.
std::string Gunzip(const std::string& compressed, std::size_t room) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return "";
  std::string text(room, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  text.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return text;
}

TEST(GzipTest, ComesBackFromZlib) {
  std::string metrics;
  for (int i = 0; i < 50'000; ++i) {
    metrics += "billing_account_available_credit{account_id=\"" + std::to_string(i * 7919) +
               "\",provider=\"demo\"} " + std::to_string(i) + ".25\n";
  }
  std::mt19937 random(17);
  std::string noise(3'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(100'000'0, 'a'), metrics, noise}) {
    EXPECT_TRUE(Gunzip(Gzip(text), text.size() + 1) == text) << text.size() << " bytes";
  }
  EXPECT_LT(Gzip(metrics).size(), metrics.size() / 4);
  EXPECT_LT(Gzip(noise).size(), noise.size() + noise.size() / 100);
}

}  // namespace
}  // namespace lowbalance
