#!/usr/bin/env python3
"""Makes docs/reference.md, the reference of the API, from the comments of the protos.

  proto/reference.py [--protoc PROTOC]          writes the page
  proto/reference.py [--protoc PROTOC] --check  fails when the page is not what would be written

Needs protoc and nothing else: the descriptors are read with the few lines of `fields_of`.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

PROTO = pathlib.Path(__file__).resolve().parent
PAGE = PROTO.parent / "docs" / "reference.md"
# In the order of the page: what everything stands on comes last, where links lead to it.
FILES = ["string", "key", "list", "set", "hash", "pubsub", "command", "admin", "value", "errors"]
SCALARS = {1: "double", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string", 12: "bytes",
           13: "uint32"}
LABEL_REPEATED = 3
TYPE_MESSAGE, TYPE_ENUM = 11, 14

HEAD = """# Reference of the API

<!-- Made from the comments in proto/kvick/v1 by proto/reference.py; a test compares them. -->

Every service, method, message and field of `kvick.v1`. Values, entries, conditions and expiry are
the same everywhere: read [Shared messages](#shared-messages) first. What a reason means is in
[errors.md](errors.md), where Kvick is not Redis in
[differences-from-redis.md](differences-from-redis.md).
"""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields_of(data):
    """The fields of a message in Protobuf's wire format: number to the list of its values."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            size = {1: 8, 5: 4}[tag & 7]
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def packed(data):
    numbers, at = [], 0
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number)
    return tuple(numbers)


class Item:
    """A descriptor with its comments. The numbers of fields are those of descriptor.proto."""

    def __init__(self, data, file, path):
        self.fields = fields_of(data)
        self.file, self.path = file, path
        self.name = self.text(1)

    def text(self, number):
        return self.fields.get(number, [b""])[0].decode()

    def number(self, number):
        return self.fields.get(number, [0])[0]

    def items(self, number):
        return [Item(data, self.file, (*self.path, number, index))
                for index, data in enumerate(self.fields.get(number, []))]

    @property
    def comment(self):
        return self.file.comments.get(self.path, ("", []))[0]

    @property
    def notes(self):
        """Comments beside it that are about none of the items: before it, or within and alone."""
        return self.file.comments.get(self.path, ("", []))[1]


class File(Item):
    def __init__(self, data):
        self.comments = {}
        for location in fields_of(fields_of(data)[9][0]).get(1, []):
            fields = fields_of(location)
            leading = fields.get(3, [b""])[0].decode()
            notes = [text.decode() for text in fields.get(6, []) + fields.get(4, [])]
            self.comments[packed(fields.get(1, [b""])[0])] = (leading, notes)
        super().__init__(data, self, ())

    @property
    def comment(self):
        return self.comments[(12,)][0]  # that of the line `syntax`


def read_protos(protoc):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "descriptors"
        sources = [f"kvick/v1/{name}.proto" for name in FILES]
        subprocess.run([protoc, f"-I{PROTO}", "--include_source_info",
                        f"--descriptor_set_out={out}", *sources], check=True)
        files = [File(data) for data in fields_of(out.read_bytes())[1]]
    return sorted(files, key=lambda file: FILES.index(pathlib.Path(file.name).stem))


def block(comment):
    """A comment as paragraphs and lists."""
    lines = [line.removeprefix(" ") for line in comment.rstrip().split("\n")]
    paragraphs = re.split(r"\n\n|\n(?=- )", "\n".join(lines))
    text = ""
    for paragraph in paragraphs:
        both_in_list = paragraph.startswith("- ") and text.rpartition("\n")[2].startswith("- ")
        text += ("\n" if both_in_list else "\n\n") if text else ""
        text += " ".join(line.strip() for line in paragraph.split("\n"))
    return text


def cell(comment):
    return block(comment).replace("|", "\\|")


def linked(line, headings):
    """A line in which the names of services and methods, where they stand in prose, are links."""
    if line.startswith("#"):
        return line
    parts = line.split("`")
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"(?<!\[)\b[A-Z]\w*Service(\.[A-Z]\w+)?\b",
                              lambda m: link(m[0]) if m[0] in headings else m[0], parts[index])
        parts[index] = re.sub(r"(?<![\[/])\bvalue\.proto\b", link("Shared messages"), parts[index])
    return "`".join(parts)


def link(text, heading=None):
    heading = heading or text
    return f"[{text}](#{anchor(heading)})"


def table(head, rows):
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join("| " + " | ".join(line) + " |\n" for line in lines)


class Page:
    def __init__(self, files):
        self.files = files
        self.text = HEAD
        self.messages = {m.name: m for file in files for m in file.items(4)}
        # Requests and answers stand with their methods.
        self.methods_of = {short(method.text(number)): f"{service.name}.{method.name}"
                           for file in files for service in file.items(6)
                           for method in service.items(2) for number in (2, 3)}

    def type_of(self, message, field):
        entries = {f".kvick.v1.{message.name}.{nested.name}": nested for nested in message.items(3)}
        if field.text(6) in entries:
            key, value = entries[field.text(6)].items(2)
            return f"map of {self.type_of(message, key)} to {self.type_of(message, value)}"
        if field.number(5) in (TYPE_MESSAGE, TYPE_ENUM):
            name = short(field.text(6))
            ours = field.text(6).startswith(".kvick.")
            kind = link(name, self.methods_of.get(name, name)) if ours else f"`{name}`"
        else:
            kind = SCALARS[field.number(5)]
        if field.number(4) == LABEL_REPEATED:
            return f"list of {kind}"
        return f"optional {kind}" if field.number(17) else kind

    def fields_table(self, message):
        """The fields of a message; those of a oneof follow its own line."""
        oneofs = message.items(8)
        rows, shown = [], set()
        for field in message.items(2):
            name = f"`{field.name}`"
            if 9 in field.fields and not field.number(17):
                oneof = oneofs[field.number(9)]
                if oneof.name not in shown:
                    shown.add(oneof.name)
                    rows.append([f"`{oneof.name}`", "one of", cell(oneof.comment)])
                name = f"&nbsp;&nbsp;{name}"
            rows.append([name, self.type_of(message, field), cell(field.comment)])
        notes = notes_of([message, *oneofs, *message.items(2)])
        return table(["field", "type", "meaning"], rows) + notes

    def add_contents(self):
        self.text += "\n"
        for file in self.files:
            methods = [link(method.name, f"{service.name}.{method.name}")
                       for service in file.items(6) for method in service.items(2)]
            self.text += f"- {link(title(file))}"
            self.text += (": " + ", ".join(methods) if methods else "") + "\n"

    def add_method(self, service, method):
        self.text += f"\n### {service.name}.{method.name}\n\n{block(method.comment)}\n"
        for number, streams, words in ((2, 5, "Request"), (3, 6, "Answer")):
            message = self.messages[short(method.text(number))]
            stream = "a stream of " if method.number(streams) else ""
            fields = self.fields_table(message)
            self.text += f"\n{words}: {stream}`{message.name}`"
            # That it is the request or answer of its method is said already.
            more = block(re.sub(r"^ (Request|Answer) of [\w.]+\.\s*", "", message.comment))
            end = f". {more}" if more else "" if fields else ", which has no fields."
            self.text += f"{end}\n{fields}"

    def add_message(self, message):
        self.text += f"\n### {message.name}\n\n{block(message.comment)}\n"
        self.text += self.fields_table(message)

    def add_enum(self, enum):
        rows = []
        for value in enum.items(2):
            rows.append([f"`{value.name}`", str(value.number(2)), cell(value.comment)])
        self.text += f"\n### {enum.name}\n\n{block(enum.comment)}\n"
        self.text += table(["value", "number", "meaning"], rows)
        self.add_notes(enum, *enum.items(2))

    def add_notes(self, *items):
        self.text += notes_of(items)

    def make(self):
        self.add_contents()
        for file in self.files:
            source = f"[{pathlib.Path(file.name).name}](../proto/{file.name})"
            self.text += f"\n## {title(file)}\n\n{source}. {block(file.comment)}\n"
            for service in file.items(6):
                self.text += f"\n{block(service.comment)}\n"
                self.add_notes(service, *service.items(2))
                for method in service.items(2):
                    self.add_method(service, method)
            for message in file.items(4):
                if message.name not in self.methods_of:
                    self.add_message(message)
            for enum in file.items(5):
                self.add_enum(enum)
        headings = re.findall(r"(?m)^#+ (.*)$", self.text)
        self.text = "\n".join(linked(line, headings) for line in self.text.split("\n"))
        self.check_links([anchor(heading) for heading in headings])
        return self.text

    def check_links(self, anchors):
        twice = {name for name in anchors if anchors.count(name) > 1}
        lost = set(re.findall(r"\]\(#([^)]*)\)", self.text)) - set(anchors)
        if twice or lost:
            sys.exit(f"reference.py: headings that are not unique: {twice}; links to none: {lost}")


def notes_of(items):
    return "".join(f"\n{block(note)}\n" for item in items for note in item.notes)


def short(type_name):
    return type_name.rpartition(".")[2]


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-")


def title(file):
    """The heading of a file: its service, or what its messages are for."""
    services = [service.name for service in file.items(6)]
    stem = pathlib.Path(file.name).stem
    return services[0] if services else {"value": "Shared messages", "errors": "Errors"}[stem]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--protoc", default="protoc")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    made = Page(read_protos(arguments.protoc)).make()
    if not arguments.check:
        PAGE.write_text(made)
        return
    there = PAGE.read_text() if PAGE.exists() else ""
    if there != made:
        sys.stdout.writelines(difflib.unified_diff(
            there.splitlines(True), made.splitlines(True), "docs/reference.md", "the protos", n=0))
        sys.exit("docs/reference.md is not what the protos say: run proto/reference.py")


if __name__ == "__main__":
    main()
