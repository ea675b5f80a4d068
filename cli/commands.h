#pragma once
// The commands of `lowbalance`. Each function declares one command on the command line and, where
// it is the one that was asked for, leaves in `run` what it does.
//
// Exit codes, for scripts: 0 done; 1 refused, failed, or there is a difference; 2 the command line,
// the configuration or a file given is wrong; 3 the server cannot be reached, so trying again later
// may help.

#include <functional>
#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace lowbalance::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;

using Run = std::function<int()>;

// Ends a command with the exit code and a line for the person. Thrown from within `run` alone.
struct Stop : std::runtime_error {
  Stop(int code, const std::string& message) : std::runtime_error(message), exit_code(code) {}
  int exit_code;
};

void AddCheck(CLI::App& app, Run& run);
void AddDoctor(CLI::App& app, Run& run);
void AddSources(CLI::App& app, Run& run);
void AddRules(CLI::App& app, Run& run);
void AddRoute(CLI::App& app, Run& run);
void AddAccounts(CLI::App& app, Run& run);
void AddMessages(CLI::App& app, Run& run);
void AddMessagesPreview(CLI::App& messages, Run& run);  // One of the commands of `messages`.
void AddSimulate(CLI::App& app, Run& run);

}  // namespace lowbalance::cli
