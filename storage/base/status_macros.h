// The only macros of the house: they return early with an error.
#ifndef KVICK_STORAGE_BASE_STATUS_MACROS_H_
#define KVICK_STORAGE_BASE_STATUS_MACROS_H_

#include <utility>

// Evaluates an expression of type absl::Status once; returns it from the function unless it is OK.
#define RETURN_IF_ERROR(expression)                   \
  do {                                                \
    if (auto status_ = (expression); !status_.ok()) { \
      return status_;                                 \
    }                                                 \
  } while (false)

#define KVICK_CONCAT_INNER(a, b) a##b
#define KVICK_CONCAT(a, b) KVICK_CONCAT_INNER(a, b)

// Evaluates an expression of type absl::StatusOr once; returns its error, or moves its value to the
// left side, which may declare a variable: ASSIGN_OR_RETURN(auto list, Find(key));
#define ASSIGN_OR_RETURN(left, expression) \
  ASSIGN_OR_RETURN_INNER(KVICK_CONCAT(status_or_, __LINE__), left, expression)
#define ASSIGN_OR_RETURN_INNER(variable, left, expression) \
  auto variable = (expression);                            \
  if (!variable.ok()) {                                    \
    return std::move(variable).status();                   \
  }                                                        \
  left = *std::move(variable)

#endif  // KVICK_STORAGE_BASE_STATUS_MACROS_H_
