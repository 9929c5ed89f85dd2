// Answers and errors as people read them, and as JSON.
#ifndef KVICK_CLIENT_CLI_OUTPUT_H_
#define KVICK_CLIENT_CLI_OUTPUT_H_

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "client/cli/exit_codes.h"
#include "google/protobuf/message.h"

namespace kvick::cli {

// How output looks. Constant while a command runs.
struct Style {
  // One JSON document a line, as protobuf writes it, instead of text.
  bool json = false;
  // ANSI colours.
  bool color = false;
  // Somebody looks at a terminal: control characters become escapes, and what is only good to know
  // is shown. Without it values come out as they are, byte by byte.
  bool terminal = false;

  // `text` dimmed, in red, or in bold, where there are colours.
  std::string Dim(const std::string& text) const;
  std::string Red(const std::string& text) const;
  std::string Bold(const std::string& text) const;
};

// What an answer means as an exit code: kSuccess, kNotApplied or kNothingThere.
ExitCode CodeOf(const google::protobuf::Message& response);

// What an error means as an exit code: kUnavailable, kTimeout or kFailed.
ExitCode CodeOf(const absl::Status& error);

// Prints an answer; its exit code.
//
// As text: an answer with a single field is that field alone; several are `name: value`, one a
// line; a list is an item a line, its parts separated by tabs; no field but the outcome of a write
// is `OK`. What is not there is `(none)`, on the error stream when it is all there is to say: no
// value, nothing popped, found or drawn, none of the fields. Where one of several is missing a
// value of that text is `"(none)"`, with one more pair of quotes for each that it has itself.
ExitCode PrintResponse(const google::protobuf::Message& response, const Style& style,
                       std::ostream& out, std::ostream& errors);

// A message as one line of text.
std::string Inline(const google::protobuf::Message& message, const Style& style);

// A message as one line of JSON. Zeros, `false` and empty lists are written; only what can be
// missing, a field of a oneof or an `optional` one or a message, is left out when it is.
std::string ToJson(const google::protobuf::Message& message);

// Prints an error: code, reason, message, details, and a hint what to do; answers its exit code.
// `usage` is shown when an argument was wrong, unless empty.
ExitCode PrintError(const absl::Status& status, const std::string& usage, const Style& style,
                    std::ostream& errors);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_OUTPUT_H_
