#include "cli/table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace lowbalance::cli {
namespace {

// Blocks whose characters terminals draw two columns wide.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kWide{{{0x1100, 0x115f},
                                                                        {0x2e80, 0xa4cf},
                                                                        {0xac00, 0xd7a3},
                                                                        {0xf900, 0xfaff},
                                                                        {0xfe30, 0xfe6f},
                                                                        {0xff00, 0xff60},
                                                                        {0x1f300, 0x1faff},
                                                                        {0x20000, 0x3fffd}}};

std::size_t Width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t code = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = (code << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    }
    const bool wide = std::any_of(kWide.begin(), kWide.end(), [code](const auto& block) {
      return code >= block.first && code <= block.second;
    });
    width += wide ? 2 : 1;
    i += length;
  }
  return width;
}

}  // namespace

std::string Plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F.
      out += ' ';
      ++i;
    } else {
      out += byte < 0x20 || byte == 0x7f ? ' ' : text[i];
    }
  }
  return out;
}

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> titles = header;
  std::vector<bool> right(header.size());
  std::vector<std::size_t> widths(header.size());
  for (std::size_t i = 0; i < titles.size(); ++i) {
    right[i] = titles[i].starts_with('>');
    if (right[i]) titles[i].erase(0, 1);
    widths[i] = Width(titles[i]);
    for (const auto& row : rows) {
      if (i < row.size()) widths[i] = std::max(widths[i], Width(row[i]));
    }
  }
  std::string out;
  const auto put = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      const std::string gap(widths[i] - Width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (right[i] ? gap + row[i] : row[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  put(titles);
  for (const auto& row : rows) put(row);
  return out;
}

}  // namespace lowbalance::cli
