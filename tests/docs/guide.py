"""Takes the commands out of a guide and compares what they print with what the guide shows.

  guide.py split GUIDE FOLDER     writes FOLDER/NNN.step, .body and, where output is shown, .shown
  guide.py match SHOWN PRINTED    exits with 0 when the two agree; `--within`: SHOWN is a part

A fenced block ```sh is run; a ```text block that follows it is what it prints, in which `...`
stands for anything, over lines too. A comment `<!-- test: ... -->` before a block says more:

  terminal NAME         runs beside the others until the end; the output shown must come
  terminal NAME shows   of a ```text block: what that terminal shows by now
  repeat                run again until it prints what is shown
  install TOOL          run before everything else, where there is a network; needs TOOL
  file PATH             of any block: becomes this file
"""

import pathlib
import re
import sys

MARK = re.compile(r"<!-- test: (.*?) -->\s*$")
FENCE = re.compile(r"```(\w*)\s*$")


def steps_of(guide):
    """Every block that has to do with tests, as [line number, kind, argument, body, shown]."""
    steps, mark, lines = [], "", guide.read_text().split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if found := MARK.match(line):
            mark = found[1]
        elif found := FENCE.match(line):
            end = lines.index("```", number)
            body = "\n".join(lines[number:end]) + "\n"
            add_step(steps, number, mark, found[1], body, guide)
            mark, number = "", end + 1
        elif line.strip() and mark:
            sys.exit(f"{guide}:{number}: a mark stands before no block")
    return steps


def add_step(steps, number, mark, language, body, guide):
    kind, _, argument = mark.partition(" ")
    if kind == "file":
        steps.append([number, "file", argument, body, None])
    elif mark.startswith("terminal ") and mark.endswith(" shows"):
        steps.append([number, "shows", argument.removesuffix(" shows"), "", body])
    elif language == "sh" and kind in ("", "terminal", "repeat", "install"):
        steps.append([number, kind or "run", argument, body, None])
    elif language == "text" and not mark and steps and steps[-1][4] is None:
        steps[-1][4] = body
    elif language == "sh" or mark:
        sys.exit(f"{guide}:{number}: the mark `{mark}` has no meaning here")


def split(guide, folder):
    for count, (number, kind, argument, body, shown) in enumerate(steps_of(guide)):
        path = folder / f"{count:03}"
        path.with_suffix(".step").write_text(f"{number} {kind} {argument}\n")
        path.with_suffix(".body").write_text(body)
        if shown is not None:
            path.with_suffix(".shown").write_text(shown)


def matches(shown, printed, within):
    """Whether the printed text is the shown one, or with `within` has it as whole lines."""
    pattern = ".*?".join(re.escape(part) for part in shown.strip("\n").split("..."))
    # A line that is only `...` stands for any number of lines, also for none.
    pattern = pattern.replace("\\\n.*?\\\n", "\n(?:.*\n)?")
    printed = printed.strip("\n")
    if within:
        return re.search(rf"(?ms)^{pattern}$", printed) is not None
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def main(arguments):
    if arguments[0] == "split":
        split(pathlib.Path(arguments[1]), pathlib.Path(arguments[2]))
        return 0
    within = "--within" in arguments
    shown, printed = [a for a in arguments[1:] if a != "--within"]
    texts = [pathlib.Path(path).read_text(errors="replace") for path in (shown, printed)]
    return 0 if matches(*texts, within) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
