#include "exporter/sources/alibaba/source.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "exporter/sources/alibaba/discovery.h"
#include "exporter/sources/alibaba/limits.h"

namespace lowbalance::alibaba {
namespace {

std::string Or(const std::string& configured, const char* usual) {
  return configured.empty() ? usual : configured;
}

std::string BillingEndpoint(const AlibabaConfig& config) {
  return Or(config.billing_endpoint, config.site == "china"
                                         ? "https://business.aliyuncs.com"
                                         : "https://business.ap-southeast-1.aliyuncs.com");
}

CredentialPlaces PlacesOf(const AlibabaConfig& config, Environment environment) {
  return {.environment = std::move(environment),
          .sts_endpoint = Or(config.sts_endpoint, "https://sts.aliyuncs.com"),
          .metadata_endpoint = Or(config.metadata_endpoint, "http://100.100.100.200")};
}

ApiClient::Options ClientOptions(const AlibabaConfig& config) {
  ApiClient::Options options{.in_flight = config.max_in_flight,
                             .tries = config.tries,
                             .connect_timeout = config.connect_timeout,
                             .timeout = config.request_timeout,
                             .rpc_signature = config.signature == "rpc"};
  for (const auto& [operation, per_second] : kLimits)
    options.per_second[std::string(operation)] = per_second;
  for (const auto& [operation, per_second] : config.limits)
    options.per_second[operation] = per_second;
  return options;
}

// Accounts with credentials of their own, or the one account of the source's
// credentials.
std::map<std::string, std::unique_ptr<Target>> ListedTargets(
    const AlibabaConfig& config, const CredentialPlaces& places,
    const std::shared_ptr<CredentialsCache>& credentials) {
  std::map<std::string, std::unique_ptr<Target>> targets;
  if (config.accounts.empty()) {
    targets["0"] = std::make_unique<Target>(
        Target{.credentials = credentials, .budget = "caller", .ask_identity = true});
  }
  for (const AlibabaAccountConfig& account : config.accounts) {
    const std::string place = std::to_string(targets.size());
    targets[place] =
        std::make_unique<Target>(Target{.id = account.account_id,
                                        .expected_id = account.account_id,
                                        .name = account.name,
                                        .credentials = std::make_shared<CredentialsCache>(
                                            ObtainCredentials(account.credentials, places)),
                                        .budget = "account " + place,
                                        .ask_identity = true});
  }
  return targets;
}

// A problem as it may be compared with the last one: every request has another id.
std::string WithoutRequestIds(std::string text) {
  constexpr std::string_view kBefore = "request id ";
  for (auto at = text.find(kBefore); at != std::string::npos; at = text.find(kBefore, at)) {
    at += kBefore.size();
    const auto end = text.find_first_of("),; ", at);
    text.erase(at, end == std::string::npos ? end : end - at);
  }
  return text;
}

}  // namespace

AlibabaSource::AlibabaSource(std::string name, std::string provider, AlibabaConfig config,
                             SourceWorld world)
    : name_(std::move(name)),
      config_(std::move(config)),
      places_(PlacesOf(config_, std::move(world.environment))),
      poll_options_{.provider = std::move(provider),
                    .billing_endpoint = BillingEndpoint(config_),
                    .sts_endpoint = places_.sts_endpoint,
                    .import_alarm = config_.import_alarm,
                    .unsettled_from_bills = config_.unsettled_from_bills},
      transport_(std::move(world.transport)),
      client_(ClientOptions(config_), *transport_, std::move(world.clock)),
      credentials_(
          std::make_shared<CredentialsCache>(ObtainCredentials(config_.credentials, places_))) {
  if (config_.discovery == "none") targets_ = ListedTargets(config_, places_, credentials_);
}

Result<Fetched> AlibabaSource::Fetch(const FetchContext& context) {
  client_.Observe(context.observe);
  Result<Fetched> fetched = Poll(context);
  client_.Observe({});
  if (context.count) context.count(client_.TakeCounts());
  return fetched;
}

Result<Fetched> AlibabaSource::Poll(const FetchContext& context) {
  credentials_->LookAgain();
  for (const auto& [key, target] : targets_) target->credentials->LookAgain();

  Fetched fetched;
  if (config_.discovery != "none") {
    not_found_.clear();
    Discover();
    client_.Run(context.deadline, context.stop);
    if (!discovered_) return Retry(not_found_);
    fetched.complete = not_found_.empty();
    for (const auto& [key, target] : targets_) target->status_is_old = !fetched.complete;
    Say("the list of accounts", not_found_);
  }
  seen_.clear();
  unknown_.clear();
  ++polls_;
  for (Target* const target : InTurn()) {
    PollAccount(poll_options_, *target, client_,
                [this, &fetched, target](AccountPollResult result) {
                  if (!client_.Abandoning()) target->answered_in = polls_;
                  Take(fetched, *target, std::move(result));
                });
  }
  client_.Run(context.deadline, context.stop);
  if (fetched.readings.empty() && fetched.failures.empty()) {
    return Retry(unknown_.empty() ? "there is no account to ask" : unknown_);
  }
  return fetched;
}

void AlibabaSource::Discover() {
  if (config_.discovery == "fund_accounts") {
    return ListFundAccounts(client_, credentials_.get(), poll_options_.billing_endpoint,
                            config_.only_managed,
                            [this](auto found) { TakeFundAccounts(std::move(found)); });
  }
  ListMembers(
      client_, credentials_.get(),
      Or(config_.resource_directory_endpoint, "https://resourcedirectorymaster.aliyuncs.com"),
      [this](auto found) { TakeMembers(std::move(found)); });
}

// Those first that have waited longest: where a poll's time is too short for all, it must not be
// the same ones that go without every time.
std::vector<Target*> AlibabaSource::InTurn() const {
  std::vector<Target*> targets;
  for (const auto& [key, target] : targets_) targets.push_back(target.get());
  std::stable_sort(targets.begin(), targets.end(), [](const Target* a, const Target* b) {
    return a->answered_in < b->answered_in;
  });
  return targets;
}

// The target of that id, taken out as the last poll left it, or a new one.
AlibabaSource::TargetPtr AlibabaSource::Known(const std::string& id) {
  const auto known = targets_.extract(id);
  if (!known.empty()) return std::move(known.mapped());
  return std::make_unique<Target>(Target{.id = id, .budget = "caller"});
}

void AlibabaSource::NotFound(const std::string& why) { not_found_ = why; }

bool AlibabaSource::IsExcluded(const std::string& id) const {
  return std::find(config_.exclude.begin(), config_.exclude.end(), id) != config_.exclude.end();
}

void AlibabaSource::Refound(std::map<std::string, TargetPtr> found) {
  targets_ = std::move(found);
  discovered_ = true;
}

void AlibabaSource::TakeFundAccounts(Result<std::vector<FundAccount>> found) {
  if (!found) return NotFound(found.error().message);
  // An enterprise does not lose all its accounts at once; a caller may lose the
  // sight of them.
  if (found->empty()) return NotFound("ListFundAccount shows no account");
  std::map<std::string, TargetPtr> targets;
  for (const FundAccount& account : *found) {
    if (IsExcluded(account.id)) continue;
    TargetPtr target = Known(account.id);
    target->name = account.name.empty() ? account.owner : account.name;
    target->owner = account.owner;
    target->fund_account = account.id;
    target->status = account.status;
    target->credentials = credentials_;
    targets[account.id] = std::move(target);
  }
  Refound(std::move(targets));
}

void AlibabaSource::TakeMembers(Result<std::vector<Member>> found) {
  if (!found) return NotFound(found.error().message);
  if (found->empty()) return NotFound("ListAccounts shows no member");
  std::map<std::string, TargetPtr> targets;
  for (const Member& member : *found) {
    // A directory that changes between two pages may show a member on both.
    if (!member.joined || IsExcluded(member.id) || targets.contains(member.id)) continue;
    TargetPtr target = Known(member.id);
    target->name = member.name;
    if (!target->credentials) {
      const std::string role = "acs:ram::" + member.id + ":role/" + config_.member_role;
      target->credentials = std::make_shared<CredentialsCache>(
          ObtainRole(credentials_, places_.sts_endpoint, role, config_.member_external_id,
                     config_.credentials));
      target->budget = member.id;
    }
    targets[member.id] = std::move(target);
  }
  if (config_.include_management_account) {
    const std::string management = "management";
    TargetPtr target = targets_.contains(management) ? Known(management) : nullptr;
    if (!target) {
      target = std::make_unique<Target>(
          Target{.credentials = credentials_, .budget = "caller", .ask_identity = true});
    }
    // A delegated administrator is a member too, and then in the list already.
    if (!targets.contains(target->id)) targets[management] = std::move(target);
  }
  Refound(std::move(targets));
}

void AlibabaSource::Take(Fetched& fetched, const Target& target, AccountPollResult result) {
  if (target.id.empty()) {
    // Nobody knows which account has failed, so none can be said to be there.
    unknown_ = result.failure;
    fetched.complete = false;
    return Say(target.budget, result.failure);
  }
  if (!seen_.insert(target.id).second) {
    return Say(target.budget, "account " + target.id + " is that of other credentials as well");
  }
  Say(target.budget + " " + target.id, result.notes);
  if (result.reading) {
    fetched.readings.push_back(std::move(*result.reading));
    return;
  }
  fetched.failures.push_back(
      {.account = {poll_options_.provider, target.id},
       .message = std::move(result.failure),
       .status = target.status_is_old ? AccountStatus::kUnknown : target.status});
}

// Says what is new only: at every poll again would drown it.
void AlibabaSource::Say(const std::string& about, const std::string& problem) {
  const auto said = said_.find(about);
  const std::string compared = WithoutRequestIds(problem);
  if ((said == said_.end() ? "" : said->second) == compared) return;
  if (problem.empty()) {
    said_.erase(said);
    log::Info("as it should be again", {{"source", name_}, {"about", about}});
  } else {
    said_[about] = compared;
    log::Warn("not all could be had", {{"source", name_}, {"about", about}, {"problem", problem}});
  }
}

std::unique_ptr<Source> MakeAlibabaSource(const std::string& name, const std::string& provider,
                                          const AlibabaConfig& config) {
  auto transport = std::make_unique<HttpClient>(
      HttpClient::Options{.connections = config.max_in_flight,
                          .ca_file = config.ca_file,
                          .user_agent = "lowbalance/" LOWBALANCE_VERSION});
  return std::make_unique<AlibabaSource>(name, provider.empty() ? "alibaba" : provider, config,
                                         SourceWorld{.transport = std::move(transport),
                                                     .clock = SystemClock(),
                                                     .environment = ProcessEnvironment()});
}

}  // namespace lowbalance::alibaba
