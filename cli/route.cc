// lowbalance route: Alertmanager's route and receiver.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/config_option.h"
#include "cli/service_url.h"
#include "core/alert_route.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

struct Options {
  std::string config_file;
  std::string url;
  std::string bearer_token_file;
  bool bearer_token_given = false;
  std::string receiver = "lowbalance";
  bool complete = false;
};

void CheckUrl(const std::string& url) {
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  if (url.find('@') != std::string::npos) {
    throw Stop(kUsage,
               "--url: no user name or password in the URL; use --bearer-token-file instead");
  }
  if (!http || !IsValidUtf8(url) || HasControlCharacters(url) ||
      url.find_first_of(" \"\\") != std::string::npos) {
    throw Stop(kUsage,
               "--url: not a URL like http://127.0.0.1:10381/api/v1/alerts: " + Quoted(url));
  }
}

int Print(const Options& options) {
  const Config config = ConfigOrDefaults(options.config_file);
  RouteOptions route{.pipeline = config.pipeline, .receiver = options.receiver};
  if (!options.url.empty()) {
    CheckUrl(options.url);
    route.webhook_url = options.url;
  } else if (!config.file.empty()) {
    const std::string url = ServiceUrl(config.webhook.server);
    if (!url.empty()) route.webhook_url = url + "/api/v1/alerts";
  }
  // A webhook that wants a token answers 401 to whoever brings none, and every alert is lost; so
  // its own token file is the default.
  std::filesystem::path token = config.webhook.bearer_token_file;
  if (options.bearer_token_given) token = options.bearer_token_file;
  if (!token.empty()) route.bearer_token_file = std::filesystem::absolute(token).string();
  if (!IsValidUtf8(route.bearer_token_file) || HasControlCharacters(route.bearer_token_file)) {
    throw Stop(kUsage, "--bearer-token-file: not a path: " + Quoted(route.bearer_token_file));
  }
  if (route.receiver.empty() ||
      !std::all_of(route.receiver.begin(), route.receiver.end(),
                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; })) {
    throw Stop(kUsage, "--receiver: only letters, digits, '-' and '_': " + Quoted(route.receiver));
  }
  const std::string text = options.complete ? AlertmanagerConfig(route) : AlertRouteFragment(route);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

}  // namespace

void AddRoute(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "route", "Print the Alertmanager route and receiver that bring the alerts to the webhook.");
  AddConfigOption(*command, options->config_file);
  command
      ->add_option("--url", options->url,
                   "The webhook as Alertmanager reaches it. Default: the configuration's "
                   "webhook.listen_address, on this machine")
      ->type_name("URL");
  CLI::Option* token =
      command
          ->add_option("--bearer-token-file", options->bearer_token_file,
                       "The token file on Alertmanager's machine. Default: the configuration's "
                       "webhook.bearer_token_file; '' for none")
          ->type_name("FILE");
  command->add_option("--receiver", options->receiver, "The receiver's name.")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--complete", options->complete,
                    "A complete alertmanager.yml instead of a part to be merged into one.");
  command->footer(
      "Examples:\n"
      "  lowbalance route --url http://billing:10381/api/v1/alerts\n"
      "  lowbalance route --complete > alertmanager.yml && amtool check-config alertmanager.yml");
  command->callback([options, token, &run] {
    options->bearer_token_given = token->count() > 0;
    run = [options] { return Print(*options); };
  });
}

}  // namespace lowbalance::cli
