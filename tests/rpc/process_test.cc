// The server's process from outside: what it says, when it ends, and how.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <sstream>

#include "kvick/v1/command.grpc.pb.h"
#include "kvick/v1/errors.pb.h"
#include "server/config/config.h"
#include "tests/integration/server_process.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {
namespace {

using kvick::testing::BinaryPath;
using kvick::testing::ServerProcess;
using kvick::testing::TemporaryDirectory;
using ::testing::HasSubstr;

// What a command writes to standard output and error, and its exit status.
struct Outcome {
  std::string text;
  int status = -1;
};

Outcome RunServer(const std::string& arguments, const std::string& before = "") {
  Outcome outcome;
  FILE* pipe =
      popen((before + BinaryPath("kvick-server") + " " + arguments + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  for (size_t n = fread(buffer.data(), 1, buffer.size(), pipe); n != 0;
       n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.text.append(buffer.data(), n);
  }
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

// "UNAVAILABLE SHUTTING_DOWN" and the like.
std::string ReasonOf(const grpc::Status& status) {
  v1::ErrorStatus details;
  v1::ErrorInfo info;
  if (details.ParseFromString(status.error_details()) && details.details_size() != 0) {
    info.ParseFromString(details.details(0).value());
  }
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code())) + " " +
         info.reason();
}

TEST(ProcessTest, HelpAndVersion) {
  const Outcome help = RunServer("--help");
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.text, HelpText());
  const Outcome version = RunServer("--version");
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.text, HasSubstr(std::string(ServerVersion())));
}

TEST(ProcessTest, BadSettingsAreOneSentence) {
  for (const char* flags : {"--nonsense", "--shards=3", "--data_dir=/tmp", "--listen=0.0.0.0:0"}) {
    const Outcome outcome = RunServer(flags);
    EXPECT_EQ(outcome.status, 2) << flags;
    EXPECT_EQ(outcome.text.find("kvick-server: "), 0u) << outcome.text;
    EXPECT_EQ(outcome.text.find('\n'), outcome.text.size() - 1) << outcome.text;
  }
}

TEST(ProcessTest, WhatCannotStartSaysWhyAndEnds) {
  const auto server = ServerProcess::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string grpc = (*server)->grpc_address();
  const std::string http = (*server)->http_address();
  Outcome outcome = RunServer("--listen=" + grpc + " --http_listen=");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("cannot listen on " + grpc));
  outcome = RunServer("--listen=127.0.0.1:0 --http_listen=" + http);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("cannot listen on " + http));
  outcome = RunServer("--listen=127.0.0.1:0 --http_listen= --address_file=/nowhere/addresses");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("cannot write /nowhere/addresses"));
  outcome = RunServer("--listen=127.0.0.1:0 --tls_cert=/nowhere/a --tls_key=/nowhere/b");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("/nowhere/a"));
}

TEST(ProcessTest, SaysWhereItListensAndEndsOnSigterm) {
  const auto server = ServerProcess::Start({"--log_format=json"});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string ready = "\"message\":\"ready\",\"grpc\":\"" + (*server)->grpc_address() +
                            "\",\"http\":\"" + (*server)->http_address() + "\"";
  // It comes a moment after the file with the addresses, which is what a test's server is waited
  // for by.
  EXPECT_TRUE(Eventually([&] { return (*server)->log().find(ready) != std::string::npos; }))
      << (*server)->log();
  EXPECT_EQ((*server)->Stop(), 0) << (*server)->log();
  EXPECT_THAT((*server)->log(), HasSubstr("\"message\":\"stopped\""));
}

TEST(ProcessTest, SigintEndsItTooAndClientsThatDoNothingDoNotHoldItUp) {
  const auto server = ServerProcess::Start({"--drain_timeout=1h"});
  ASSERT_TRUE(server.ok()) << server.status();
  const UniqueFd silent = ConnectTcp((*server)->grpc_address());
  const auto channel =
      grpc::CreateChannel((*server)->grpc_address(), grpc::InsecureChannelCredentials());
  ASSERT_TRUE(
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)));
  (*server)->Signal(SIGINT);
  EXPECT_EQ((*server)->Wait(), 0) << (*server)->log();
}

using PipelineStream = grpc::ClientReaderWriter<v1::PipelineRequest, v1::PipelineResponse>;

v1::PipelineRequest GetFrame() {
  v1::PipelineRequest frame;
  frame.add_operations()->mutable_command()->mutable_string_get()->set_key("a");
  return frame;
}

TEST(ProcessTest, PipelinesDoNotHoldItUp) {
  const auto server = ServerProcess::Start({"--drain_timeout=1h"});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto stub = v1::CommandService::NewStub(
      grpc::CreateChannel((*server)->grpc_address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext idle_context;
  const std::unique_ptr<PipelineStream> idle = stub->Pipeline(&idle_context);
  v1::PipelineResponse response;
  ASSERT_TRUE(idle->Write(GetFrame()) && idle->Read(&response));
  // One whose operation waits: the wait ends, and what is behind it is still answered.
  grpc::ClientContext waiting_context;
  const std::unique_ptr<PipelineStream> waiting = stub->Pipeline(&waiting_context);
  v1::PipelineRequest frame = GetFrame();
  auto* pop = frame.add_operations()->mutable_command()->mutable_list_pop_any();
  pop->add_keys("list");
  pop->set_side(v1::SIDE_LEFT);
  pop->mutable_max_wait()->set_seconds(3600);
  frame.MergeFrom(GetFrame());
  ASSERT_TRUE(waiting->Write(frame) && waiting->Read(&response));
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ((*server)->Stop(), 0) << (*server)->log();
  EXPECT_FALSE(idle->Read(&response));
  EXPECT_EQ(ReasonOf(idle->Finish()), "UNAVAILABLE SHUTTING_DOWN");
  ASSERT_TRUE(waiting->Read(&response));
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).status().reason(), v1::ERROR_REASON_SHUTTING_DOWN);
  EXPECT_TRUE(response.results(1).has_reply());
  EXPECT_FALSE(waiting->Read(&response));
  EXPECT_EQ(ReasonOf(waiting->Finish()), "UNAVAILABLE SHUTTING_DOWN");
}

TEST(ProcessTest, WhatProtobufSaysOfRequestsIsPartOfTheLog) {
  const auto server = ServerProcess::Start({"--log_format=json", "--log_level=debug"});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto channel =
      grpc::CreateChannel((*server)->grpc_address(), grpc::InsecureChannelCredentials());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(CallWithBytes(channel, "/kvick.v1.StringService/Get", "\x0A\x01\xFF").error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_EQ((*server)->Stop(), 0);
  std::istringstream lines((*server)->log());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line.find("{\"time\":"), 0u) << line;
  }
}

TEST(ProcessTest, ASecondSignalEndsItAtOnce) {
  const auto server = ServerProcess::Start({"--drain_timeout=1h"});
  ASSERT_TRUE(server.ok()) << server.status();
  const UniqueFd silent = ConnectTcp((*server)->grpc_address());
  (*server)->Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return (*server)->log().find("draining") != std::string::npos; }));
  (*server)->Signal(SIGINT);
  EXPECT_EQ((*server)->Wait(), 128 + SIGINT) << (*server)->log();
}

TEST(ProcessTest, SettingsComeFromAFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("kvick.conf");
  FILE* file = fopen(path.c_str(), "w");
  fputs("log_format: json  # for machines\nmax_connections: 7\n", file);
  fclose(file);
  const auto server = ServerProcess::Start({"--config=" + path});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT((*server)->log(), HasSubstr("\"message\":\"ready\""));
  EXPECT_EQ((*server)->Stop(), 0);
}

TEST(ProcessTest, AFewOpenFilesAreEnoughToStart) {
  const Outcome outcome =
      RunServer("--listen=127.0.0.1:0 --http_listen= --address_file=/nowhere/a", "ulimit -n 600; ");
  EXPECT_THAT(outcome.text, HasSubstr("open_files=600 max_connections=44"));
}

}  // namespace
}  // namespace kvick::server
