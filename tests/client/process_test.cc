// The program `kvick` as its users meet it: a process with arguments, streams and an exit code.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/integration/server_process.h"

namespace kvick::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  std::string out;
  std::string errors;
  int code = -1;
};

class ProcessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = ServerProcess::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = server->release();
    UseServer();
  }
  static void UseServer() {
    setenv("KVICK_ADDRESS", server_->grpc_address().c_str(), 1);
    setenv("KVICK_HISTORY", server_->directory().File("history").c_str(), 1);
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(server_->Stop(), 0) << server_->log();
    delete server_;
  }

  // Runs `kvick` with arguments in the shell's words and an input.
  static Outcome Kvick(const std::string& arguments, const std::string& input = "") {
    const TemporaryDirectory directory;
    const std::string command =
        absl::StrCat("printf '%s' '", input, "' | ", BinaryPath("kvick"), " ", arguments, " >",
                     directory.File("out"), " 2>", directory.File("errors"));
    const int status = std::system(command.c_str());
    return {ReadFile(directory.File("out")), ReadFile(directory.File("errors")),
            WIFEXITED(status) ? WEXITSTATUS(status) : -1};
  }

  static std::string Out(const std::string& arguments) { return Kvick(arguments).out; }

  static ServerProcess* server_;
};

ServerProcess* ProcessTest::server_ = nullptr;

// `kvick` on a terminal of its own.
class Terminal {
 public:
  explicit Terminal(const std::string& arguments = "") {
    winsize size{.ws_row = 24, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      setenv("TERM", "xterm", 1);
      const std::string command = absl::StrCat("exec ", BinaryPath("kvick"), " ", arguments);
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(terminal_);
  }

  void Type(const std::string& text) {
    ASSERT_EQ(write(terminal_, text.data(), text.size()), std::ssize(text));
  }

  // Waits until the screen has shown the text; everything shown so far otherwise.
  bool Shows(const std::string& text, absl::Duration timeout = absl::Seconds(20)) {
    const absl::Time give_up = absl::Now() + timeout;
    while (screen_.find(text, seen_) == std::string::npos) {
      pollfd descriptor{.fd = terminal_, .events = POLLIN, .revents = 0};
      if (absl::Now() > give_up || poll(&descriptor, 1, 1000) < 0) return false;
      if ((descriptor.revents & (POLLIN | POLLHUP)) == 0) continue;
      char buffer[4096];
      const ssize_t count = read(terminal_, buffer, sizeof(buffer));
      at_end_ = count <= 0;
      if (at_end_) return screen_.find(text, seen_) != std::string::npos;
      screen_.append(buffer, count);
    }
    seen_ = screen_.find(text, seen_) + text.size();
    return true;
  }

  // Waits for the prompt, and until keys are its own: libedit shows it a moment before, in which
  // the terminal would take a Ctrl-D for an end of file and lose it.
  bool ShowsPrompt() {
    if (!Shows("> ")) return false;
    const absl::Time give_up = absl::Now() + absl::Seconds(20);
    termios mode;
    while (tcgetattr(terminal_, &mode) == 0 && (mode.c_lflag & ICANON) != 0) {
      if (absl::Now() > give_up) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }

  const std::string& screen() const { return screen_; }
  pid_t pid() const { return pid_; }

  // Waits for the end; the exit code. Ends what does not end by itself: -1.
  int Wait() {
    const bool ended = !Shows("\x04never shown") && at_end_;
    if (!ended) kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = 0;
  std::string screen_;
  size_t seen_ = 0;
  bool at_end_ = false;  // nothing is left to read
};

TEST_F(ProcessTest, FriendlyArguments) {
  EXPECT_EQ(Out("list push tasks a b c"), "3\n");
  EXPECT_EQ(Out("list range tasks 0 -1"), "a\nb\nc\n");
  EXPECT_EQ(Out("list pop tasks --left"), "a\n");
  EXPECT_EQ(Out("string set greeting hello --ttl 30s"), "OK\n");
  EXPECT_EQ(Out("string get greeting"), "hello\n");
  EXPECT_EQ(Out("string increment n 5"), "5\n");
  EXPECT_EQ(Out("hash set user name=Ann age=int:30"), "added: 2\nfields_set: true\n");
  EXPECT_EQ(Out("hash get user name nothing"), "Ann\n(none)\n");
  EXPECT_EQ(Out("set add colors red green"), "2\n");
  EXPECT_EQ(Out("set contains colors red blue"), "true\nfalse\n");
  EXPECT_EQ(Out("key exists user nobody"), "true\nfalse\n");
}

TEST_F(ProcessTest, BytesComeOutAsTheyWentIn) {
  EXPECT_EQ(Out("string set bytes hex:ff00410a"), "OK\n");
  EXPECT_EQ(Out("string get bytes"), std::string("\xff\0A\n\n", 5));
  EXPECT_EQ(Kvick("string set piped @-", "from a pipe").code, 0);
  EXPECT_EQ(Out("string get piped"), "from a pipe\n");
}

TEST_F(ProcessTest, ExitCodes) {
  EXPECT_EQ(Kvick("string set exits v").code, 0);
  EXPECT_EQ(Kvick("list length exits").code, 1);
  EXPECT_EQ(Kvick("string set exits v --bogus").code, 2);
  EXPECT_EQ(Kvick("string set exits w --absent --present").code, 2);
  EXPECT_EQ(Kvick("string set exits w --ttl 5s --persist").code, 2);
  EXPECT_EQ(Out("string get exits"), "v\n") << "nothing was sent";
  EXPECT_EQ(Kvick("string get exits --address 127.0.0.1:1").code, 3);
  EXPECT_EQ(Kvick("string set exits v --absent").code, 5);
  EXPECT_EQ(Kvick("string get").code, 2);
  EXPECT_EQ(Kvick("string get missing").code, 6);
  for (const char* command : {"list pop-any missing nothing --max-wait 10ms", "hash get missing f",
                              "hash get-all missing", "hash get missing f g", "hash sample missing",
                              "list pop missing", "list find missing zz", "set pop missing",
                              "set sample missing", "string batch-get missing nothing"}) {
    const Outcome outcome = Kvick(command);
    EXPECT_EQ(outcome.code, 6) << command;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(outcome.errors, "(none)\n") << command;
    EXPECT_EQ(Kvick(absl::StrCat(command, " --json")).code, 6) << command;
  }
  for (const char* command :
       {"list range missing", "set scan missing", "set combine missing --union",
        "list length missing", "hash exists missing f"}) {
    EXPECT_EQ(Kvick(command).code, 0) << command;
  }
  server_->Signal(SIGSTOP);
  EXPECT_EQ(Kvick("string get exits --timeout 300ms").code, 4);
  server_->Signal(SIGCONT);
}

TEST_F(ProcessTest, StreamsHaveTheirTimeoutToo) {
  const std::string raw = "call PubSubService/Subscribe '{\"channels\": [\"x\"]}'";
  server_->Signal(SIGSTOP);
  for (const std::string& command :
       {std::string("key scan --all"), std::string("scan"), std::string("subscribe x"),
        std::string("key delete-matching --all"), raw,
        std::string("call CommandService/Pipeline '{}'")}) {
    const Outcome outcome = Kvick(absl::StrCat(command, " --timeout 300ms"));
    EXPECT_EQ(outcome.code, 4) << command << outcome.errors;
    EXPECT_THAT(outcome.errors, HasSubstr("DEADLINE_EXCEEDED")) << command;
  }
  server_->Signal(SIGCONT);
}

// The server stops when the connection is there already.
TEST_F(ProcessTest, AServerThatFallsSilentEndsAStream) {
  Terminal terminal("--timeout 300ms --color never");
  ASSERT_TRUE(terminal.ShowsPrompt()) << terminal.screen();
  terminal.Type("string get missing\r");
  ASSERT_TRUE(terminal.Shows("(none)")) << terminal.screen();
  server_->Signal(SIGSTOP);
  for (const char* command :
       {"key scan --all", "scan", "subscribe x", "call CommandService/Pipeline '{}'"}) {
    terminal.Type(absl::StrCat(command, "\r"));
    EXPECT_TRUE(terminal.Shows("DEADLINE_EXCEEDED")) << command << terminal.screen();
  }
  server_->Signal(SIGCONT);
}

TEST_F(ProcessTest, ASubscriptionMayBeSilentForLongerThanTheTimeout) {
  Terminal terminal("subscribe silent --timeout 100ms");
  ASSERT_TRUE(terminal.Shows("subscribed")) << terminal.screen();
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_THAT(Out("pubsub publish silent hello"), HasSubstr("receivers: 1"));
  EXPECT_TRUE(terminal.Shows("hello")) << terminal.screen();
}

TEST_F(ProcessTest, AServerThatIsAwayIsNamed) {
  for (const char* command : {"string get k", "scan", "subscribe c", "stat", "bench"}) {
    const Outcome outcome = Kvick(absl::StrCat(command, " --address 127.0.0.1:1"));
    EXPECT_EQ(outcome.code, 3) << command;
    EXPECT_THAT(outcome.errors, HasSubstr("127.0.0.1:1")) << command;
    EXPECT_THAT(outcome.errors, HasSubstr("hint: start it with `kvick-server`")) << command;
  }
}

TEST_F(ProcessTest, WhatCannotBeWrittenIsAnError) {
  Kvick("string set full v");
  const Outcome outcome = Kvick("string get full >/dev/full; echo $?");
  EXPECT_EQ(outcome.out, "1\n");
  EXPECT_EQ(Kvick("help >/dev/full; echo $?").out, "1\n");
}

TEST_F(ProcessTest, AReaderThatLeavesEndsIt) {
  std::string pairs;
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&pairs, " pipe:", i, "=", i);
  ASSERT_EQ(Kvick("string batch-set" + pairs).code, 0);
  EXPECT_THAT(Out("scan 'pipe:*' | head -n 1"), HasSubstr("pipe:"));
}

TEST_F(ProcessTest, HugeValuesComeFromFilesAndPipes) {
  const std::string file = server_->directory().File("huge");
  ASSERT_EQ(std::system(("head -c 5000000 /dev/zero | tr '\\0' x >" + file).c_str()), 0);
  EXPECT_EQ(Kvick("string set huge @" + file).code, 0);
  EXPECT_EQ(Out("string length huge"), "5000000\n");
  EXPECT_EQ(Out("string set huge @- <" + file), "OK\n");
  EXPECT_EQ(Out("string get huge | wc -c"), "5000001\n");
}

TEST_F(ProcessTest, KeysMustBeUtf8AndValuesNeedNot) {
  const Outcome key = Kvick("string set \"$(printf '\\377')\" v");
  EXPECT_EQ(key.code, 2);
  EXPECT_THAT(key.errors, HasSubstr("not UTF-8"));
  EXPECT_EQ(Kvick("string set bytes8 \"$(printf '\\377')\"").code, 0);
  EXPECT_EQ(Out("string get bytes8"), "\xff\n");
}

TEST_F(ProcessTest, CtrlCEndsACallThatWaits) {
  Terminal terminal("list pop-any waits --max-wait 10m");
  while (Out("admin get-statistics | grep waiters") != "waiters: 1\n") continue;
  terminal.Type("\x03");
  EXPECT_EQ(terminal.Wait(), 130);
  while (Out("admin get-statistics | grep waiters") != "waiters: 0\n") continue;
  EXPECT_EQ(Out("list push waits a"), "1\n") << "nobody waits for it any more";
}

TEST_F(ProcessTest, ErrorsGoToTheErrorStreamWithReasonAndHint) {
  ASSERT_EQ(Kvick("string set wrong v").code, 0);
  const Outcome outcome = Kvick("list push wrong a");
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.errors, HasSubstr("FAILED_PRECONDITION WRONG_TYPE"));
  EXPECT_THAT(Kvick("string set '' v").errors, HasSubstr("usage: kvick string set <key>"));
}

TEST_F(ProcessTest, JsonAndRawCalls) {
  EXPECT_EQ(Out("call StringService/Set '{\"key\": \"raw\", \"value\": {\"integer\": 5}}'"),
            "OK\n");
  EXPECT_THAT(Out("string get raw --json"), HasSubstr("{\"integer\":\"5\"}"));
  EXPECT_EQ(Out("list length nothing --json"), "{\"length\":\"0\"}\n");
  EXPECT_THAT(Out("string increment zero 0 --json"), HasSubstr("\"value\":\"0\""));
  EXPECT_EQ(Kvick("call kvick.v1.StringService.Length - --json", "{\"key\":\"raw\"}").out,
            "{\"length\":\"1\"}\n");
}

TEST_F(ProcessTest, ThePipelineIsCalledFrameByFrame) {
  const std::string set =
      R"({"operations":[{"id":1,"command":{"stringSet":{"key":"frame","value":{"integer":5}}}}]})";
  const std::string get = R"({"operations":[{"id":2,"command":{"stringGet":{"key":"frame"}}},)"
                          R"({"id":3,"command":{"listLength":{"key":"frames"}}}]})";
  const std::string wrong = R"({"operations":[{"id":4,"command":{"listLength":{"key":"frame"}}}]})";
  const std::string missing = R"({"operations":[{"command":{"stringGet":{"key":"missing"}}}]})";
  const std::string call = "call CommandService/Pipeline ";
  const auto quoted = [](const std::string& frame) { return absl::StrCat(" '", frame, "' "); };

  const auto answers = ::testing::ContainsRegex(
      "^\\{\"results\":\\[\\{\"id\":\"1\",\"reply\":\\{\"stringSet\":.*\n"
      ".*\"id\":\"2\",.*\"integer\":\"5\".*\"id\":\"3\",\"reply\":\\{\"listLength\":\\{\"length\":"
      "\"0\"");
  const Outcome both = Kvick(call + quoted(set) + quoted(get));
  EXPECT_EQ(both.code, 0) << both.errors;
  EXPECT_THAT(both.out, answers);
  const Outcome lines = Kvick("call command/pipeline -", absl::StrCat(set, "\n\n", get));
  EXPECT_EQ(lines.code, 0) << lines.errors;
  EXPECT_THAT(lines.out, answers);

  const Outcome failed = Kvick(call + quoted(wrong) + quoted(get));
  EXPECT_EQ(failed.code, 1) << "an operation fails alone, and the code says so";
  EXPECT_THAT(failed.out, HasSubstr("ERROR_REASON_WRONG_TYPE"));
  EXPECT_THAT(failed.out, HasSubstr("\"integer\":\"5\""));
  EXPECT_EQ(Kvick(call + quoted(missing)).code, 6);
  EXPECT_EQ(Kvick(call + quoted("{}")).code, 0) << "an empty frame";

  EXPECT_EQ(Kvick(call).code, 2);
  const Outcome unsent = Kvick(call + quoted(set) + quoted("{\"bogus\":1}"));
  EXPECT_EQ(unsent.code, 2);
  EXPECT_EQ(unsent.out, "") << "nothing was sent";
  const Outcome half = Kvick(call + "-", absl::StrCat(set, "\nbogus\n", get));
  EXPECT_EQ(half.code, 2);
  EXPECT_THAT(half.errors, HasSubstr("the request is no PipelineRequest"));
  EXPECT_THAT(half.out, Not(HasSubstr("stringGet"))) << "what comes after is not sent";
  EXPECT_EQ(Kvick(call + quoted(get) + "--address 127.0.0.1:1").code, 3);
}

TEST_F(ProcessTest, CtrlCEndsAPipeline) {
  Terminal waits(
      R"(call CommandService/Pipeline '{"operations":[{"command":{"listPopAny":)"
      R"({"keys":["pipelined"],"side":"SIDE_LEFT","maxWait":"600s"}}}]}' --timeout 100ms)");
  absl::SleepFor(absl::Milliseconds(500));  // Longer than the timeout: it is told to wait.
  waits.Type("\x03");
  EXPECT_EQ(waits.Wait(), 130) << waits.screen();
  Terminal reads("call CommandService/Pipeline -");
  reads.Type("{\"operations\":[{\"command\":{\"listLength\":{\"key\":\"none\"}}}]}\n");
  ASSERT_TRUE(reads.Shows("{\"length\":\"0\"}")) << reads.screen();
  reads.Type("\x03");
  EXPECT_EQ(reads.Wait(), 130) << reads.screen();
}

TEST_F(ProcessTest, ScanListsKeys) {
  Kvick("string batch-set scan:1=a scan:2=b");
  Kvick("list push scan:3 a");
  EXPECT_THAT(Out("scan 'scan:*' | sort"), HasSubstr("scan:1\nscan:2\nscan:3\n"));
  EXPECT_EQ(Out("scan --prefix scan: --type list"), "scan:3\n");
  EXPECT_EQ(Out("key scan --glob 'scan:3'"), "scan:3\tlist\n");
  EXPECT_EQ(Out("key scan 'scan:[3]'"), "scan:3\tlist\n");
  EXPECT_EQ(Out("set combine union colors other --limit 10"), Out("set scan colors"));
  EXPECT_EQ(Kvick("key delete-matching --prefix scan:").code, 0);
  EXPECT_EQ(Out("scan 'scan:*'"), "");
}

TEST_F(ProcessTest, PageTokensAreJsonToo) {
  std::string pairs;
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&pairs, " page:", i, "=", i);
  ASSERT_EQ(Kvick("string batch-set" + pairs).code, 0);
  for (const char* command :
       {"scan 'page:*' --limit 10 --json", "key scan 'page:*' --limit 10 --json"}) {
    const Outcome outcome = Kvick(command);
    EXPECT_THAT(outcome.out, HasSubstr("\"nextPageToken\":\"")) << command;
    EXPECT_EQ(outcome.errors, "") << command;
  }
  const Outcome text = Kvick("scan 'page:*' --limit 10");
  EXPECT_THAT(text.out, Not(HasSubstr("oken")));
  EXPECT_THAT(text.errors, HasSubstr("more: --token "));
}

TEST_F(ProcessTest, CommandsFromAPipe) {
  const Outcome outcome =
      Kvick("", "string set p 1\n# a comment\n\nstring get p\nbogus\nstring get p\n");
  EXPECT_EQ(outcome.out, "OK\n1\n1\n");
  EXPECT_EQ(outcome.code, 2);
}

TEST_F(ProcessTest, StatAndBench) {
  EXPECT_THAT(Out("stat --count 1 --interval 50ms"), HasSubstr("commands/s"));
  const std::string bench =
      Out("bench --pipeline --connections 2 --duration 100ms --warmup 0 --keys 100 --json");
  EXPECT_THAT(bench, HasSubstr("\"errors\":0"));
  EXPECT_THAT(bench, HasSubstr("\"p99.9\":"));
  EXPECT_THAT(Out("bench --count 500 --connections 2 --keys 100"), HasSubstr("operations/s"));
}

TEST_F(ProcessTest, NoColoursOutsideATerminalUnlessAsked) {
  EXPECT_THAT(Kvick("help").out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Kvick("help --color always").out, HasSubstr("\x1b["));
}

TEST_F(ProcessTest, SubscribePrintsMessagesUntilInterrupted) {
  Terminal terminal("subscribe news --pattern 'sport.*'");
  ASSERT_TRUE(terminal.Shows("subscribed")) << terminal.screen();
  EXPECT_EQ(Out("pubsub publish news hello from=me | grep receivers"), "receivers: 1\n");
  EXPECT_TRUE(terminal.Shows("hello")) << terminal.screen();
  Kvick("pubsub publish sport.chess e4");
  EXPECT_TRUE(terminal.Shows("e4")) << terminal.screen();
  terminal.Type("\x03");
  EXPECT_EQ(terminal.Wait(), 130);
}

// A subscriber that is stopped while more is published than the wire and the server keep for it.
TEST_F(ProcessTest, GapsAreLinesOfJsonToo) {
  const std::string out = server_->directory().File("gaps");
  const std::string payload = server_->directory().File("payload");
  ASSERT_EQ(std::system(("head -c 60000 /dev/zero | tr '\\0' x >" + payload).c_str()), 0);
  Terminal terminal("subscribe gaps --max-buffered-bytes 100000 --json >" + out);
  ASSERT_TRUE(terminal.Shows("subscribed")) << terminal.screen();
  kill(terminal.pid(), SIGSTOP);
  std::string commands;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&commands, "pubsub publish gaps @", payload, "\n");
  ASSERT_EQ(Kvick("", commands).code, 0);
  kill(terminal.pid(), SIGCONT);
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  const auto has_gap = [&] {
    return absl::StrContains(ReadFile(out), "\n{\"gap\":{\"dropped\":\"");
  };
  while (!has_gap() && absl::Now() < give_up) absl::SleepFor(absl::Milliseconds(50));
  EXPECT_TRUE(has_gap());
  terminal.Type("\x03");
  EXPECT_EQ(terminal.Wait(), 130);
  EXPECT_THAT(terminal.screen(), Not(HasSubstr("gap"))) << "not on the error stream";
}

TEST_F(ProcessTest, TheInteractivePromptCompletesHintsAndRemembers) {
  {
    Terminal terminal;
    ASSERT_TRUE(terminal.ShowsPrompt()) << terminal.screen();
    terminal.Type("str\t");
    ASSERT_TRUE(terminal.Shows("ing ")) << terminal.screen();
    terminal.Type("set interactive ");
    ASSERT_TRUE(terminal.Shows("<value>")) << "no hint: " << terminal.screen();
    terminal.Type("yes\r");
    ASSERT_TRUE(terminal.Shows("OK")) << terminal.screen();
    ASSERT_TRUE(terminal.ShowsPrompt()) << terminal.screen();
    terminal.Type("string get interactive\r");
    ASSERT_TRUE(terminal.Shows("\nyes")) << terminal.screen();
    ASSERT_TRUE(terminal.ShowsPrompt()) << terminal.screen();
    terminal.Type("garbage\x03");  // Forgets the line.
    terminal.Type("list po\t\t");
    ASSERT_TRUE(terminal.Shows("pop  pop-any")) << terminal.screen();
    terminal.Type("\x03");
    terminal.Type("subscribe prompt\r");
    ASSERT_TRUE(terminal.Shows("subscribed")) << terminal.screen();
    terminal.Type("\x03");  // Ends the subscription, not the program.
    ASSERT_TRUE(terminal.ShowsPrompt()) << terminal.screen();
    terminal.Type("exit\r");
    EXPECT_EQ(terminal.Wait(), 0) << terminal.screen();
    EXPECT_THAT(terminal.screen(), HasSubstr("\x1b[2m")) << "colours on a terminal";
  }
  EXPECT_EQ(Out("string get interactive"), "yes\n");
  Terminal again;
  ASSERT_TRUE(again.ShowsPrompt()) << again.screen();
  again.Type("\x1b[A\x1b[A\x1b[A\r");  // Up: exit, subscribe, string get.
  EXPECT_TRUE(again.Shows("\nyes")) << again.screen();
  ASSERT_TRUE(again.ShowsPrompt()) << again.screen();
  kill(again.pid(), SIGINT);  // Between calls it ends nothing.
  again.Type("\x04");
  EXPECT_EQ(again.Wait(), 0);
}

// A certificate of an authority of its own, made by the openssl program.
bool MakeCertificates(const TemporaryDirectory& directory) {
  const std::string script = absl::StrCat(
      "cd ", directory.path(), " && exec >/dev/null 2>&1 && ",
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem "
      "&& ",
      "openssl req -newkey rsa:2048 -nodes -subj /CN=both -keyout key.pem -out csr && ",
      "printf 'subjectAltName=DNS:kvick.test' > ext && ",
      "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext ",
      "-out cert.pem");
  return std::system(script.c_str()) == 0;
}

TEST_F(ProcessTest, TheTlsFlagsSpeakMutualTls) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(MakeCertificates(directory)) << "the openssl program is needed";
  const std::string ca = directory.File("ca.pem");
  const std::string cert = directory.File("cert.pem");
  const std::string key = directory.File("key.pem");
  unsetenv("KVICK_ADDRESS");  // The server knows no such setting.
  unsetenv("KVICK_HISTORY");
  const auto server =
      ServerProcess::Start({"--tls_cert=" + cert, "--tls_key=" + key, "--tls_client_ca=" + ca});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string to = absl::StrCat(" --address ", (*server)->grpc_address());
  const std::string trust = absl::StrCat(to, " --tls-ca ", ca, " --tls-server-name kvick.test");
  const std::string own = absl::StrCat(trust, " --tls-cert ", cert, " --tls-key ", key);
  EXPECT_EQ(Out("string set k v" + own), "OK\n");
  EXPECT_THAT(Out("bench --count 100 --keys 10" + own), HasSubstr("operations/s"));
  EXPECT_EQ(Kvick("string get k" + to).code, 3) << "plain text";
  EXPECT_EQ(Kvick("string get k" + trust).code, 3) << "without a certificate";
  EXPECT_EQ(Kvick("string get k --tls" + to).code, 3) << "the system does not know the authority";
  EXPECT_EQ(Kvick("string get k --tls-cert " + cert + to).code, 1) << "a certificate without key";
  EXPECT_EQ(Kvick("string get k --tls-ca /missing.pem" + to).code, 1);
  UseServer();
}

TEST_F(ProcessTest, NoColorIsRespectedOnATerminal) {
  setenv("NO_COLOR", "1", 1);
  Terminal terminal("string get missing");
  EXPECT_EQ(terminal.Wait(), 6);
  unsetenv("NO_COLOR");
  EXPECT_THAT(terminal.screen(), HasSubstr("(none)"));
  EXPECT_THAT(terminal.screen(), Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace kvick::testing
