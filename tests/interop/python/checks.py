"""One line a check, and the errors of a call as a program sees them."""

import contextlib
import sys
import traceback

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


class Suite:
    """Counts checks; `finish` ends the program."""

    def __init__(self, name):
        self.name = name
        self.failures = 0

    @contextlib.contextmanager
    def check(self, title):
        """Runs a block; an exception in it fails the check, not the program."""
        try:
            yield
        except Exception as error:  # Whatever it is: the next check runs all the same.
            self.failures += 1
            where = traceback.extract_tb(error.__traceback__)[1:2]
            line = where[0].lineno if where else 0
            text = " ".join(f"{type(error).__name__}: {error}".split())[:600]
            print(f"FAIL {self.name}: {title}: line {line}: {text}", flush=True)
        else:
            print(f"ok   {self.name}: {title}", flush=True)

    def finish(self):
        sys.exit(1 if self.failures else 0)


def same(actual, expected):
    """Fails with both values when they differ."""
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def error_info(error):
    """The ErrorInfo of a failed call, by the standard helper; its status must say the same."""
    status = rpc_status.from_call(error)
    if status is None:
        return None
    same(status.code, error.code().value[0])
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            return info
    return None


@contextlib.contextmanager
def fails(code, reason=None):
    """The block must end in a status with this code and ErrorInfo reason."""
    try:
        yield
    except grpc.RpcError as error:
        check_error(error, code, reason)
    else:
        raise AssertionError(f"the call succeeded instead of {code} {reason}")


def check_error(error, code, reason):
    """Code, reason, domain and a message for people."""
    if error.code() != code:
        raise AssertionError(f"{error.code()} ({error.details()}) instead of {code} {reason}")
    if reason is None:
        return
    info = error_info(error)
    if info is None:
        raise AssertionError(f"no ErrorInfo with: {error.details()}")
    same(info.reason, reason)
    same(info.domain, "kvick")
    if len(error.details()) < 10:
        raise AssertionError(f"the message says too little: {error.details()!r}")
