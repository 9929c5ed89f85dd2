// The seam between the client and the wire. Replace it to test without a server (mock_connection.h)
// or to wrap every call; retry and deadline are wrappers of this kind.
#ifndef KVICK_CLIENT_KVICK_CONNECTION_H_
#define KVICK_CLIENT_KVICK_CONNECTION_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "kvick/method.h"
#include "kvick/options.h"
#include "kvick/v1/command.pb.h"

namespace kvick {

// The answers of a server stream. Read and Finish by one thread at a time, Cancel by any.
class ReadStream {
 public:
  // Ends the call if need be.
  virtual ~ReadStream() = default;
  // Waits for the next answer; false when there is none any more, then Finish says why.
  virtual bool Read(google::protobuf::Message* response) = 0;
  // How the stream ended. Once, after Read returned false.
  virtual absl::Status Finish() = 0;
  // Ends the call: a waiting Read returns false. Any thread, any number of times.
  virtual void Cancel() = 0;
};

// An open pipeline. One thread may write while another reads; Cancel by any.
class PipelineStream {
 public:
  // Ends the call if need be.
  virtual ~PipelineStream() = default;
  // Sends a frame, waiting while the server takes none; false when the stream has broken.
  virtual bool Write(const v1::PipelineRequest& frame) = 0;
  // Says that no frame follows.
  virtual void WritesDone() = 0;
  // Waits for the next frame of results; false when there is none any more, then Finish says why.
  virtual bool Read(v1::PipelineResponse* frame) = 0;
  // How the stream ended. Once, after Read returned false.
  virtual absl::Status Finish() = 0;
  // Ends the call: a waiting Read returns false. Any thread, any number of times.
  virtual void Cancel() = 0;
};

// Where calls go. Implementations are thread safe.
class Connection {
 public:
  virtual ~Connection() = default;

  // Makes a unary call and waits for its end. `response` is set when the result is OK.
  virtual absl::Status Call(const Method& method, const google::protobuf::Message& request,
                            const CallOptions& options, google::protobuf::Message* response) = 0;

  // Starts a server stream. An error means that nothing was sent.
  virtual absl::StatusOr<std::unique_ptr<ReadStream>> OpenStream(
      const Method& method, const google::protobuf::Message& request,
      const CallOptions& options) = 0;

  // Starts CommandService.Pipeline. An error means that nothing was sent.
  virtual absl::StatusOr<std::unique_ptr<PipelineStream>> OpenPipeline(
      const CallOptions& options) = 0;
};

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_CONNECTION_H_
