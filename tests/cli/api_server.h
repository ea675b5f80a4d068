#pragma once
// `lowbalance` against a server that answers as told and records what it is asked.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/http_server.h"
#include "tests/base/temp_folder.h"
#include "tests/cli/run_program.h"

namespace lowbalance {

class ApiCommands : public testing::Test {
 protected:
  ApiCommands() : server_({.listen_address = "127.0.0.1:0"}) {}

  // Answers `method pattern` and notes what was asked.
  void Answer(const std::string& method, const std::string& pattern,
              const std::function<HttpResponse(const HttpRequest&)>& answer) {
    server_.Route(method, pattern, Access::kOpen, [this, answer](const HttpRequest& request) {
      std::string text = request.method + " " + request.path;
      for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
      if (!request.body.empty()) text += " " + request.body;
      const std::lock_guard lock(mutex_);
      asked_.push_back(text);
      authorization_ = request.Header("authorization");
      return answer(request);
    });
  }
  void Answer(const std::string& method, const std::string& pattern, const std::string& body) {
    Answer(method, pattern, [body](const HttpRequest&) { return JsonOk(body); });
  }

  Ran Run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
    if (port_ == 0) port_ = server_.Start();
    const std::string url = "http://127.0.0.1:" + std::to_string(port_);
    environment.emplace("LOWBALANCE_EXPORTER_URL", url);
    environment.emplace("LOWBALANCE_WEBHOOK_URL", url + "/");
    // What a test sets before and looks at after is the server's threads' meanwhile.
    { const std::lock_guard handed_over(mutex_); }
    Ran ran = RunLowbalance(arguments, folder_.path(), "", environment);
    { const std::lock_guard handed_back(mutex_); }
    return ran;
  }

  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  TempFolder folder_;
  std::mutex mutex_;
  std::vector<std::string> asked_;  // Guarded by mutex_.
  std::string authorization_;       // Guarded by mutex_; of the last request.
  std::uint16_t port_ = 0;
  HttpServer server_;
};

}  // namespace lowbalance
