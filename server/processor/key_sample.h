// KeyService.Sample: one key by chance, each as likely as any other.
#ifndef KVICK_SERVER_PROCESSOR_KEY_SAMPLE_H_
#define KVICK_SERVER_PROCESSOR_KEY_SAMPLE_H_

#include <optional>
#include <string>

#include "absl/random/bit_gen_ref.h"
#include "storage/store.h"

namespace kvick::server {

// A key that has not expired; none when there is none. O(shards), each locked for a moment;
// O(keys), in steps, when nearly all keys have expired.
std::optional<std::string> SampleKey(storage::Store& store, absl::BitGenRef random);

}  // namespace kvick::server

#endif  // KVICK_SERVER_PROCESSOR_KEY_SAMPLE_H_
