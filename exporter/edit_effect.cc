#include "exporter/edit_effect.h"

#include <array>

#include "exporter/fnv.h"

namespace lowbalance {
namespace {

struct Words {
  EditEffect effect;
  std::string_view name;
  std::string_view sentence;
};
constexpr std::array<Words, 11> kWords{{
    {EditEffect::kUnchanged, "unchanged", "nothing changes"},
    {EditEffect::kWillWatch, "will_watch",
     "an alert goes out when available credit falls below this threshold"},
    {EditEffect::kFirstChange, "first_change",
     "available credit is already below this threshold: the first alert goes out when it next "
     "changes"},
    {EditEffect::kFirstChangeOverdue, "first_change_overdue",
     "available credit is already below zero: one alert goes out when it next changes, and no "
     "reminders"},
    {EditEffect::kGoesOn, "goes_on",
     "available credit stays below the threshold: alert and reminders go on as before"},
    {EditEffect::kNoLongerLow, "no_longer_low",
     "available credit is not below this threshold: what was low counts as over, and reminders "
     "stop"},
    {EditEffect::kSwitchedOff, "switched_off", "no alert will be sent"},
    {EditEffect::kSwitchedOffLow, "switched_off_low",
     "no alert will be sent, and the reminders that were still to come are dropped"},
    {EditEffect::kStaysOff, "stays_off", "the alert stays switched off; the threshold is kept"},
    {EditEffect::kStopped, "stopped",
     "the provider has frozen or closed the account: nothing is sent until it is active again"},
    {EditEffect::kUnknownCredit, "unknown_credit",
     "available credit is not known yet; if it turns out to be below this threshold, the first "
     "alert goes out when it next changes"},
}};

const Words& Find(EditEffect effect) {
  for (const Words& words : kWords) {
    if (words.effect == effect) return words;
  }
  return kWords.front();
}

LevelMemory LevelOf(const AccountMemory& account, std::string_view level) {
  const auto found = account.levels.find(level);
  return found == account.levels.end() ? LevelMemory{} : found->second;
}

}  // namespace

std::string_view ToString(EditEffect effect) { return Find(effect).name; }
std::string_view Sentence(EditEffect effect) { return Find(effect).sentence; }

EditEffect EffectOf(const AccountMemory& before, const AccountMemory& after,
                    std::string_view level) {
  const LevelMemory was = LevelOf(before, level);
  const LevelMemory is = LevelOf(after, level);
  if (was == is) return EditEffect::kUnchanged;
  if (!is.enabled) {
    if (!was.enabled) return EditEffect::kStaysOff;
    return was.low_since ? EditEffect::kSwitchedOffLow : EditEffect::kSwitchedOff;
  }
  if (IsStopped(after.status)) return EditEffect::kStopped;
  if (!after.available_credit) return EditEffect::kUnknownCredit;
  if (!is.low_since) return was.low_since ? EditEffect::kNoLongerLow : EditEffect::kWillWatch;
  if (was.low_since && is.first_change) return EditEffect::kGoesOn;
  return is.overdue ? EditEffect::kFirstChangeOverdue : EditEffect::kFirstChange;
}

std::string SettingsVersion(const AccountMemory& account) {
  Fnv hash;
  for (const auto& [name, level] : account.levels) {
    hash.Add(name);
    hash.Add(level.enabled ? "1" : "0");
    hash.Add(level.threshold ? level.threshold->ToString() : "");
    hash.Add(level.currency);
    hash.Add(level.suspended ? "1" : "0");
  }
  return hash.Hex();
}

}  // namespace lowbalance
