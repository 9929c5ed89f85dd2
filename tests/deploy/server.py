"""A real kvick-server for the time of a `with`, on free ports of loopback."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

from flags import ROOT

GO_TOOLS = ROOT / "build" / "tools" / "go"
START_SECONDS_MAX = 60
TRIES_MAX = 20
NOT_CONNECTED = 3  # The exit code of kvick that says that nothing was sent.


class Server:
    """kvick-server with the flags given. Its folder is where `run` runs commands."""

    def __init__(self, binaries, *flags):
        self._binaries = pathlib.Path(binaries).resolve()
        self.flags = flags
        self.wrapper = ()  # Words before the server's own, like ("strace", "-f").
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._temporary.name)
        self.grpc = self.http = ""
        self._log = open(self.folder / "log", "w+", encoding="utf-8")
        self._process = None

    @classmethod
    def with_mutual_tls(cls, binaries, host):
        """One that has a certificate for `host`; ca.crt, cert.pem and key.pem lie in its folder."""
        server = cls(binaries)
        make_certificates(server.folder, host)
        server.flags = (
            f"--tls_cert={server.folder}/cert.pem",
            f"--tls_key={server.folder}/key.pem",
            f"--tls_client_ca={server.folder}/ca.crt",
        )
        return server

    def __enter__(self):
        addresses = self.folder / "addresses"
        self._process = subprocess.Popen(
            [
                *self.wrapper,
                self._binaries / "kvick-server",
                "--listen=127.0.0.1:0",
                "--http_listen=127.0.0.1:0",
                f"--address_file={addresses}",
                *self.flags,
            ],
            stderr=self._log,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )
        for _ in range(START_SECONDS_MAX * 20):
            if addresses.exists() and "http=" in addresses.read_text():
                break
            if self._process.poll() is not None:
                raise AssertionError("kvick-server ended: " + (self.folder / "log").read_text())
            time.sleep(0.05)
        found = dict(line.split("=", 1) for line in addresses.read_text().split())
        self.grpc, self.http = found["grpc"], found["http"]
        return self

    def __exit__(self, *_):
        self.stop()
        self._temporary.cleanup()

    def stop(self):
        """Lets it drain. A wrapper ends with the server, which is its child."""
        if self._process.poll() is None:
            process = self._process.pid
            if self.wrapper:
                children = pathlib.Path(f"/proc/{process}/task/{process}/children")
                process = int(children.read_text().split()[0])
            os.kill(process, signal.SIGTERM)
        self._process.wait()
        self._log.close()

    def run(self, words):
        """Runs a command in the folder; kvick is the server's, grpcurl that of build/tools."""
        environment = {"PATH": f"{self._binaries}:{GO_TOOLS}:{os.environ['PATH']}"}
        for _ in range(TRIES_MAX):
            run = subprocess.run(
                words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
            )
            # On a busy machine a connection can take longer than kvick waits for it.
            if words[0] != "kvick" or run.returncode != NOT_CONNECTED:
                break
        return run

    def kvick(self, *words):
        return self.run(["kvick", f"--address={self.grpc}", *words])


def make_certificates(folder, host):
    """An authority, ca.crt, and a certificate that serves for both sides, cert.pem and key.pem."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
            "-subj", "/CN=test authority")
    openssl("req", *new_key, "-keyout", "key.pem", "-out", "request.pem", "-subj", f"/CN={host}")
    (folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem")
