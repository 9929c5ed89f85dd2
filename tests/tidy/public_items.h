// Finds what a header offers, without understanding C++.
#ifndef KVICK_TESTS_TIDY_PUBLIC_ITEMS_H_
#define KVICK_TESTS_TIDY_PUBLIC_ITEMS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.h"

namespace kvick::tidy {

// A type, function, constant or member that a user may name.
struct PublicItem {
  std::string owner;  // The class it belongs to; empty for none.
  std::string name;
  bool function;
};

// The public items of a header, in their order. Those are left out that nobody names: constructors,
// operators, what a namespace `internal` holds, names that the standard demands (types in small
// letters, `begin` and `end`), and what is declared by a macro.
std::vector<PublicItem> PublicItems(std::string_view header);

// Public items of the client's installed headers that its examples do not use. An example of each
// class is wanted where several have a member of one name, so it must be used that often.
Offences ItemsWithoutExample(const std::vector<File>& files);

}  // namespace kvick::tidy

#endif  // KVICK_TESTS_TIDY_PUBLIC_ITEMS_H_
