#include "client/cli/interactive.h"

#include <histedit.h>
#include <sys/stat.h>

#include <clocale>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/docs.h"
#include "client/cli/interrupts.h"
#include "client/cli/text.h"

namespace kvick::cli {
namespace {

constexpr int kHistoryLines = 1000;
constexpr char kEscapeMark = '\1';  // Around what takes no room on the screen.

// What is typed so far, up to the cursor.
std::string LineBeforeCursor(EditLine* edit) {
  const LineInfo* line = el_line(edit);
  return std::string(line->buffer, line->cursor);
}

// The words of a line that is being typed; the last one is empty after a blank.
std::vector<std::string> WordsOf(const std::string& line) {
  auto words = SplitWords(line);
  if (!words.ok()) return {};
  if (line.empty() || absl::ascii_isspace(line.back())) words->push_back("");
  return *std::move(words);
}

std::string CommonPrefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    size_t length = 0;
    while (length < prefix.size() && length < word.size() && prefix[length] == word[length]) {
      ++length;
    }
    prefix.resize(length);
  }
  return prefix;
}

// What libedit's callbacks need; they get nothing but the EditLine.
struct Editor {
  std::string prompt;
  std::string right_prompt;
  bool color = false;
};

Editor* EditorOf(EditLine* edit) {
  void* data = nullptr;
  el_get(edit, EL_CLIENTDATA, &data);
  return static_cast<Editor*>(data);
}

char* Prompt(EditLine* edit) { return EditorOf(edit)->prompt.data(); }

char* RightPrompt(EditLine* edit) {
  Editor* editor = EditorOf(edit);
  const std::string hint = HintFor(LineBeforeCursor(edit));
  const std::string mark(1, kEscapeMark);
  editor->right_prompt = hint.empty() || !editor->color
                             ? hint
                             : absl::StrCat(mark, "\x1b[2m", mark, hint, mark, "\x1b[0m", mark);
  return editor->right_prompt.data();
}

// Inserts what was typed and draws the line anew, so that the hint follows; libedit's own insertion
// only draws the character.
unsigned char Insert(EditLine* edit, int character) {
  const char text[2] = {static_cast<char>(character), '\0'};
  return el_insertstr(edit, text) == 0 ? CC_REFRESH : CC_ERROR;
}

unsigned char Complete(EditLine* edit, int) {
  const std::vector<std::string> words = WordsOf(LineBeforeCursor(edit));
  const std::vector<std::string> candidates = Completions(words);
  if (candidates.empty()) return CC_REFRESH_BEEP;
  const std::string typed = words.empty() ? "" : words.back();
  std::string rest = CommonPrefix(candidates).substr(typed.size());
  if (candidates.size() == 1) rest += ' ';
  if (!rest.empty()) return el_insertstr(edit, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  std::cout << "\n" << absl::StrJoin(candidates, "  ") << "\n" << std::flush;
  return CC_REDISPLAY;
}

// Ctrl-C forgets the line.
unsigned char Forget(EditLine* edit, int) {
  const LineInfo* line = el_line(edit);
  el_cursor(edit, static_cast<int>(line->lastchar - line->cursor));
  el_deletestr(edit, static_cast<int>(line->lastchar - line->buffer));
  std::cout << "^C\n" << std::flush;
  return CC_REDISPLAY;
}

std::string HistoryPath() {
  if (const char* path = std::getenv("KVICK_HISTORY"); path != nullptr) return path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : absl::StrCat(home, "/.kvick_history");
}

// libedit with everything set up.
class LineEditor {
 public:
  explicit LineEditor(const Session& session)
      : history_(history_init(), history_end),
        edit_(el_init("kvick", stdin, stdout, stderr), el_end),
        path_(HistoryPath()) {
    editor_.prompt = absl::StrCat(session.settings().client.target, "> ");
    editor_.color = session.style().color;
    HistEvent event;
    history(history_.get(), &event, H_SETSIZE, kHistoryLines);
    history(history_.get(), &event, H_SETUNIQUE, 1);
    if (!path_.empty()) history(history_.get(), &event, H_LOAD, path_.c_str());
    EditLine* edit = edit_.get();
    el_set(edit, EL_CLIENTDATA, &editor_);
    el_set(edit, EL_PROMPT, Prompt);
    el_set(edit, EL_RPROMPT_ESC, RightPrompt, kEscapeMark);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, history, history_.get());
    el_set(edit, EL_ADDFN, "kvick-complete", "completes a word", Complete);
    el_set(edit, EL_ADDFN, "kvick-insert", "inserts a character", Insert);
    el_set(edit, EL_ADDFN, "kvick-forget", "forgets the line", Forget);
    for (char c = ' '; c <= '~'; ++c) {
      // libedit reads ^ and \ as the start of an escape, and - as that of a switch.
      const bool special = c == '^' || c == '\\' || c == '-';
      const std::string key = absl::StrCat(special ? "\\" : "", std::string(1, c));
      el_set(edit, EL_BIND, key.c_str(), "kvick-insert", nullptr);
    }
    el_set(edit, EL_BIND, "\t", "kvick-complete", nullptr);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_set(edit, EL_SETTY, "-d", "-isig", nullptr);  // Ctrl-C is a key like any other here.
    el_set(edit, EL_BIND, "^C", "kvick-forget", nullptr);
    el_source(edit, nullptr);  // The user's own ~/.editrc has the last word.
  }

  ~LineEditor() {
    if (path_.empty()) return;
    HistEvent event;
    // What was typed may be private.
    const mode_t mask = umask(077);
    history(history_.get(), &event, H_SAVE, path_.c_str());
    umask(mask);
  }

  // False at the end of the input.
  bool Read(std::string* line) {
    int count = 0;
    const char* text = el_gets(edit_.get(), &count);
    if (text == nullptr || count <= 0) return false;
    line->assign(text, count);
    HistEvent event;
    if (!absl::StripAsciiWhitespace(*line).empty()) {
      history(history_.get(), &event, H_ENTER, line->c_str());
    }
    return true;
  }

 private:
  Editor editor_;
  std::unique_ptr<History, decltype(&history_end)> history_;
  std::unique_ptr<EditLine, decltype(&el_end)> edit_;
  const std::string path_;
};

// Runs one line; false when it asks to leave.
bool RunLine(const std::string& text, Session& session, ExitCode* code) {
  const auto words = SplitWords(text);
  if (!words.ok()) {
    *code = session.UsageError(std::string(words.status().message()), "");
    return true;
  }
  if (words->empty() || absl::StartsWith((*words)[0], "#")) return true;
  if ((*words)[0] == "exit" || (*words)[0] == "quit") return false;
  const auto line = ParseCommandLine(*words, session.settings(), /*use_environment=*/false);
  const ExitCode result =
      line.ok() ? session.Run(*line) : session.UsageError(std::string(line.status().message()), "");
  if (result != kSuccess) *code = result;
  return true;
}

}  // namespace

std::string HintFor(const std::string& line) {
  std::vector<std::string> words = WordsOf(line);
  if (words.size() < 2) return "";
  const Command* command = FindCommand(words[0], words[1]);
  if (command == nullptr) {
    const Program* program = FindProgram(words[0]);
    return program == nullptr ? "" : program->usage.substr(program->name.size());
  }
  // The word under the cursor has its argument already, unless it is still empty.
  if (words.back().empty()) words.pop_back();
  if (words.size() < 2) return "";
  const std::string expected = command->Expected({words.begin() + 2, words.end()});
  if (words.size() > 2) return expected;
  return absl::StrCat(expected, "  ", FirstSentence(DocOf(command->method())));
}

ExitCode RunInteractive(Session& session, bool terminal) {
  ExitCode code = kSuccess;
  std::string line;
  if (!terminal) {
    while (std::getline(std::cin, line) && RunLine(line, session, &code)) continue;
    return code;
  }
  StayOnInterrupt();  // Between calls the terminal makes a signal of Ctrl-C.
  std::setlocale(LC_ALL, "");
  session.out() << session.style().Dim("Tab completes, `help` explains, Ctrl-D leaves.") << "\n";
  LineEditor editor(session);
  while (editor.Read(&line) && RunLine(line, session, &code)) continue;
  return kSuccess;
}

}  // namespace kvick::cli
