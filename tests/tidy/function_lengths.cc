#include "tests/tidy/function_lengths.h"

#include <cctype>

namespace kvick::tidy {
namespace {

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks over a source and copies what is code.
class Blanker {
 public:
  explicit Blanker(std::string_view source) : source_(source) {}

  std::string Run() {
    while (at_ < source_.size()) {
      if (StartsWith("//")) {
        BlankUntil("\n", false);
      } else if (StartsWith("/*")) {
        BlankUntil("*/", true);
      } else if (StartsWith("R\"") && (at_ == 0 || !IsWordByte(source_[at_ - 1]))) {
        const size_t open = source_.find('(', at_);
        const std::string delimiter(source_.substr(at_ + 2, open - at_ - 2));
        BlankUntil(")" + delimiter + "\"", true);
      } else if (source_[at_] == '"') {
        BlankLiteral('"');
      } else if (source_[at_] == '\'' && (at_ == 0 || !IsWordByte(source_[at_ - 1]))) {
        BlankLiteral('\'');
      } else if (source_[at_] == '#' && AtLineStart()) {
        BlankDirective();
      } else {
        code_ += source_[at_++];
      }
    }
    return std::move(code_);
  }

 private:
  bool StartsWith(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  bool AtLineStart() const {
    const size_t end = code_.find_last_not_of(" \t");
    return end == std::string::npos || code_[end] == '\n';
  }
  void Blank() {
    code_ += source_[at_] == '\n' ? '\n' : ' ';
    ++at_;
  }
  void BlankUntil(std::string_view end, bool with_end) {
    const size_t found = source_.find(end, at_ + 1);
    const size_t stop =
        found == std::string_view::npos ? source_.size() : found + (with_end ? end.size() : 0);
    while (at_ < stop) Blank();
  }
  void BlankLiteral(char quote) {
    Blank();
    while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
      if (source_[at_] == '\\') Blank();
      if (at_ < source_.size()) Blank();
    }
    if (at_ < source_.size()) Blank();
  }
  void BlankDirective() {
    while (at_ < source_.size() && source_[at_] != '\n') {
      if (source_[at_] == '\\' && at_ + 1 < source_.size()) Blank();
      Blank();
    }
  }

  const std::string_view source_;
  size_t at_ = 0;
  std::string code_;
};

// What stands before a brace, from the end of the statement before it.
struct Head {
  std::string text;
  size_t line = 0;  // of its first word

  void Add(char c, size_t at_line) {
    if (text.empty() && std::isspace(static_cast<unsigned char>(c)) != 0) return;
    if (text.empty()) line = at_line;
    text += c;
    for (const char* access : {"public:", "private:", "protected:"}) {
      if (text == access) text.clear();
    }
  }
};

// Whether a brace after this head opens something that holds functions, not statements.
bool OpensScope(const std::string& head) {
  std::string_view rest = head;
  if (rest.starts_with("template")) {
    int depth = 0;
    size_t at = 0;
    for (; at < rest.size(); ++at) {
      depth += rest[at] == '<' ? 1 : rest[at] == '>' ? -1 : 0;
      if (rest[at] == '>' && depth == 0) break;
    }
    rest.remove_prefix(at < rest.size() ? at + 1 : at);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n\t"), rest.size()));
  }
  for (const std::string_view word : {"namespace", "class", "struct", "union", "enum", "extern"}) {
    if (rest.starts_with(word) && (rest.size() == word.size() || !IsWordByte(rest[word.size()]))) {
      return true;
    }
  }
  return false;
}

bool OpensFunction(const std::string& head) {
  const size_t end = head.find_last_not_of(" \n\t");
  return head.find('(') != std::string::npos && head[end] != '=' && !OpensScope(head);
}

}  // namespace

std::string WithoutCommentsAndStrings(std::string_view source) { return Blanker(source).Run(); }

std::vector<FunctionLength> FunctionLengths(std::string_view source) {
  const std::string code = WithoutCommentsAndStrings(source);
  std::vector<FunctionLength> functions;
  Head head;
  size_t line = 1;
  int depth = 0;  // of braces inside a function or a table
  bool in_function = false;
  size_t start = 0;
  for (const char c : code) {
    if (c == '\n') ++line;
    if (depth > 0) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0) {
        if (in_function) functions.push_back({start, line - start + 1});
        head = Head();
      }
    } else if (c == '{') {
      if (!OpensScope(head.text)) {
        depth = 1;
        in_function = OpensFunction(head.text);
        start = head.line;
      }
      head = Head();
    } else if (c == '}' || c == ';') {
      head = Head();
    } else {
      head.Add(c, line);
    }
  }
  return functions;
}

}  // namespace kvick::tidy
