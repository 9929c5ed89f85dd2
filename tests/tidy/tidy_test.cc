// Every rule of the house catches a planted offence, and the tree has none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/tidy/function_lengths.h"
#include "tests/tidy/public_items.h"
#include "tests/tidy/rules.h"

namespace kvick::tidy {
namespace {

// The offences of one file against the rule of a name.
Offences Check(const std::string& rule_name, const std::string& path, const std::string& text) {
  for (const Rule& rule : AllRules()) {
    if (rule.name == rule_name) return rule.check({path, text});
  }
  ADD_FAILURE() << "no rule " << rule_name;
  return {};
}

bool Caught(const std::string& rule_name, const std::string& path, const std::string& text) {
  return !Check(rule_name, path, text).empty();
}

std::string Repeat(int times, const std::string& text) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(TidyRulesTest, LineLengths) {
  EXPECT_FALSE(Caught("line lengths", "a/b.cc", std::string(100, 'x') + "\n"));
  EXPECT_FALSE(Caught("line lengths", "a/b.cc", Repeat(100, "\xC3\xA9") + "\n"));
  EXPECT_EQ(Check("line lengths", "a/b.cc", "\n" + std::string(101, 'x') + "\n"),
            Offences{"a/b.cc:2: a line has more than 100 columns"});
  EXPECT_TRUE(Caught("line lengths", "a/b.proto", std::string(101, 'x')));
  EXPECT_FALSE(Caught("line lengths", "a/b.md", std::string(101, 'x')));
}

TEST(TidyRulesTest, FileLengths) {
  EXPECT_FALSE(Caught("file lengths", "server/a.cc", Repeat(500, "x\n")));
  EXPECT_TRUE(Caught("file lengths", "server/a.cc", Repeat(501, "x\n")));
  EXPECT_FALSE(Caught("file lengths", "tests/a.cc", Repeat(800, "x\n")));
  EXPECT_TRUE(Caught("file lengths", "tests/a.py", Repeat(801, "x\n")));
}

TEST(TidyRulesTest, FunctionLengths) {
  const auto function = [](int statements) {
    return "namespace a {\nclass B {\n public:\n  int F(int x) const {\n" +
           Repeat(statements, "    x += 1;  // }\n") + "  }\n};\n}  // namespace a\n";
  };
  EXPECT_FALSE(Caught("function lengths", "a.cc", function(68)));
  EXPECT_EQ(Check("function lengths", "a.cc", function(69)),
            Offences{"a.cc:4: a function of 71 lines"});
}

TEST(TidyRulesTest, FunctionsAreFoundWhateverTheyLookLike) {
  const auto lengths = [](const std::string& source) {
    std::vector<size_t> found;
    for (const FunctionLength& function : FunctionLengths(source)) found.push_back(function.length);
    return found;
  };
  using Lengths = std::vector<size_t>;
  EXPECT_EQ(lengths("int F() { return 1; }\nint G()\n{\n}\n"), (Lengths{1, 3}));
  EXPECT_EQ(lengths("template <typename T>\nT F(T x) {\n  return x;\n}\n"), Lengths{4});
  EXPECT_EQ(lengths("template <typename T>\nclass C : public D<T> {\n  void F() {\n  }\n};\n"),
            Lengths{2});
  EXPECT_EQ(lengths("struct alignas(64) S {\n  S() : a_(1) {\n  }\n  int a_;\n};\n"), Lengths{2});
  EXPECT_EQ(lengths("const int kTable[] = {\n  F(1),\n  F(2),\n};\n"), Lengths{});
  EXPECT_EQ(lengths("void F() {\n  if (x) {\n    g([] { h(); });\n  }\n}\n"), Lengths{5});
  EXPECT_EQ(lengths("void F() {\n  G(\"{\", '{', R\"({)\");  // {\n  /* { */\n}\n"), Lengths{4});
  EXPECT_EQ(lengths("int F() {\n  return 1'000'000;\n}\n"), Lengths{3});
  EXPECT_EQ(lengths("#define A(x) { \\\n  {\nint F() {\n}\n"), Lengths{2});
  EXPECT_EQ(lengths("TEST(A, B) {\n}\nenum class E { kA };\nint x{1};\n"), Lengths{2});
}

TEST(TidyRulesTest, UsingNamespace) {
  EXPECT_TRUE(Caught("using namespace", "a.h", "using namespace std;\n"));
  EXPECT_FALSE(Caught("using namespace", "a.cc", "using namespace std;\n"));
  EXPECT_FALSE(Caught("using namespace", "a.h", "// no using namespace here\nusing std::swap;\n"));
}

TEST(TidyRulesTest, Macros) {
  EXPECT_TRUE(Caught("macros", "a.h", "#define MAX(a, b) ((a) > (b) ? (a) : (b))\n"));
  EXPECT_TRUE(Caught("macros", "a.cc", "#define KVICK_SOMETHING 1\n"));
  EXPECT_TRUE(Caught("macros", "a.h", "#define KVICK_VALUE_H_ 1\n"));
  EXPECT_FALSE(Caught("macros", "a.h", "#ifndef KVICK_A_H_\n#define KVICK_A_H_\n#endif\n"));
}

TEST(TidyRulesTest, DependenciesPointOneWay) {
  const auto caught = [](const std::string& path, const std::string& included) {
    return Caught("dependencies", path, "#include \"" + included + "\"\n");
  };
  EXPECT_TRUE(caught("storage/store.h", "server/commands/values.h"));
  EXPECT_TRUE(caught("storage/base/value.h", "storage/store.h"));
  EXPECT_TRUE(caught("storage/types/list.h", "storage/keyspace.h"));
  EXPECT_TRUE(caught("server/commands/lists.cc", "server/processor/processor.h"));
  EXPECT_TRUE(caught("server/processor/waiting.cc", "server/rpc/server.h"));
  EXPECT_TRUE(caught("server/rpc/server.cc", "server/assembly.h"));
  EXPECT_TRUE(caught("server/pubsub/hub.cc", "server/commands/values.h"));
  EXPECT_TRUE(caught("server/main.cc", "client/kvick/client.h"));
  EXPECT_TRUE(caught("client/cli/main.cc", "server/config/config.h"));
  EXPECT_TRUE(caught("server/rpc/server.cc", "tests/rpc/grpc_fixture.h"));
  EXPECT_TRUE(Caught("dependencies", "somewhere/new/file.h", "int x;\n"));
  EXPECT_FALSE(caught("server/commands/lists.cc", "storage/types/list.h"));
  EXPECT_FALSE(caught("server/processor/waiting.cc", "server/commands/command_table.h"));
  EXPECT_FALSE(caught("server/pubsub/hub.h", "server/commands/frame_source.h"));
  EXPECT_FALSE(caught("server/main.cc", "server/assembly.h"));
  EXPECT_FALSE(caught("storage/store.h", "absl/status/status.h"));
}

TEST(TidyRulesTest, TheEngineKnowsNoProtobuf) {
  for (const char* line : {"#include \"kvick/v1/value.pb.h\"", "#include <grpcpp/grpcpp.h>",
                           "#include \"google/protobuf/message.h\""}) {
    EXPECT_TRUE(Caught("no Protobuf in storage", "storage/types/list.h", line));
    EXPECT_FALSE(Caught("no Protobuf in storage", "server/rpc/server.h", line));
  }
  EXPECT_FALSE(Caught("no Protobuf in storage", "storage/types/list.h", "#include <vector>"));
}

TEST(TidyRulesTest, GrpcInItsRooms) {
  for (const char* line : {"#include <grpcpp/grpcpp.h>", "#include \"kvick/v1/key.grpc.pb.h\"",
                           "#include <grpc/grpc.h>"}) {
    EXPECT_TRUE(Caught("gRPC in its rooms", "server/processor/processor.h", line));
    EXPECT_TRUE(Caught("gRPC in its rooms", "server/main.cc", line));
    for (const char* path : {"server/rpc/a.h", "client/kvick/a.h", "tests/rpc/a.h"}) {
      EXPECT_FALSE(Caught("gRPC in its rooms", path, line));
    }
  }
}

TEST(TidyRulesTest, GrpcInternal) {
  const std::string code = "using grpc::internal::RpcMethod;\n";
  EXPECT_TRUE(Caught("grpc::internal", "server/rpc/unary.cc", code));
  EXPECT_TRUE(Caught("grpc::internal", "client/kvick/grpc_connection.cc", code));
  EXPECT_FALSE(Caught("grpc::internal", "server/rpc/service.cc", code));
  EXPECT_FALSE(Caught("grpc::internal", "server/rpc/unary.cc", "// grpc::internal\n"));
}

TEST(TidyRulesTest, NothingDisabled) {
  for (const std::string& line :
       {std::string("  GTEST_") + "SKIP() << \"later\";", std::string("TEST(A, DISABLED") + "_B) {",
        std::string("#if ") + "0"}) {
    EXPECT_TRUE(Caught("nothing disabled", "tests/a_test.cc", line)) << line;
  }
  EXPECT_FALSE(Caught("nothing disabled", "tests/a_test.cc", "#if defined(__linux__)\n"));
}

TEST(TidyRulesTest, NoNotesLeftBehind) {
  for (const std::string& word :
       {std::string("TO") + "DO", std::string("FIX") + "ME", std::string("XX") + "X"}) {
    EXPECT_TRUE(Caught("no notes left behind", "a.cc", "// " + word + "(me): later\n"));
    EXPECT_TRUE(Caught("no notes left behind", "a.proto", word + "\n"));
    EXPECT_FALSE(Caught("no notes left behind", "a.cc", "\"/tmp/a-X" + word + "\"\n"));
  }
}

TEST(TidyRulesTest, NoSourceGlobbing) {
  EXPECT_TRUE(Caught("no source globbing", "a/CMakeLists.txt", "file(GLOB sources *.cc)\n"));
  EXPECT_FALSE(Caught("no source globbing", "a/CMakeLists.txt", "file(READ a b)\n"));
}

TEST(TidyRulesTest, EveryFolderHasAReadme) {
  const std::vector<File> files{{"README.md", ""},
                                {"a/README.md", ""},
                                {"a/b.cc", ""},
                                {"c/d/e.cc", ""},
                                {"c/README.md", ""}};
  EXPECT_EQ(FoldersWithoutReadme(files), Offences{"c/d: a folder without README.md"});
}

TEST(TidyRulesTest, EveryTestIsBuilt) {
  const std::vector<File> files{{"tests/CMakeLists.txt", "add_subdirectory(a)\n"},
                                {"tests/a/CMakeLists.txt", "kvick_test(t SOURCES x_test.cc)\n"},
                                {"tests/a/x_test.cc", ""},
                                {"tests/a/y_test.cc", ""},
                                {"tests/a/b/CMakeLists.txt", "kvick_test(t SOURCES z_test.cc)\n"},
                                {"tests/a/b/z_test.cc", ""}};
  EXPECT_EQ(TestsNotBuilt(files), (Offences{"tests/a/y_test.cc: a test that is not built",
                                            "tests/a/b/: a folder of tests that is not built"}));
}

TEST(TidyRulesTest, PublicItemsAreFound) {
  const std::string header = R"cpp(
    namespace grpc {
    class Elsewhere;
    }
    namespace kvick {
    namespace internal {
    void Hidden();
    }
    template <class T>
    concept Small = sizeof(T) < 8;
    struct Options {
      // A comment with Words(in, it).
      std::map<std::string, int> limits = {};
      std::function<void(int)> on_end;
      bool has_limit() const { return limit_ > 0; }
    };
    template <class Request>
    class Client : public Base {
     public:
      using Range = std::vector<Request>;
      class iterator {};
      explicit Client(int a) : a_(a) {}
      ~Client() override;
      Client& operator=(const Client&) = delete;
      friend bool operator==(const Client& a, const Client& b) { return true; }
      absl::StatusOr<std::pair<int, int>> Get(int x = F(1)) const;
      static Client Make();

     private:
      void Secret();
      int a_ = 0;
    };
    std::function<bool(int)> Judge(int x);
    }  // namespace kvick
  )cpp";
  std::vector<std::string> found;
  for (const PublicItem& item : PublicItems(header)) {
    found.push_back(item.owner + "." + item.name + (item.function ? "()" : ""));
  }
  EXPECT_EQ(found,
            (std::vector<std::string>{".Small", ".Options", "Options.limits", "Options.on_end",
                                      "Options.has_limit()", ".Client", "Client.Range",
                                      "Client.Get()", "Client.Make()", ".Judge()"}));
}

TEST(TidyRulesTest, EveryPublicItemHasAnExample) {
  const std::string two = "struct A { int Get(); int size; };\nclass B { public: void Get(); };\n";
  const auto check = [&](const std::string& header, const std::string& examples) {
    return ItemsWithoutExample({{header, two}, {"tests/client/examples_test.cc", examples}});
  };
  EXPECT_EQ(check("client/kvick/a.h", "A a; B b; a.size; b.Get();  // a.Get()\n"),
            Offences{"client/kvick: `Get` of A, B has 1 of 2 examples"});
  EXPECT_TRUE(check("client/kvick/a.h", "A a; B b; a.size; b.Get(); a.Get();\n").empty());
  EXPECT_TRUE(check("client/kvick/internal/a.h", "").empty()) << "not installed";
}

// --- The tree.

std::vector<File> Tree() {
  namespace fs = std::filesystem;
  const char* root = std::getenv("KVICK_SOURCE_DIR");
  if (root == nullptr) {
    ADD_FAILURE() << "KVICK_SOURCE_DIR is not set: run this through ctest";
    return {};
  }
  std::vector<File> files;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::end(at); ++at) {
    const std::string name = at->path().filename();
    if (at->is_directory() && (name == "build" || name == "node_modules" || name == "__pycache__" ||
                               name.starts_with("."))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file() && !name.starts_with(".")) {
      std::ifstream stream(at->path(), std::ios::binary);
      files.push_back({fs::relative(at->path(), root),
                       {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}});
    }
  }
  EXPECT_GT(files.size(), 200u) << "this is not the tree";
  return files;
}

TEST(TidyTreeTest, EveryFileKeepsEveryRule) {
  for (const File& file : Tree()) {
    for (const Rule& rule : AllRules()) {
      for (const std::string& offence : rule.check(file)) {
        ADD_FAILURE() << rule.name << ": " << offence;
      }
    }
  }
}

TEST(TidyTreeTest, EveryTestIsBuilt) {
  for (const std::string& offence : TestsNotBuilt(Tree())) ADD_FAILURE() << offence;
}

TEST(TidyTreeTest, EveryPublicItemOfTheClientHasAnExample) {
  for (const std::string& offence : ItemsWithoutExample(Tree())) ADD_FAILURE() << offence;
}

TEST(TidyTreeTest, EveryFolderHasAReadme) {
  for (const std::string& offence : FoldersWithoutReadme(Tree())) ADD_FAILURE() << offence;
}

}  // namespace
}  // namespace kvick::tidy
