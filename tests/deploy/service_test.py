"""The files in deploy/: that kvick-server has the flags and settings they use, that it takes the
sample configuration, and that systemd's filter lets through every system call it makes.

Run by tests/deploy/service.sh.
"""

import os
import re
import subprocess
import sys
import unittest

import yaml

from flags import ROOT, flags_in, server_flags, settings_in, variables_in
from server import Server

BINARIES = os.environ.get("KVICK_BIN_DIR", str(ROOT / "build" / "release" / "bin"))
DEPLOY = ROOT / "deploy"


def text_of(name):
    return (DEPLOY / name).read_text()


def unit_values(name):
    """All values of a setting in kvick.service, in order."""
    return re.findall(rf"^{name}=(.*)$", text_of("kvick.service"), re.MULTILINE)


def seconds(text):
    return int(text.removesuffix("s"))


class FlagsTest(unittest.TestCase):
    """A flag that was renamed must not live on in the files that people deploy."""

    def setUp(self):
        self.known = server_flags(f"{BINARIES}/kvick-server")

    def test_dockerfile(self):
        used = variables_in(text_of("Dockerfile"))
        self.assertIn("listen", used)
        self.assertLessEqual(used, self.known)

    def test_unit(self):
        used = flags_in(unit_values("ExecStart")[0])
        self.assertEqual({"config"}, used)
        self.assertLessEqual(used, self.known)

    def test_sample_configuration(self):
        used = settings_in(text_of("kvick.conf"))
        self.assertLessEqual({"listen", "max_memory", "tls_cert", "allow_plaintext"}, used)
        self.assertLessEqual(used, self.known)

    def test_compose(self):
        service = yaml.safe_load(text_of("compose.yaml"))["services"]["kvick"]
        used = flags_in("\n".join(service["command"]))
        self.assertIn("allow_plaintext", used)
        self.assertLessEqual(used, self.known)


class SampleConfigurationTest(unittest.TestCase):
    def test_the_server_takes_it(self):
        with Server(BINARIES, f"--config={DEPLOY}/kvick.conf") as server:
            limit = server.kvick("admin", "get-server-info").stdout
            self.assertIn(f"max_memory_bytes: {1024**3}", limit)

    def test_the_server_takes_it_with_what_it_comments_out(self):
        whole = re.sub(r"^# ([a-z_]+: \S+)$", r"\1", text_of("kvick.conf"), flags=re.MULTILINE)
        self.assertIn("\ntls_cert: ", whole)
        server = Server.with_mutual_tls(BINARIES, "localhost")
        folder = server.folder
        for name in ("cert.pem", "key.pem"):
            whole = whole.replace(f"/etc/kvick/tls/{name}", f"{folder}/{name}")
        whole = whole.replace("/etc/kvick/tls/clients.pem", f"{folder}/ca.crt")
        (folder / "kvick.conf").write_text(whole)
        server.flags = (f"--config={folder}/kvick.conf",)
        with server:
            files = ("--tls-ca=ca.crt", "--tls-cert=cert.pem", "--tls-key=key.pem")
            call = server.kvick(*files, "--tls-server-name=localhost", "admin", "get-server-info")
            self.assertEqual(0, call.returncode, call.stderr)

    def test_its_defaults_are_the_real_ones(self):
        """What is not commented out equals the default, but for the limit on memory."""
        text = subprocess.run(
            [f"{BINARIES}/kvick-server", "--help"], check=True, capture_output=True, text=True
        ).stdout
        for name, value in re.findall(r"^([a-z_]+): (\S+)$", text_of("kvick.conf"), re.MULTILINE):
            if name != "max_memory":
                self.assertRegex(text, rf"--{name}={value}\s")


class UnitTest(unittest.TestCase):
    def test_stopping_takes_longer_than_draining(self):
        drain = re.search(r"^drain_timeout: (\S+)$", text_of("kvick.conf"), re.MULTILINE)[1]
        self.assertGreater(seconds(unit_values("TimeoutStopSec")[0]), seconds(drain))
        compose = yaml.safe_load(text_of("compose.yaml"))["services"]["kvick"]
        self.assertGreater(seconds(compose["stop_grace_period"]), seconds(drain))

    def test_wrong_settings_end_with_the_status_that_is_not_retried(self):
        run = subprocess.run(
            [f"{BINARIES}/kvick-server", "--shards=none"], capture_output=True, check=False
        )
        self.assertEqual([str(run.returncode)], unit_values("RestartPreventExitStatus"))

    def test_files_suffice_for_the_connections(self):
        text = subprocess.run(
            [f"{BINARIES}/kvick-server", "--help"], check=True, capture_output=True, text=True
        ).stdout
        connections = int(re.search(r"--max_connections=(\d+)", text)[1])
        self.assertGreater(int(unit_values("LimitNOFILE")[0]), 2 * connections)

    def test_the_filter_lets_through_what_the_server_calls(self):
        """strace names the calls of a server that starts, is used, and drains."""
        server = Server.with_mutual_tls(BINARIES, "localhost")
        trace = server.folder / "trace"
        server.wrapper = ("strace", "-f", "-qq", "-o", str(trace))
        with server:
            files = ("--tls-ca=ca.crt", "--tls-cert=cert.pem", "--tls-key=key.pem")
            for command in ("string set a b", "string get a", "key delete a"):
                words = command.split()
                run = server.kvick(*files, "--tls-server-name=localhost", *words)
                self.assertEqual(0, run.returncode, run.stderr)
            server.run(["curl", "-s", f"http://{server.http}/metrics"])
            server.stop()
            made = set(re.findall(r"^\d+\s+([a-z][a-z0-9_]+)\(", trace.read_text(), re.MULTILINE))
        self.assertLessEqual({"accept4", "epoll_wait", "mmap"}, made)
        self.assertEqual(set(), made - self.allowed() - self.refused_without_harm())

    def refused_without_harm(self):
        """The server raises its own limit of files; systemd has done so before."""
        return {"prlimit64", "setrlimit"}

    def allowed(self):
        allowed = set()
        for line in unit_values("SystemCallFilter"):
            groups = set().union(*(calls_of(group) for group in line.lstrip("~").split()))
            allowed = allowed - groups if line.startswith("~") else allowed | groups
        return allowed


def calls_of(group):
    """The system calls of one of systemd's groups, the groups in it included."""
    text = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True
    ).stdout
    calls = set()
    for word in re.findall(r"^\s+(@?[a-z0-9_-]+)$", text, re.MULTILINE):
        calls |= calls_of(word) if word.startswith("@") else {word}
    return calls


class ComposeTest(unittest.TestCase):
    def test_files_it_names_exist_and_ports_stay_on_this_machine(self):
        services = yaml.safe_load(text_of("compose.yaml"))["services"]
        build = services["kvick"]["build"]
        self.assertTrue((DEPLOY / build["context"] / build["dockerfile"]).is_file())
        for volume in services["prometheus"]["volumes"]:
            self.assertTrue((DEPLOY / volume.split(":")[0]).is_dir())
        for service in services.values():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_its_health_check_works(self):
        test = yaml.safe_load(text_of("compose.yaml"))["services"]["kvick"]["healthcheck"]["test"]
        self.assertEqual(["CMD", "kvick"], test[:2])
        with Server(BINARIES) as server:
            self.assertEqual(0, server.kvick(*test[2:]).returncode)


class MetricsTest(unittest.TestCase):
    def test_the_server_has_every_metric_of_the_alerts(self):
        rules = text_of("prometheus/kvick.rules.yml")
        used = set(re.findall(r"\b(?:kvick|grpc_server)_[a-z_]+\b", rules))
        self.assertGreater(len(used), 5)
        with Server(BINARIES) as server:
            metrics = server.run(["curl", "-s", f"http://{server.http}/metrics"]).stdout
        self.assertLessEqual(used, set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE)))


if __name__ == "__main__":
    outcome = unittest.main(exit=False, verbosity=2).result
    bad = len({id(test) for test, _ in outcome.failures + outcome.errors})
    print(f"{max(outcome.testsRun - bad, 0)} passed, {bad} failed")
    sys.exit(0 if outcome.wasSuccessful() and outcome.testsRun > 0 else 1)
