#include "storage/base/glob.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "storage/base/error.h"

namespace kvick::storage {
namespace {

constexpr size_t kBytes = 256;    // values of a byte
constexpr size_t kWordBits = 64;  // elements whose sets share a word for each byte

}  // namespace

// What takes one byte of a text.
struct Glob::Element {
  bool is_literal = false;
  unsigned char byte = 0;   // of a literal
  std::bitset<kBytes> set;  // the bytes that any other takes
};

absl::Status CheckGlob(std::string_view pattern) {
  return pattern.size() > kGlobBytesMax
             ? InvalidArgument("PATTERN_INVALID", "A pattern is over 1 KiB: use a shorter one.")
             : absl::OkStatus();
}

Glob::Glob(std::string_view pattern) {
  std::vector<Element> elements;
  for (size_t position = 0; position < pattern.size();) {
    if (pattern[position] != '*') {
      elements.push_back(ReadElement(pattern, &position));
      continue;
    }
    AddPiece(elements);
    elements.clear();
    position = std::min(pattern.find_first_not_of('*', position), pattern.size());
  }
  AddPiece(elements);
}

// Reads the element at `position`, which is not a '*', and moves the position past it.
Glob::Element Glob::ReadElement(std::string_view pattern, size_t* position) {
  size_t& at = *position;
  const auto next = [&] { return static_cast<unsigned char>(pattern[at++]); };
  Element element;
  const unsigned char first = next();
  if (first == '?') {
    element.set.set();
    return element;
  }
  if (first != '[') {
    element.is_literal = true;
    element.byte = first == '\\' && at < pattern.size() ? next() : first;
    return element;
  }
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) {
    ++at;
  }
  // A class that is not closed ends with the pattern, as it does in Redis.
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      ++at;
      element.set.set(next());
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      unsigned char low = next();
      ++at;
      unsigned char high = next();
      if (low > high) {
        std::swap(low, high);
      }
      for (size_t byte = low; byte <= high; ++byte) {
        element.set.set(byte);
      }
    } else {
      element.set.set(next());
    }
  }
  if (at < pattern.size()) {
    ++at;
  }
  if (negated) {
    element.set.flip();
  }
  return element;
}

void Glob::AddPiece(const std::vector<Element>& elements) {
  least_bytes_ += elements.size();
  const auto size = static_cast<uint32_t>(elements.size());
  if (std::all_of(elements.begin(), elements.end(), [](auto& each) { return each.is_literal; })) {
    pieces_.push_back({static_cast<uint32_t>(literals_.size()), size, true});
    for (const Element& element : elements) {
      literals_.push_back(static_cast<char>(element.byte));
    }
    return;
  }
  pieces_.push_back({static_cast<uint32_t>(set_elements_), size, false});
  for (const Element& element : elements) {
    if (set_elements_ % kWordBits == 0) {
      sets_.resize(sets_.size() + kBytes);
    }
    uint64_t* const words = sets_.data() + set_elements_ / kWordBits * kBytes;
    const uint64_t bit = uint64_t{1} << set_elements_ % kWordBits;
    for (size_t byte = 0; byte < kBytes; ++byte) {
      if (element.is_literal ? byte == element.byte : element.set[byte]) {
        words[byte] |= bit;
      }
    }
    ++set_elements_;
  }
}

size_t Glob::steps_per_byte() const { return std::max<size_t>(1, sets_.size() / kBytes); }

bool Glob::Matches(std::string_view text, size_t* work) const {
  const Piece& first = pieces_.front();
  const Piece& last = pieces_.back();
  if (text.size() < least_bytes_) {
    return false;
  }
  *work += first.size;
  if (pieces_.size() == 1) {
    return text.size() == first.size && StandsAt(first, text.data());
  }
  *work += last.size;
  if (!StandsAt(first, text.data()) || !StandsAt(last, text.data() + text.size() - last.size)) {
    return false;
  }
  text = text.substr(first.size, text.size() - first.size - last.size);
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const size_t found = Find(pieces_[i], text, work);
    if (found == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(found + pieces_[i].size);
  }
  return true;
}

bool Glob::StandsAt(const Piece& piece, const char* text) const {
  if (piece.is_literal) {
    return std::equal(text, text + piece.size, literals_.data() + piece.begin);
  }
  for (size_t i = 0; i < piece.size; ++i) {
    const size_t element = piece.begin + i;
    const uint64_t word = sets_[element / kWordBits * kBytes + static_cast<unsigned char>(text[i])];
    if ((word >> element % kWordBits & 1) == 0) {
      return false;
    }
  }
  return true;
}

size_t Glob::Find(const Piece& piece, std::string_view text, size_t* work) const {
  if (!piece.is_literal) {
    return FindSets(piece, text, work);
  }
  const void* found = memmem(text.data(), text.size(), literals_.data() + piece.begin, piece.size);
  if (found == nullptr) {
    *work += text.size();
    return std::string_view::npos;
  }
  const auto at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
  *work += at + piece.size;
  return at;
}

// Shift-And (Baeza-Yates and Gonnet 1992): bit i of the state tells whether the elements of the
// piece up to the i-th take the last bytes read.
size_t Glob::FindSets(const Piece& piece, std::string_view text, size_t* work) const {
  const size_t last_element = piece.begin + piece.size - 1;
  const size_t first_word = piece.begin / kWordBits;
  const size_t words = last_element / kWordBits - first_word + 1;
  const uint64_t start = uint64_t{1} << piece.begin % kWordBits;
  const uint64_t* const sets = sets_.data() + first_word * kBytes;
  absl::InlinedVector<uint64_t, kGlobBytesMax / kWordBits> state(words);
  for (size_t at = 0; at < text.size(); ++at) {
    uint64_t carry = start;
    for (size_t word = 0; word < words; ++word) {
      const uint64_t carry_out = state[word] >> (kWordBits - 1);
      state[word] =
          (state[word] << 1 | carry) & sets[word * kBytes + static_cast<unsigned char>(text[at])];
      carry = carry_out;
    }
    *work += words;
    if ((state[words - 1] >> last_element % kWordBits & 1) != 0) {
      return at + 1 - piece.size;
    }
  }
  return std::string_view::npos;
}

}  // namespace kvick::storage
