#include "client/examples/package_index/questions.h"

#include <algorithm>
#include <future>

#include "absl/strings/str_cat.h"

namespace kvick::package_index {
namespace {

constexpr int kIdsAtATime = 5000;

// The larger number first; of equal ones by name.
bool Before(const Counted& a, const Counted& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

// Keeps the first `count` of an order.
void KeepFirst(size_t count, std::vector<Counted>* items) {
  const size_t kept = std::min(count, items->size());
  std::partial_sort(items->begin(), items->begin() + static_cast<std::ptrdiff_t>(kept),
                    items->end(), Before);
  items->resize(kept);
}

// One asker: each method a question.
class Asker {
 public:
  Asker(const Client& client, const Keys& keys)
      : client_(client), keys_(keys), pipeline_(client.OpenPipeline()) {}

  absl::StatusOr<int64_t> Counter(const std::string& key) const {
    const auto response = client_.Strings().Get(key);
    if (!response.ok()) return response.status();
    return response->entry().value().integer();
  }

  // What follows the prefix in the keys that have it.
  absl::StatusOr<std::vector<std::string>> NamesUnder(const std::string& prefix) const {
    std::vector<std::string> names;
    for (const auto& key : client_.Keys().Scan({.prefix = prefix})) {
      if (!key.ok()) return key.status();
      names.push_back(key->key().substr(prefix.size()));
    }
    // A scan may show a key more than once.
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  absl::StatusOr<std::vector<Counted>> Sections() const {
    const auto names = NamesUnder(keys_.Section(""));
    if (!names.ok()) return names.status();
    std::vector<std::string> counters;
    for (const std::string& name : *names) counters.push_back(keys_.SectionCount(name));
    if (counters.empty()) return std::vector<Counted>();
    const auto counts = client_.Strings().BatchGet(counters);
    if (!counts.ok()) return counts.status();
    std::vector<Counted> sections;
    for (size_t i = 0; i < names->size(); ++i) {
      const v1::Entry& entry = counts->items(static_cast<int>(i)).entry();
      sections.emplace_back((*names)[i], entry.value().integer());
    }
    std::sort(sections.begin(), sections.end(), Before);
    return sections;
  }

  absl::StatusOr<std::vector<Counted>> MaintainersByPackages() const {
    const auto names = NamesUnder(keys_.Maintainer(""));
    if (!names.ok()) return names.status();
    // Thousands of small questions: asked together, answered in order.
    std::vector<std::future<absl::StatusOr<v1::ListLengthResponse>>> lengths;
    for (const std::string& name : *names) {
      v1::ListLengthRequest request;
      request.set_key(keys_.Maintainer(name));
      lengths.push_back(pipeline_->Run(std::move(request)));
    }
    std::vector<Counted> maintainers;
    for (size_t i = 0; i < names->size(); ++i) {
      const auto length = lengths[i].get();
      if (!length.ok()) return length.status();
      maintainers.emplace_back((*names)[i], length->length());
    }
    return maintainers;
  }

  // A field of each of these packages.
  absl::StatusOr<std::vector<v1::Value>> FieldOf(const std::vector<std::string>& ids,
                                                 const std::string& field) const {
    std::vector<std::future<absl::StatusOr<v1::HashGetResponse>>> answers;
    for (const std::string& id : ids) {
      v1::HashGetRequest request;
      request.set_key(keys_.Package(id));
      request.add_fields(field);
      answers.push_back(pipeline_->Run(std::move(request)));
    }
    std::vector<v1::Value> values;
    for (auto& answer : answers) {
      const auto response = answer.get();
      if (!response.ok()) return response.status();
      values.push_back(response->items(0).value());
    }
    return values;
  }

  // Ids in a list, from one index to another.
  absl::StatusOr<std::vector<std::string>> Ids(const std::string& key, int64_t start,
                                               int64_t stop) const {
    const auto range = client_.Lists().Range(key, start, stop);
    if (!range.ok()) return range.status();
    std::vector<std::string> ids;
    for (const v1::Value& value : range->values()) ids.push_back(ToString(value));
    return ids;
  }

  // Sizes of packages, a stretch at a time so that no answer grows without bound.
  absl::StatusOr<std::vector<Counted>> ComputeLargest(int top) const {
    std::vector<Counted> largest;
    for (int64_t start = 0;; start += kIdsAtATime) {
      const auto ids = Ids(keys_.Packages(), start, start + kIdsAtATime - 1);
      if (!ids.ok()) return ids.status();
      if (ids->empty()) return largest;
      const auto sizes = FieldOf(*ids, "installed-kib");
      if (!sizes.ok()) return sizes.status();
      for (size_t i = 0; i < ids->size(); ++i) {
        largest.emplace_back((*ids)[i], (*sizes)[i].integer());
      }
      KeepFirst(static_cast<size_t>(top), &largest);
    }
  }

  // Answers from the view where there is one, and makes it where there is none.
  absl::Status Largest(const Questions& questions, Answers* answers) const {
    const std::string view = keys_.LargestView(questions.top);
    const auto ids = Ids(view, 0, -1);
    if (!ids.ok()) return ids.status();
    answers->view_reused = !ids->empty();
    if (answers->view_reused) {
      const auto sizes = FieldOf(*ids, "installed-kib");
      if (!sizes.ok()) return sizes.status();
      for (size_t i = 0; i < ids->size(); ++i) {
        answers->largest.emplace_back((*ids)[i], (*sizes)[i].integer());
      }
      return absl::OkStatus();
    }
    auto largest = ComputeLargest(questions.top);
    if (!largest.ok()) return largest.status();
    answers->largest = *std::move(largest);
    std::vector<Value> values;
    for (const auto& [id, size] : answers->largest) values.emplace_back(id);
    if (values.empty()) return absl::OkStatus();
    // Two askers may come at the same time: only the first one's view is kept.
    return client_.Lists()
        .Push(view, std::move(values), {.ttl = questions.view_ttl, .precondition = IfAbsent()})
        .status();
  }

  absl::Status Newest(int top, Answers* answers) const {
    auto ids = Ids(keys_.Packages(), -top, -1);
    if (!ids.ok()) return ids.status();
    std::reverse(ids->begin(), ids->end());
    const auto versions = FieldOf(*ids, "version");
    if (!versions.ok()) return versions.status();
    for (size_t i = 0; i < ids->size(); ++i) {
      answers->newest.emplace_back((*ids)[i], (*versions)[i].text());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Relatives> RelativesOf(const std::string& id) const {
    const auto fields = client_.Hashes().Get(keys_.Package(id), {"section", "maintainer"});
    if (!fields.ok()) return fields.status();
    if (!fields->items(0).has_value()) {
      return absl::NotFoundError(absl::StrCat("there is no package ", id));
    }
    Relatives relatives{.like = id,
                        .section = fields->items(0).value().text(),
                        .maintainer = fields->items(1).value().text(),
                        .packages = {}};
    const auto ids = Ids(keys_.Maintainer(relatives.maintainer), 0, -1);
    if (!ids.ok()) return ids.status();
    const auto shared = client_.Sets().Contains(keys_.Section(relatives.section),
                                                std::vector<Value>(ids->begin(), ids->end()));
    if (!shared.ok()) return shared.status();
    for (size_t i = 0; i < ids->size(); ++i) {
      if (shared->contains(static_cast<int>(i))) relatives.packages.push_back((*ids)[i]);
    }
    return relatives;
  }

 private:
  const Client& client_;
  const Keys& keys_;
  const std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace

absl::StatusOr<Answers> Ask(const Client& client, const Keys& keys, const Questions& questions) {
  const Asker asker(client, keys);
  Answers answers;
  const auto packages = asker.Counter(keys.PackageCount());
  if (!packages.ok()) return packages.status();
  answers.packages = *packages;
  if (answers.packages == 0) {
    return absl::NotFoundError(absl::StrCat("no packages are loaded under ", keys.prefix()));
  }
  const auto installed = asker.Counter(keys.InstalledKib());
  if (!installed.ok()) return installed.status();
  answers.installed_kib = *installed;
  auto sections = asker.Sections();
  if (!sections.ok()) return sections.status();
  answers.sections = *std::move(sections);
  auto maintainers = asker.MaintainersByPackages();
  if (!maintainers.ok()) return maintainers.status();
  answers.maintainers = std::ssize(*maintainers);
  KeepFirst(static_cast<size_t>(questions.top), &*maintainers);
  answers.busiest = *std::move(maintainers);
  if (auto status = asker.Largest(questions, &answers); !status.ok()) return status;
  if (auto status = asker.Newest(questions.top, &answers); !status.ok()) return status;
  auto relatives =
      asker.RelativesOf(questions.like.empty() ? answers.newest.front().first : questions.like);
  if (!relatives.ok()) return relatives.status();
  answers.relatives = *std::move(relatives);
  return answers;
}

}  // namespace kvick::package_index
