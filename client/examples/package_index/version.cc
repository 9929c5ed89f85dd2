#include "client/examples/package_index/version.h"

#include "absl/strings/ascii.h"

namespace kvick::package_index {
namespace {

struct Version {
  absl::string_view epoch;
  absl::string_view upstream;
  absl::string_view revision;
};

Version Split(absl::string_view text) {
  Version version;
  if (const size_t colon = text.find(':'); colon != absl::string_view::npos) {
    version.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (const size_t dash = text.rfind('-'); dash != absl::string_view::npos) {
    version.revision = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  version.upstream = text;
  return version;
}

bool StartsWithDigit(absl::string_view text) {
  return !text.empty() && absl::ascii_isdigit(text.front());
}

// Takes the next character that is no digit; its rank, which is 0 where there is none.
int TakeRank(absl::string_view* text) {
  if (text->empty() || StartsWithDigit(*text)) return 0;
  const char c = text->front();
  text->remove_prefix(1);
  if (c == '~') return -1;
  return absl::ascii_isalpha(c) ? c : c + 256;
}

// Takes a number; its digits without leading zeros.
absl::string_view TakeNumber(absl::string_view* text) {
  while (!text->empty() && text->front() == '0') text->remove_prefix(1);
  size_t length = 0;
  while (length < text->size() && absl::ascii_isdigit((*text)[length])) ++length;
  const absl::string_view number = text->substr(0, length);
  text->remove_prefix(length);
  return number;
}

int ComparePart(absl::string_view a, absl::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !StartsWithDigit(a)) || (!b.empty() && !StartsWithDigit(b))) {
      const int order = TakeRank(&a) - TakeRank(&b);
      if (order != 0) return order;
    }
    const absl::string_view number_a = TakeNumber(&a);
    const absl::string_view number_b = TakeNumber(&b);
    if (number_a.size() != number_b.size()) return number_a.size() < number_b.size() ? -1 : 1;
    if (const int order = number_a.compare(number_b); order != 0) return order;
  }
  return 0;
}

}  // namespace

int CompareVersions(absl::string_view a, absl::string_view b) {
  const Version left = Split(a);
  const Version right = Split(b);
  if (const int order = ComparePart(left.epoch, right.epoch); order != 0) return order;
  if (const int order = ComparePart(left.upstream, right.upstream); order != 0) return order;
  return ComparePart(left.revision, right.revision);
}

}  // namespace kvick::package_index
