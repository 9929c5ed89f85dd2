// The methods of the API as it is designed, written down by hand, against those of the protos: one
// that was forgotten, or added without a thought for the whole, is seen here.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kvick/v1/admin.pb.h"
#include "kvick/v1/command.pb.h"
#include "tests/docs/page.h"

namespace kvick::testing {
namespace {

using Names = std::vector<std::string>;

struct Family {
  const google::protobuf::FileDescriptor* file;
  Names now;
  Names kept;   // come later; a comment in the file keeps their place
  Names later;  // come later, and need no place kept
};

// By service.
std::map<std::string, Family> Families() {
  return {
      {"KeyService",
       {v1::KeyExistsRequest::descriptor()->file(),
        {"Exists", "Delete", "Describe", "Expire", "Persist", "Rename", "Copy", "Touch", "Sample",
         "Scan", "DeleteMatching"},
        {"Sort"},
        {}}},
      {"StringService",
       {v1::StringGetRequest::descriptor()->file(),
        {"Get", "Set", "GetAndDelete", "GetAndExpire", "Append", "Length", "GetRange", "SetRange",
         "Increment", "IncrementNumber", "BatchGet", "BatchSet", "CommonSubsequence"},
        {},
        {}}},
      {"ListService",
       {v1::ListPushRequest::descriptor()->file(),
        {"Push", "Pop", "PopAny", "Range", "GetAt", "SetAt", "Insert", "Remove", "Trim", "Length",
         "Find", "Move"},
        {},
        {}}},
      {"SetService",
       {v1::SetAddRequest::descriptor()->file(),
        {"Add", "Remove", "Contains", "Size", "Sample", "Pop", "Move", "Combine", "CombineCount",
         "CombineStore", "Scan"},
        {"ExpireMembers", "PersistMembers", "GetMemberExpiry"},
        {}}},
      {"HashService",
       {v1::HashSetRequest::descriptor()->file(),
        {"Set", "Get", "GetAll", "Delete", "Exists", "Length", "Increment", "IncrementNumber",
         "Sample", "Scan"},
        {"ExpireFields", "PersistFields", "GetFieldExpiry", "GetAndDelete", "GetAndExpire"},
        {}}},
      {"PubSubService",
       {v1::PubSubPublishRequest::descriptor()->file(),
        {"Publish", "Subscribe", "ListChannels", "CountSubscribers"},
        {"SetRetention"},
        {}}},
      {"CommandService", {v1::Command::descriptor()->file(), {"Pipeline"}, {"Execute"}, {}}},
      {"AdminService",
       {v1::AdminFlushRequest::descriptor()->file(),
        {"GetServerInfo", "GetStatistics", "Flush", "ListConnections"},
        {},
        {"CloseConnection", "ListSlowCommands", "ResetSlowCommands", "GetConfig", "SetConfig",
         "ReportMemory", "ListHotKeys", "CreateSnapshot", "ListSnapshots", "DownloadSnapshot"}}},
  };
}

std::set<std::string> MethodsOf(const google::protobuf::ServiceDescriptor& service) {
  std::set<std::string> names;
  for (int i = 0; i < service.method_count(); ++i) names.insert(service.method(i)->name());
  return names;
}

TEST(ApiMethodsTest, TheProtosHaveExactlyThose) {
  for (const auto& [name, family] : Families()) {
    const auto* service = family.file->FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    EXPECT_EQ(family.file->service_count(), 1) << family.file->name();
    EXPECT_EQ(MethodsOf(*service), std::set<std::string>(family.now.begin(), family.now.end()))
        << name << ": a method that is there now moves to the first list";
  }
}

// What a file says places are kept for: the rest of each sentence that says so.
std::string KeptPlaces(const google::protobuf::FileDescriptor& file) {
  static const std::regex* const line_break = new std::regex(R"(\n\s*// )");
  static const std::regex* const sentence = new std::regex(R"(kept for ([^.]*)\.)");
  const std::string text = std::regex_replace(
      ReadText(absl::StrCat(SourceDirectory(), "/proto/", file.name())), *line_break, " ");
  std::string places;
  for (std::sregex_iterator it(text.begin(), text.end(), *sentence), end; it != end; ++it) {
    absl::StrAppend(&places, (*it)[1].str(), "\n");
  }
  return places;
}

TEST(ApiMethodsTest, ThoseThatComeLaterHaveTheirPlaceKept) {
  for (const auto& [name, family] : Families()) {
    const std::string places = KeptPlaces(*family.file);
    for (const std::string& method : family.kept) {
      EXPECT_TRUE(std::regex_search(places, std::regex("\\b" + method + "\\b")))
          << family.file->name() << " keeps no place for " << name << "." << method;
    }
  }
}

}  // namespace
}  // namespace kvick::testing
