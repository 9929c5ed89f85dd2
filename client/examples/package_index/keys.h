// Under which keys the example keeps what it loads. All begin with one prefix, so that the example
// can be thrown away as a whole and disturbs nothing else in the database.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_KEYS_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_KEYS_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kvick::package_index {

// Constant after construction.
class Keys {
 public:
  // Keys that begin with `prefix`.
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)) {}

  // What all keys begin with.
  const std::string& prefix() const { return prefix_; }
  // A hash for each package, by its id.
  std::string Package(absl::string_view id) const { return absl::StrCat(prefix_, "package:", id); }
  // A list of all ids, in order of arrival.
  std::string Packages() const { return absl::StrCat(prefix_, "packages"); }
  // A set of ids for each section.
  std::string Section(absl::string_view name) const {
    return absl::StrCat(prefix_, "section:", name);
  }
  // A list of ids for each maintainer, in order of arrival.
  std::string Maintainer(absl::string_view name) const {
    return absl::StrCat(prefix_, "maintainer:", name);
  }
  // How many packages there are.
  std::string PackageCount() const { return absl::StrCat(prefix_, "count:packages"); }
  // What all packages take installed, in KiB.
  std::string InstalledKib() const { return absl::StrCat(prefix_, "count:installed-kib"); }
  // How many packages a section has.
  std::string SectionCount(absl::string_view name) const {
    return absl::StrCat(prefix_, "count:section:", name);
  }
  // A list of the ids of the `count` largest packages: derived from the hashes, so it expires.
  std::string LargestView(int count) const { return absl::StrCat(prefix_, "view:largest:", count); }
  // The channel on which the loader says how far it is.
  std::string ProgressChannel() const { return absl::StrCat(prefix_, "progress"); }

 private:
  std::string prefix_;
};

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_KEYS_H_
