#pragma once
// Which handler a request is for. Pure; no regular expressions, and time linear in the target.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace lowbalance {

// A request target, "/a/17%2F3?x=1", taken apart before it is decoded.
struct HttpTarget {
  std::vector<std::string> segments;  // "a", "17/3"; decoded. Of "/": one, which is empty.
  std::string path;                   // "/a/17/3", for people to read.
  std::map<std::string, std::string, std::less<>> query;  // Decoded; the first of each name.
};

// Refused: what does not begin with '/', bad percent-encoding, text that is not UTF-8, control
// characters in the path.
[[nodiscard]] Result<HttpTarget> ParseHttpTarget(std::string_view target);

class HttpRoutes {
 public:
  // Patterns are paths whose segments may be {name}; the index of a route is the number of those
  // added before it. A pattern and method may be added once.
  void Add(std::string method, std::string_view pattern);

  struct Match {
    // Is there a route for the path and the method? Then which, and its {name} segments.
    bool found = false;
    std::size_t index = 0;
    std::map<std::string, std::string, std::less<>> params;
    // Otherwise: what the path does have, for Allow. Empty where there is no such path.
    std::string allow;
  };
  // A {name} takes any one segment that is not empty; a literal segment goes before a {name}.
  // HEAD is found where GET is.
  [[nodiscard]] Match Find(std::string_view method, const HttpTarget& target) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
  };
  std::vector<Route> routes_;
};

}  // namespace lowbalance
