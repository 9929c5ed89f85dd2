// Pages lead somewhere: their links exist, and every folder with sources has a README.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/docs/page.h"

namespace kvick::testing {
namespace {

namespace fs = std::filesystem;

// Calls `visit` for every file of the project: what is built or hidden is none.
template <typename Visit>
void ForEachFile(const fs::path& root, Visit visit) {
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string name = it->path().filename();
    const bool built = name == "build" && it.depth() == 0;
    if (it->is_directory() && (built || name.starts_with('.') || name == "node_modules")) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      visit(it->path());
    }
  }
}

TEST(LinksTest, LinksToFilesOfTheProjectExist) {
  static const std::regex* const link = new std::regex(R"(\]\(([^)#\s]+)(#[^)]*)?\))");
  ForEachFile(SourceDirectory(), [](const fs::path& path) {
    if (path.extension() != ".md") return;
    const std::string text = ReadText(path);
    for (std::sregex_iterator it(text.begin(), text.end(), *link), end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.find("://") != std::string::npos) continue;
      EXPECT_TRUE(fs::exists(path.parent_path() / target)) << path << " links to " << target;
    }
  });
}

TEST(LinksTest, EveryFolderWithSourcesHasAReadme) {
  const std::set<std::string> sources = {".cc", ".h",  ".proto", ".sh",
                                         ".py", ".go", ".js",    ".cmake"};
  std::set<fs::path> folders;
  ForEachFile(SourceDirectory(), [&](const fs::path& path) {
    if (sources.contains(path.extension())) folders.insert(path.parent_path());
  });
  EXPECT_FALSE(folders.empty());
  for (const fs::path& folder : folders) {
    // A folder of parts (lib/, v1/) may be explained by one above it, but not by the root.
    fs::path page = folder;
    while (page != SourceDirectory() && !fs::exists(page / "README.md")) page = page.parent_path();
    EXPECT_NE(page, SourceDirectory()) << folder << " has no README.md";
  }
}

TEST(LinksTest, EveryDecisionIsListed) {
  const std::string root = SourceDirectory();
  const std::string list = ReadText(root + "/docs/adr/README.md");
  for (const auto& entry : fs::directory_iterator(root + "/docs/adr")) {
    const std::string name = entry.path().filename();
    if (name != "README.md") {
      EXPECT_NE(list.find("(" + name + ")"), std::string::npos) << name << " is not listed";
    }
  }
}

}  // namespace
}  // namespace kvick::testing
