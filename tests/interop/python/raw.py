"""Clients as no library would write them: bytes that are no message, a connection cut in two."""

import socket
import struct

from session import GRPC

_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_HEADERS = 4


def call_bytes(channel, method, request):
    """A unary call that sends these bytes as its request, and gets bytes."""
    return channel.unary_unary(method)(request)


def stream_bytes(channel, method, request):
    """A call with a stream of answers that sends these bytes as its request."""
    return list(channel.unary_stream(method)(request))


def pipeline_bytes(channel, frames):
    """The pipeline with these bytes as its frames."""
    return list(channel.stream_stream("/kvick.v1.CommandService/Pipeline")(iter(frames)))


def _frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(prefix, value):
    return prefix + bytes([len(value)]) + value.encode()


class RawConnection:
    """HTTP/2 by hand, as little of it as a call needs: calls are begun and never ended."""

    def __init__(self):
        host, port = GRPC.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._next_stream = 1
        self._socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(_SETTINGS, 0, 0, b""))

    def begin_call(self, method):
        """Sends the headers of a call and answers its stream."""
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        block = (b"\x83\x86"  # :method POST, :scheme http
                 + _literal(b"\x04", method)  # :path
                 + _literal(b"\x01", "localhost")  # :authority
                 + _literal(b"\x0f\x10", "application/grpc")  # content-type
                 + _literal(b"\x00\x02te", "trailers"))
        self._socket.sendall(_frame(_HEADERS, _END_HEADERS, stream, block))
        return stream

    def send_message(self, stream, message, cut=0):
        """Sends a message, or all of it but its last `cut` bytes."""
        whole = struct.pack(">BI", 0, len(message)) + message
        self._socket.sendall(_frame(_DATA, 0, stream, whole[:len(whole) - cut]))

    def send_bytes(self, content):
        self._socket.sendall(content)

    def vanish(self):
        """Resets the connection, as the death of a client's machine would show."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
