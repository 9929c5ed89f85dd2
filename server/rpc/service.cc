#include "server/rpc/service.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
// The handlers moved in a later gRPC.
#if __has_include(<grpcpp/impl/server_callback_handlers.h>)
#include <grpcpp/impl/server_callback_handlers.h>
#else
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#endif

#include <cstdlib>
#include <iostream>
#include <utility>

#include "server/rpc/pipeline.h"
#include "server/rpc/stream.h"
#include "server/rpc/unary.h"

namespace kvick::server {
namespace {

using google::protobuf::MethodDescriptor;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::internal::RpcMethod;

[[noreturn]] void Abort(const std::string& what) {
  std::cerr << "kvick-server: " << what << std::endl;
  std::abort();
}

CallKind KindOf(const MethodDescriptor& method) {
  if (method.client_streaming()) {
    return method.server_streaming() ? CallKind::kBidiStream : CallKind::kClientStream;
  }
  return method.server_streaming() ? CallKind::kServerStream : CallKind::kUnary;
}

RpcMethod::RpcType TypeOf(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return RpcMethod::NORMAL_RPC;
    case CallKind::kClientStream:
      return RpcMethod::CLIENT_STREAMING;
    case CallKind::kServerStream:
      return RpcMethod::SERVER_STREAMING;
    case CallKind::kBidiStream:
      return RpcMethod::BIDI_STREAMING;
  }
  return RpcMethod::NORMAL_RPC;
}

grpc::internal::MethodHandler* MakeUnaryHandler(const UnaryMethod& method,
                                                const RpcContext& context) {
  return new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
      [method, &context](CallbackServerContext* call, const ByteBuffer* request,
                         ByteBuffer* response) {
        return ServeUnary(method, context, call, *request, response);
      });
}

grpc::internal::MethodHandler* MakeStreamHandler(const StreamCommand& command, uint32_t call_metric,
                                                 const RpcContext& context) {
  return new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
      [&command, call_metric, &context](CallbackServerContext* call, const ByteBuffer* request) {
        return ServeStream(command, call_metric, context, *call, *request);
      });
}

grpc::internal::MethodHandler* MakePipelineHandler(uint32_t call_metric,
                                                   const std::vector<uint32_t>& command_metrics,
                                                   const RpcContext& context) {
  return new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
      [call_metric, command_metrics, &context](CallbackServerContext* call) {
        return ServePipeline(call_metric, command_metrics, context, *call);
      });
}

}  // namespace

RpcService::RpcService(std::string_view name, const RpcContext& context,
                       const std::vector<uint32_t>& command_metrics) {
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(name));
  if (service == nullptr) {
    Abort("there is no service " + std::string(name));
  }
  for (int i = 0; i < service->method_count(); ++i) {
    Bind(i, *service->method(i), context, command_metrics);
  }
}

void RpcService::Bind(int index, const MethodDescriptor& method, const RpcContext& context,
                      const std::vector<uint32_t>& command_metrics) {
  const CallKind kind = KindOf(method);
  const std::string& name =
      method_names_.emplace_back("/" + method.service()->full_name() + "/" + method.name());
  const uint32_t call_metric =
      context.metrics.AddCall({method.service()->full_name(), method.name(), kind});
  AddMethod(new grpc::internal::RpcServiceMethod(name.c_str(), TypeOf(kind), nullptr));
  if (kind == CallKind::kBidiStream) {
    MarkMethodRawCallback(static_cast<size_t>(index),
                          MakePipelineHandler(call_metric, command_metrics, context));
    return;
  }
  if (const StreamCommand* stream = context.table.FindStream(method); stream != nullptr) {
    MarkMethodRawCallback(static_cast<size_t>(index),
                          MakeStreamHandler(*stream, call_metric, context));
    return;
  }
  const Command* command = context.table.Find(method);
  if (command == nullptr || kind != CallKind::kUnary) {
    Abort("nothing answers " + method.full_name());
  }
  MarkMethodRawCallback(
      static_cast<size_t>(index),
      MakeUnaryHandler({command, call_metric, command_metrics[command->index()]}, context));
}

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const RpcContext& context) {
  std::vector<uint32_t> command_metrics;
  for (const auto& command : context.table.commands()) {
    command_metrics.push_back(context.metrics.AddCommand(command->method().service()->name() + "." +
                                                         command->method().name()));
  }
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const std::string_view name : CommandTable::Services()) {
    services.push_back(std::make_unique<RpcService>(name, context, command_metrics));
  }
  return services;
}

}  // namespace kvick::server
