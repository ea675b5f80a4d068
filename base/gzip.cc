#include "base/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

namespace lowbalance {
namespace {

// ISA-L counts in 32 bits.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30U;

}  // namespace

std::string Gzip(std::string_view text) {
  // The state alone is some 100 KiB: too much for a thread's stack.
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  std::vector<std::uint8_t> level_buffer(ISAL_DEF_LVL1_DEFAULT);
  stream->level = 1;
  stream->level_buf = level_buffer.data();
  stream->level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
  stream->gzip_flag = IGZIP_GZIP;

  // Metrics shrink to about a fifth; the rest is the price of texts that do not.
  std::string out(text.size() / 4 + 1024, '\0');
  std::size_t written = 0;
  do {
    if (stream->avail_in == 0) {
      const std::size_t take = std::min(text.size(), kMostAtOnce);
      // The library reads through a pointer that is not const.
      stream->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
      stream->avail_in = static_cast<std::uint32_t>(take);
      text.remove_prefix(take);
      stream->end_of_stream = text.empty() ? 1 : 0;
    }
    if (written == out.size()) out.resize(out.size() * 2);
    const std::size_t room = std::min(out.size() - written, kMostAtOnce);
    stream->next_out = reinterpret_cast<std::uint8_t*>(out.data() + written);
    stream->avail_out = static_cast<std::uint32_t>(room);
    const int code = isal_deflate(stream.get());
    assert(code == COMP_OK);
    written += room - stream->avail_out;
  } while (stream->internal_state.state != ZSTATE_END);
  out.resize(written);
  return out;
}

}  // namespace lowbalance
