// Page tokens: where a scan goes on, as opaque text. A token is good for the run of the server that
// made it, since positions are in the order of hashes and those differ from run to run.
#ifndef KVICK_SERVER_COMMANDS_PAGE_TOKEN_H_
#define KVICK_SERVER_COMMANDS_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvick::server {

// What is scanned: a token of one kind is refused by another.
enum class ScanKind : char { kKeys = 'k', kSet = 's', kHash = 'h' };

// The token for a cursor that is not 0.
std::string MakePageToken(ScanKind kind, uint64_t cursor);

// The cursor of a token, 0 for the empty one; PAGE_TOKEN_INVALID when this run made no such token.
absl::StatusOr<uint64_t> ParsePageToken(ScanKind kind, std::string_view token);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_PAGE_TOKEN_H_
