"""Reads what helm makes of helm/kvick."""

import pathlib
import shutil
import subprocess
import tempfile

import yaml

from flags import ROOT

CHART = ROOT / "helm" / "kvick"
VALUES = ROOT / "tests" / "deploy" / "values"
GOLDEN = ROOT / "tests" / "deploy" / "golden"
HELM = ROOT / "build" / "tools" / "go" / "helm"
SETS = sorted(path.stem for path in VALUES.glob("*.yaml"))


def render(chart, *arguments):
    """(whether helm template succeeded, what it printed)."""
    command = [HELM, "template", "shop", chart, "--namespace", "data", "--kube-version", "1.29"]
    run = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout if run.returncode == 0 else run.stderr


def manifests(values_set):
    """The text of all objects for a set of values in tests/deploy/values."""
    good, text = render(CHART, "--values", VALUES / f"{values_set}.yaml")
    if not good:
        raise AssertionError(text)
    return text


def objects(values_set):
    """The objects by (kind, name)."""
    documents = [document for document in yaml.safe_load_all(manifests(values_set)) if document]
    return {(one["kind"], one["metadata"]["name"]): one for one in documents}


def notes(values_set):
    """NOTES.txt as rendered. helm template leaves it out: a copy of the chart makes it a value."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "kvick"
        shutil.copytree(CHART, copy)
        templates = copy / "templates"
        text = (templates / "NOTES.txt").read_text()
        for path in templates.glob("*.yaml"):
            path.unlink()
        (templates / "NOTES.txt").unlink()
        (templates / "_notes.tpl").write_text('{{- define "notes" -}}\n' + text + "{{- end -}}\n")
        (templates / "notes.yaml").write_text('notes: {{ include "notes" . | toJson }}\n')
        good, rendered = render(copy, "--values", VALUES / f"{values_set}.yaml")
    if not good:
        raise AssertionError(rendered)
    return yaml.safe_load(rendered)["notes"]
