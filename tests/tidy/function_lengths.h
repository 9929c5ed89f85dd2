// Finds the functions of a C++ file by their braces.
#ifndef KVICK_TESTS_TIDY_FUNCTION_LENGTHS_H_
#define KVICK_TESTS_TIDY_FUNCTION_LENGTHS_H_

#include <string>
#include <string_view>
#include <vector>

namespace kvick::tidy {

// A function: the line where its head begins, counted from 1, and how many lines it has from there
// to its closing brace.
struct FunctionLength {
  size_t line;
  size_t length;
};

// The functions of a source, not those inside others. Tables (`... = {`) are none.
std::vector<FunctionLength> FunctionLengths(std::string_view source);

// A source of the same lines with its comments, preprocessor lines and the contents of its strings
// blanked out.
std::string WithoutCommentsAndStrings(std::string_view source);

}  // namespace kvick::tidy

#endif  // KVICK_TESTS_TIDY_FUNCTION_LENGTHS_H_
