#include "client/examples/package_index/index_files.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace kvick::package_index {
namespace {

constexpr char kAptHelper[] = "/usr/lib/apt/apt-helper";

// When the release that an index belongs to was published. Their names share the beginning:
// HOST_dists_SUITE_InRelease and HOST_dists_SUITE_main_binary-amd64_Packages.
absl::Time ReleaseDate(const std::string& index, const std::vector<std::string>& releases) {
  for (const std::string& release : releases) {
    absl::string_view base = release;
    if (!absl::ConsumeSuffix(&base, "_InRelease")) absl::ConsumeSuffix(&base, "_Release");
    if (!absl::StartsWith(index, absl::StrCat(base, "_"))) continue;
    std::ifstream file(release);
    std::string line;
    while (std::getline(file, line)) {
      absl::Time time;
      absl::string_view date = line;
      if (absl::ConsumePrefix(&date, "Date: ") &&
          absl::ParseTime("%a, %d %b %Y %H:%M:%S", absl::StripSuffix(date, " UTC"), &time,
                          nullptr)) {
        return time;
      }
    }
  }
  return absl::InfinitePast();
}

bool IsCompressed(const std::string& path) {
  for (const char* suffix : {".lz4", ".xz", ".gz", ".zst", ".bz2"}) {
    if (absl::EndsWith(path, suffix)) return true;
  }
  return false;
}

absl::Status EachLine(std::FILE* file, const std::function<void(absl::string_view)>& line) {
  char* buffer = nullptr;
  size_t capacity = 0;
  ssize_t length = 0;
  while ((length = getline(&buffer, &capacity, file)) >= 0) {
    absl::string_view text(buffer, length);
    absl::ConsumeSuffix(&text, "\n");
    absl::ConsumeSuffix(&text, "\r");
    line(text);
  }
  std::free(buffer);
  return std::ferror(file) ? absl::DataLossError("reading broke off") : absl::OkStatus();
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

absl::Status ReadThroughApt(const std::string& path,
                            const std::function<void(absl::string_view)>& line) {
  int ends[2];
  if (pipe(ends) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  const std::string words[] = {"apt-helper", "cat-file", path};
  char* const arguments[] = {const_cast<char*>(words[0].c_str()),
                             const_cast<char*>(words[1].c_str()),
                             const_cast<char*>(words[2].c_str()), nullptr};
  pid_t helper = 0;
  const int error = posix_spawn(&helper, kAptHelper, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  const File file(fdopen(ends[0], "r"), std::fclose);
  if (error != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is compressed, and ", kAptHelper,
                                                      " does not start: ", std::strerror(error)));
  }
  const absl::Status status = EachLine(file.get(), line);
  int code = 0;
  waitpid(helper, &code, 0);
  if (code != 0) {
    return absl::FailedPreconditionError(absl::StrCat(kAptHelper, " cannot read ", path));
  }
  return status;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindIndexFiles(const std::string& directory) {
  std::vector<std::string> indexes;
  std::vector<std::string> releases;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    std::string path = entry.path().string();
    const std::string name = entry.path().filename().string();
    const size_t at = name.rfind("_Packages");
    if (at != std::string::npos && (at + 9 == name.size() || name[at + 9] == '.')) {
      indexes.push_back(std::move(path));
    } else if (absl::EndsWith(name, "_InRelease") || absl::EndsWith(name, "_Release")) {
      releases.push_back(std::move(path));
    }
  }
  if (indexes.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no package index in ", directory,
                                            ": run `apt-get update`, or name index files"));
  }
  std::vector<std::pair<absl::Time, std::string>> dated;
  for (std::string& index : indexes) {
    const absl::Time date = ReleaseDate(index, releases);
    dated.emplace_back(date, std::move(index));
  }
  std::sort(dated.begin(), dated.end());
  indexes.clear();
  for (auto& [date, index] : dated) indexes.push_back(std::move(index));
  return indexes;
}

absl::Status ReadLines(const std::string& path,
                       const std::function<void(absl::string_view)>& line) {
  if (access(path.c_str(), R_OK) != 0) return absl::ErrnoToStatus(errno, path);
  if (IsCompressed(path)) return ReadThroughApt(path, line);
  const File file(std::fopen(path.c_str(), "r"), std::fclose);
  if (file == nullptr) return absl::ErrnoToStatus(errno, path);
  return EachLine(file.get(), line);
}

}  // namespace kvick::package_index
