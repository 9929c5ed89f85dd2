// The order of Debian's versions.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_VERSION_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_VERSION_H_

#include "absl/strings/string_view.h"

namespace kvick::package_index {

// Negative, 0 or positive as `a` is older than, the same as or newer than `b`, by the rules of
// deb-version(7): `[epoch:]upstream[-revision]`, where digits compare as numbers, letters come
// before other characters, and `~` before everything, even the end. O(length).
int CompareVersions(absl::string_view a, absl::string_view b);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_VERSION_H_
