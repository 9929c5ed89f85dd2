"""The server under test: its services, a fresh name for every key, and what it counts."""

import itertools
import os
import time
import urllib.request

import grpc
from google.protobuf.duration_pb2 import Duration
from kvick.v1 import (admin_pb2_grpc, command_pb2_grpc, hash_pb2_grpc, key_pb2_grpc,
                      list_pb2_grpc, pubsub_pb2_grpc, set_pb2_grpc, string_pb2_grpc)
from kvick.v1.value_pb2 import Value

GRPC = os.environ["KVICK_GRPC"]
HTTP = os.environ["KVICK_HTTP"]
DEADLINE = 30  # seconds that no call here should ever need
WAIT_MAX = 60  # seconds until a state that must come counts as not coming

_numbers = itertools.count(1)


class Services:
    """The generated stubs of every service, on one channel, plain or asyncio's."""

    def __init__(self, channel):
        self.channel = channel
        self.key = key_pb2_grpc.KeyServiceStub(channel)
        self.string = string_pb2_grpc.StringServiceStub(channel)
        self.list = list_pb2_grpc.ListServiceStub(channel)
        self.set = set_pb2_grpc.SetServiceStub(channel)
        self.hash = hash_pb2_grpc.HashServiceStub(channel)
        self.pubsub = pubsub_pb2_grpc.PubSubServiceStub(channel)
        self.command = command_pb2_grpc.CommandServiceStub(channel)
        self.admin = admin_pb2_grpc.AdminServiceStub(channel)


def connect():
    """A connection of its own, not shared with other channels of this process."""
    return Services(grpc.insecure_channel(GRPC, options=[("grpc.use_local_subchannel_pool", 1)]))


def name(what):
    """A key or channel that nobody else uses."""
    return f"{what}:{os.getpid()}:{next(_numbers)}"


def text(content):
    return Value(text=content)


def texts(*contents):
    return [Value(text=content) for content in contents]


def seconds(count):
    """A Duration."""
    return Duration(seconds=int(count), nanos=int(count % 1 * 1_000_000_000))


def metrics():
    """The samples of /metrics: name with labels, as it stands there, to number."""
    with urllib.request.urlopen(f"http://{HTTP}/metrics", timeout=DEADLINE) as answer:
        lines = answer.read().decode().splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {sample: float(number) for sample, number in samples}


def metric(sample):
    return metrics()[sample]


def wait_until(what, condition):
    """Until the condition holds; fails with its name and last value when it never does."""
    end = time.monotonic() + WAIT_MAX
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it never came to be that {what}: {value!r}")
        time.sleep(0.01)
    return value
