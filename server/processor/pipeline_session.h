// PipelineSession: the frames of one CommandService.Pipeline call. It reads a frame of operations
// without first building it as a message, runs one operation after the other, and writes the
// results as it goes; so one bad operation fails alone and memory is bounded by one operation and
// one frame of results.
#ifndef KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_
#define KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/commands/command_table.h"
#include "server/processor/processor.h"

namespace kvick::server {

// Operations that one frame may carry.
inline constexpr int kPipelineOperationsMax = 10'000;

// Used by one thread at a time. Destroy it only when no operation waits: see Cancel().
class PipelineSession {
 public:
  enum class State {
    kResults,   // Results() holds a frame to send; then call Run() again
    kWaiting,   // an operation waits; `resume` will be called, then call Run() again
    kFrameEnd,  // the frame is done; Results() holds the last of its results, maybe none
    kBroken,    // the frame is not one: as kFrameEnd, and the call should end with status()
  };
  // Told of every operation that has run.
  using Observer = std::function<void(const Command&, absl::StatusCode)>;

  // `table` and `processor` outlive this. `resume` is called from another thread when an operation
  // that waited is done, at most once for each kWaiting, maybe before Run() has returned it.
  PipelineSession(const CommandTable& table, Processor& processor, Observer observer,
                  std::function<void()> resume);
  ~PipelineSession();

  // Starts with a frame: the bytes of a PipelineRequest, which stay until kFrameEnd or kBroken.
  void Begin(std::string_view frame);
  // Goes on.
  State Run();
  // The results so far: the bytes of a PipelineResponse. Empties them.
  std::string TakeResults();
  bool has_results() const { return !results_.empty(); }
  const absl::Status& status() const { return status_; }
  // About what the messages take that are kept for operations to come. For tests.
  size_t KeptBytes() const;

  // Ends the wait of an operation, if one waits: `resume` is called. From any thread.
  void Cancel();

 private:
  struct Messages {
    std::unique_ptr<google::protobuf::Message> request;
    std::unique_ptr<google::protobuf::Message> response;
    size_t bytes = 0;  // that have gone through them
  };
  struct Operation {
    uint64_t id = 0;
    const Command* command = nullptr;
    std::string_view request;    // its bytes
    std::string joined_request;  // what `request` refers to when it came in pieces
  };
  enum class Pending {
    kNone,       // no operation is on its way
    kRunning,    // one that may wait was started; it may be answered at any moment
    kSuspended,  // it waits, and Run() has returned or is about to
    kAnswered,   // its answer is there
  };

  // Takes the bytes of the next operation off the frame; false when they are malformed.
  bool NextOperation(std::string_view* operation);
  // Reads what an operation says. What it could read of it is set with an error too.
  absl::Status Parse(std::string_view bytes, Operation* operation) const;
  // Runs an operation; false when it waits.
  bool RunOperation(std::string_view bytes);
  // Runs one that may wait; false when it does.
  bool RunWaitingOperation(Operation operation, Messages& messages);
  Messages& MessagesFor(const Command& command);
  void AppendReply(uint64_t id, const Command& command, const google::protobuf::Message& response);
  void AppendError(uint64_t id, const absl::Status& status);
  // Appends the result of an operation that has run.
  void Finish(const Operation& operation, const absl::Status& status);

  const CommandTable& table_;
  Processor& processor_;
  const Observer observer_;
  const std::function<void()> resume_;

  std::string_view frame_;  // what is left of it
  int operations_ = 0;      // of this frame, so far
  std::string results_;
  absl::Status status_;
  std::vector<Messages> messages_;  // by Command::index(), used again and again
  Operation waiting_operation_;

  absl::Mutex mu_;  // a leaf
  Pending pending_ ABSL_GUARDED_BY(mu_) = Pending::kNone;
  absl::Status answer_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<Waiter> waiter_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_
