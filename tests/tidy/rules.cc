#include "tests/tidy/rules.h"

#include <algorithm>
#include <map>
#include <set>

#include "fmt/format.h"
#include "tests/tidy/function_lengths.h"

namespace kvick::tidy {
namespace {

constexpr size_t kFunctionLinesMax = 70;
constexpr size_t kFileLinesMax = 500;
constexpr size_t kTestFileLinesMax = 800;
constexpr size_t kLineColumnsMax = 100;

bool IsHeader(const File& file) { return file.path.ends_with(".h"); }
bool IsCpp(const File& file) { return IsHeader(file) || file.path.ends_with(".cc"); }
bool IsTest(const File& file) { return file.path.starts_with("tests/"); }
bool IsSource(const File& file) {
  static const std::set<std::string> suffixes{".h",  ".cc", ".proto", ".py",
                                              ".sh", ".go", ".js",    ".mjs"};
  const size_t dot = file.path.rfind('.');
  return dot != std::string::npos && suffixes.contains(file.path.substr(dot));
}

// Characters, of which each begins with one byte that continues none.
size_t Columns(std::string_view line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether a text holds a word that stands alone.
bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordByte(text[at - 1])) && (end == text.size() || !IsWordByte(text[end]))) {
      return true;
    }
  }
  return false;
}

// Offences of the lines that a test of them finds.
template <typename Test>
Offences OfLines(const File& file, std::string_view text, const std::string& what, Test&& test) {
  Offences offences;
  size_t number = 0;
  for (const std::string_view line : Lines(text)) {
    ++number;
    if (test(line)) offences.push_back(Offence(file, number, what));
  }
  return offences;
}

Offences LineLengths(const File& file) {
  if (!IsCpp(file) && !file.path.ends_with(".proto")) return {};
  return OfLines(file, file.text, "a line has more than 100 columns",
                 [](std::string_view line) { return Columns(line) > kLineColumnsMax; });
}

Offences FileLengths(const File& file) {
  const size_t limit = IsTest(file) ? kTestFileLinesMax : kFileLinesMax;
  const size_t lines = Lines(file.text).size();
  if (!IsSource(file) || lines <= limit) return {};
  return {Offence(file, lines, fmt::format("a file of more than {} lines", limit))};
}

Offences LongFunctions(const File& file) {
  Offences offences;
  if (!IsCpp(file)) return offences;
  for (const FunctionLength& function : FunctionLengths(file.text)) {
    if (function.length > kFunctionLinesMax) {
      offences.push_back(
          Offence(file, function.line, fmt::format("a function of {} lines", function.length)));
    }
  }
  return offences;
}

Offences UsingNamespace(const File& file) {
  if (!IsHeader(file)) return {};
  return OfLines(
      file, WithoutCommentsAndStrings(file.text), "using namespace in a header",
      [](std::string_view line) { return line.find("using namespace") != std::string_view::npos; });
}

Offences Macros(const File& file) {
  if (!IsCpp(file)) return {};
  return OfLines(file, file.text, "a macro of another kind than the two for errors",
                 [&](std::string_view line) {
                   constexpr std::string_view kDefine = "#define ";
                   if (!line.starts_with(kDefine)) return false;
                   const std::string_view rest = line.substr(kDefine.size());
                   const std::string name(rest.substr(0, rest.find_first_of(" (")));
                   const bool guard = IsHeader(file) && name.starts_with("KVICK_") &&
                                      name.ends_with("_H_") && rest == name;
                   return !guard && file.path != "storage/base/status_macros.h";
                 });
}

// What the files of a folder may include, by the beginning of the path. The longest folder that
// fits counts. Dependencies point one way: see docs/adr/0008.
const std::map<std::string, std::vector<std::string>>& Walls() {
  static const auto* walls = new std::map<std::string, std::vector<std::string>>{
      {"storage/base/", {"storage/base/"}},
      {"storage/types/", {"storage/types/", "storage/base/"}},
      {"storage/", {"storage/"}},
      {"server/commands/", {"server/commands/", "storage/", "kvick/v1/"}},
      {"server/processor/", {"server/processor/", "server/commands/", "storage/", "kvick/v1/"}},
      {"server/pubsub/",
       {"server/pubsub/", "server/commands/frame_source.h", "storage/base/", "kvick/v1/"}},
      {"server/config/", {"server/config/", "storage/base/"}},
      {"server/metrics/", {"server/metrics/", "server/config/", "storage/base/"}},
      {"server/rpc/",
       {"server/rpc/", "server/processor/", "server/commands/", "server/pubsub/", "server/metrics/",
        "server/config/", "storage/", "kvick/v1/"}},
      {"server/", {"server/", "storage/", "kvick/v1/"}},
      {"client/", {"client/", "kvick/", "storage/base/"}},
      {"cmake/", {}},
      {"tests/", {"tests/", "server/", "storage/", "client/", "kvick/"}},
  };
  return *walls;
}

// The path that a line includes; empty when it includes nothing.
std::string_view Included(std::string_view line) {
  constexpr std::string_view kInclude = "#include ";
  if (!line.starts_with(kInclude)) return {};
  line.remove_prefix(kInclude.size() + 1);
  return line.substr(0, line.find_first_of("\">"));
}

Offences Dependencies(const File& file) {
  if (!IsCpp(file)) return {};
  const std::vector<std::string>* allowed = nullptr;
  size_t longest = 0;
  for (const auto& [folder, paths] : Walls()) {
    if (file.path.starts_with(folder) && folder.size() > longest) {
      allowed = &paths;
      longest = folder.size();
    }
  }
  if (allowed == nullptr) {
    return {Offence(file, 1, "a folder that Walls() in tests/tidy/rules.cc does not know")};
  }
  static const std::vector<std::string> rooms{"storage/", "server/", "client/", "tests/", "kvick/"};
  const auto begins = [](std::string_view path, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return path.starts_with(prefix); });
  };
  return OfLines(file, file.text, "an include through a wall", [&](std::string_view line) {
    const std::string_view path = Included(line);
    return begins(path, rooms) && !begins(path, *allowed);
  });
}

Offences ProtobufInStorage(const File& file) {
  if (!IsCpp(file) || !file.path.starts_with("storage/")) return {};
  return OfLines(file, file.text, "Protobuf or gRPC in the engine", [](std::string_view line) {
    const std::string_view path = Included(line);
    return path.ends_with(".pb.h") || path.starts_with("google/protobuf") ||
           path.starts_with("grpc");
  });
}

Offences GrpcOutsideItsRooms(const File& file) {
  const bool allowed =
      file.path.starts_with("server/rpc/") || file.path.starts_with("client/") || IsTest(file);
  if (!IsCpp(file) || allowed) return {};
  return OfLines(file, file.text, "gRPC outside server/rpc and client", [](std::string_view line) {
    return Included(line).starts_with("grpc") ||
           Included(line).find(".grpc.pb.h") != std::string_view::npos;
  });
}

// One file does what generated code does.
Offences GrpcInternal(const File& file) {
  if (!IsCpp(file) || file.path == "server/rpc/service.cc") return {};
  return OfLines(
      file, WithoutCommentsAndStrings(file.text), "grpc::internal",
      [](std::string_view line) { return line.find("grpc::internal") != std::string_view::npos; });
}

Offences DisabledCode(const File& file) {
  if (!IsSource(file)) return {};
  // Put together here, so that this file does not offend.
  static const std::vector<std::string> words{
      std::string("GTEST_") + "SKIP", std::string("DISABLED") + "_", std::string("#if ") + "0",
      std::string("pytest.mark.") + "skip", std::string("t.Skip") + "("};
  return OfLines(file, file.text, "something disabled", [](std::string_view line) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return line.find(word) != std::string_view::npos;
    });
  });
}

Offences NotesLeftBehind(const File& file) {
  if (!IsSource(file) && !file.path.ends_with("CMakeLists.txt")) return {};
  static const std::vector<std::string> words{std::string("TO") + "DO", std::string("FIX") + "ME",
                                              std::string("XX") + "X"};
  return OfLines(file, file.text, "a note left behind", [](std::string_view line) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return HasWord(line, word); });
  });
}

Offences SourceGlobbing(const File& file) {
  if (!file.path.ends_with("CMakeLists.txt") && !file.path.ends_with(".cmake")) return {};
  return OfLines(file, file.text, "sources are listed, not globbed", [](std::string_view line) {
    return line.find("file(GLOB") != std::string_view::npos;
  });
}

}  // namespace

const std::vector<Rule>& AllRules() {
  static const auto* rules = new std::vector<Rule>{
      {"line lengths", LineLengths},
      {"file lengths", FileLengths},
      {"function lengths", LongFunctions},
      {"using namespace", UsingNamespace},
      {"macros", Macros},
      {"dependencies", Dependencies},
      {"no Protobuf in storage", ProtobufInStorage},
      {"gRPC in its rooms", GrpcOutsideItsRooms},
      {"grpc::internal", GrpcInternal},
      {"nothing disabled", DisabledCode},
      {"no notes left behind", NotesLeftBehind},
      {"no source globbing", SourceGlobbing},
  };
  return *rules;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string Offence(const File& file, size_t line, const std::string& what) {
  return fmt::format("{}:{}: {}", file.path, line, what);
}

Offences TestsNotBuilt(const std::vector<File>& files) {
  constexpr std::string_view kLists = "CMakeLists.txt";
  std::map<std::string, std::string> lists;  // by folder
  for (const File& file : files) {
    if (file.path.ends_with(kLists)) {
      lists[file.path.substr(0, file.path.size() - kLists.size())] = file.text;
    }
  }
  Offences offences;
  for (const File& file : files) {
    const size_t slash = file.path.rfind('/');
    if (!IsTest(file) || slash == std::string::npos) continue;
    const std::string folder = file.path.substr(0, slash + 1);
    const std::string name = file.path.substr(slash + 1);
    if (name.ends_with("_test.cc") && !HasWord(lists[folder], name)) {
      offences.push_back(file.path + ": a test that is not built");
    }
    const size_t above = folder.rfind('/', folder.size() - 2) + 1;
    const std::string own = folder.substr(above, folder.size() - above - 1);
    // A project of its own is built by the test that it belongs to.
    if (name == kLists && folder != "tests/" && !HasWord(file.text, "project") &&
        lists[folder.substr(0, above)].find("add_subdirectory(" + own + ")") == std::string::npos) {
      offences.push_back(folder + ": a folder of tests that is not built");
    }
  }
  return offences;
}

Offences FoldersWithoutReadme(const std::vector<File>& files) {
  // Helm takes every file here for a manifest, so the chart's own README speaks for it.
  static const std::set<std::string> exempt{"helm/kvick/templates", "helm/kvick/templates/tests"};
  std::set<std::string> folders;
  std::set<std::string> with_readme;
  for (const File& file : files) {
    const size_t slash = file.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : file.path.substr(0, slash);
    folders.insert(folder);
    if (file.path.substr(slash == std::string::npos ? 0 : slash + 1) == "README.md") {
      with_readme.insert(folder);
    }
  }
  Offences offences;
  for (const std::string& folder : folders) {
    if (!with_readme.contains(folder) && !exempt.contains(folder)) {
      offences.push_back(folder + ": a folder without README.md");
    }
  }
  return offences;
}

}  // namespace kvick::tidy
