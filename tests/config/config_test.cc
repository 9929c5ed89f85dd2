#include "server/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "server/config/address_file.h"
#include "server/config/machine.h"
#include "storage/base/strings.h"

namespace kvick::server {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Config> Parse(std::vector<const char*> flags, const Environment& environment = {}) {
  flags.insert(flags.begin(), "kvick-server");
  return ParseConfig(static_cast<int>(flags.size()), flags.data(), environment);
}

std::string ErrorOf(const absl::StatusOr<Config>& config) {
  return config.ok() ? "(no error)" : std::string(storage::FromAbsl(config.status().message()));
}

// A file with this content, for as long as it lives.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view content)
      : path_(testing::TempDir() + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".conf") {
    std::ofstream(path_) << content;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string flag() const { return "--config=" + path_; }

 private:
  const std::string path_;
};

TEST(ConfigTest, Defaults) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "127.0.0.1:5825");
  EXPECT_EQ(config->shards, 1024);
  EXPECT_EQ(config->message_bytes(), (64 << 20) + (1 << 20));
  EXPECT_FALSE(config->has_tls());
}

TEST(ConfigTest, FlagsOfEveryKind) {
  const auto config =
      Parse({"--listen=[::1]:0", "--max_memory", "3g", "--shards=16384", "--allow_plaintext",
             "--drain_timeout=1m", "--log_format=json", "--http_listen="});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "[::1]:0");
  EXPECT_EQ(config->max_memory, 3'000'000'000);
  EXPECT_EQ(config->shards, 16384);
  EXPECT_TRUE(config->allow_plaintext);
  EXPECT_EQ(config->drain_timeout, absl::Minutes(1));
  EXPECT_EQ(config->log_format, "json");
  EXPECT_EQ(config->http_listen, "");
}

TEST(ConfigTest, AnEmptyValueDoesNotTakeTheNextFlag) {
  const auto config = Parse({"--data_dir=", "--address_file=", "--shards=2"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->data_dir, "");
  EXPECT_EQ(config->address_file, "");
  EXPECT_EQ(config->shards, 2);
}

TEST(ConfigTest, TheLastOfSeveralWinsAndSwitchesCanBeUnset) {
  const auto config = Parse({"--shards=2", "--shards=4", "--allow_plaintext=false"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->shards, 4);
  EXPECT_FALSE(config->allow_plaintext);
}

TEST(ConfigTest, FlagBeforeEnvironmentBeforeFileBeforeDefault) {
  const ConfigFile file("shards: 2\nmax_waiters: 2\nmax_subscribers: 2\n");
  const auto config = Parse({file.flag().c_str(), "--shards=8"},
                            {{"KVICK_SHARDS", "4"}, {"KVICK_MAX_WAITERS", "4"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->shards, 8);
  EXPECT_EQ(config->max_waiters, 4);
  EXPECT_EQ(config->max_subscribers, 2);
  EXPECT_EQ(config->max_connections, 10'000);
}

TEST(ConfigTest, TheEnvironmentCanNameTheFile) {
  const ConfigFile file("# all of it\n\n  shards : 2   # few\nlisten: \"127.0.0.1:0\"\n");
  const auto config = Parse({}, {{"KVICK_CONFIG", file.path()}, {"PATH", "/bin"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->shards, 2);
  EXPECT_EQ(config->listen, "127.0.0.1:0");
}

TEST(ConfigTest, UnknownNamesAreRefusedByName) {
  EXPECT_THAT(ErrorOf(Parse({"--shard=2"})), HasSubstr("--shard"));
  EXPECT_THAT(ErrorOf(Parse({"serve"})), HasSubstr("serve"));
  EXPECT_THAT(ErrorOf(Parse({}, {{"KVICK_SHARD", "2"}})), HasSubstr("KVICK_SHARD "));
  const ConfigFile file("shards: 2\nshard: 2\n");
  EXPECT_THAT(ErrorOf(Parse({file.flag().c_str()})), HasSubstr(".conf:2: there is no setting"));
}

TEST(ConfigTest, VariablesThatKubernetesSetsForAServiceAreNotOurs) {
  const auto config = Parse({}, {{"KVICK_SERVICE_HOST", "10.0.0.1"},
                                 {"KVICK_SERVICE_PORT", "5825"},
                                 {"KVICK_SERVICE_PORT_GRPC", "5825"},
                                 {"KVICK_PORT", "tcp://10.0.0.1:5825"},
                                 {"KVICK_PORT_5825_TCP", "tcp://10.0.0.1:5825"},
                                 {"KVICK_PORT_5825_TCP_ADDR", "10.0.0.1"},
                                 {"KVICK_HEADLESS_SERVICE_HOST", "None"}});
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(ConfigTest, MemoryIsBoundedBySomethingThatTheMachineHas) {
  EXPECT_EQ(Parse({"--max_memory=64Mi"})->memory_bytes(), int64_t{64} << 20);
  EXPECT_EQ(Parse({})->memory_bytes(), MachineMemoryBytes() / 2);
  EXPECT_GT(Parse({})->memory_bytes(), int64_t{64} << 20);
}

TEST(ConfigTest, VariablesOfTheCommandLineAreNotOurs) {
  const auto config = Parse({}, {{"KVICK_ADDRESS", "10.0.0.1:5825"},
                                 {"KVICK_TIMEOUT", "3s"},
                                 {"KVICK_TLS_CA", "/tls/ca.pem"},
                                 {"KVICK_TLS_SERVER_NAME", "kvick"},
                                 {"KVICK_HISTORY", "/home/me/history"}});
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(ConfigTest, ErrorsSayWhereTheValueStood) {
  EXPECT_THAT(ErrorOf(Parse({"--shards=x"})), HasSubstr("--shards: \"x\" is not a number"));
  EXPECT_THAT(ErrorOf(Parse({}, {{"KVICK_SHARDS", "x"}})), HasSubstr("KVICK_SHARDS: "));
  const ConfigFile file("\nshards: x\n");
  EXPECT_THAT(ErrorOf(Parse({file.flag().c_str()})), HasSubstr(".conf:2: shards: "));
}

TEST(ConfigTest, BadFiles) {
  EXPECT_THAT(ErrorOf(Parse({"--config=/nowhere/kvick.conf"})), HasSubstr("/nowhere/kvick.conf"));
  EXPECT_FALSE(Parse({"--config=/"}).ok());
  const ConfigFile twice("shards: 2\nshards: 4\n");
  EXPECT_THAT(ErrorOf(Parse({twice.flag().c_str()})), HasSubstr("set before"));
  const ConfigFile nested("config: other\n");
  EXPECT_THAT(ErrorOf(Parse({nested.flag().c_str()})), HasSubstr("cannot name another"));
  const ConfigFile bare("shards\n");
  EXPECT_THAT(ErrorOf(Parse({bare.flag().c_str()})), HasSubstr("write name: value"));
}

TEST(ConfigTest, Ranges) {
  EXPECT_THAT(ErrorOf(Parse({"--shards=3"})), HasSubstr("not a power of two"));
  EXPECT_THAT(ErrorOf(Parse({"--shards=0"})), HasSubstr("give 1 to 16384"));
  EXPECT_THAT(ErrorOf(Parse({"--shards=32768"})), HasSubstr("give 1 to 16384"));
  EXPECT_THAT(ErrorOf(Parse({"--max_value_bytes=2Gi"})), HasSubstr("give 1 to 1Gi"));
  EXPECT_THAT(ErrorOf(Parse({"--max_message_bytes=1Mi"})), HasSubstr("less than max_value_bytes"));
  EXPECT_THAT(ErrorOf(Parse({"--max_unread_bytes=127Mi"})), HasSubstr("less than two answers"));
  EXPECT_TRUE(Parse({"--max_unread_bytes=128Mi"}).ok());
  EXPECT_THAT(ErrorOf(Parse({"--log_level=loud"})),
              HasSubstr("give debug or info or warning or error"));
  EXPECT_THAT(ErrorOf(Parse({"--transport=nghttp2"})), HasSubstr("give grpcpp"));
  EXPECT_THAT(ErrorOf(Parse({"--keepalive_time=1ms"})), HasSubstr("give 1s to "));
  EXPECT_THAT(ErrorOf(Parse({"--threads=4"})), HasSubstr("leave it 0"));
  EXPECT_THAT(ErrorOf(Parse({"--allow_plaintext=maybe"})), HasSubstr("neither true nor false"));
}

TEST(ConfigTest, PersistenceIsRefused) {
  EXPECT_THAT(ErrorOf(Parse({"--data_dir=/var/lib/kvick"})), HasSubstr("in memory only"));
  EXPECT_THAT(ErrorOf(Parse({"--snapshot_schedule=1h"})), HasSubstr("in memory only"));
  EXPECT_THAT(ErrorOf(Parse({"--fsync=always"})), HasSubstr("none"));
  EXPECT_TRUE(Parse({"--fsync=none"}).ok());
}

TEST(ConfigTest, PlainTextStaysOnLoopbackUnlessAllowed) {
  for (const char* listen : {"--listen=0.0.0.0:0", "--listen=[::]:0", "--listen=db.example:1",
                             "--listen=127.0.0.1:0,10.0.0.1:0"}) {
    EXPECT_THAT(ErrorOf(Parse({listen})), HasSubstr("allow_plaintext")) << listen;
    EXPECT_TRUE(Parse({listen, "--allow_plaintext"}).ok()) << listen;
    EXPECT_TRUE(Parse({listen, "--tls_cert=c", "--tls_key=k"}).ok()) << listen;
  }
  EXPECT_TRUE(Parse({"--listen=localhost:0,[::1]:0"}).ok());
  EXPECT_TRUE(Parse({"--http_listen=0.0.0.0:0"}).ok());
  EXPECT_FALSE(Parse({"--listen="}).ok());
  EXPECT_FALSE(Parse({"--http_listen=nowhere"}).ok());
}

TEST(ConfigTest, TlsFilesGoTogether) {
  EXPECT_THAT(ErrorOf(Parse({"--tls_cert=c"})), HasSubstr("tls_key is missing"));
  EXPECT_THAT(ErrorOf(Parse({"--tls_key=k"})), HasSubstr("tls_cert is missing"));
  EXPECT_THAT(ErrorOf(Parse({"--tls_client_ca=c"})), HasSubstr("needs TLS"));
  EXPECT_TRUE(Parse({"--tls_cert=c", "--tls_key=k", "--tls_client_ca=a"}).ok());
}

TEST(ConfigTest, HelpAndVersionNeedNothingElseToBeRight) {
  EXPECT_TRUE(Parse({"--help"})->show_help);
  EXPECT_TRUE(Parse({"-h", "--shards=3"})->show_help);
  EXPECT_TRUE(Parse({"--version"}, {{"KVICK_SHARDS", "x"}})->show_version);
  EXPECT_THAT(std::string(ServerVersion()), testing::MatchesRegex("[0-9]+.[0-9]+.[0-9]+"));
}

TEST(ConfigTest, EnvironmentOfAProcess) {
  const char* const variables[] = {"A=1", "B=", "C", "D=x=y", nullptr};
  EXPECT_EQ(EnvironmentFrom(variables), (Environment{{"A", "1"}, {"B", ""}, {"D", "x=y"}}));
}

TEST(AddressFileTest, IsWrittenWhole) {
  const std::string path = testing::TempDir() + "/addresses";
  ASSERT_TRUE(WriteAddressFile(path, {"127.0.0.1:1", "[::1]:2"}, {"127.0.0.1:3"}).ok());
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, "grpc=127.0.0.1:1\ngrpc=[::1]:2\nhttp=127.0.0.1:3\n");
  std::remove(path.c_str());
  EXPECT_FALSE(WriteAddressFile("/nowhere/addresses", {"a:1"}, {}).ok());
}

}  // namespace
}  // namespace kvick::server
