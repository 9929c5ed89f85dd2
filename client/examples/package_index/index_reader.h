// Reads package indexes.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_READER_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_READER_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/examples/package_index/package.h"

namespace kvick::package_index {

// What was read.
struct Index {
  // Each package once, in order of arrival: one that comes again with a higher version counts as
  // arriving there.
  std::vector<Package> packages;
  // Paragraphs that name no package.
  int64_t nameless = 0;
};

// The parser: takes lines one by one. A field is `Name: value`, its name in any case; lines that
// start with a blank continue it; a blank line ends the paragraph; of a field that comes twice the
// first that says something counts. What is not UTF-8 is taken for Latin-1. Not thread safe.
class IndexParser {
 public:
  // Takes the next line, without its end.
  void AddLine(absl::string_view line);
  // Ends the paragraph, as the end of a file does.
  void EndParagraph();
  // What came so far; the parser is empty afterwards.
  Index Take();

 private:
  std::string* FindField(absl::string_view name);
  void Keep(Package package);

  struct Fields {
    std::string package, architecture, version, section, maintainer, description, installed_size;
  };
  Fields fields_;
  std::string* open_ = nullptr;  // The field that a continuation line would continue.
  bool started_ = false;
  std::vector<Package> arrivals_;  // Replaced ones have lost their name.
  std::unordered_map<std::string, size_t> places_;
  int64_t nameless_ = 0;
};

// Reads files one after the other.
absl::StatusOr<Index> ReadIndex(const std::vector<std::string>& paths);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_READER_H_
