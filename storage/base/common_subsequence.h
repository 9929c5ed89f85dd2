// The longest common subsequence of two byte strings.
//
// Computed with bit vectors: H. Hyyro, "Bit-parallel LCS-length computation revisited" (2004). A
// row of bits tells for a prefix of one string where the length grows along the other, so that 64
// cells of the classic table cost a few instructions, and all rows kept are enough to walk back.
#ifndef KVICK_STORAGE_BASE_COMMON_SUBSEQUENCE_H_
#define KVICK_STORAGE_BASE_COMMON_SUBSEQUENCE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kvick::storage {

// The cells that the computation fills: the product of the lengths, the second one rounded up to
// whole words. Saturates.
inline size_t CommonSubsequenceCells(size_t first, size_t second) {
  size_t cells = 0;
  return __builtin_mul_overflow(first, (second + 63) / 64 * 64, &cells) ? ~size_t{0} : cells;
}

// The most that a caller should let in: some 16 MiB of memory and a millisecond or two.
inline constexpr size_t kCommonSubsequenceCellsMax = size_t{1} << 26;

// A run of bytes that both strings have: `length` of them from `first` in one string and from
// `second` in the other.
struct CommonPart {
  size_t first;
  size_t second;
  size_t length;
};

// A longest common subsequence, the one that Redis's LCS finds, as its parts from the last to the
// first; no two of them touch in both strings. O(cells / 64) time, O(cells) bits.
std::vector<CommonPart> LongestCommonSubsequence(std::string_view first, std::string_view second);

}  // namespace kvick::storage

#endif  // KVICK_STORAGE_BASE_COMMON_SUBSEQUENCE_H_
