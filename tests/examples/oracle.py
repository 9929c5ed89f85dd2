#!/usr/bin/env python3
"""The answers that package_index must give, computed from the same files without it.

  oracle.py [--top N] [--like ID] FILE...     answers as JSON
  oracle.py [--top N] [--like ID] --lists DIR the same for apt's directory

Shares nothing with the example: whole files are split by regular expressions, dpkg itself compares
versions, the Release files are dated by Python's library.
"""
import argparse
import collections
import email.utils
import glob
import json
import os
import re
import subprocess


def content(path):
    if re.search(r'\.(lz4|xz|gz|zst|bz2)$', path):
        return subprocess.run(['/usr/lib/apt/apt-helper', 'cat-file', path], check=True,
                              stdout=subprocess.PIPE).stdout
    with open(path, 'rb') as file:
        return file.read()


def published(index):
    for release in glob.glob(os.path.join(os.path.dirname(index), '*Release')):
        base = re.sub(r'_(In)?Release$', '', release)
        if base != release and index.startswith(base + '_'):
            with open(release, encoding='utf-8', errors='replace') as file:
                date = re.search(r'^Date: (.*)$', file.read(), re.M)
            if date:
                return email.utils.parsedate_to_datetime(date[1]).timestamp()
    return float('-inf')


def index_files(directory):
    files = [f for f in glob.glob(os.path.join(directory, '*'))
             if re.search(r'_Packages(\.[^/]*)?$', f)]
    if not files:
        raise SystemExit(f'there is no package index in {directory}')
    return sorted(files, key=lambda f: (published(f), f))


def text(raw):
    try:
        return raw.decode('utf-8')
    except UnicodeDecodeError:
        return raw.decode('latin-1')


WANTED = b'package|architecture|version|section|maintainer|description|installed-size'
FIELD = re.compile(rb'^(' + WANTED + rb')[ \t]*:((?:.*(?:\n[ \t].*)*))', re.M | re.I)


def paragraphs(path):
    # Whatever ends the lines, one paragraph is what stands between blank lines.
    for block in re.split(rb'(?:^[ \t\r]*\n)+', content(path) + b'\n', flags=re.M):
        fields = {}
        for name, value in FIELD.findall(block):
            lines = [line.strip() for line in value.split(b'\n')]
            key = name.decode('latin-1').strip().lower()
            joined = lines[0] if key == 'description' else b' '.join(x for x in lines if x)
            if not fields.get(key):
                fields[key] = text(joined)
        yield fields


def newer(a, b):
    return a != b and subprocess.run(
        ['dpkg', '--compare-versions', a, 'gt', b], stderr=subprocess.DEVNULL).returncode == 0


def read(files):
    packages = {}  # In order of arrival.
    for path in files:
        for fields in paragraphs(path):
            if not fields.get('package'):
                continue
            ident = fields['package'] + ':' + (fields.get('architecture') or '(none)')
            size = fields.get('installed-size', '')
            package = {
                'version': fields.get('version', ''),
                'section': fields.get('section') or '(none)',
                'maintainer': fields.get('maintainer') or '(none)',
                'kib': int(size) if re.fullmatch(r'[0-9]{1,18}', size) else 0,
            }
            if ident in packages:
                if not newer(package['version'], packages[ident]['version']):
                    continue
                del packages[ident]
            packages[ident] = package
    return packages


def first(counts, top=None):
    return [list(item) for item in sorted(counts.items(), key=lambda i: (-i[1], i[0].encode()))[:top]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--top', type=int, default=10)
    parser.add_argument('--like')
    parser.add_argument('--lists')
    parser.add_argument('files', nargs='*')
    options = parser.parse_args()
    packages = read(options.files or index_files(options.lists))
    maintainers = collections.Counter(p['maintainer'] for p in packages.values())
    newest = list(packages)[::-1][:options.top]
    like = options.like or newest[0]
    shared = [packages[like][k] for k in ('section', 'maintainer')]
    print(json.dumps({
        'packages': len(packages),
        'installed_kib': sum(p['kib'] for p in packages.values()),
        'sections': first(collections.Counter(p['section'] for p in packages.values())),
        'maintainers': len(maintainers),
        'busiest': first(maintainers, options.top),
        'largest': first({i: p['kib'] for i, p in packages.items()}, options.top),
        'view_reused': False,
        'newest': [[i, packages[i]['version']] for i in newest],
        'relatives': {
            'like': like, 'section': shared[0], 'maintainer': shared[1],
            'packages': [i for i, p in packages.items()
                         if [p['section'], p['maintainer']] == shared],
        },
    }))


if __name__ == '__main__':
    main()
