"""The chart: its golden files, its walls, and that its flags and commands are right.

Run by tests/deploy/helm.sh. With --refresh it writes the golden files anew instead.
"""

import difflib
import os
import re
import shlex
import sys
import unittest

import yaml

from chart import CHART, GOLDEN, SETS, manifests, notes, objects, render
from flags import ROOT, flags_in, server_flags
from server import Server

BINARIES = os.environ.get("KVICK_BIN_DIR", str(ROOT / "build" / "release" / "bin"))
MEBI = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}


def golden_text(values_set):
    return f"{manifests(values_set)}---\n# NOTES.txt\n" + "".join(
        f"# {line}".rstrip() + "\n" for line in notes(values_set).splitlines()
    )


def refresh():
    for values_set in SETS:
        (GOLDEN / f"{values_set}.yaml").write_text(golden_text(values_set))


def mebibytes(text):
    return int(text[:-2]) * MEBI[text[-2:]]


def pod(values_set):
    return objects(values_set)[("StatefulSet", "shop-kvick")]["spec"]["template"]["spec"]


def flags_of(values_set):
    """The container's flags: name to value."""
    words = pod(values_set)["containers"][0]["args"]
    return dict(re.fullmatch(r"--([a-z_]+)(?:=(.*))?", word).groups() for word in words)


class GoldenTest(unittest.TestCase):
    maxDiff = None

    def test_there_is_a_golden_file_for_each_set_of_values(self):
        self.assertEqual(SETS, sorted(path.stem for path in GOLDEN.glob("*.yaml")))

    def test_the_chart_renders_as_before(self):
        for values_set in SETS:
            with self.subTest(values_set):
                path = GOLDEN / f"{values_set}.yaml"
                difference = "".join(
                    difflib.unified_diff(
                        path.read_text().splitlines(keepends=True),
                        golden_text(values_set).splitlines(keepends=True),
                        f"tests/deploy/golden/{path.name}",
                        "what the chart renders now",
                    )
                )
                if difference:
                    self.fail(
                        f"{difference}\nIf this is meant: tests/deploy/helm.sh --refresh writes "
                        "the golden files anew; look at the diff before you commit it."
                    )


class ValuesTest(unittest.TestCase):
    def test_wrong_values_are_refused_by_name(self):
        for setting, said in {
            "maxMemory=lots": "maxMemory",
            "maxMemory=1G": "maxMemory",
            "replicas=3": "replicas",
            "tls.enabled=true": "tls",
            "extraFlags.max_memory=2Gi": "max_memory",
            "extraFlags.Listen=x": "Listen",
            "drainTimeoutSeconds=-1": "drainTimeoutSeconds",
            "service.type=Pigeon": "service",
        }.items():
            with self.subTest(setting):
                good, text = render(CHART, "--set", setting)
                self.assertFalse(good, f"{setting} was taken")
                self.assertIn(said, text)

    def test_every_value_is_described_and_in_the_schema(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        schema = yaml.safe_load((CHART / "values.schema.json").read_text())
        known = set(schema["properties"]) - {"global"}
        self.assertEqual(set(values), known)


class ObjectsTest(unittest.TestCase):
    def test_pods_are_restricted(self):
        """What the Pod Security Standard "restricted" demands."""
        for values_set in SETS:
            with self.subTest(values_set):
                spec = pod(values_set)
                self.assertTrue(spec["securityContext"]["runAsNonRoot"])
                self.assertGreater(spec["securityContext"]["runAsUser"], 0)
                profile = spec["securityContext"]["seccompProfile"]
                self.assertEqual({"type": "RuntimeDefault"}, profile)
                self.assertFalse(spec["automountServiceAccountToken"])
                for name in ("hostNetwork", "hostPID", "hostIPC"):
                    self.assertNotIn(name, spec)
                for volume in spec.get("volumes", []):
                    self.assertIn("secret", volume)
                for container in spec["containers"]:
                    context = container["securityContext"]
                    self.assertFalse(context["allowPrivilegeEscalation"])
                    self.assertTrue(context["readOnlyRootFilesystem"])
                    self.assertEqual({"drop": ["ALL"]}, context["capabilities"])
                    self.assertFalse([port for port in container["ports"] if "hostPort" in port])

    def test_memory_has_room_for_more_than_keys_and_values(self):
        for values_set in SETS:
            with self.subTest(values_set):
                flags = flags_of(values_set)
                resources = pod(values_set)["containers"][0]["resources"]
                limit = mebibytes(resources["limits"]["memory"])
                self.assertEqual(resources["requests"]["memory"], resources["limits"]["memory"])
                data = mebibytes(flags["max_memory"])
                wanted = data * 1.25 + mebibytes(flags["grpc_memory_quota"]) + 256
                self.assertGreaterEqual(limit, wanted)
                self.assertLess(limit, wanted + 2)

    def test_a_pod_has_longer_to_end_than_its_calls(self):
        for values_set in SETS:
            with self.subTest(values_set):
                drain = int(flags_of(values_set)["drain_timeout"].removesuffix("s"))
                self.assertEqual(drain + 10, pod(values_set)["terminationGracePeriodSeconds"])

    def test_probes_suit_the_transport(self):
        plain = pod("default")["containers"][0]
        self.assertEqual({"port": 5825}, plain["readinessProbe"]["grpc"])
        self.assertEqual({"port": 5825}, plain["livenessProbe"]["grpc"])
        encrypted = pod("tls")["containers"][0]
        ready, live = encrypted["readinessProbe"], encrypted["livenessProbe"]
        self.assertEqual({"path": "/readyz", "port": "http"}, ready["httpGet"])
        self.assertEqual({"path": "/livez", "port": "http"}, live["httpGet"])

    def test_plain_text_is_allowed_only_without_tls(self):
        self.assertIn("allow_plaintext", flags_of("default"))
        self.assertNotIn("allow_plaintext", flags_of("tls"))

    def test_selectors_find_the_pod_and_only_one_service_is_scraped(self):
        for values_set in SETS:
            with self.subTest(values_set):
                found = objects(values_set)
                stateful_set = found[("StatefulSet", "shop-kvick")]["spec"]
                labels = stateful_set["template"]["metadata"]["labels"]
                self.assertIn(("Service", stateful_set["serviceName"]), found)
                services = [one for (kind, _), one in found.items() if kind == "Service"]
                self.assertEqual(2, len(services))
                ports = pod(values_set)["containers"][0]["ports"]
                container_ports = {port["name"] for port in ports}
                for service in services:
                    self.assertLessEqual(service["spec"]["selector"].items(), labels.items())
                    for port in service["spec"]["ports"]:
                        self.assertIn(port["targetPort"], container_ports)
                for (kind, _), monitor in found.items():
                    if kind != "ServiceMonitor":
                        continue
                    wanted = monitor["spec"]["selector"]["matchLabels"].items()
                    port = monitor["spec"]["endpoints"][0]["port"]
                    scraped = [
                        service
                        for service in services
                        if wanted <= service["metadata"]["labels"].items()
                        and port in {one["name"] for one in service["spec"]["ports"]}
                    ]
                    self.assertEqual(1, len(scraped))

    def test_a_new_version_of_the_chart_leaves_the_pod_alone(self):
        template = objects("default")[("StatefulSet", "shop-kvick")]["spec"]["template"]
        self.assertNotIn("helm.sh/chart", template["metadata"]["labels"])


class FlagsTest(unittest.TestCase):
    def test_the_server_has_every_flag_of_the_chart(self):
        known = server_flags(f"{BINARIES}/kvick-server")
        for values_set in SETS:
            with self.subTest(values_set):
                self.assertLessEqual(set(flags_of(values_set)), known)

    def test_the_server_has_every_flag_that_the_chart_speaks_of(self):
        known = server_flags(f"{BINARIES}/kvick-server")
        schema = yaml.safe_load((CHART / "values.schema.json").read_text())
        refused = set(schema["properties"]["extraFlags"]["propertyNames"]["not"]["enum"])
        self.assertLessEqual(refused, known)
        used = set().union(*(flags_of(values_set) for values_set in ("default", "tls")))
        self.assertLessEqual(used, refused, "extraFlags must refuse what the chart sets")
        for page in ("values.yaml", "README.md"):
            with self.subTest(page):
                # Words without _ may be helm's own.
                named = {flag for flag in flags_in((CHART / page).read_text()) if "_" in flag}
                self.assertLessEqual(named, known)

    def test_the_server_starts_with_the_flags_of_the_chart(self):
        """All but addresses, and files that are not here."""
        moved = ("listen", "http_listen", "tls_cert", "tls_key", "tls_client_ca")
        for values_set in SETS:
            with self.subTest(values_set):
                flags = [
                    f"--{name}" if value is None else f"--{name}={value}"
                    for name, value in flags_of(values_set).items()
                    if name not in moved
                ]
                with Server(BINARIES, *flags) as server:
                    self.assertEqual(0, server.kvick("admin", "get-server-info").returncode)


class NotesTest(unittest.TestCase):
    """The commands that NOTES.txt shows."""

    def commands(self, values_set):
        lines = [line.strip() for line in notes(values_set).splitlines() if line.startswith("  ")]
        programs = ("kubectl", "kvick", "grpcurl", "curl")
        found = [line for line in lines if line.split()[0] in programs]
        self.assertGreaterEqual(len(found), 6)
        return found

    def test_objects_in_the_commands_exist(self):
        for values_set in SETS:
            found = objects(values_set)
            forwarded = set()
            for command in self.commands(values_set):
                if not command.startswith("kubectl"):
                    continue
                with self.subTest(values_set, command=command):
                    self.assertIn("--namespace data", command)
                    for name in re.findall(r"statefulset/(\S+)", command):
                        self.assertIn(("StatefulSet", name), found)
                    for name in re.findall(r"get secret (\S+)", command):
                        volume = pod(values_set)["volumes"][0]
                        self.assertEqual(name, volume["secret"]["secretName"])
                    forwarded |= set(re.findall(r"\b(\d+):\d+\b", command))
            ports = {str(one["containerPort"]) for one in pod(values_set)["containers"][0]["ports"]}
            self.assertEqual(ports, forwarded)

    def test_plain_commands_work(self):
        with Server(BINARIES) as server:
            self.run_commands(self.commands("default"), server)

    def test_commands_with_mutual_tls_work(self):
        with Server.with_mutual_tls(BINARIES, "shop-kvick.data.svc") as server:
            self.run_commands(self.commands("tls"), server)

    def run_commands(self, commands, server):
        """Runs all but kubectl's against the server, and what kubectl would run in the pod."""
        ran = []
        for command in commands:
            command = command.replace("127.0.0.1:5825", server.grpc)
            command = command.replace("127.0.0.1:5826", server.http)
            words = shlex.split(command.partition(" -- ")[2] or command)
            if words[0] == "kubectl":
                continue
            if words[0] == "kvick" and not any(word.startswith("--address") for word in words):
                words.insert(1, f"--address={server.grpc}")
            with self.subTest(command=command):
                run = server.run(words)
                self.assertEqual(0, run.returncode, run.stderr)
                ran.append(" ".join(words) + "\n" + run.stdout)
        self.assertRegex("\n".join(ran), r"(?s)string set greeting.*string get greeting.*hello")
        self.assertRegex("\n".join(ran), r'(?s)grpcurl.*"text": "hello"')
        self.assertRegex("\n".join(ran), r"(?m)^kvick_keys 1$")


def main():
    if sys.argv[1:] == ["--refresh"]:
        refresh()
        return 0
    result = unittest.main(argv=sys.argv, exit=False, verbosity=2).result
    bad = len({id(test) for test, _ in result.failures + result.errors})
    print(f"{max(result.testsRun - bad, 0)} passed, {bad} failed")
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
