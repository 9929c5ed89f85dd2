// PipelineSession: the frames of one CommandService.Pipeline call. It reads a frame of operations
// without first building it as a message, runs one operation after the other, and writes the
// results as it goes; so one bad operation fails alone and memory is bounded by one operation and
// one frame of results.
#ifndef KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_
#define KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/arena.h"
#include "server/commands/command_table.h"
#include "server/processor/executor.h"
#include "server/processor/processor.h"

namespace kvick::server {

// Operations that one frame may carry.
inline constexpr int kPipelineOperationsMax = 10'000;

// Memory for the messages of a few operations; what they take beyond the block is freed by Reset().
struct MessageArena {
  alignas(8) char block[4096];
  google::protobuf::Arena arena{block, sizeof(block)};
};

// Used by one thread at a time. Destroy it only when no operation waits (see Cancel()), and not
// between the end of a wait and the call of `resume`.
class PipelineSession {
 public:
  enum class State {
    kResults,    // Results() holds a frame to send; then call Run() again
    kWaiting,    // an operation waits; `resume` will be called, then call Run() again
    kFrameEnd,   // the frame is done; Results() holds the last of its results, maybe none
    kBroken,     // the frame is not one, nothing of it has run: the call should end with status()
    kCancelled,  // Cancel() was called: nothing that was left of the frame has run or will
  };
  // Told of every operation that has run.
  using Observer = std::function<void(const Command&, absl::StatusCode)>;

  // `table`, `processor` and `executor` outlive this. `resume` is called when an operation that
  // waited is done, once for each kWaiting, maybe before Run() has returned it. It is called by
  // `executor` and never by whoever ended the wait: that is another client, whose call must not pay
  // for the rest of this frame, or the thread of all timers.
  PipelineSession(const CommandTable& table, Processor& processor, Executor& executor,
                  Observer observer, std::function<void()> resume);
  ~PipelineSession();

  // Starts with a frame: the bytes of a PipelineRequest, which stay until kFrameEnd or kBroken.
  void Begin(std::string_view frame);
  // Goes on.
  State Run();
  // The results so far: the bytes of a PipelineResponse. Empties them.
  std::string TakeResults();
  bool has_results() const { return !results_.empty(); }
  // The memory that they take.
  size_t results_bytes() const { return results_.empty() ? 0 : results_.capacity(); }
  const absl::Status& status() const { return status_; }
  // What the messages take that are kept between frames. For tests.
  uint64_t KeptBytes() const;

  // Ends the wait of an operation, if one waits: `resume` is called. Operations behind it, or
  // behind the one that is running, are not run. From any thread.
  void Cancel();

 private:
  using Message = google::protobuf::Message;
  struct Operation {
    uint64_t id = 0;
    const Command* command = nullptr;
    std::string_view request;    // its bytes
    std::string joined_request;  // what `request` refers to when it came in pieces
    absl::Status error;          // why it cannot run
    Message* message = nullptr;  // `request`, read
    Message* response = nullptr;
  };
  enum class Pending {
    kNone,       // no operation is on its way
    kRunning,    // one that may wait was started; it may be answered at any moment
    kSuspended,  // it waits, and Run() has returned or is about to
    kAnswered,   // its answer is there
  };

  // Takes the bytes of the next operation off the frame, if there is another.
  std::optional<std::string_view> NextOperation();
  // Reads what an operation says. What it could read of it is set with an error too.
  absl::Status Parse(std::string_view bytes, Operation* operation) const;
  // Reads the next few operations of the frame and has their keys brought near.
  void ReadGroup();
  // Frees the messages of the last group.
  void ForgetGroup();
  void ReadOperation(std::string_view bytes);
  // Runs an operation; false when it waits.
  bool RunOperation(Operation& operation);
  // Runs one that may wait; false when it does.
  bool RunWaitingOperation(Operation& operation);
  // Takes the answer of an operation that waited, from whoever ended the wait.
  void Answer(const absl::Status& status);
  void AppendReply(uint64_t id, const Command& command, const Message& response);
  void AppendError(uint64_t id, const absl::Status& status);
  // Appends the result of an operation that has run.
  void Finish(const Operation& operation, const absl::Status& status);

  const CommandTable& table_;
  Processor& processor_;
  Executor& executor_;
  const Observer observer_;
  const std::function<void()> resume_;

  std::string_view frame_;        // what is left of it
  bool frame_is_broken_ = false;  // it is no message, and nothing of it runs
  int operations_ = 0;            // of this frame, so far
  // Operations that were read together. They run one after the other.
  std::vector<Operation> group_;
  size_t next_ = 0;          // of the group
  storage::TimeMs now_ = 0;  // the moment of those that run without a wait between them
  storage::Prefetcher prefetcher_;
  MessageArena requests_;  // of the group
  // Apart, because large ones are freed at once. In an arena, because a message that is cleared
  // frees its parts one by one.
  MessageArena responses_;
  std::string results_;
  size_t last_results_bytes_ = 0;  // of the last frame of results: the next needs about as many
  absl::Status status_;

  absl::Mutex mu_;  // a leaf
  Pending pending_ ABSL_GUARDED_BY(mu_) = Pending::kNone;
  absl::Status answer_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<Waiter> waiter_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> cancelled_{false};  // set under mu_, so that no wait is overlooked
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_PIPELINE_SESSION_H_
