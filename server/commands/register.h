// The families of commands; each registers itself at the end of its own file.
#ifndef KVICK_SERVER_COMMANDS_REGISTER_H_
#define KVICK_SERVER_COMMANDS_REGISTER_H_

namespace kvick::server {

class CommandTable;

// Every one adds the commands of its family to the table.
void RegisterKeys(CommandTable& table);
void RegisterStrings(CommandTable& table);
void RegisterLists(CommandTable& table);
void RegisterSets(CommandTable& table);
void RegisterHashes(CommandTable& table);

}  // namespace kvick::server

#endif  // KVICK_SERVER_COMMANDS_REGISTER_H_
