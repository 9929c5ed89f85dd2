// The table of settings; see config.h.
#ifndef KVICK_SERVER_CONFIG_FLAG_TABLE_H_
#define KVICK_SERVER_CONFIG_FLAG_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "server/config/config.h"

namespace kvick::server {

// How the text of a setting is read.
enum class FlagKind { kText, kChoice, kSwitch, kCount, kBytes, kDuration };

// The field of Config that a setting fills.
using FlagField = std::variant<std::string Config::*, bool Config::*, int64_t Config::*,
                               absl::Duration Config::*>;

// A row of the table.
struct Flag {
  std::string_view name;
  FlagKind kind;
  FlagField field;
  // What it means, one or more sentences.
  std::string_view meaning;
  // The least and greatest value: of a count or size itself, of a duration in milliseconds.
  int64_t minimum = 0;
  int64_t maximum = 0;
  // The values of a kChoice, "a|b".
  std::string_view choices = {};
};

// A heading of --help and of the page, and the settings under it.
struct FlagGroup {
  std::string_view title;
  std::span<const Flag> flags;
};

// All settings.
std::span<const FlagGroup> FlagGroups();
// The setting of this name, or null.
const Flag* FindFlag(std::string_view name);

// Reads a setting's text into its field. The error is a sentence without the setting's name.
absl::Status SetFlag(const Flag& flag, std::string_view text, Config* config);
// The value of a setting as text that SetFlag reads.
std::string FlagText(const Flag& flag, const Config& config);
// Its kind, for people: "size", "duration", "text|json".
std::string FlagKindText(const Flag& flag);
// The range of values it may have, or empty.
std::string FlagLimitsText(const Flag& flag);

}  // namespace kvick::server

#endif  // KVICK_SERVER_CONFIG_FLAG_TABLE_H_
