// The web configuration file: every mistake is told with its place and without the value, and what
// stands there without one are hashes.

#include "base/web_config.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {

void Try(std::string_view input) {
  constexpr const char* kFile = "/etc/lowbalance/web.yml";
  std::vector<Mistake> mistakes;
  const WebConfig config = ParseWebConfig(input, kFile, &mistakes);
  for (const Mistake& mistake : mistakes) {
    PROMISE(mistake.file == kFile);
    PROMISE(mistake.line >= 0 && mistake.line <= LinesOf(input));
    PROMISE_MESSAGE(mistake.message, 4 * input.size() + 1000);
  }
  for (const auto& [name, hash] : config.users) {
    PROMISE(!name.empty() && !HasControlCharacters(name) && hash.size() == 60);
  }
  if (mistakes.empty()) PROMISE(config.cert_file.empty() == config.key_file.empty());
}

}  // namespace lowbalance::fuzz
