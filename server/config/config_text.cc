// What people read about the settings: --help and docs/configuration.md.
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "server/config/config.h"
#include "server/config/flag_table.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

constexpr size_t kLineLength = 90;
constexpr std::string_view kIndent = "      ";

// Breaks text into indented lines.
std::string Wrapped(std::string_view text) {
  std::string lines;
  std::string line(kIndent);
  for (absl::string_view word : absl::StrSplit(storage::ToAbsl(text), ' ')) {
    if (line.size() > kIndent.size() && line.size() + 1 + word.size() > kLineLength) {
      lines += line + '\n';
      line = kIndent;
    }
    if (line.size() > kIndent.size()) {
      line += ' ';
    }
    line += std::string(word);
  }
  return lines + line + '\n';
}

std::string UpperName(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

// Text for a cell of a Markdown table.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') {
      cell += '\\';
    }
    cell += c;
  }
  return cell;
}

bool HasRange(const Flag& flag) {
  return flag.kind == FlagKind::kCount || flag.kind == FlagKind::kBytes ||
         flag.kind == FlagKind::kDuration;
}

}  // namespace

std::string HelpText() {
  const Config defaults;
  std::string text = fmt::format(
      "kvick-server {}: a typed in-memory database\n\n"
      "Usage: kvick-server [--name=value ...]\n\n"
      "Each setting is a flag --name=value, a variable KVICK_NAME=value, or a line name: value in\n"
      "the file that --config names; the first of these wins. Sizes: 65536, 64Mi (powers of "
      "1024),\n"
      "64m (powers of 1000). Durations: 10s, 250ms, 1h30m.\n",
      ServerVersion());
  for (const FlagGroup& group : FlagGroups()) {
    text += fmt::format("\n{}:\n", group.title);
    for (const Flag& flag : group.flags) {
      text += fmt::format("  --{}={}", flag.name, FlagText(flag, defaults));
      text += flag.kind == FlagKind::kText ? "\n" : fmt::format("   ({})\n", FlagKindText(flag));
      text += Wrapped(flag.meaning);
      if (HasRange(flag)) {
        text += Wrapped(FlagLimitsText(flag) + ".");
      }
    }
  }
  return text +
         "\nOther:\n  --version\n      Prints the version.\n  --help, -h\n      Prints this.\n";
}

std::string ConfigurationPage() {
  const Config defaults;
  std::string text =
      "# Configuration\n\n"
      "<!-- Made from server/config/flag_table.cc; tests/config compares them. -->\n\n"
      "Each setting is a flag `--name=value` of `kvick-server`, a variable `KVICK_NAME=value`, or "
      "a\n"
      "line `name: value` in the file that `--config` names (`#` begins a comment). A flag wins "
      "over\n"
      "the environment, that over the file, that over the default. A name that does not exist is\n"
      "refused, wherever it stands.\n\n"
      "Sizes are bytes, or a number with `Ki`, `Mi`, `Gi`, `Ti` (powers of 1024) or `k`, `m`, "
      "`g`,\n"
      "`t` (powers of 1000). Durations are numbers with units: `10s`, `250ms`, `1h30m`.\n";
  for (const FlagGroup& group : FlagGroups()) {
    text += fmt::format(
        "\n## {}\n\n| Flag | Variable | Kind | Default | Range | Meaning |\n"
        "|---|---|---|---|---|---|\n",
        group.title);
    for (const Flag& flag : group.flags) {
      const std::string value = FlagText(flag, defaults);
      text += fmt::format("| `--{}` | `KVICK_{}` | {} | {} | {} | {} |\n", flag.name,
                          UpperName(flag.name), Cell(FlagKindText(flag)),
                          value.empty() ? "(empty)" : fmt::format("`{}`", value),
                          HasRange(flag) ? FlagLimitsText(flag) : "", Cell(flag.meaning));
    }
  }
  return text;
}

}  // namespace kvick::server
