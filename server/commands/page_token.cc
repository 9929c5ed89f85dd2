#include "server/commands/page_token.h"

#include <charconv>

#include "fmt/format.h"
#include "storage/base/error.h"
#include "storage/base/hash_table.h"

namespace kvick::server {
namespace {

// Changes with the kind, the cursor and the run, since the hash does.
uint32_t CheckSum(ScanKind kind, uint64_t cursor) {
  return static_cast<uint32_t>(
      storage::HashBytes(fmt::format("page token {} {}", static_cast<char>(kind), cursor)) >> 32);
}

}  // namespace

std::string MakePageToken(ScanKind kind, uint64_t cursor) {
  return fmt::format("{}{:016x}{:08x}", static_cast<char>(kind), cursor, CheckSum(kind, cursor));
}

absl::StatusOr<uint64_t> ParsePageToken(ScanKind kind, std::string_view token) {
  if (token.empty()) {
    return uint64_t{0};
  }
  uint64_t cursor = 0;
  const std::string_view digits = token.substr(1, 16);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), cursor, 16);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      token != MakePageToken(kind, cursor)) {
    return storage::InvalidArgument(
        "PAGE_TOKEN_INVALID",
        "The field page.token is not one that this run of the server made for such a scan: start "
        "the scan anew.");
  }
  return cursor;
}

}  // namespace kvick::server
