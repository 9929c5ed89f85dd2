// TLS with real certificates, made by the openssl command.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "storage/base/strings.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {
namespace {

using ::testing::HasSubstr;

class TlsTest : public GrpcFixture {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/tls_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    MakeAuthority("ca");
    MakeCertificate("server", "ca", "one.example");
    config_.tls_cert = Path("server.crt");
    config_.tls_key = Path("server.key");
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }

  void Run(const std::string& command) const {
    ASSERT_EQ(std::system(("cd " + folder_ + " && " + command + " 2>openssl.log").c_str()), 0)
        << command << "\n"
        << Read("openssl.log");
  }
  void MakeAuthority(const std::string& name) const {
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
        name + " -keyout " + name + ".key -out " + name + ".crt");
  }
  // NAME.crt and NAME.key for `host`, signed by an authority.
  void MakeCertificate(const std::string& name, const std::string& authority,
                       const std::string& host) const {
    Run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + host +
        " -keyout " + name + ".key -out " + name + ".csr");
    Write("ext", "subjectAltName=DNS:" + host + "\n");
    Run("openssl x509 -req -in " + name + ".csr -CA " + authority + ".crt -CAkey " + authority +
        ".key -CAcreateserial -days 2 -extfile ext -out " + name + ".crt");
  }

  // Calls as a client that trusts `ca` and expects `host`; `identity`: its certificate, if any.
  grpc::Status Call(const std::string& host, const std::string& identity = "",
                    const std::string& ca = "ca") const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(ca + ".crt");
    if (!identity.empty()) {
      options.pem_cert_chain = Read(identity + ".crt");
      options.pem_private_key = Read(identity + ".key");
    }
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(host);
    return Get(NewChannel(grpc::SslCredentials(options), arguments));
  }

  std::string folder_;
};

TEST_F(TlsTest, ServesWithTls) {
  StartServer();
  EXPECT_TRUE(Call("one.example").ok());
  EXPECT_FALSE(Call("other.example").ok());
  MakeAuthority("stranger");
  EXPECT_FALSE(Call("one.example", "", "stranger").ok());
}

TEST_F(TlsTest, PlainTextIsNotServed) {
  StartServer();
  EXPECT_EQ(Get(NewChannel()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Call("one.example").ok());
}

TEST_F(TlsTest, NewFilesArePickedUpWithoutARestart) {
  StartServer();
  ASSERT_TRUE(Call("one.example").ok());
  MakeCertificate("next", "ca", "two.example");
  std::filesystem::rename(Path("next.key"), Path("server.key"));
  std::filesystem::rename(Path("next.crt"), Path("server.crt"));
  EXPECT_TRUE(Eventually([&] { return Call("two.example").ok(); }));
  EXPECT_FALSE(Call("one.example").ok());
}

TEST_F(TlsTest, FilesThatBreakLeaveTheOldOnesInUse) {
  StartServer();
  ASSERT_TRUE(Call("one.example").ok());
  const std::string key = Read("server.key");
  MakeCertificate("next", "ca", "two.example");
  Write("server.crt", "this is no certificate");
  Write("server.key", "this is no key");
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_TRUE(Call("one.example").ok());
  // A key that is not the certificate's.
  Write("server.crt", Read("next.crt"));
  Write("server.key", key);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_TRUE(Call("one.example").ok());
  Write("server.key", Read("next.key"));
  EXPECT_TRUE(Eventually([&] { return Call("two.example").ok(); }));
}

TEST_F(TlsTest, FilesThatGoLeaveTheOldOnesInUse) {
  StartServer();
  ASSERT_TRUE(Call("one.example").ok());
  std::filesystem::remove(Path("server.key"));
  std::filesystem::remove(Path("server.crt"));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_TRUE(Call("one.example").ok());
}

TEST_F(TlsTest, MutualTls) {
  MakeAuthority("clients");
  MakeCertificate("friend", "clients", "friend.example");
  MakeAuthority("strangers");
  MakeCertificate("stranger", "strangers", "stranger.example");
  config_.tls_client_ca = Path("clients.crt");
  StartServer();
  EXPECT_TRUE(Call("one.example", "friend").ok());
  EXPECT_EQ(Call("one.example").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call("one.example", "stranger").error_code(), grpc::StatusCode::UNAVAILABLE);
  // Authorities change without a restart, too.
  std::filesystem::rename(Path("strangers.crt"), Path("clients.crt"));
  EXPECT_TRUE(Eventually([&] { return Call("one.example", "stranger").ok(); }));
  EXPECT_FALSE(Call("one.example", "friend").ok());
}

TEST_F(TlsTest, ClientsOverTheLimitUnderstandWhy) {
  config_.max_connections = 1;
  StartServer();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Read("ca.crt");
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("one.example");
  const auto channel = NewChannel(grpc::SslCredentials(options), arguments);
  ASSERT_TRUE(Get(channel).ok());
  EXPECT_EQ(Call("one.example").error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(TlsTest, AHandshakeThatStallsIsClosed) {
  config_.handshake_timeout = absl::Milliseconds(300);
  StartServer();
  const UniqueFd silent = ConnectTcp(server_->addresses()[0]);
  const UniqueFd half = ConnectTcp(server_->addresses()[0]);
  const char hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01};  // the start of a ClientHello
  ASSERT_EQ(send(half.get(), hello, sizeof(hello), 0), static_cast<ssize_t>(sizeof(hello)));
  EXPECT_TRUE(IsClosedByPeer(silent.get()));
  EXPECT_TRUE(IsClosedByPeer(half.get()));
  EXPECT_TRUE(Eventually([&] { return server_->connections().count() == 0; }));
}

TEST_F(TlsTest, BadFilesAtTheStartAreSentences) {
  const auto error = [this] {
    const absl::Status status = GrpcServer::Create(config_).status();
    return std::string(storage::FromAbsl(status.message()));
  };
  MakeCertificate("other", "ca", "other.example");
  config_.tls_key = Path("other.key");
  EXPECT_THAT(error(), HasSubstr("tls_key: cannot use " + Path("other.key")));
  config_.tls_key = Path("missing.key");
  EXPECT_THAT(error(), HasSubstr("No such file"));
  config_.tls_key = Path("server.crt");
  EXPECT_THAT(error(), HasSubstr("private key"));
  Run("openssl ec -aes128 -passout pass:secret -in server.key -out locked.key");
  config_.tls_key = Path("locked.key");
  EXPECT_THAT(error(), HasSubstr("unencrypted"));
  config_.tls_key = Path("server.key");
  Write("bad.crt", "-----BEGIN CERTIFICATE-----\nnonsense\n");
  config_.tls_cert = Path("bad.crt");
  EXPECT_THAT(error(), HasSubstr("tls_cert: cannot use " + Path("bad.crt")));
  config_.tls_cert = folder_;
  EXPECT_THAT(error(), HasSubstr("tls_cert: cannot use"));
  config_.tls_cert = Path("server.crt");
  config_.tls_client_ca = Path("missing.crt");
  EXPECT_THAT(error(), HasSubstr("tls_client_ca: cannot use " + Path("missing.crt")));
  config_.tls_client_ca = Path("ca.crt");
  EXPECT_EQ(error(), "");
}

}  // namespace
}  // namespace kvick::server
