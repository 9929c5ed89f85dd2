// `kvick subscribe` and `kvick scan`.
#include <algorithm>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/interrupts.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "google/protobuf/struct.pb.h"
#include "kvick/keys.h"
#include "kvick/subscription.h"

namespace kvick::cli {
namespace {

// The arguments of one of these commands: flags with values, then words.
struct Arguments {
  std::vector<std::pair<std::string, std::string>> flags;
  std::vector<std::string> words;
};

absl::StatusOr<Arguments> ParseFlags(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& known) {
  Arguments parsed;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (flags_ended || !absl::StartsWith(arguments[i], "--")) {
      parsed.words.push_back(arguments[i]);
      continue;
    }
    if (arguments[i] == "--") {
      flags_ended = true;
      continue;
    }
    std::vector<std::string> parts = absl::StrSplit(arguments[i], absl::MaxSplits('=', 1));
    if (std::find(known.begin(), known.end(), parts[0]) == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no flag `", parts[0], "` here"));
    }
    if (parts.size() == 1 && ++i < arguments.size()) parts.push_back(arguments[i]);
    if (parts.size() == 1) {
      return absl::InvalidArgumentError(absl::StrCat("`", parts[0], "` needs a value"));
    }
    parsed.flags.emplace_back(parts[0], parts[1]);
  }
  return parsed;
}

absl::StatusOr<SubscribeOptions> ParseSubscribe(const std::vector<std::string>& arguments) {
  auto parsed = ParseFlags(arguments, FindProgram("subscribe")->flags);
  if (!parsed.ok()) return parsed.status();
  SubscribeOptions options{.channels = std::move(parsed->words)};
  for (const auto& [flag, value] : parsed->flags) {
    if (flag == "--pattern") {
      options.patterns.push_back(value);
    } else if (flag == "--overflow") {
      const auto overflow = ParseEnum(v1::Overflow_descriptor(), value);
      if (!overflow.ok()) return overflow.status();
      options.overflow = static_cast<v1::Overflow>((*overflow)->number());
    } else if (!absl::SimpleAtoi(value, &options.max_buffered_bytes)) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": `", value, "` is no whole number"));
    }
  }
  if (options.channels.empty() && options.patterns.empty()) {
    return absl::InvalidArgumentError("name a channel, or a --pattern");
  }
  return options;
}

void PrintMessage(const v1::PubSubMessage& message, Session& session) {
  if (session.style().json) {
    session.out() << ToJson(message) << "\n" << std::flush;
    return;
  }
  session.out() << session.style().Bold(message.channel()) << "\t"
                << Inline(message.payload(), session.style());
  for (const auto& [name, value] : message.attributes()) {
    session.out() << "\t" << session.style().Dim(absl::StrCat(name, "=", value));
  }
  session.out() << "\n" << std::flush;
}

// In JSON a line like the others on the standard output: whoever reads them must not miss it.
void PrintGap(const v1::SubscriptionGap& gap, Session& session) {
  if (session.style().json) {
    v1::PubSubSubscribeResponse event;
    *event.mutable_gap() = gap;
    session.out() << ToJson(event) << "\n" << std::flush;
    return;
  }
  session.errors() << session.style().Red(
                          absl::StrCat("gap: ", gap.dropped(), " messages were dropped, too slow"))
                   << "\n";
}

void PrintPageToken(const std::string& token, Session& session) {
  if (!session.style().json) {
    session.errors() << session.style().Dim("more: --token " + token) << "\n";
    return;
  }
  google::protobuf::Struct line;
  (*line.mutable_fields())["nextPageToken"].set_string_value(token);
  session.out() << ToJson(line) << "\n";
}

absl::StatusOr<ScanOptions> ParseScan(const std::vector<std::string>& arguments) {
  auto parsed = ParseFlags(arguments, FindProgram("scan")->flags);
  if (!parsed.ok()) return parsed.status();
  if (parsed->words.size() > 1) {
    return absl::InvalidArgumentError("one pattern at most; quote it, or the shell expands it");
  }
  ScanOptions options;
  if (!parsed->words.empty()) options.glob = parsed->words[0];
  for (const auto& [flag, value] : parsed->flags) {
    if (flag == "--type") {
      const auto type = ParseEnum(v1::KeyType_descriptor(), value);
      if (!type.ok()) return type.status();
      options.type = static_cast<v1::KeyType>((*type)->number());
    } else if (flag == "--prefix") {
      options.prefix = value;
    } else if (flag == "--token") {
      options.page_token = value;
    } else if (!absl::SimpleAtoi(value, &options.limit) || options.limit < 0) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": `", value, "` is no count"));
    }
  }
  if (options.glob.has_value() && options.prefix.has_value()) {
    return absl::InvalidArgumentError("a pattern and --prefix exclude each other");
  }
  return options;
}

}  // namespace

ExitCode RunSubscribe(Session& session, const std::vector<std::string>& arguments) {
  const auto options = ParseSubscribe(arguments);
  if (!options.ok()) {
    return session.UsageError(std::string(options.status().message()),
                              FindProgram("subscribe")->usage);
  }
  const absl::StatusOr<Caller> caller = session.GetCaller();
  if (!caller.ok()) return session.CallError(caller.status());
  auto subscription = PubSubClient(*caller).Subscribe(*options);
  if (!subscription.ok()) return session.CallError(subscription.status());
  InterruptHandler interrupts([&] { subscription->Cancel(); });
  session.errors() << session.style().Dim("subscribed; Ctrl-C ends") << "\n" << std::flush;
  for (const auto& event : *subscription) {
    if (!event.ok()) return session.CallError(event.status());
    if (const auto* message = std::get_if<v1::PubSubMessage>(&*event)) {
      PrintMessage(*message, session);
    } else if (const auto* gap = std::get_if<v1::SubscriptionGap>(&*event)) {
      PrintGap(*gap, session);
    }
    if (!session.out()) break;  // Whoever read it has gone.
  }
  return interrupts.interrupted() ? kInterrupted : kSuccess;
}

ExitCode RunScan(Session& session, const std::vector<std::string>& arguments) {
  const auto options = ParseScan(arguments);
  if (!options.ok()) {
    return session.UsageError(std::string(options.status().message()), FindProgram("scan")->usage);
  }
  const absl::StatusOr<Caller> caller = session.GetCaller();
  if (!caller.ok()) return session.CallError(caller.status());
  KeyClient::Range keys = KeyClient(*caller).Scan(*options);
  while (auto key = keys.Next()) {
    if (!key->ok()) return session.CallError(key->status());
    if (session.style().json) {
      session.out() << ToJson(**key) << "\n";
    } else if (session.style().terminal) {
      session.out() << Inline(**key, session.style()) << "\n";
    } else {
      session.out() << (*key)->key() << "\n";
    }
    if (!session.out()) break;
  }
  if (!keys.next_page_token().empty()) PrintPageToken(keys.next_page_token(), session);
  return kSuccess;
}

}  // namespace kvick::cli
