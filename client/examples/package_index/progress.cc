#include "client/examples/package_index/progress.h"

#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace kvick::package_index {

void ProgressDisplay::Show(int64_t done, int64_t total) {
  if (total <= 0) return;
  if (terminal_) {
    constexpr int64_t kWidth = 40;
    const auto filled = static_cast<size_t>(kWidth * done / total);
    out_ << absl::StreamFormat("\r[%s%s] %3d%%  %d of %d packages", std::string(filled, '#'),
                               std::string(kWidth - filled, '.'), 100 * done / total, done, total);
    if (done == total) out_ << "\n";
  } else if (10 * done / total > shown_tenth_) {
    shown_tenth_ = 10 * done / total;
    out_ << absl::StreamFormat("loaded %d of %d packages\n", done, total);
  }
  out_.flush();
}

absl::StatusOr<std::unique_ptr<ProgressSubscriber>> ProgressSubscriber::Subscribe(
    const Client& client, const std::string& channel, std::ostream& out, bool terminal) {
  std::unique_ptr<ProgressSubscriber> subscriber(new ProgressSubscriber(out, terminal));
  auto listener = client.PubSub().Listen(
      {.channels = {channel}},
      {.on_message = [self = subscriber.get()](const v1::PubSubMessage& m) { self->Hear(m); },
       .on_end = [self = subscriber.get()](const absl::Status&) { self->End(); }});
  if (!listener.ok()) return listener.status();
  subscriber->listener_ = *std::move(listener);
  return subscriber;
}

void ProgressSubscriber::Hear(const v1::PubSubMessage& message) {
  const auto total_text = message.attributes().find("total");
  int64_t total = 0;
  if (total_text == message.attributes().end() || !absl::SimpleAtoi(total_text->second, &total)) {
    return;  // Somebody else's message.
  }
  display_.Show(message.payload().integer(), total);
  if (message.payload().integer() == total) End();
}

void ProgressSubscriber::End() {
  if (!std::exchange(ended_, true)) end_.Notify();
}

void ProgressSubscriber::WaitForTheEnd() { end_.WaitForNotificationWithTimeout(absl::Seconds(10)); }

}  // namespace kvick::package_index
