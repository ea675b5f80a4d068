#include "config/config_hash.h"

#include <fstream>
#include <iterator>
#include <string>

#include "base/digest.h"

namespace lowbalance {

std::uint64_t ConfigHash(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return 0;
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return std::stoull(Sha256Hex(text).substr(0, 12), nullptr, 16);
}

}  // namespace lowbalance
