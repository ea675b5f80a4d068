#pragma once
// What the fuzz targets have in common.
//
// A target holds a parser to what its header promises. What is not so ends the process as a crash
// would, and libFuzzer then keeps the input. An exception that gets out of Try does the same.

#include <cstddef>
#include <string>
#include <string_view>

namespace lowbalance::fuzz {

// Each target defines this one: what is tried with one input.
void Try(std::string_view input);

[[noreturn]] void Fail(const char* file, int line, const char* promise, std::string_view seen);

// Holds what may stand in a log line or an answer to it: not empty, UTF-8, one line without control
// characters, and no longer than so many bytes whatever the input was.
void CheckMessage(const char* file, int line, std::string_view message, std::size_t longest);

// How many lines a text has at most, the one after the last line end included.
[[nodiscard]] int LinesOf(std::string_view text);

// The number that `text` begins with, after `before`; -1 if it does not begin so.
[[nodiscard]] int NumberAfter(std::string_view text, std::string_view before);

}  // namespace lowbalance::fuzz

#define PROMISE(...) \
  ((__VA_ARGS__) ? void() : ::lowbalance::fuzz::Fail(__FILE__, __LINE__, #__VA_ARGS__, ""))
#define PROMISE_OF(seen, ...) \
  ((__VA_ARGS__) ? void() : ::lowbalance::fuzz::Fail(__FILE__, __LINE__, #__VA_ARGS__, seen))
#define PROMISE_MESSAGE(message, longest) \
  ::lowbalance::fuzz::CheckMessage(__FILE__, __LINE__, message, longest)
