#include "client/examples/package_index/print.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <ostream>

#include "absl/strings/str_format.h"

namespace kvick::package_index {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

constexpr size_t kShownInText = 20;

void PrintCounted(const std::vector<Counted>& items, std::ostream& out) {
  for (size_t i = 0; i < std::min(items.size(), kShownInText); ++i) {
    out << absl::StreamFormat("  %9d  %s\n", items[i].second, items[i].first);
  }
  if (items.size() > kShownInText) {
    out << absl::StreamFormat("  and %d more\n", items.size() - kShownInText);
  }
}

// A list of pairs.
google::protobuf::Value Pairs(const std::vector<Counted>& items) {
  google::protobuf::Value list;
  list.mutable_list_value();  // A list even if it is empty.
  for (const auto& [name, count] : items) {
    ListValue* pair = list.mutable_list_value()->add_values()->mutable_list_value();
    pair->add_values()->set_string_value(name);
    pair->add_values()->set_number_value(static_cast<double>(count));
  }
  return list;
}

google::protobuf::Value Pairs(const std::vector<std::pair<std::string, std::string>>& items) {
  google::protobuf::Value list;
  list.mutable_list_value();
  for (const auto& [name, text] : items) {
    ListValue* pair = list.mutable_list_value()->add_values()->mutable_list_value();
    pair->add_values()->set_string_value(name);
    pair->add_values()->set_string_value(text);
  }
  return list;
}

google::protobuf::Value ToValue(const Relatives& relatives) {
  google::protobuf::Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["like"].set_string_value(relatives.like);
  fields["section"].set_string_value(relatives.section);
  fields["maintainer"].set_string_value(relatives.maintainer);
  ListValue* list = fields["packages"].mutable_list_value();
  for (const std::string& id : relatives.packages) list->add_values()->set_string_value(id);
  return value;
}

}  // namespace

void PrintText(const Answers& answers, std::ostream& out) {
  out << absl::StreamFormat("%d packages, %d MiB when all are installed\n", answers.packages,
                            answers.installed_kib / 1024);
  out << absl::StreamFormat("\n%d sections, by packages:\n", answers.sections.size());
  PrintCounted(answers.sections, out);
  out << absl::StreamFormat("\n%d maintainers; those with the most packages:\n",
                            answers.maintainers);
  PrintCounted(answers.busiest, out);
  out << "\nThe largest once installed, in KiB"
      << (answers.view_reused ? " (from the view of an earlier question):\n" : ":\n");
  PrintCounted(answers.largest, out);
  out << "\nThe newest, as the latest that came with the latest index:\n";
  for (const auto& [id, version] : answers.newest) out << "  " << id << "  " << version << "\n";
  const Relatives& relatives = answers.relatives;
  out << absl::StreamFormat("\n%d packages share the section %s and the maintainer %s with %s:\n",
                            relatives.packages.size(), relatives.section, relatives.maintainer,
                            relatives.like);
  for (size_t i = 0; i < std::min(relatives.packages.size(), kShownInText); ++i) {
    out << "  " << relatives.packages[i] << "\n";
  }
  if (relatives.packages.size() > kShownInText) {
    out << absl::StreamFormat("  and %d more\n", relatives.packages.size() - kShownInText);
  }
}

void PrintJson(const Answers& answers, std::ostream& out) {
  Struct document;
  auto& fields = *document.mutable_fields();
  fields["packages"].set_number_value(static_cast<double>(answers.packages));
  fields["installed_kib"].set_number_value(static_cast<double>(answers.installed_kib));
  fields["sections"] = Pairs(answers.sections);
  fields["maintainers"].set_number_value(static_cast<double>(answers.maintainers));
  fields["busiest"] = Pairs(answers.busiest);
  fields["largest"] = Pairs(answers.largest);
  fields["view_reused"].set_bool_value(answers.view_reused);
  fields["newest"] = Pairs(answers.newest);
  fields["relatives"] = ToValue(answers.relatives);
  std::string json;
  if (google::protobuf::util::MessageToJsonString(document, &json).ok()) out << json << "\n";
}

}  // namespace kvick::package_index
