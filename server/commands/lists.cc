// ListService: values in order. The end of the file lists its commands.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kvick/v1/list.pb.h"
#include "server/commands/command_table.h"
#include "server/commands/register.h"
#include "server/commands/samples.h"
#include "server/commands/values.h"
#include "storage/base/error.h"
#include "storage/base/status_macros.h"
#include "storage/types/list.h"

namespace kvick::server {

using storage::InvalidArgument;
using storage::Keyspace;
using storage::List;
using storage::ListEnd;
using storage::ValueView;

namespace {

absl::StatusOr<ListEnd> EndOf(v1::Side side, const char* name) {
  switch (side) {
    case v1::SIDE_LEFT:
      return ListEnd::kFront;
    case v1::SIDE_RIGHT:
      return ListEnd::kBack;
    default:
      return InvalidArgument("UNKNOWN_ENUM_VALUE", std::string("The field ") + name +
                                                       " must be SIDE_LEFT or SIDE_RIGHT.");
  }
}

// How many to take: the field count, 1 when it is unset.
template <typename Request>
absl::StatusOr<size_t> CountOf(const Request& request, int64_t minimum) {
  const int64_t count = request.has_count() ? request.count() : 1;
  if (count < minimum) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", minimum == 0
                                                        ? "The field count must not be negative."
                                                        : "The field count must be more than 0.");
  }
  return static_cast<size_t>(count);
}

// An inclusive range of indexes, negative ones from the end, as a first index and a number of
// values.
struct Range {
  size_t first = 0;
  size_t count = 0;
};
Range Resolve(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  start = std::max<int64_t>(start < 0 ? start + length : start, 0);
  stop = std::min(stop < 0 ? stop + length : stop, length - 1);
  if (start > stop || start >= length) {
    return {};
  }
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

// The index of an element, or none when it is outside.
std::optional<size_t> ResolveIndex(int64_t index, size_t size) {
  const auto length = static_cast<int64_t>(size);
  index = index < 0 ? index + length : index;
  return index < 0 || index >= length ? std::nullopt : std::optional(static_cast<size_t>(index));
}

// Takes up to `count` values off an end into `values`; REPLY_TOO_LARGE before anything is taken.
absl::Status Take(storage::Edit<List>& list, ListEnd end, size_t count,
                  const storage::Limits& limits,
                  google::protobuf::RepeatedPtrField<v1::Value>* values) {
  count = std::min(count, list->size());
  ReplyBudget budget(limits);
  absl::Status status;
  list->Visit(end, 0, count, [&](ValueView value) {
    status = budget.Take(value.bytes.size());
    return status.ok();
  });
  RETURN_IF_ERROR(status);
  list->Visit(end, 0, count, [&](ValueView value) {
    FillValue(value, values->Add());
    return true;
  });
  if (count > 0) {
    list->Pop(end, count);
    list.MarkChanged();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ListPush(Keyspace& keyspace, const v1::ListPushRequest& request,
                      v1::ListPushResponse* response) {
  ASSIGN_OR_RETURN(const ListEnd end, EndOf(request.side(), "side"));
  ASSIGN_OR_RETURN(const auto values, Canonical(request.values(), "values", keyspace.limits()));
  ASSIGN_OR_RETURN(auto list, keyspace.EditOrCreate<List>(request.key()));
  for (const CanonicalValue& value : values) {
    list->Push(end, value.view());
  }
  list.MarkChanged();
  response->set_length(static_cast<int64_t>(list->size()));
  return absl::OkStatus();
}

absl::Status ListPop(Keyspace& keyspace, const v1::ListPopRequest& request,
                     v1::ListPopResponse* response) {
  ASSIGN_OR_RETURN(const ListEnd end, EndOf(request.side(), "side"));
  ASSIGN_OR_RETURN(const size_t count, CountOf(request, 0));
  ASSIGN_OR_RETURN(auto list, keyspace.EditIfPresent<List>(request.key()));
  return list ? Take(list, end, count, keyspace.limits(), response->mutable_values())
              : absl::OkStatus();
}

absl::Status ListPopAny(Keyspace& keyspace, const v1::ListPopAnyRequest& request,
                        v1::ListPopAnyResponse* response) {
  ASSIGN_OR_RETURN(const ListEnd end, EndOf(request.side(), "side"));
  ASSIGN_OR_RETURN(const size_t count, CountOf(request, 1));
  for (const std::string& key : request.keys()) {
    auto list = keyspace.EditIfPresent<List>(key);
    if (!list.ok() && keyspace.has_waited()) {
      continue;
    }
    RETURN_IF_ERROR(list.status());
    if (*list) {
      response->set_key(key);
      return Take(*list, end, count, keyspace.limits(), response->mutable_values());
    }
  }
  keyspace.WouldWait();
  return absl::OkStatus();
}

absl::Status ListRange(const Keyspace& keyspace, const v1::ListRangeRequest& request,
                       v1::ListRangeResponse* response) {
  ASSIGN_OR_RETURN(const List* list, keyspace.Find<List>(request.key()));
  if (list == nullptr) {
    return absl::OkStatus();
  }
  const Range range = Resolve(request.start(), request.stop(), list->size());
  ReplyBudget budget(keyspace.limits());
  absl::Status status;
  list->Visit(ListEnd::kFront, range.first, range.count, [&](ValueView value) {
    status = budget.Take(value.bytes.size());
    if (status.ok()) {
      FillValue(value, response->add_values());
    }
    return status.ok();
  });
  return status;
}

absl::Status ListGetAt(const Keyspace& keyspace, const v1::ListGetAtRequest& request,
                       v1::ListGetAtResponse* response) {
  ASSIGN_OR_RETURN(const List* list, keyspace.Find<List>(request.key()));
  if (list == nullptr) {
    return absl::OkStatus();
  }
  if (const auto index = ResolveIndex(request.index(), list->size()); index.has_value()) {
    FillEntry(list->At(*index), *keyspace.Peek(request.key()), response->mutable_entry());
  }
  return absl::OkStatus();
}

absl::Status ListSetAt(Keyspace& keyspace, const v1::ListSetAtRequest& request,
                       v1::ListSetAtResponse* /*response*/) {
  ASSIGN_OR_RETURN(const auto value, Canonical(request.value(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto list, keyspace.EditIfPresent<List>(request.key()));
  const auto index = list ? ResolveIndex(request.index(), list->size()) : std::nullopt;
  if (!index.has_value()) {
    return storage::MakeError(
        absl::StatusCode::kOutOfRange, "INDEX_OUT_OF_RANGE",
        "The list has no value at this index: ask for its Length, or use Push.",
        {{"length", std::to_string(list ? list->size() : 0)}});
  }
  list->Set(*index, value.view());
  list.MarkChanged();
  return absl::OkStatus();
}

absl::Status ListInsert(Keyspace& keyspace, const v1::ListInsertRequest& request,
                        v1::ListInsertResponse* response) {
  if (request.position() != v1::INSERT_POSITION_BEFORE &&
      request.position() != v1::INSERT_POSITION_AFTER) {
    return InvalidArgument(
        "UNKNOWN_ENUM_VALUE",
        "The field position must be INSERT_POSITION_BEFORE or INSERT_POSITION_AFTER.");
  }
  ASSIGN_OR_RETURN(const auto pivot, Canonical(request.pivot(), keyspace.limits()));
  ASSIGN_OR_RETURN(const auto value, Canonical(request.value(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto list, keyspace.EditIfPresent<List>(request.key()));
  if (!list) {
    return absl::OkStatus();
  }
  const bool after = request.position() == v1::INSERT_POSITION_AFTER;
  if (list->InsertBeside(pivot.view().bytes, after, value.view())) {
    list.MarkChanged();
    response->set_inserted(true);
  }
  response->set_length(static_cast<int64_t>(list->size()));
  return absl::OkStatus();
}

absl::Status ListRemove(Keyspace& keyspace, const v1::ListRemoveRequest& request,
                        v1::ListRemoveResponse* response) {
  ASSIGN_OR_RETURN(const auto value, Canonical(request.value(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto list, keyspace.EditIfPresent<List>(request.key()));
  if (!list) {
    return absl::OkStatus();
  }
  const int64_t count = request.count();
  // Without overflow for the least int64.
  const uint64_t limit = count == 0  ? list->size()
                         : count > 0 ? static_cast<uint64_t>(count)
                                     : uint64_t{0} - static_cast<uint64_t>(count);
  const size_t removed =
      list->Remove(value.view().bytes, static_cast<size_t>(std::min<uint64_t>(limit, list->size())),
                   count < 0 ? ListEnd::kBack : ListEnd::kFront);
  if (removed > 0) {
    list.MarkChanged();
  }
  response->set_removed(static_cast<int64_t>(removed));
  return absl::OkStatus();
}

absl::Status ListTrim(Keyspace& keyspace, const v1::ListTrimRequest& request,
                      v1::ListTrimResponse* response) {
  ASSIGN_OR_RETURN(auto list, keyspace.EditIfPresent<List>(request.key()));
  if (!list) {
    return absl::OkStatus();
  }
  const size_t size = list->size();
  const Range keep = Resolve(request.start(), request.stop(), size);
  response->set_length(static_cast<int64_t>(keep.count));
  if (keep.count == size) {
    return absl::OkStatus();
  }
  if (keep.count == 0) {
    keyspace.Remove(request.key());  // freed in the background, however large
    return absl::OkStatus();
  }
  list->Pop(ListEnd::kBack, size - keep.first - keep.count);
  list->Pop(ListEnd::kFront, keep.first);
  list.MarkChanged();
  return absl::OkStatus();
}

absl::Status ListLength(const Keyspace& keyspace, const v1::ListLengthRequest& request,
                        v1::ListLengthResponse* response) {
  ASSIGN_OR_RETURN(const List* list, keyspace.Find<List>(request.key()));
  response->set_length(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
  return absl::OkStatus();
}

absl::Status ListFind(const Keyspace& keyspace, const v1::ListFindRequest& request,
                      v1::ListFindResponse* response) {
  ASSIGN_OR_RETURN(const auto value, Canonical(request.value(), keyspace.limits()));
  const int64_t rank = request.has_rank() ? request.rank() : 1;
  const int64_t count = request.has_count() ? request.count() : 1;
  if (rank == 0 || rank == INT64_MIN || count < 0 || request.max_length() < 0) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE",
                           "The field rank must not be 0 or the least int64, and count and "
                           "max_length not be negative.");
  }
  ASSIGN_OR_RETURN(const List* list, keyspace.Find<List>(request.key()));
  if (list == nullptr) {
    return absl::OkStatus();
  }
  const auto size = static_cast<int64_t>(list->size());
  const int64_t compared = request.max_length() == 0 ? size : std::min(request.max_length(), size);
  int64_t to_skip = (rank > 0 ? rank : -rank) - 1;
  int64_t position = 0;
  ReplyBudget budget(keyspace.limits());
  absl::Status status;
  list->Visit(rank > 0 ? ListEnd::kFront : ListEnd::kBack, 0, static_cast<size_t>(compared),
              [&](ValueView found) {
                if (found.bytes == value.view().bytes && to_skip-- <= 0) {
                  status = budget.Take(sizeof(int64_t));
                  response->add_indexes(rank > 0 ? position : size - 1 - position);
                }
                ++position;
                return status.ok() && (count == 0 || response->indexes_size() < count);
              });
  return status;
}

absl::Status ListMove(Keyspace& keyspace, const v1::ListMoveRequest& request,
                      v1::ListMoveResponse* response) {
  ASSIGN_OR_RETURN(const ListEnd from, EndOf(request.from_side(), "from_side"));
  ASSIGN_OR_RETURN(const ListEnd to, EndOf(request.to_side(), "to_side"));
  ASSIGN_OR_RETURN(auto source, keyspace.EditIfPresent<List>(request.source()));
  if (!source) {
    keyspace.WouldWait();
    return absl::OkStatus();
  }
  const ValueView first = source->At(from == ListEnd::kFront ? 0 : source->size() - 1);
  // A copy: the value leaves the list that it lies in before it is added.
  const std::string bytes(first.bytes);
  const ValueView value{bytes, first.kind};
  if (request.source() == request.destination()) {
    source->Pop(from, 1);
    source->Push(to, value);
  } else {
    ASSIGN_OR_RETURN(auto destination, keyspace.EditOrCreate<List>(request.destination()));
    destination->Push(to, value);
    destination.MarkChanged();
    source->Pop(from, 1);
  }
  source.MarkChanged();
  FillValue(value, response->mutable_value());
  return absl::OkStatus();
}

void RegisterLists(CommandTable& table) {
  table.Add(ListPush);
  table.Add(ListPop, Growth::kNone);
  table.Add(ListPopAny, Growth::kNone);
  table.Add(ListRange);
  table.Add(ListGetAt);
  table.Add(ListSetAt);
  table.Add(ListInsert);
  table.Add(ListRemove, Growth::kNone);
  table.Add(ListTrim, Growth::kNone);
  table.Add(ListLength);
  table.Add(ListFind);
  table.Add(ListMove);
}

}  // namespace kvick::server
