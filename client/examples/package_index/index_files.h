// Where apt keeps its package index, and how to read it line by line.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_FILES_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_FILES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kvick::package_index {

// The index files in a directory such as /var/lib/apt/lists, from the one whose release was
// published first to the latest, as the `Date` of the Release file beside each says; those without
// one come first. NOT_FOUND when there is none.
absl::StatusOr<std::vector<std::string>> FindIndexFiles(const std::string& directory);

// Calls `line` with every line of a file, without its end. Compressed files (.lz4, .xz, .gz, .zst,
// .bz2) are read through apt's own helper. NOT_FOUND or FAILED_PRECONDITION when that is not
// possible.
absl::Status ReadLines(const std::string& path, const std::function<void(absl::string_view)>& line);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_INDEX_FILES_H_
