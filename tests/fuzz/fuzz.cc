#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/text.h"

namespace lowbalance::fuzz {

void Fail(const char* file, int line, const char* promise, std::string_view seen) {
  std::fprintf(stderr, "%s:%d: not kept: %s\n", file, line, promise);
  if (!seen.empty()) std::fprintf(stderr, "  seen: %s\n", Quoted(seen, 2000).c_str());
  std::abort();
}

void CheckMessage(const char* file, int line, std::string_view message, std::size_t longest) {
  if (message.empty()) Fail(file, line, "there is a message", message);
  if (!IsValidUtf8(message)) Fail(file, line, "the message is UTF-8", message);
  if (HasControlCharacters(message)) Fail(file, line, "the message is one plain line", message);
  if (message.size() > longest) Fail(file, line, "the message is no longer than that", message);
}

int LinesOf(std::string_view text) {
  return 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n') +
                              std::count(text.begin(), text.end(), '\r'));
}

int NumberAfter(std::string_view text, std::string_view before) {
  if (!text.starts_with(before)) return -1;
  text.remove_prefix(before.size());
  int number = -1;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    number = std::max(number, 0) * 10 + (text.front() - '0');
  }
  return number;
}

}  // namespace lowbalance::fuzz

// libFuzzer hands over a block of exactly that size, so that AddressSanitizer sees the first byte
// that is read beyond it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowbalance::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
