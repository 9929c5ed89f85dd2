"""The flags of kvick-server, as its --help prints them, and where files here use them."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def server_flags(binary):
    """The names of all flags of that kvick-server."""
    text = subprocess.run([binary, "--help"], check=True, capture_output=True, text=True).stdout
    names = set(re.findall(r"^\s*--([a-z_]+)", text, re.MULTILINE))
    if "listen" not in names or "max_memory" not in names:
        raise AssertionError("kvick-server --help lists no flags:\n" + text)
    return names


def flags_in(text):
    """The flags of the server that stand in a text: --some_flag, and none of another program."""
    return set(re.findall(r"--([a-z]+(?:_[a-z]+)*)(?=[=\s\"',\]`]|$)", text, re.MULTILINE))


def variables_in(text):
    """The flags that a text sets by variables like KVICK_LISTEN=."""
    return {name.lower() for name in re.findall(r"\bKVICK_([A-Z_]+)=", text)}


def settings_in(text):
    """The settings of a configuration file, those that are commented out included."""
    return set(re.findall(r"^(?:# )?([a-z]+(?:_[a-z]+)*): \S+$", text, re.MULTILINE))
