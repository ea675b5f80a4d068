#pragma once
// The routes that an OpenAPI file of ours documents, by its layout: paths at two blanks, methods at
// four.

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace lowbalance {

// "GET /api/v1/accounts", …
inline std::set<std::string> DocumentedRoutes(const std::string& file) {
  std::set<std::string> routes;
  std::ifstream in(file);
  std::string path;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("components:")) break;
    if (line.starts_with("  /") && line.ends_with(":")) path = line.substr(2, line.size() - 3);
    for (const char* method : {"get", "post", "patch", "delete"}) {
      if (line != "    " + std::string(method) + ":") continue;
      std::string upper(method);
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      routes.insert(upper + " " + path);
    }
  }
  return routes;
}

// Of the routes that are served, those of the API.
inline std::set<std::string> ApiRoutes(const std::vector<std::string>& routes) {
  std::set<std::string> found;
  for (const std::string& route : routes) {
    if (route.find(" /api/") != std::string::npos) found.insert(route);
  }
  return found;
}

}  // namespace lowbalance
