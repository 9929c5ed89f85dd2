// What PubSubHub is set up with.
#ifndef KVICK_SERVER_PUBSUB_OPTIONS_H_
#define KVICK_SERVER_PUBSUB_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kvick::server {

// Limits and seams of a hub. Sizes are in bytes.
struct PubSubOptions {
  // The longest channel name.
  size_t max_key_bytes = 64 * 1024;
  // The largest payload.
  size_t max_value_bytes = 64 * 1024 * 1024;
  // How large the names of a subscription, of channels and patterns, may be together.
  size_t max_subscription_names_bytes = 1024 * 1024;
  // How many different patterns there may be at once; see PatternTable.
  size_t max_patterns = 16 * 1024;
  // How many subscribers there may be at once.
  int64_t max_subscribers = 100'000;
  // The largest buffer that a subscriber may ask for.
  int64_t max_subscriber_bytes = 64 * 1024 * 1024;
  // What messages that subscribers have yet to read may take in all, before buffers are cut to an
  // even share of it.
  int64_t max_published_bytes = 1024 * 1024 * 1024;
  // The buffer of a subscriber that asks for none; never more than max_subscriber_bytes.
  int64_t default_subscriber_bytes = 1024 * 1024;
  // After this long without an event a subscriber gets `progress`, give or take a Tick().
  absl::Duration progress_interval = absl::Seconds(10);
  // How many channels without subscribers keep their position, and how large their names may be
  // together. The oldest are forgotten first. Both are shared out evenly over the shards.
  size_t max_idle_channels = 100'000;
  size_t max_idle_channel_bytes = 64 * 1024 * 1024;
  // How many parts the channels are split into, each with a lock of its own; at least 1.
  size_t shards = 256;
  // The time. Called from any thread.
  std::function<absl::Time()> clock = [] { return absl::Now(); };
};

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_OPTIONS_H_
