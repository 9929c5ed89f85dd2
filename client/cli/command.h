// A method of the API as a command: its words, its parameters, its request from arguments. All of
// it follows from the descriptors, so a new RPC is a new command without a line here.
//
// Words: the service without `Service`, the method in kebab-case: `list push`, `string
// get-and-delete`.
//
// Parameters: every field is a flag, `--field value` or `--field=value`, nested ones by their own
// name
// (`--ttl`, `--absent`) and, where that is ambiguous, with the outer name before it
// (`--initial-expiry-ttl`). Flags of bools take no value. Every value of an enum is a flag as well
// (`--left` for `--side left`). Besides, plain strings, values, numbers and enums go by position in
// the order of their fields, of those numbers that may be left out only the first, of the enums
// only those that must be said; the first repeated field takes all that is left. Where a key and
// its expiry are all there is, the time to live goes by position too, and where a selector is, its
// pattern. What is given by its flag is not expected by position. Pairs are written `name=value`.
// Nothing is said twice, nor two of which the request holds one. What is not said: a Side is the
// right one, and a range goes to the end.
#ifndef KVICK_CLIENT_CLI_COMMAND_H_
#define KVICK_CLIENT_CLI_COMMAND_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kvick::cli {

// One field of a request, as an argument.
struct Parameter {
  // Its name, `expiry-ttl`.
  std::string name;
  // A shorter one where that is unambiguous, `ttl`; otherwise the same.
  std::string short_name;
  // The fields from the request down to it.
  std::vector<const google::protobuf::FieldDescriptor*> path;
  // True when it may go without its flag.
  bool positional = false;
  // True when there is nothing to do without it.
  bool required = false;

  // The field itself.
  const google::protobuf::FieldDescriptor* field() const { return path.back(); }
  // True when it takes any number of arguments.
  bool repeated() const { return field()->is_repeated(); }
  // True when its flag takes no value.
  bool is_switch() const;
  // What its argument looks like, `duration`, `left|right`, `field=value`.
  std::string Placeholder() const;
  // How it is shown where it goes by position, `<key>`, `<before|after>`, `<field>=<value>...`.
  std::string InPlace() const;
};

// What the arguments have given so far.
class GivenParameters {
 public:
  // INVALID_ARGUMENT when the parameter contradicts what was given before: it was given itself and
  // holds only one, or another member of its oneof was.
  absl::Status Add(const Parameter* parameter);
  // True when it was given.
  bool Has(const Parameter* parameter) const { return parameters_.count(parameter) > 0; }

 private:
  // A oneof of the message that these fields lead to.
  using Place = std::pair<std::vector<const google::protobuf::FieldDescriptor*>,
                          const google::protobuf::OneofDescriptor*>;

  std::set<const Parameter*> parameters_;
  std::map<Place, const Parameter*> members_;
};

// One method. Constant after construction.
class Command {
 public:
  // Describes `method`, which must not be null.
  explicit Command(const google::protobuf::MethodDescriptor* method);

  // The method.
  const google::protobuf::MethodDescriptor* method() const { return method_; }
  // The family's word, `list`.
  const std::string& family() const { return family_; }
  // The method's word, `push`.
  const std::string& name() const { return name_; }
  // The parameters in the order of their fields.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // The flags, `--side`, `--left`, ... without the long forms of those that have a short one.
  std::vector<std::string> Flags() const;

  // True when `flag` (`--side`, `--side=left`) is one of this command's.
  bool HasFlag(const std::string& flag) const;
  // True when `flag` expects its value in the next word.
  bool FlagTakesWord(const std::string& flag) const;

  // The request that the arguments describe. `--` ends the flags. INVALID_ARGUMENT says which
  // argument is wrong and why.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Parse(
      const std::vector<std::string>& arguments) const;

  // One line: `list push <key> <values>... [--left|--right] ...`.
  std::string Usage() const;
  // What is expected after these arguments, for hints: the positional parameters that are left, or
  // the value of the flag that comes last.
  std::string Expected(const std::vector<std::string>& arguments) const;
  // The positional parameters that are left after these arguments: the first of them is the one
  // that another argument would be for.
  std::vector<const Parameter*> Left(const std::vector<std::string>& arguments) const;

 private:
  struct Flag {
    const Parameter* parameter = nullptr;
    const google::protobuf::EnumValueDescriptor* enum_value = nullptr;
  };

  void AddParameters(const google::protobuf::Descriptor* message,
                     std::vector<const google::protobuf::FieldDescriptor*> path);
  void NameParameters();
  void MarkPositional();
  void MarkRequired();
  absl::Status Complete(const GivenParameters& given, google::protobuf::Message* request) const;
  Flag FindFlag(const std::string& word) const;
  std::vector<const Parameter*> Positional() const;
  // Those of them that these arguments do not give by their flags.
  std::vector<const Parameter*> PositionalIn(const std::vector<std::string>& arguments) const;
  // Applies the flag at `index` and goes on to the last word that it takes; answers its parameter.
  absl::StatusOr<const Parameter*> ApplyFlag(const std::vector<std::string>& arguments,
                                             size_t* index,
                                             google::protobuf::Message* request) const;

  const google::protobuf::MethodDescriptor* method_;
  std::string family_;
  std::string name_;
  std::vector<Parameter> parameters_;
};

// All commands, in the order of services and methods.
const std::vector<Command>& AllCommands();

// The command of two words, whatever their case; null when there is none.
const Command* FindCommand(const std::string& family, const std::string& name);

// A new, empty message of a type of the API.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type);

}  // namespace kvick::cli

#endif  // KVICK_CLIENT_CLI_COMMAND_H_
