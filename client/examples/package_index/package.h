// What the example keeps of a package.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PACKAGE_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PACKAGE_H_

#include <cstdint>
#include <string>

namespace kvick::package_index {

// One paragraph of an index. All text is UTF-8.
struct Package {
  // The name, never empty.
  std::string name;
  // The architecture; "all" for packages that run on every one.
  std::string architecture;
  // The version.
  std::string version;
  // The section, `utils`; "(none)" where the index names none.
  std::string section;
  // Who looks after it, with address; "(none)" where the index names nobody.
  std::string maintainer;
  // The first line of the description.
  std::string summary;
  // What it takes on disk once installed, in KiB; 0 where the index does not say.
  int64_t installed_kib = 0;

  // What tells it from all others: `bash:amd64`.
  std::string Id() const { return name + ":" + architecture; }
};

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PACKAGE_H_
