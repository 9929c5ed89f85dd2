#include "server/pubsub/channels.h"

#include <iterator>

namespace kvick::server {
namespace {

auto HasName(std::string_view name) {
  return [name](const Channel& channel) { return channel.name == name; };
}

}  // namespace

ChannelTable::~ChannelTable() {
  channels_.ForEach([](Channel* channel) { delete channel; });
}

Channel* ChannelTable::Find(uint64_t hash, std::string_view name) const {
  return channels_.Find(hash, HasName(name));
}

Channel& ChannelTable::Use(uint64_t hash, std::string_view name,
                           absl::FunctionRef<int64_t()> new_epoch) {
  Channel* channel = Find(hash, name);
  if (channel == nullptr) {
    channel = new Channel{.name = std::string(name), .epoch = new_epoch()};
    channels_.Insert(hash, channel);
  } else if (channel->subscribers.empty()) {
    idle_bytes_ -= name.size();
    idle_.erase(channel->idle);
  }
  return *channel;
}

void ChannelTable::MakeIdle(Channel& channel) {
  idle_.push_back(&channel);
  idle_bytes_ += channel.name.size();
  channel.idle = std::prev(idle_.end());
  while (idle_.size() > idle_max_ || idle_bytes_ > idle_bytes_max_ + idle_.back()->name.size()) {
    Channel* const oldest = idle_.front();
    idle_.pop_front();
    idle_bytes_ -= oldest->name.size();
    channels_.Erase(Traits::Hash(*oldest), HasName(oldest->name));
    delete oldest;
  }
}

uint64_t ChannelTable::ListSome(uint64_t cursor, const storage::Glob& glob, std::string_view after,
                                std::vector<std::string>* names) const {
  constexpr int kBucketsMax = 512;
  constexpr size_t kWorkMax = 64 << 10;  // bytes copied, and steps of matching
  size_t work = 0;
  for (int buckets = 0; buckets < kBucketsMax && work < kWorkMax; ++buckets) {
    cursor = channels_.Scan(cursor, [&](const Channel* channel) {
      if (!channel->subscribers.empty() && channel->name > after &&
          glob.Matches(channel->name, &work)) {
        names->push_back(channel->name);
        work += channel->name.size();
      }
    });
    if (cursor == 0) {
      break;
    }
  }
  return cursor;
}

}  // namespace kvick::server
