#include "tests/tidy/public_items.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "fmt/format.h"
#include "tests/tidy/function_lengths.h"

namespace kvick::tidy {
namespace {

// A word or a single other character.
using Token = std::string_view;
using Tokens = std::vector<Token>;

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsWord(Token token) { return IsWord(token.front()); }

Tokens Tokenised(std::string_view source) {
  Tokens tokens;
  for (size_t at = 0; at < source.size();) {
    size_t end = at + 1;
    if (IsWord(source[at])) {
      while (end < source.size() && IsWord(source[end])) ++end;
    }
    if (std::isspace(static_cast<unsigned char>(source[at])) == 0) {
      tokens.push_back(source.substr(at, end - at));
    }
    at = end;
  }
  return tokens;
}

bool Contains(const Tokens& tokens, Token token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

// Walks over the declarations of a header.
class Walk {
 public:
  explicit Walk(Tokens tokens) : tokens_(std::move(tokens)) {}

  std::vector<PublicItem> Items() {
    Scope("", /*is_class=*/false, /*is_public=*/true);
    return std::move(items_);
  }

 private:
  // To the brace that closes the scope, and over it.
  void Scope(const std::string& owner, bool is_class, bool is_public) {
    while (at_ < tokens_.size() && Now() != "}") {
      if (is_class && (Now() == "public" || Now() == "private" || Now() == "protected") &&
          tokens_[at_ + 1] == ":") {
        is_public = Now() == "public";
        at_ += 2;
      } else {
        Declaration(owner, is_public);
      }
    }
    ++at_;
  }

  // One declaration with what belongs to it.
  void Declaration(const std::string& owner, bool is_public) {
    const Tokens head = Head();
    const bool opens = at_ < tokens_.size() && Now() == "{";
    ++at_;
    if (head.empty()) return;
    if (head.front() == "namespace") {
      Scope("", /*is_class=*/false, is_public && head.back() != "internal");
    } else if (const Token name = ClassName(head); !name.empty()) {
      if (!opens) return;  // Declared here, offered elsewhere.
      Add(owner, name, is_public, /*function=*/false);
      Scope(std::string(name), /*is_class=*/true, is_public && head.front() != "class");
    } else {
      if (opens) SkipBraces();
      Name(head, owner, is_public);
    }
  }

  // What comes before the body or the end of a declaration; template parameters are left out.
  Tokens Head() {
    Tokens head;
    if (Now() == "template") {
      ++at_;
      Skip("<", ">");
    }
    int depth = 0;
    for (; at_ < tokens_.size(); ++at_) {
      if (depth == 0 && (Now() == ";" || Now() == "{" || Now() == "}")) break;
      if (Now() == "(") ++depth;
      if (Now() == ")") --depth;
      head.push_back(Now());
    }
    return head;
  }

  static Token ClassName(const Tokens& head) {
    const bool named = head.size() > 1 && (head[0] == "class" || head[0] == "struct" ||
                                           head[0] == "enum" || head[0] == "union");
    if (!named || Contains(head, "(")) return {};
    return head[1] == "class" ? head[2] : head[1];
  }

  // The name of a function, an alias, a concept or a field.
  void Name(const Tokens& head, const std::string& owner, bool is_public) {
    const std::set<Token> none{"friend", "explicit", "operator", "~", "typedef"};
    const auto is_none = [&](Token token) { return none.contains(token); };
    if (std::any_of(head.begin(), head.end(), is_none)) return;
    if (head.front() == "using" || head.front() == "concept") {
      return Add(owner, head[1], is_public, /*function=*/false);
    }
    int angles = 0;
    for (size_t i = 1; i < head.size(); ++i) {
      if (head[i - 1] == "<") ++angles;
      if (head[i - 1] == ">") --angles;
      const bool named = angles == 0 && IsWord(head[i - 1]);
      if (named && head[i] == "(") return Add(owner, head[i - 1], is_public, /*function=*/true);
      if (named && head[i] == "=") return Add(owner, head[i - 1], is_public, /*function=*/false);
    }
    if (IsWord(head.back())) Add(owner, head.back(), is_public, /*function=*/false);
  }

  void Add(const std::string& owner, Token name, bool is_public, bool function) {
    const bool constructor = name == owner;
    const bool type = !function && owner.empty();
    const bool macro = std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0;
    });
    if (!is_public || constructor || macro || Standard(name) || (type && owner == name)) return;
    items_.push_back({owner, std::string(name), function});
  }

  static bool Standard(Token name) {
    static const std::set<Token> names{
        "begin",        "end",       "iterator",          "value_type",
        "pointer",      "reference", "iterator_category", "difference_type",
        "static_assert"};
    return names.contains(name);
  }

  // From an opening character to the one that closes it, and over it.
  void Skip(Token open, Token close) {
    int depth = 0;
    do {
      if (Now() == open) ++depth;
      if (Now() == close) --depth;
      ++at_;
    } while (depth > 0 && at_ < tokens_.size());
  }

  // The opening brace is behind; a `;` after it belongs to it.
  void SkipBraces() {
    --at_;
    Skip("{", "}");
    if (at_ < tokens_.size() && Now() == ";") ++at_;
  }

  Token Now() const { return tokens_[at_]; }

  const Tokens tokens_;
  size_t at_ = 0;
  std::vector<PublicItem> items_;
};

}  // namespace

std::vector<PublicItem> PublicItems(std::string_view header) {
  const std::string source = WithoutCommentsAndStrings(header);
  return Walk(Tokenised(source)).Items();
}

Offences ItemsWithoutExample(const std::vector<File>& files) {
  constexpr std::string_view kHeaders = "client/kvick/";
  std::map<std::string, std::set<std::string>> owners;  // of each name
  std::map<std::string, PublicItem> items;
  std::string examples;
  for (const File& file : files) {
    if (file.path == "tests/client/examples_test.cc") {
      examples = WithoutCommentsAndStrings(file.text);
    }
    const bool installed = file.path.starts_with(kHeaders) && file.path.ends_with(".h") &&
                           file.path.find('/', kHeaders.size()) == std::string::npos;
    if (!installed) continue;
    for (const PublicItem& item : PublicItems(file.text)) {
      owners[item.name].insert(item.owner);
      items.emplace(item.name, item);
    }
  }
  std::map<std::string_view, size_t> uses;
  for (const Token token : Tokenised(examples)) ++uses[token];
  Offences offences;
  for (const auto& [name, of] : owners) {
    if (uses[name] < of.size()) {
      offences.push_back(fmt::format("client/kvick: `{}` of {} has {} of {} examples", name,
                                     fmt::join(of, ", "), uses[name], of.size()));
    }
  }
  return offences;
}

}  // namespace kvick::tidy
