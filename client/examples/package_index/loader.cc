#include "client/examples/package_index/loader.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kvick::package_index {
namespace {

v1::HashSetRequest Hash(const Keys& keys, const Package& package) {
  v1::HashSetRequest request;
  request.set_key(keys.Package(package.Id()));
  auto& fields = *request.mutable_fields();
  fields["version"].set_text(package.version);
  fields["section"].set_text(package.section);
  fields["maintainer"].set_text(package.maintainer);
  fields["summary"].set_text(package.summary);
  fields["installed-kib"].set_integer(package.installed_kib);
  return request;
}

v1::ListPushRequest Push(std::string key, const std::string& id) {
  v1::ListPushRequest request;
  request.set_key(std::move(key));
  request.set_side(v1::SIDE_RIGHT);
  request.add_values()->set_text(id);
  return request;
}

v1::StringIncrementRequest Count(std::string key, int64_t delta) {
  v1::StringIncrementRequest request;
  request.set_key(std::move(key));
  request.set_delta(delta);
  return request;
}

void AddPackage(const Keys& keys, const Package& package, Pipeline* pipeline) {
  const std::string id = package.Id();
  pipeline->Send(Hash(keys, package));
  v1::SetAddRequest member;
  member.set_key(keys.Section(package.section));
  member.add_members()->set_text(id);
  pipeline->Send(std::move(member));
  pipeline->Send(Push(keys.Maintainer(package.maintainer), id));
  pipeline->Send(Push(keys.Packages(), id));
  pipeline->Send(Count(keys.PackageCount(), 1));
  pipeline->Send(Count(keys.SectionCount(package.section), 1));
  pipeline->Send(Count(keys.InstalledKib(), package.installed_kib));
}

v1::PubSubPublishRequest Announce(const Keys& keys, size_t done, size_t total) {
  v1::PubSubPublishRequest request;
  request.set_channel(keys.ProgressChannel());
  request.mutable_payload()->set_integer(static_cast<int64_t>(done));
  (*request.mutable_attributes())["total"] = absl::StrCat(total);
  return request;
}

}  // namespace

absl::Status Load(const Client& client, const Keys& keys, const std::vector<Package>& packages) {
  const auto deleted = client.Keys().DeleteMatching({.prefix = keys.prefix()});
  if (!deleted.ok()) return deleted.status();
  std::atomic<bool> failed = false;  // Outlives the pipeline, whose callbacks set it.
  const std::unique_ptr<Pipeline> pipeline = client.OpenPipeline();
  const size_t total = packages.size();
  const size_t step = std::max<size_t>(1, total / 100);
  for (size_t i = 0; i < total && !failed; ++i) {
    AddPackage(keys, packages[i], pipeline.get());
    if ((i + 1) % step != 0 && i + 1 != total) continue;
    // The one answer that is looked at on the way: it tells early when the server has gone.
    pipeline->Run(Announce(keys, i + 1, total),
                  [&failed](const absl::StatusOr<v1::PubSubPublishResponse>& response) {
                    if (!response.ok()) failed = true;
                  });
  }
  return pipeline->Wait();
}

}  // namespace kvick::package_index
