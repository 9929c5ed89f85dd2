// Patterns over names: `*` any run of bytes, `?` any one byte, `[abc]` `[a-z]` `[^a]` one byte of a
// class or not of it, `\` takes the next byte as it is. As Redis matches them (KEYS, PSUBSCRIBE).
#ifndef KVICK_STORAGE_BASE_GLOB_H_
#define KVICK_STORAGE_BASE_GLOB_H_

#include <cstddef>
#include <string_view>

namespace kvick::storage {

// The longest pattern that a caller should let in, in bytes.
inline constexpr size_t kGlobBytesMax = 1024;

// Whether all of `text` matches. O(pattern * text) at worst whatever the pattern, without
// recursion: of several `*` only the last can be the one to go back to.
bool GlobMatches(std::string_view pattern, std::string_view text);

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_GLOB_H_
