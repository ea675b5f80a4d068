#pragma once
// Runs the command line as people do.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace lowbalance {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// `lowbalance ARGUMENTS` in `folder`, with nothing but `environment` in its environment.
inline Ran RunLowbalance(const std::vector<std::string>& arguments,
                         const std::filesystem::path& folder, const std::string& input = "",
                         const std::map<std::string, std::string>& environment = {}) {
  const auto file = [&](const char* name) { return (folder / name).string(); };
  std::ofstream(file(".in"), std::ios::binary) << input;
  std::vector<std::string> words{LOWBALANCE_BIN_DIR "/lowbalance"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  const auto argv = pointers(words);
  const auto envp = pointers(variables);
  const std::string in = file(".in");
  const std::string out = file(".out");
  const std::string err = file(".err");

  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const auto redirect = [](const std::string& path, int flags, int to) {
      const int fd = open(path.c_str(), flags, 0600);
      if (fd < 0 || dup2(fd, to) < 0) _exit(126);
    };
    redirect(in, O_RDONLY, 0);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, 2);
    if (chdir(folder.c_str()) != 0) _exit(126);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const auto read = [](const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), read(out), read(err)};
}

}  // namespace lowbalance
