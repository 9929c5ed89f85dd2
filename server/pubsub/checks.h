// What the requests of PubSubService must fulfil.
#ifndef KVICK_SERVER_PUBSUB_CHECKS_H_
#define KVICK_SERVER_PUBSUB_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "kvick/v1/pubsub.pb.h"
#include "server/pubsub/options.h"

namespace kvick::server {

// OK, or why the request is refused.
absl::Status CheckChannel(const std::string& channel, const PubSubOptions& options);
absl::Status CheckPublish(const v1::PubSubPublishRequest& request, const PubSubOptions& options);
absl::Status CheckSubscribe(const v1::PubSubSubscribeRequest& request,
                            const PubSubOptions& options);
absl::Status CheckListChannels(const v1::PubSubListChannelsRequest& request);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PUBSUB_CHECKS_H_
