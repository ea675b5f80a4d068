// lowbalance accounts apply, export and edits; and what edits of many accounts print.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/accounts.h"
#include "cli/input_file.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "core/text.h"
#include "exporter/csv.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

// The server takes no more in one request.
constexpr std::size_t kMaxCsvBytes = 30U << 20U;
constexpr int kShownResults = 200'000;
constexpr int kShownEdits = 100;

std::string Setting(const json& result, std::string_view name) {
  const auto found = result.find(name);
  if (found == result.end() || !found->is_object()) return "not set";
  const std::string threshold = AmountOf(*found, "threshold", TextOf(*found, "currency"));
  return std::string(TextOf(*found, "enabled") == "yes" ? "on" : "off") +
         (threshold.empty() ? "" : ", " + threshold);
}

// One row for each account that the edit is about, but for those it leaves as they are.
std::string ResultTable(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& result : ListOf(answer, "results")) {
    const std::string outcome = TextOf(result, "outcome");
    if (outcome == "unchanged") continue;
    std::string remark = TextOf(result, "sentence");
    if (outcome == "left_out") remark = "left out: " + TextOf(result, "left_out");
    if (outcome == "refused" && result.contains("error")) {
      remark = "refused: " + TextOf(result["error"], "message");
    }
    const std::string line = TextOf(result, "line");
    rows.push_back({TextOf(result, "provider") + "/" + TextOf(result, "account_id"),
                    TextOf(result, "level"), Setting(result, "from"),
                    outcome == "changed" ? Setting(result, "to") : "",
                    (line.empty() ? "" : "line " + line + ": ") + remark});
  }
  return rows.empty() ? "" : Table({"ACCOUNT", "LEVEL", "FROM", "TO", "WHAT IT MEANS"}, rows);
}

std::string ReadCsv(const std::string& file) {
  auto text = ReadInputFile(file, kMaxCsvBytes);
  if (!text) throw Stop(kUsage, text.error().message);
  if (!IsValidUtf8(*text)) throw Stop(kUsage, InputName(file) + " is not UTF-8");
  return *std::move(text);
}

struct ApplyOptions {
  ApiOptions api;
  std::string file;
  bool leave_out_provisioned = false;
  bool dry_run = false;
};

struct ExportOptions {
  ApiOptions api;
  std::string select;
};

struct EditsOptions {
  ApiOptions api;
  std::string account;
  std::string who;
  std::string through;
  std::string since;
  std::string until;
  std::optional<int> limit;
  std::optional<std::uint64_t> before;
  bool csv = false;
};

// As the exporter's own CSV, which can be had in one piece and up to a limit alone.
void PrintEditsCsv(const json& edits) {
  std::printf(
      "at,who,through,provider,account_id,level,from_enabled,from_threshold,from_currency,"
      "to_enabled,to_threshold,to_currency\r\n");
  const auto setting = [](const json& edit, const char* name) {
    const auto found = edit.find(name);
    const json level = found == edit.end() ? json() : *found;
    return TextOf(level, "enabled") + "," + TextOf(level, "threshold") + "," +
           TextOf(level, "currency");
  };
  for (const json& edit : edits) {
    const std::string line = TextOf(edit, "at") + "," + CsvForeignText(TextOf(edit, "who")) + "," +
                             TextOf(edit, "through") + "," + CsvText(TextOf(edit, "provider")) +
                             "," + CsvForeignText(TextOf(edit, "account_id")) + "," +
                             TextOf(edit, "level") + "," + setting(edit, "from") + "," +
                             setting(edit, "to");
    std::printf("%s\r\n", line.c_str());
  }
}

// A file and a script get all edits, a person the newest, unless told otherwise.
int Edits(const EditsOptions& options) {
  AccountKey key;
  if (!options.account.empty()) key = ParseAccount(options.account);
  const bool all = !options.limit && (options.csv || options.api.json());
  const int limit = all ? kNoLimit : options.limit.value_or(kShownEdits);
  const ApiClient client(options.api);
  std::string more;
  const json edits = FetchPages(client, "/api/v1/edits", "edits", limit,
                                {{"provider", key.provider},
                                 {"account_id", key.account_id},
                                 {"who", options.who},
                                 {"through", options.through},
                                 {"since", options.since},
                                 {"until", options.until},
                                 {"before", options.before ? std::to_string(*options.before) : ""}},
                                &more);
  TellWhetherMore(edits.size(), more, "for older ones give --before " + more);
  if (options.csv) {
    PrintEditsCsv(edits);
    return kDone;
  }
  if (options.api.json()) {
    json next = json::parse(more, nullptr, /*allow_exceptions=*/false);
    if (next.is_discarded()) next = nullptr;
    std::printf("%s", Pretty({{"edits", edits}, {"next", next}}).c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& edit : edits) {
    rows.push_back({TextOf(edit, "at"), TextOf(edit, "who"), TextOf(edit, "through"),
                    TextOf(edit, "provider") + "/" + TextOf(edit, "account_id"),
                    TextOf(edit, "level"), Setting(edit, "from"), Setting(edit, "to")});
  }
  std::printf("%s",
              Table({"WHEN", "WHO", "THROUGH", "ACCOUNT", "LEVEL", "FROM", "TO"}, rows).c_str());
  return kDone;
}

}  // namespace

int EditMany(const ApiOptions& options, const json& body) {
  const ApiClient client(options);
  json asked = body;
  asked["limit"] = kShownResults;
  const auto response = client.Send("POST", "/api/v1/accounts/edits", asked.dump());
  if (!response) throw Stop(kUnreachable, response.error().message);
  const json answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  const bool has_results = answer.is_object() && answer.contains("results");
  if (response->status / 100 != 2 && !has_results) {
    const json lines = ListOf(answer, "lines");  // What is wrong with a CSV.
    for (const json& line : lines) {
      const std::string column = TextOf(line, "column");
      std::fprintf(stderr, "lowbalance: line %s: %s%s\n", TextOf(line, "line").c_str(),
                   column.empty() ? "" : (column + ": ").c_str(), TextOf(line, "message").c_str());
    }
    throw Stop(lines.empty() ? kFailed : kUsage, Complaint(*response));
  }
  if (!has_results) throw Stop(kFailed, "the server's answer is not what it should be");
  const bool dry_run = TextOf(answer, "dry_run") == "yes";
  const bool well = TextOf(answer, "applicable") == "yes";
  if (options.json()) {
    std::printf("%s", Pretty(answer).c_str());
  } else {
    std::printf("%s%s %s, %s unchanged, %s left out, %s refused\n", ResultTable(answer).c_str(),
                TextOf(answer, "changed").c_str(), dry_run || !well ? "would change" : "changed",
                TextOf(answer, "unchanged").c_str(), TextOf(answer, "left_out").c_str(),
                TextOf(answer, "refused").c_str());
  }
  if (well) return kDone;
  std::fprintf(stderr, "lowbalance: %s\n",
               answer.contains("error") ? TextOf(answer["error"], "message").c_str() : "refused");
  return kFailed;
}

void AddAccountFiles(CLI::App& accounts, Run& run) {
  auto apply = std::make_shared<ApplyOptions>();
  CLI::App* command = accounts.add_subcommand(
      "apply", "Set each account to its own setting, from a CSV; all of it, or nothing.");
  command->add_option("FILE", apply->file, "As `export` writes it; - for standard input.")
      ->required();
  command->add_flag("--leave-out-provisioned", apply->leave_out_provisioned,
                    "Leave out what the configuration file sets, instead of refusing to change "
                    "it.");
  command->add_flag("--dry-run", apply->dry_run, "Say what would change, and change nothing.");
  AddExporterApi(*command, apply->api);
  command->footer(
      "Where the file has a column `version`, a line whose account was edited since the export is "
      "refused.\n\nExamples:\n"
      "  lowbalance accounts export > settings.csv\n"
      "  lowbalance accounts apply settings.csv --dry-run");
  command->callback([apply, &run] {
    run = [apply] {
      json body{{"csv", ReadCsv(apply->file)}, {"dry_run", apply->dry_run}};
      if (apply->leave_out_provisioned) body["leave_out_provisioned"] = true;
      return EditMany(apply->api, body);
    };
  });

  auto exported = std::make_shared<ExportOptions>();
  command = accounts.add_subcommand("export", "All settings as a CSV that `apply` reads.");
  command->add_option("--select", exported->select, "Only of accounts that a selection means.")
      ->type_name("SELECTION");
  AddExporterApi(*command, exported->api);
  command->footer(
      "Examples:\n  lowbalance accounts export --select 'contact=finance' > settings.csv");
  command->callback([exported, &run] {
    run = [exported] {
      const ApiClient client(exported->api);
      const std::string csv =
          client.Get("/api/v1/settings.csv" + QueryString({{"select", exported->select}}));
      std::printf("%s", csv.c_str());
      return kDone;
    };
  });

  auto edits = std::make_shared<EditsOptions>();
  command = accounts.add_subcommand(
      "edits", "Who changed which setting, when, from what, to what, and through what.");
  command->add_option("--account", edits->account, "Only of this account.")
      ->type_name("PROVIDER/ACCOUNT_ID");
  command->add_option("--who", edits->who, "Only by this user.")->type_name("NAME");
  command->add_option("--through", edits->through, "Only through this.")
      ->check(CLI::IsMember({"console", "api", "cli", "file"}));
  command->add_option("--since", edits->since, "Only from then on.")->type_name("RFC3339");
  command->add_option("--until", edits->until, "Only before then.")->type_name("RFC3339");
  command
      ->add_option("--limit", edits->limit,
                   "At most so many, the newest first. Default: 100 in a table; all in a CSV and "
                   "as JSON")
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option("--before", edits->before,
                   "Only those older than the edit of this id, as `next` of the JSON tells it.")
      ->type_name("ID");
  command->add_flag("--csv", edits->csv, "As a CSV.");
  AddExporterApi(*command, edits->api);
  command->footer(
      "Examples:\n  lowbalance accounts edits --account alibaba/17\n"
      "  lowbalance accounts edits --since 2026-11-01T00:00:00Z --csv > edits.csv");
  command->callback([edits, &run] { run = [edits] { return Edits(*edits); }; });
}

}  // namespace lowbalance::cli
