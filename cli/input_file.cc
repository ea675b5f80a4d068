#include "cli/input_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace lowbalance::cli {

Result<std::string> ReadInputFile(const std::string& file, std::size_t most) {
  std::ifstream stream;
  const std::string name = InputName(file);
  if (file != "-") {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
      return Reject(name + ": cannot be read: it is a folder");
    }
    errno = 0;
    stream.open(file, std::ios::binary);
    if (!stream) return Reject(name + ": cannot be read: " + std::strerror(errno));
  }
  std::istream& in = file == "-" ? std::cin : stream;
  std::string text;
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  while (in && text.size() <= most) {
    const std::size_t filled = text.size();
    text.resize(filled + kPiece);
    in.read(text.data() + filled, kPiece);
    text.resize(filled + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return Reject(name + ": cannot be read: " + std::strerror(errno));
  if (text.size() > most) {
    return Reject(name + ": larger than " + std::to_string(most >> 20U) + " MiB");
  }
  return text;
}

std::string InputName(const std::string& file) { return file == "-" ? "standard input" : file; }

}  // namespace lowbalance::cli
