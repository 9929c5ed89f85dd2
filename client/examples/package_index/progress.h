// Shows how far the loader is, as a subscriber of its channel hears it.
#ifndef KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PROGRESS_H_
#define KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PROGRESS_H_

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "kvick/client.h"

namespace kvick::package_index {

// What is shown of a progress: a bar that is drawn over itself on a terminal, otherwise a line for
// every tenth. Not thread safe.
class ProgressDisplay {
 public:
  // `out` must outlive it.
  ProgressDisplay(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  // Shows that `done` of `total` are done.
  void Show(int64_t done, int64_t total);

 private:
  std::ostream& out_;
  const bool terminal_;
  int64_t shown_tenth_ = 0;
};

// The subscriber. It hears everything from Subscribe on.
class ProgressSubscriber {
 public:
  // Subscribes to `channel` and shows what comes on `out`, which must outlive it.
  static absl::StatusOr<std::unique_ptr<ProgressSubscriber>> Subscribe(const Client& client,
                                                                       const std::string& channel,
                                                                       std::ostream& out,
                                                                       bool terminal);

  // Waits until the last announcement was shown, or the subscription has ended, or too long.
  void WaitForTheEnd();

 private:
  ProgressSubscriber(std::ostream& out, bool terminal) : display_(out, terminal) {}
  void Hear(const v1::PubSubMessage& message);
  void End();

  ProgressDisplay display_;  // The listener's thread's, as the flag.
  bool ended_ = false;
  absl::Notification end_;              // Own synchronisation.
  std::unique_ptr<Listener> listener_;  // Constant; last, so that it goes first.
};

}  // namespace kvick::package_index

#endif  // KVICK_CLIENT_EXAMPLES_PACKAGE_INDEX_PROGRESS_H_
