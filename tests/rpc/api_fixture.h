// The whole server in this process, and clients of it: what happens inside is seen by the
// sanitizers, and a leak by the leak checker.
#ifndef KVICK_TESTS_RPC_API_FIXTURE_H_
#define KVICK_TESTS_RPC_API_FIXTURE_H_

#include <memory>
#include <string>

#include "server/assembly.h"
#include "tests/rpc/grpc_fixture.h"

namespace kvick::server {

class ApiFixture : public GrpcFixture {
 protected:
  void StartServer() {
    auto server = GrpcServer::Create(config_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    assembly_ = std::make_unique<Assembly>(config_, *server_);
    const absl::Status status = server_->Start(assembly_->services());
    ASSERT_TRUE(status.ok()) << status;
  }
  ~ApiFixture() override {
    if (server_ != nullptr) {
      server_->Drain(
          absl::Seconds(30), [this] { assembly_->EndStreams(); }, nullptr);
    }
  }

  std::unique_ptr<Assembly> assembly_;
};

}  // namespace kvick::server

#endif  // KVICK_TESTS_RPC_API_FIXTURE_H_
