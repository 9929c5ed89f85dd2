// Loads apt's package index into Kvick and answers questions about it. Wiring only.
#include <unistd.h>

#include <iostream>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/examples/package_index/index_files.h"
#include "client/examples/package_index/index_reader.h"
#include "client/examples/package_index/keys.h"
#include "client/examples/package_index/loader.h"
#include "client/examples/package_index/options.h"
#include "client/examples/package_index/print.h"
#include "client/examples/package_index/progress.h"
#include "client/examples/package_index/questions.h"
#include "kvick/client.h"

namespace kvick::package_index {
namespace {

absl::Status ReadAndLoad(const Client& client, const Keys& keys, const Options& options) {
  std::vector<std::string> files = options.files;
  if (files.empty()) {
    auto found = FindIndexFiles(options.lists);
    if (!found.ok()) return found.status();
    files = *std::move(found);
  }
  for (const std::string& file : files) std::cerr << "reading " << file << "\n";
  const auto index = ReadIndex(files);
  if (!index.ok()) return index.status();
  if (index->nameless > 0) {
    std::cerr << absl::StreamFormat("left out %d paragraphs that name no package\n",
                                    index->nameless);
  }
  if (index->packages.empty()) return absl::NotFoundError("the index holds no package");
  auto progress = ProgressSubscriber::Subscribe(client, keys.ProgressChannel(), std::cerr,
                                                isatty(STDERR_FILENO) == 1);
  if (!progress.ok()) return progress.status();
  const absl::Time start = absl::Now();
  const absl::Status status = Load(client, keys, index->packages);
  if (!status.ok()) return status;
  (*progress)->WaitForTheEnd();
  std::cerr << absl::StreamFormat("loaded in %.1f s\n", absl::ToDoubleSeconds(absl::Now() - start));
  return absl::OkStatus();
}

absl::Status Run(const Options& options) {
  const auto client = Client::Create(options.client);
  if (!client.ok()) return client.status();
  const Keys keys(options.prefix);
  if (options.load) {
    const absl::Status status = ReadAndLoad(*client, keys, options);
    if (!status.ok()) return status;
  }
  const auto answers =
      Ask(*client, keys, {.top = options.top, .like = options.like, .view_ttl = options.view_ttl});
  if (!answers.ok()) return answers.status();
  options.json ? PrintJson(*answers, std::cout) : PrintText(*answers, std::cout);
  return absl::OkStatus();
}

}  // namespace
}  // namespace kvick::package_index

int main(int argc, char** argv) {
  const auto options = kvick::package_index::ParseOptions(argc, argv);
  if (!options.ok()) {
    std::cerr << "error: " << options.status().message() << "\ntry: package_index --help\n";
    return 2;
  }
  if (!options->help.empty()) {
    std::cout << options->help;
    return 0;
  }
  const absl::Status status = kvick::package_index::Run(*options);
  if (status.ok()) return 0;
  std::cerr << "error: " << status.message() << "\n";
  return 1;
}
