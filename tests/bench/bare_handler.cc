// The reference of the unary benchmarks: a gRPC C++ callback server as its tutorial writes it, with
// the messages and the channel settings of the real one and no database behind it. Get answers
// with 64 bytes, Set with a mutation.
//
//   bare_handler ADDRESS_FILE
//
// Listens on a free port of loopback and writes it to the file as the server does, as
// `grpc=127.0.0.1:PORT`. Ends with SIGTERM.
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "kvick/v1/admin.grpc.pb.h"
#include "kvick/v1/string.grpc.pb.h"
#include "server/config/address_file.h"
#include "server/config/config.h"
#include "server/rpc/channel_settings.h"

namespace kvick {
namespace {

constexpr size_t kValueBytes = 64;

class BareHandler final : public v1::StringService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call,
                                const v1::StringGetRequest* /*request*/,
                                v1::StringGetResponse* response) override {
    response->mutable_entry()->mutable_value()->set_data(value_);
    response->mutable_entry()->set_version(1);
    return Answer(call);
  }

  grpc::ServerUnaryReactor* Set(grpc::CallbackServerContext* call,
                                const v1::StringSetRequest* /*request*/,
                                v1::StringSetResponse* response) override {
    response->mutable_mutation()->set_applied(true);
    response->mutable_mutation()->set_version(1);
    return Answer(call);
  }

 private:
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* call) {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const std::string value_ = std::string(kValueBytes, 'v');
};

// `kvick bench` asks who is there before it begins.
class BareAdmin final : public v1::AdminService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* call,
                                          const v1::AdminGetServerInfoRequest* /*request*/,
                                          v1::AdminGetServerInfoResponse* /*response*/) override {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int Serve(const std::string& address_file) {
  // Blocked before gRPC starts its threads, which inherit it.
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);

  BareHandler handler;
  BareAdmin admin;
  grpc::ServerBuilder builder;
  server::ApplyChannelSettings(server::Config(), &builder);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&handler);
  builder.RegisterService(&admin);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::cerr << "bare_handler: gRPC did not start" << std::endl;
    return 1;
  }
  const absl::Status written =
      server::WriteAddressFile(address_file, {"127.0.0.1:" + std::to_string(port)}, {});
  if (!written.ok()) {
    std::cerr << "bare_handler: " << written.message() << std::endl;
    return 1;
  }
  int signal = 0;
  sigwait(&end, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace kvick

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bare_handler ADDRESS_FILE" << std::endl;
    return 2;
  }
  return kvick::Serve(argv[1]);
}
