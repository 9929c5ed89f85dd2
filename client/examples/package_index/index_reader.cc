#include "client/examples/package_index/index_reader.h"

#include <iconv.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/examples/package_index/index_files.h"
#include "client/examples/package_index/version.h"

namespace kvick::package_index {
namespace {

// The text from one encoding in UTF-8; false where it is not in that encoding.
bool Convert(const char* encoding, const std::string& text, std::string* utf8) {
  const iconv_t converter = iconv_open("UTF-8", encoding);
  std::string source = text;
  utf8->resize(2 * text.size());  // Latin-1 takes two bytes at most.
  char* from = source.data();
  char* to = utf8->data();
  size_t from_left = source.size();
  size_t to_left = utf8->size();
  const size_t result = iconv(converter, &from, &from_left, &to, &to_left);
  iconv_close(converter);
  utf8->resize(utf8->size() - to_left);
  return result != static_cast<size_t>(-1);
}

std::string ToUtf8(std::string text) {
  bool ascii = true;
  for (const char c : text) ascii &= absl::ascii_isascii(c);
  std::string utf8;
  if (ascii || Convert("UTF-8", text, &utf8)) return text;
  Convert("ISO-8859-1", text, &utf8);
  return utf8;
}

std::string OrNone(std::string text) { return text.empty() ? "(none)" : ToUtf8(std::move(text)); }

}  // namespace

std::string* IndexParser::FindField(absl::string_view name) {
  static constexpr std::pair<absl::string_view, std::string Fields::*> kFields[] = {
      {"Package", &Fields::package},
      {"Architecture", &Fields::architecture},
      {"Version", &Fields::version},
      {"Section", &Fields::section},
      {"Maintainer", &Fields::maintainer},
      {"Description", &Fields::description},
      {"Installed-Size", &Fields::installed_size}};
  for (const auto& [known, member] : kFields) {
    if (absl::EqualsIgnoreCase(name, known)) {
      std::string* field = &(fields_.*member);
      return field->empty() ? field : nullptr;
    }
  }
  return nullptr;
}

void IndexParser::AddLine(absl::string_view line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty()) return EndParagraph();
  started_ = true;
  if (absl::ascii_isspace(line.front())) {
    // The rest of a description is long and not needed; other values may be folded.
    if (open_ == nullptr || open_ == &fields_.description) return;
    absl::StrAppend(open_, open_->empty() ? "" : " ", text);
    return;
  }
  open_ = nullptr;
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return;
  open_ = FindField(text.substr(0, colon));
  if (open_ != nullptr) *open_ = std::string(absl::StripAsciiWhitespace(text.substr(colon + 1)));
}

void IndexParser::EndParagraph() {
  if (!started_) return;
  Fields fields = std::exchange(fields_, {});
  open_ = nullptr;
  started_ = false;
  if (fields.package.empty()) {
    ++nameless_;
    return;
  }
  Package package{.name = ToUtf8(std::move(fields.package)),
                  .architecture = OrNone(std::move(fields.architecture)),
                  .version = ToUtf8(std::move(fields.version)),
                  .section = OrNone(std::move(fields.section)),
                  .maintainer = OrNone(std::move(fields.maintainer)),
                  .summary = ToUtf8(std::move(fields.description))};
  if (!absl::SimpleAtoi(fields.installed_size, &package.installed_kib) ||
      package.installed_kib < 0) {
    package.installed_kib = 0;
  }
  Keep(std::move(package));
}

void IndexParser::Keep(Package package) {
  const auto [place, is_new] = places_.try_emplace(package.Id(), arrivals_.size());
  if (!is_new) {
    Package& earlier = arrivals_[place->second];
    if (CompareVersions(package.version, earlier.version) <= 0) return;
    earlier.name.clear();
    place->second = arrivals_.size();
  }
  arrivals_.push_back(std::move(package));
}

Index IndexParser::Take() {
  EndParagraph();
  Index index{.packages = {}, .nameless = std::exchange(nameless_, 0)};
  for (Package& package : std::exchange(arrivals_, {})) {
    if (!package.name.empty()) index.packages.push_back(std::move(package));
  }
  places_.clear();
  return index;
}

absl::StatusOr<Index> ReadIndex(const std::vector<std::string>& paths) {
  IndexParser parser;
  for (const std::string& path : paths) {
    const absl::Status status =
        ReadLines(path, [&](absl::string_view line) { parser.AddLine(line); });
    if (!status.ok()) return status;
    parser.EndParagraph();
  }
  return parser.Take();
}

}  // namespace kvick::package_index
