// The command line of the example.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_OPTIONS_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kvick/options.h"

namespace kvick::package_index {

// What the flags say.
struct Options {
  // Where the server is and how to speak to it.
  ClientOptions client;
  // The directory where apt keeps its index.
  std::string lists = "/var/lib/apt/lists";
  // Files to read instead.
  std::vector<std::string> files;
  // What all keys begin with.
  std::string prefix = "debian:";
  // How long the derived view lives.
  absl::Duration view_ttl = absl::Minutes(10);
  // How many packages the lists of the largest and so on have.
  int top = 10;
  // The package whose relatives are looked for; empty: the newest.
  std::string like;
  // Ask what is there already.
  bool load = true;
  // Answers as one JSON document.
  bool json = false;
  // The text that --help prints; nothing is done then.
  std::string help;
};

// Reads the flags. INVALID_ARGUMENT says which one is wrong.
absl::StatusOr<Options> ParseOptions(int argc, char** argv);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_OPTIONS_H_
