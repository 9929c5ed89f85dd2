// SetService: distinct values without order. The end of the file lists its commands.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "kvick/v1/set.pb.h"
#include "server/commands/command_table.h"
#include "server/commands/page_token.h"
#include "server/commands/register.h"
#include "server/commands/samples.h"
#include "server/commands/scan_steps.h"
#include "server/commands/values.h"
#include "storage/base/error.h"
#include "storage/base/glob.h"
#include "storage/base/status_macros.h"
#include "storage/types/set.h"

namespace kvick::server {

using storage::Element;
using storage::InvalidArgument;
using storage::Keyspace;
using storage::Set;
using storage::ValueView;

absl::Status SetAdd(Keyspace& keyspace, const v1::SetAddRequest& request,
                    v1::SetAddResponse* response) {
  ASSIGN_OR_RETURN(const auto members, Canonical(request.members(), "members", keyspace.limits()));
  ASSIGN_OR_RETURN(auto set, keyspace.EditOrCreate<Set>(request.key()));
  int64_t added = 0;
  for (const CanonicalValue& member : members) {
    added += set->Add(member.view()) ? 1 : 0;
  }
  if (added > 0) {
    set.MarkChanged();
  }
  response->set_added(added);
  return absl::OkStatus();
}

absl::Status SetRemove(Keyspace& keyspace, const v1::SetRemoveRequest& request,
                       v1::SetRemoveResponse* response) {
  ASSIGN_OR_RETURN(const auto members, Canonical(request.members(), "members", keyspace.limits()));
  ASSIGN_OR_RETURN(auto set, keyspace.EditIfPresent<Set>(request.key()));
  if (!set) {
    return absl::OkStatus();
  }
  int64_t removed = 0;
  for (const CanonicalValue& member : members) {
    removed += set->Remove(member.view().bytes) ? 1 : 0;
  }
  if (removed > 0) {
    set.MarkChanged();
  }
  response->set_removed(removed);
  return absl::OkStatus();
}

absl::Status SetContains(const Keyspace& keyspace, const v1::SetContainsRequest& request,
                         v1::SetContainsResponse* response) {
  ASSIGN_OR_RETURN(const auto members, Canonical(request.members(), "members", keyspace.limits()));
  ASSIGN_OR_RETURN(const Set* set, keyspace.Find<Set>(request.key()));
  for (const CanonicalValue& member : members) {
    response->add_contains(set != nullptr && set->Contains(member.view().bytes));
  }
  return absl::OkStatus();
}

absl::Status SetSize(const Keyspace& keyspace, const v1::SetSizeRequest& request,
                     v1::SetSizeResponse* response) {
  ASSIGN_OR_RETURN(const Set* set, keyspace.Find<Set>(request.key()));
  response->set_size(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
  return absl::OkStatus();
}

absl::Status SetSample(const Keyspace& keyspace, const v1::SetSampleRequest& request,
                       v1::SetSampleResponse* response) {
  ASSIGN_OR_RETURN(const size_t count, SampleCount(request));
  ASSIGN_OR_RETURN(const Set* set, keyspace.Find<Set>(request.key()));
  if (set == nullptr) {
    return absl::OkStatus();
  }
  ReplyBudget budget(keyspace.limits());
  return Sample(set->members(), count, request.distinct(), keyspace.random(),
                [&](const Element& element) {
                  FillValue(element.name, response->add_members());
                  return budget.Take(element.name.bytes.size());
                });
}

absl::Status SetPop(Keyspace& keyspace, const v1::SetPopRequest& request,
                    v1::SetPopResponse* response) {
  ASSIGN_OR_RETURN(const size_t count, PopCount(request));
  ASSIGN_OR_RETURN(auto set, keyspace.EditIfPresent<Set>(request.key()));
  if (!set || count == 0) {
    return absl::OkStatus();
  }
  const std::vector<Element> taken = set->members().SampleDistinct(count, keyspace.random());
  ReplyBudget budget(keyspace.limits());
  for (const Element& element : taken) {
    FillValue(element.name, response->add_members());
    RETURN_IF_ERROR(budget.Take(element.name.bytes.size()));
  }
  if (taken.size() == set->size()) {
    keyspace.Remove(request.key());  // freed in the background, however large
    return absl::OkStatus();
  }
  set->members().EraseSampled(taken);
  set.MarkChanged();
  return absl::OkStatus();
}

absl::Status SetMove(Keyspace& keyspace, const v1::SetMoveRequest& request,
                     v1::SetMoveResponse* response) {
  ASSIGN_OR_RETURN(const auto member, Canonical(request.member(), keyspace.limits()));
  ASSIGN_OR_RETURN(auto source, keyspace.EditIfPresent<Set>(request.source()));
  if (!source) {
    keyspace.LeaveUnchanged();
    return absl::OkStatus();
  }
  const auto found = source->members().Find(member.view().bytes);
  if (!found.has_value()) {
    keyspace.LeaveUnchanged();
  }
  if (request.source() == request.destination()) {
    response->set_moved(found.has_value());
    return absl::OkStatus();
  }
  // The destination's type counts even when the member is not there, as Redis has it.
  ASSIGN_OR_RETURN(auto destination, keyspace.EditOrCreate<Set>(request.destination()));
  if (!found.has_value()) {
    return absl::OkStatus();
  }
  if (destination->Add(found->name)) {
    destination.MarkChanged();
  }
  source->Remove(member.view().bytes);
  source.MarkChanged();
  response->set_moved(true);
  return absl::OkStatus();
}

namespace {

absl::Status CheckCombine(v1::SetOperation operation, int64_t limit) {
  if (operation != v1::SET_OPERATION_INTERSECTION && operation != v1::SET_OPERATION_UNION &&
      operation != v1::SET_OPERATION_DIFFERENCE) {
    return InvalidArgument("UNKNOWN_ENUM_VALUE",
                           "The field operation must be SET_OPERATION_INTERSECTION, "
                           "SET_OPERATION_UNION or SET_OPERATION_DIFFERENCE.");
  }
  if (limit < 0) {
    return InvalidArgument("ARGUMENT_OUT_OF_RANGE", "The field limit must not be negative.");
  }
  return absl::OkStatus();
}

using MemberVisitor = absl::FunctionRef<bool(ValueView)>;
using Sets = std::vector<const Set*>;

// Leaves out what is named again: a short request could ask for endless work otherwise.
void RemoveRepetitions(Sets* sets) {
  absl::flat_hash_set<const Set*> seen;
  std::erase_if(*sets, [&](const Set* set) { return !seen.insert(set).second; });
}

bool IsInAll(const Sets& sets, std::string_view member) {
  return std::all_of(sets.begin(), sets.end(),
                     [&](const Set* set) { return set->Contains(member); });
}

void VisitUnion(const Sets& sets, MemberVisitor visit) {
  absl::flat_hash_set<std::string_view> seen;
  bool go_on = true;
  for (const Set* set : sets) {
    if (set == nullptr || !go_on) {
      continue;
    }
    const bool keep = set != sets.back();  // the members of the last set are only compared
    set->members().ForEach([&](const Element& element) {
      const std::string_view bytes = element.name.bytes;
      const bool is_new = keep ? seen.insert(bytes).second : !seen.contains(bytes);
      go_on = !is_new || visit(element.name);
      return go_on;
    });
  }
}

// Visits the members of `first` that are in none of the others. Either looks each of them up in all
// others, or takes the members of all others away from it: whichever looks at less, as Redis does.
void VisitDifference(const Set& first, const Sets& others, MemberVisitor visit) {
  size_t members_of_others = 0;
  for (const Set* other : others) {
    members_of_others += other->size();
  }
  if (first.size() * others.size() / 2 <= members_of_others) {
    first.members().ForEach([&](const Element& element) {
      const bool in_others = std::any_of(others.begin(), others.end(), [&](const Set* other) {
        return other->Contains(element.name.bytes);
      });
      return in_others || visit(element.name);
    });
    return;
  }
  absl::flat_hash_set<std::string_view> taken;
  for (const Set* other : others) {
    other->members().ForEach([&](const Element& element) {
      taken.insert(element.name.bytes);
      return true;
    });
  }
  first.members().ForEach([&](const Element& element) {
    return taken.contains(element.name.bytes) || visit(element.name);
  });
}

// Calls `visit` once for each member of the combination until it answers false. Null sets are
// empty.
void Combine(v1::SetOperation operation, Sets sets, MemberVisitor visit) {
  if (operation == v1::SET_OPERATION_DIFFERENCE) {
    const Set* first = sets.front();
    sets.erase(sets.begin());
    std::erase(sets, nullptr);
    RemoveRepetitions(&sets);
    if (first != nullptr) {
      VisitDifference(*first, sets, visit);
    }
    return;
  }
  RemoveRepetitions(&sets);
  if (operation == v1::SET_OPERATION_UNION) {
    VisitUnion(sets, visit);
    return;
  }
  if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) {
    return;
  }
  std::sort(sets.begin(), sets.end(),
            [](const Set* a, const Set* b) { return a->size() < b->size(); });
  const Set* smallest = sets.front();
  sets.erase(sets.begin());
  smallest->members().ForEach([&](const Element& element) {
    return !IsInAll(sets, element.name.bytes) || visit(element.name);
  });
}

absl::StatusOr<Sets> FindSets(const Keyspace& keyspace,
                              const google::protobuf::RepeatedPtrField<std::string>& keys) {
  Sets sets;
  sets.reserve(static_cast<size_t>(keys.size()));
  for (const std::string& key : keys) {
    ASSIGN_OR_RETURN(sets.emplace_back(), keyspace.Find<Set>(key));
  }
  return sets;
}

}  // namespace

absl::Status SetCombine(const Keyspace& keyspace, const v1::SetCombineRequest& request,
                        v1::SetCombineResponse* response) {
  RETURN_IF_ERROR(CheckCombine(request.operation(), request.limit()));
  ASSIGN_OR_RETURN(auto sets, FindSets(keyspace, request.keys()));
  ReplyBudget budget(keyspace.limits());
  absl::Status status;
  Combine(request.operation(), std::move(sets), [&](ValueView member) {
    FillValue(member, response->add_members());
    status = budget.Take(member.bytes.size());
    return status.ok() && (request.limit() == 0 || response->members_size() < request.limit());
  });
  return status;
}

absl::Status SetCombineCount(const Keyspace& keyspace, const v1::SetCombineCountRequest& request,
                             v1::SetCombineCountResponse* response) {
  RETURN_IF_ERROR(CheckCombine(request.operation(), request.limit()));
  ASSIGN_OR_RETURN(auto sets, FindSets(keyspace, request.keys()));
  int64_t count = 0;
  Combine(request.operation(), std::move(sets), [&](ValueView /*member*/) {
    ++count;
    return request.limit() == 0 || count < request.limit();
  });
  response->set_count(count);
  return absl::OkStatus();
}

absl::Status SetCombineStore(Keyspace& keyspace, const v1::SetCombineStoreRequest& request,
                             v1::SetCombineStoreResponse* response) {
  RETURN_IF_ERROR(CheckCombine(request.operation(), 0));
  if (request.keys().empty()) {
    return InvalidArgument("KEY_EMPTY", "The field keys is empty: name at least one set.");
  }
  ASSIGN_OR_RETURN(auto sets, FindSets(keyspace, request.keys()));
  auto result = std::make_unique<Set>();
  Combine(request.operation(), std::move(sets), [&](ValueView member) {
    result->Add(member);
    return true;
  });
  response->set_size(static_cast<int64_t>(result->size()));
  if (result->size() == 0) {
    keyspace.Remove(request.destination());
  } else {
    keyspace.PutObject(request.destination(), std::move(result));
  }
  return absl::OkStatus();
}

absl::Status SetScanStep(const Keyspace& keyspace, const v1::SetScanRequest& request,
                         const storage::Glob& glob, v1::SetScanResponse* response) {
  ASSIGN_OR_RETURN(const uint64_t cursor, ParsePageToken(ScanKind::kSet, request.page().token()));
  ASSIGN_OR_RETURN(const Set* set, keyspace.Find<Set>(request.key()));
  if (set == nullptr) {
    return absl::OkStatus();
  }
  ScanBudget budget(request.page().limit());
  const uint64_t next = set->members().Scan(cursor, [&](const Element& element) {
    size_t work = 0;
    if (glob.Matches(element.name.bytes, &work)) {
      FillValue(element.name, response->add_members());
      budget.Answer(element.name.bytes.size());
    }
    budget.Look(work);
    return budget.GoOn();
  });
  if (next != 0) {
    response->set_next_page_token(MakePageToken(ScanKind::kSet, next));
  }
  return absl::OkStatus();
}

void RegisterSets(CommandTable& table) {
  table.Add(SetAdd);
  table.Add(SetRemove, Growth::kNone);
  table.Add(SetContains);
  table.Add(SetSize);
  table.Add(SetSample);
  table.Add(SetPop, Growth::kNone);
  table.Add(SetMove);
  table.Add(SetCombine);
  table.Add(SetCombineCount);
  table.Add(SetCombineStore);
}

}  // namespace kvick::server
