#include "storage/base/common_subsequence.h"

#include <array>
#include <cstdint>

namespace kvick::storage {
namespace {

constexpr size_t kWordBits = 64;

// For each byte of `first` the positions of it in `second`, as bits. Bytes that `first` lacks get
// no bits, which bounds their memory by that of the rows.
class Positions {
 public:
  Positions(std::string_view first, std::string_view second, size_t words) : words_(words) {
    index_.fill(kNone);
    uint16_t known = 0;
    for (const char byte : first) {
      uint16_t& index = index_[static_cast<uint8_t>(byte)];
      index = index == kNone ? known++ : index;
    }
    bits_.resize(known * words);
    for (size_t i = 0; i < second.size(); ++i) {
      if (const uint16_t index = index_[static_cast<uint8_t>(second[i])]; index != kNone) {
        bits_[index * words + i / kWordBits] |= uint64_t{1} << (i % kWordBits);
      }
    }
  }
  const uint64_t* Of(char byte) const {
    return bits_.data() + index_[static_cast<uint8_t>(byte)] * words_;
  }

 private:
  static constexpr uint16_t kNone = 256;
  const size_t words_;
  std::array<uint16_t, 256> index_;
  std::vector<uint64_t> bits_;
};

// Row i tells of the first i bytes of `first`: bit j is 0 where the length for the first j + 1
// bytes of `second` is one more than for the first j.
std::vector<uint64_t> Rows(std::string_view first, std::string_view second, size_t words) {
  const Positions positions(first, second, words);
  std::vector<uint64_t> rows((first.size() + 1) * words);
  std::fill_n(rows.begin(), words, ~uint64_t{0});
  for (size_t i = 0; i < first.size(); ++i) {
    const uint64_t* before = rows.data() + i * words;
    uint64_t* row = rows.data() + (i + 1) * words;
    const uint64_t* matches = positions.Of(first[i]);
    uint64_t carry = 0;
    for (size_t w = 0; w < words; ++w) {
      const uint64_t matching = before[w] & matches[w];
      uint64_t sum = 0;
      const bool over = __builtin_add_overflow(before[w], matching, &sum);
      const bool over_again = __builtin_add_overflow(sum, carry, &sum);
      carry = over || over_again ? 1 : 0;
      row[w] = sum | (before[w] & ~matches[w]);
    }
  }
  return rows;
}

}  // namespace

std::vector<CommonPart> LongestCommonSubsequence(std::string_view first, std::string_view second) {
  std::vector<CommonPart> parts;
  const size_t words = (second.size() + kWordBits - 1) / kWordBits;
  const std::vector<uint64_t> rows = Rows(first, second, words);
  size_t i = first.size();
  size_t j = second.size();
  bool joined = false;  // to the part found last
  while (i > 0 && j > 0) {
    if (first[i - 1] == second[j - 1]) {
      --i;
      --j;
      if (!joined) {
        parts.push_back({});
      }
      joined = true;
      parts.back() = {i, j, parts.back().length + 1};
      continue;
    }
    joined = false;
    // Where the last byte of `second` adds nothing to the length, it is left out first.
    const uint64_t word = rows[i * words + (j - 1) / kWordBits];
    const bool adds = (word >> ((j - 1) % kWordBits) & 1) == 0;
    --(adds ? i : j);
  }
  return parts;
}

}  // namespace kvick::storage
