#include "tests/docs/page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace kvick::testing {

std::string SourceDirectory() {
  const char* source = std::getenv("KVICK_SOURCE_DIR");
  EXPECT_NE(source, nullptr) << "set KVICK_SOURCE_DIR to the root of the sources";
  return source == nullptr ? "" : source;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path << " cannot be read";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ExpectPart(const std::string& page, const std::string& name, const std::string& part) {
  const std::string path = SourceDirectory() + "/" + page;
  const std::string begin = "<!-- " + name + ": begin -->\n";
  const std::string end = "<!-- " + name + ": end -->";
  std::string text = ReadText(path);
  const size_t from = text.find(begin);
  const size_t to = text.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos && from < to)
      << page << " has no part " << name;
  const size_t length = to - from - begin.size();
  if (std::getenv("UPDATE_DOCS") != nullptr) {
    text.replace(from + begin.size(), length, part);
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(from + begin.size(), length), part)
      << "run this test with UPDATE_DOCS=1 in its environment to write " << page << " anew";
}

}  // namespace kvick::testing
