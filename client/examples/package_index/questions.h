// Answers questions about the packages from what the database holds.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_QUESTIONS_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_QUESTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/examples/package_index/keys.h"
#include "kvick/client.h"

namespace kvick::package_index {

// A name and a number that belongs to it.
using Counted = std::pair<std::string, int64_t>;

// Packages of one section and one maintainer.
struct Relatives {
  // The package that was asked about.
  std::string like;
  std::string section;
  std::string maintainer;
  // Those that share both, itself among them, in order of arrival.
  std::vector<std::string> packages;
};

// All answers.
struct Answers {
  int64_t packages = 0;
  int64_t installed_kib = 0;
  // Every section with its packages, the largest first, then by name.
  std::vector<Counted> sections;
  // How many maintainers there are.
  int64_t maintainers = 0;
  // Those with the most packages, then by name.
  std::vector<Counted> busiest;
  // What takes the most room installed, in KiB, then by id.
  std::vector<Counted> largest;
  // True when `largest` was there from an earlier question.
  bool view_reused = false;
  // The latest arrivals, the last one first, with their versions.
  std::vector<std::pair<std::string, std::string>> newest;
  Relatives relatives;
};

// What is asked.
struct Questions {
  // How many packages or maintainers in a list of the first ones.
  int top = 10;
  // Whose relatives to look for; empty: those of the newest package.
  std::string like;
  // How long the view of the largest packages lives once it was made.
  absl::Duration view_ttl = absl::Minutes(10);
};

// Asks all questions. NOT_FOUND when nothing is loaded or `like` names no package.
absl::StatusOr<Answers> Ask(const Client& client, const Keys& keys, const Questions& questions);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_QUESTIONS_H_
