// Patterns over names: `*` any run of bytes, `?` any one byte, `[abc]` `[a-z]` `[^a]` one byte of a
// class or not of it, `\` takes the next byte as it is. As Redis matches them (KEYS, PSUBSCRIBE).
#ifndef KVICK_STORAGE_BASE_GLOB_H_
#define KVICK_STORAGE_BASE_GLOB_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace kvick::storage {

// The longest pattern that CheckGlob lets in, in bytes.
inline constexpr size_t kGlobBytesMax = 1024;

// OK, or PATTERN_INVALID.
absl::Status CheckGlob(std::string_view pattern);

// A pattern, read once into its pieces: what stands before, between and behind its stars. The first
// and the last piece have their places in a text; each other one is looked for behind the one
// before it, and the first place found is as good as any. Constant, so threads may share it.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  // Whether all of `text` matches. Adds to `work` how many steps that took, each about a
  // nanosecond: at most one a byte of the pattern and steps_per_byte() a byte of the text, whatever
  // they are.
  bool Matches(std::string_view text, size_t* work) const;
  bool Matches(std::string_view text) const {
    size_t work = 0;
    return Matches(text, &work);
  }
  // 1; more for patterns that have more than 64 bytes in pieces with `?` or a class: one for each
  // 64. The memory of a Glob is at most 2 KiB for each of these and 14 bytes a byte of the pattern.
  size_t steps_per_byte() const;

 private:
  struct Piece {
    uint32_t begin;  // in literals_, or the number of its first element in sets_
    uint32_t size;   // in elements: each takes one byte of a text
    bool is_literal;
  };
  struct Element;

  static Element ReadElement(std::string_view pattern, size_t* position);
  void AddPiece(const std::vector<Element>& elements);
  // Whether a piece stands at `text`, which is long enough.
  bool StandsAt(const Piece& piece, const char* text) const;
  // Where a piece, not empty, first stands in a text, or npos.
  size_t Find(const Piece& piece, std::string_view text, size_t* work) const;
  size_t FindSets(const Piece& piece, std::string_view text, size_t* work) const;

  std::vector<Piece> pieces_;   // one more than there are stars, runs of them taken as one
  std::string literals_;        // the bytes of the literal pieces, one piece after another
  std::vector<uint64_t> sets_;  // the elements of the others: 256 words, one a byte, for each 64
  size_t set_elements_ = 0;
  size_t least_bytes_ = 0;  // of all pieces together
};

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_GLOB_H_
