// The house rules as functions: the path and the text of one file in, offences out. They look at
// text, not at meaning: what they cannot see is left to the reader.
#ifndef KVICK_TESTS_TIDY_RULES_H_
#define KVICK_TESTS_TIDY_RULES_H_

#include <string>
#include <string_view>
#include <vector>

namespace kvick::tidy {

// One broken rule: "path:line: what".
using Offences = std::vector<std::string>;

// A file of the tree; the path is relative to its root.
struct File {
  std::string path;
  std::string text;
};

struct Rule {
  const char* name;
  Offences (*check)(const File& file);
};
// Every rule that looks at one file.
const std::vector<Rule>& AllRules();

// Folders without a README.md, of those that the files lie in.
Offences FoldersWithoutReadme(const std::vector<File>& files);

// Tests that nobody builds: a *_test.cc that the CMakeLists.txt beside it does not name, and a
// folder of tests that the one above does not add.
Offences TestsNotBuilt(const std::vector<File>& files);

// The lines of a text, without their ends.
std::vector<std::string_view> Lines(std::string_view text);

// "path:line: what".
std::string Offence(const File& file, size_t line, const std::string& what);

}  // namespace kvick::tidy

#endif  // KVICK_TESTS_TIDY_RULES_H_
