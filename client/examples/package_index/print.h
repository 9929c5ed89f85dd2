// Prints answers.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PRINT_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PRINT_H_

#include <iosfwd>

#include "client/examples/package_index/questions.h"

namespace kvick::package_index {

// Prints the answers for people.
void PrintText(const Answers& answers, std::ostream& out);

// Prints the answers as one JSON document.
void PrintJson(const Answers& answers, std::ostream& out);

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PRINT_H_
