// The bridge to Abseil's string_view, which is std::string_view in some builds of Abseil and a
// class of its own in others (Debian's). Our code uses std::string_view.
#ifndef KVICK_STORAGE_BASE_STRINGS_H_
#define KVICK_STORAGE_BASE_STRINGS_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace kvick::storage {

inline absl::string_view ToAbsl(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view FromAbsl(absl::string_view view) { return {view.data(), view.size()}; }

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_STRINGS_H_
