// The table of docs/errors.md against errors.proto and its comments.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kvick/v1/errors.pb.h"
#include "tests/docs/page.h"

namespace kvick::testing {
namespace {

// A reason as its comment in the proto tells it: "CODE: when."
struct Reason {
  std::string name;
  std::string code;
  std::string meaning;
};

std::vector<Reason> ReadReasons() {
  static const std::regex* const comment = new std::regex(R"(^\s*// (.*)$)");
  static const std::regex* const value = new std::regex(R"(^\s*ERROR_REASON_(\w+) = [1-9]\d*;)");
  std::vector<Reason> reasons;
  std::istringstream lines(ReadText(SourceDirectory() + "/proto/kvick/v1/errors.proto"));
  std::string said;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, *comment)) {
      if (!said.empty()) said += ' ';
      said += match[1].str();
      continue;
    }
    if (std::regex_search(line, match, *value)) {
      const size_t colon = said.find(": ");
      EXPECT_NE(colon, std::string::npos) << match[1] << " says no code";
      reasons.push_back({match[1], said.substr(0, colon), said.substr(colon + 2)});
    }
    said.clear();
  }
  return reasons;
}

TEST(ErrorsPageTest, EveryReasonIsReadWithItsComment) {
  std::set<std::string> read;
  for (const Reason& reason : ReadReasons()) read.insert("ERROR_REASON_" + reason.name);
  const auto* type = v1::ErrorReason_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    EXPECT_EQ(read.count(type->value(i)->name()), type->value(i)->number() == 0 ? 0u : 1u)
        << type->value(i)->name();
  }
}

TEST(ErrorsPageTest, TableIsWhatTheProtoSays) {
  std::string table = "| code | reason | when |\n|---|---|---|\n";
  for (const Reason& reason : ReadReasons()) {
    table += "| `" + reason.code + "` | `" + reason.name + "` | " + reason.meaning + " |\n";
  }
  ExpectPart("docs/errors.md", "reasons", table);
}

}  // namespace
}  // namespace kvick::testing
