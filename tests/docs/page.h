// Pages of docs/ with a part that is made from something else: `<!-- NAME: begin -->`, the part,
// `<!-- NAME: end -->`, each on a line of its own.
#ifndef KVICK_TESTS_DOCS_PAGE_H_
#define KVICK_TESTS_DOCS_PAGE_H_

#include <string>

namespace kvick::testing {

// The root of the sources; "" and a failed test when KVICK_SOURCE_DIR is not set.
std::string SourceDirectory();

// What a file holds; a failed test when it cannot be read.
std::string ReadText(const std::string& path);

// Expects the part of a page, a path below the sources, to be `part`. With UPDATE_DOCS=1 in the
// environment it is written first.
void ExpectPart(const std::string& page, const std::string& name, const std::string& part);

}  // namespace kvick::testing

#endif  // KVICK_TESTS_DOCS_PAGE_H_
