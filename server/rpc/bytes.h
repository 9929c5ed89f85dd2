// Between gRPC's buffers and Protobuf's messages.
#ifndef KVICK_SERVER_RPC_BYTES_H_
#define KVICK_SERVER_RPC_BYTES_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "google/protobuf/message.h"
#include "server/rpc/unread_replies.h"

namespace kvick::server {

// The bytes of a buffer in one piece; without copying when they are in one already.
grpc::Slice ToSlice(const grpc::ByteBuffer& buffer);

// Reads a message; MALFORMED_REQUEST when the buffer does not hold one.
absl::Status ParseMessage(const grpc::ByteBuffer& buffer, google::protobuf::Message* message);

// The serialised message, written once into its place. A large one counts as unread by the peer of
// the call until gRPC has sent it, and is empty when the peer's connection is shut already.
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message, UnreadReplies& unread,
                          const grpc::CallbackServerContext& call);

// The same of a large one, whose connection `hold` is of.
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message, UnreadReplies::Hold hold);

// The bytes of a string, which are not copied. They count as unread until gRPC has sent them, if
// they are large; `hold` is of their connection.
grpc::ByteBuffer ToBuffer(std::string bytes, UnreadReplies::Hold hold);

// The bytes of a cord. Large pieces are shared, not copied: the cord's memory lives on with them.
grpc::ByteBuffer ToBuffer(const absl::Cord& cord);

}  // namespace kvick::server

#endif  // KVICK_SERVER_RPC_BYTES_H_
