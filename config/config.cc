#include "config/config.h"

#include <algorithm>
#include <utility>

#include "config/sections.h"
#include "config/shapes.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// A list of texts, or one alone. `check` is one of the parsers of config/shapes.h.
template <class Check>
std::vector<std::string> ReadTexts(const YamlMap& map, std::string_view key, Check check) {
  std::vector<YamlValue> values;
  if (const auto value = map.Value(key); value && value->IsScalar()) {
    values.push_back(*value);
  } else {
    values = map.List(key);
  }
  std::vector<std::string> texts;
  for (const YamlValue& value : values) {
    if (!value.IsScalar()) {
      static_cast<void>(value.String());  // Notes the mistake.
      continue;
    }
    std::string text = value.String();
    if (const auto checked = check(text); !checked) value.Mistaken(checked.error().message);
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
      value.Mistaken("named twice: " + Quoted(text));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

Contact ReadContact(const std::string& name, const YamlMap& map,
                    const std::vector<std::string>& languages) {
  Contact contact{.name = name};
  contact.email = ReadTexts(map, "email", ParseEmailAddress);
  contact.internal = ReadTexts(map, "internal", ParseRecipient);
  if (contact.email.empty() && contact.internal.empty()) {
    map.Mistaken("", "has neither email nor internal: nobody would be told");
  }
  contact.language = map.OneOf("language", contact.language, languages);
  contact.time_zone = map.String("time_zone", contact.time_zone);
  if (const auto zone = ParseTimeZone(contact.time_zone); !zone) {
    map.Mistaken("time_zone", zone.error().message);
  }
  return contact;
}

ConfigResult Read(const YamlFile& yaml, const std::filesystem::path& file) {
  ConfigResult result;
  result.config.file = file;
  const std::filesystem::path folder = file.parent_path();
  std::vector<Mistake> in_wording;
  {
    // The mistakes are complete when these maps are gone.
    const YamlMap root = yaml.Root();
    ReadPipeline(root.Map("pipeline"), result.config.pipeline);
    ReadWording(root.Map("webhook"), result.config, in_wording);
    ReadContacts(root, result.config);
    ReadExporter(root.Map("exporter"), folder, result.config);
    ReadWebhook(root.Map("webhook"), folder, result.config);
    ReadAccess(root.Map("access"), result.config);
  }
  result.mistakes = yaml.mistakes();
  result.mistakes.insert(result.mistakes.end(), in_wording.begin(), in_wording.end());
  return result;
}

}  // namespace

std::string NotFound(std::string_view what, std::string_view word,
                     const std::vector<std::string>& candidates) {
  std::string text = "no " + std::string(what) + " of this name: " + Quoted(word);
  const std::string_view nearest = NearestWord(word, candidates);
  if (!nearest.empty()) text += " (did you mean " + Quoted(nearest) + "?)";
  return text;
}

std::string NotAName(std::string_view text) {
  return "not a name (1 to 40 of a-z, 0-9, _ and -, beginning with a letter): " + Quoted(text);
}

void CheckContact(const YamlMap& map, std::string_view key, std::string_view name,
                  const std::vector<Contact>& contacts) {
  std::vector<std::string> names;
  for (const Contact& contact : contacts) names.push_back(contact.name);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    map.Mistaken(key, NotFound("contact", name, names));
  }
}

ServerConfig ReadServer(const YamlMap& map, const std::filesystem::path& folder,
                        std::string default_address, std::string default_store) {
  ServerConfig server;
  server.listen_address = map.String("listen_address", std::move(default_address));
  if (const auto checked = ParseListenAddress(server.listen_address); !checked) {
    map.Mistaken("listen_address", checked.error().message);
  }
  server.web_config_file = map.Path("web_config_file");
  const auto url = ParseStoreUrl(map.String("store", std::move(default_store)), folder);
  if (url) {
    server.store_url = *url;
  } else {
    map.Mistaken("store", url.error().message);
  }
  return server;
}

void ReadPipeline(const YamlMap& map, Pipeline& p) {
  using std::chrono::hours;
  p.evaluation = map.Duration("evaluation", p.evaluation, kShortestInterval, hours{24});
  p.heartbeat = map.Duration("heartbeat", p.heartbeat, kShortestInterval, hours{24});
  p.facts_max_age = map.Duration("facts_max_age", p.facts_max_age, kShortest, kLongest);
  p.billing_data_max_age =
      map.Duration("billing_data_max_age", p.billing_data_max_age, kShortest, kLongest);
  p.burn_rate_window =
      map.Duration("burn_rate_window", p.burn_rate_window, kShortestInterval, kLongest);
  const auto no_shorter_than_evaluation = [&](std::string_view key, Millis value) {
    if (value >= p.evaluation) return;
    map.Mistaken(key, "shorter than pipeline.evaluation (" + FormatDuration(p.evaluation) +
                          "): " + FormatDuration(value));
  };
  no_shorter_than_evaluation("heartbeat", p.heartbeat);
  // With less, facts would be too old before the next are there, and every message be put off.
  no_shorter_than_evaluation("facts_max_age", p.facts_max_age);
  no_shorter_than_evaluation("burn_rate_window", p.burn_rate_window);
}

void ReadContacts(const YamlMap& root, Config& config) {
  std::vector<std::string> languages;
  for (const auto& [language, wording] : config.webhook.wordings) languages.push_back(language);
  for (const auto& [name, value] : root.Map("contacts").Entries()) {
    if (!IsValidName(name)) value.Mistaken(NotAName(name));
    config.contacts.push_back(ReadContact(name, value.Map(), languages));
  }
  config.default_contact = root.String("default_contact");
  if (!config.default_contact.empty()) {
    CheckContact(root, "default_contact", config.default_contact, config.contacts);
  } else if (!config.contacts.empty()) {
    root.Mistaken("default_contact",
                  "is missing: accounts that name no contact would have nobody to tell");
  }
}

const Contact* Config::FindContact(std::string_view name) const {
  const auto find = [this](std::string_view wanted) -> const Contact* {
    for (const Contact& contact : contacts) {
      if (contact.name == wanted) return &contact;
    }
    return nullptr;
  };
  const Contact* found = name.empty() ? nullptr : find(name);
  return found != nullptr ? found : find(default_contact);
}

const AccountConfig* Config::FindAccount(const AccountKey& account) const {
  for (const AccountConfig& candidate : exporter.accounts) {
    if (candidate.account == account) return &candidate;
  }
  return nullptr;
}

ConfigResult LoadConfig(const std::filesystem::path& file) {
  return Read(YamlFile::Load(file), file);
}

ConfigResult ParseConfig(std::string_view text, const std::filesystem::path& file) {
  return Read(YamlFile::Parse(text, file.string(), file.parent_path()), file);
}

}  // namespace lowbalance
