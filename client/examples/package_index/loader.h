// Puts packages into the database.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_LOADER_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_LOADER_H_

#include <vector>

#include "absl/status/status.h"
#include "client/examples/package_index/keys.h"
#include "client/examples/package_index/package.h"
#include "kvick/client.h"

namespace kvick::package_index {

// Deletes what is under the prefix of `keys`, then loads the packages through one pipeline in
// their order and says on the progress channel how far it is, about a hundred times. The
// announcements travel in the same pipeline: whoever hears "3000" finds 3000 packages in the
// database. Answers the first error; part of the packages is there then.
absl::Status Load(const Client& client, const Keys& keys, const std::vector<Package>& packages);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_LOADER_H_
