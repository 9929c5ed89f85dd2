"""Bad input: each kind gets its status and reason, changes nothing, leaks nothing, and the server
lives."""

import contextlib
import math

import grpc
from checks import Suite, fails, same
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from kvick.v1 import (admin_pb2, command_pb2, errors_pb2, hash_pb2, key_pb2, list_pb2, pubsub_pb2,
                      set_pb2, string_pb2)
from kvick.v1.value_pb2 import (SIDE_LEFT, SIDE_RIGHT, Expiry, Page, Precondition, Selector, Value)
from raw import RawConnection, call_bytes, pipeline_bytes, stream_bytes
from session import connect, metrics, name, seconds, text, texts, wait_until

Code = grpc.StatusCode
suite = Suite("bad_input")
check = suite.check

KEY_BYTES_MAX = 64 << 10
VALUE_BYTES_MAX = 1 << 20  # what run.sh starts the server with
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
PROTOS = {"key": key_pb2, "string": string_pb2, "list": list_pb2, "set": set_pb2,
          "hash": hash_pb2, "pubsub": pubsub_pb2}


class State:
    """What the server holds: a version per write, keys and bytes of data."""

    def __init__(self, services):
        now = services.admin.GetStatistics(admin_pb2.AdminGetStatisticsRequest())
        self.held = (now.last_version, now.keys, now.data_bytes)


@contextlib.contextmanager
def unchanged(services):
    """The block must leave everything that the server holds as it was."""
    before = State(services).held
    yield
    same(State(services).held, before)


def run(services, request):
    """The call that takes this request; a stream is read to its end."""
    family, method = METHODS[request.DESCRIPTOR.full_name]
    answer = getattr(getattr(services, family), method.name)(request)
    return list(answer) if method.server_streaming else answer


METHODS = {
    method.input_type.full_name: (family, method)
    for family, proto in {**PROTOS, "admin": admin_pb2}.items()
    for service in proto.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


def refused(services, title, code, reason, *requests):
    """Each request is refused with this code and reason, and changes nothing."""
    with check(f"{title}: {reason}"):
        with unchanged(services):
            for request in requests:
                try:
                    with fails(code, reason):
                        run(services, request)
                except AssertionError as error:
                    raise AssertionError(f"{type(request).__name__}: {error}") from error


def invalid(services, title, reason, *requests):
    refused(services, title, Code.INVALID_ARGUMENT, reason, *requests)


def with_names(message_type, bad):
    """For each field of a request that names keys or channels: a request in which it is bad."""
    names = {"key", "other_key", "new_key", "source", "destination", "channel"}
    lists = {"keys", "channels"}
    fields = [f.name for f in message_type.DESCRIPTOR.fields if f.name in names | lists]
    for wrong in fields:
        request = message_type()
        for field in fields:
            value = bad if field == wrong else "fine"
            if field in lists:
                getattr(request, field).extend(["fine", value])
            else:
                setattr(request, field, value)
        yield request


def test_names(services):
    too_long = "k" * (KEY_BYTES_MAX + 1)
    for proto in PROTOS.values():
        for service in proto.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                message_type = getattr(proto, method.input_type.name)
                empty = list(with_names(message_type, ""))
                if empty:
                    invalid(services, f"an empty name in {service.name}.{method.name}",
                            "KEY_EMPTY", *empty)
                    invalid(services, f"an over-long name in {service.name}.{method.name}",
                            "KEY_TOO_LONG", *with_names(message_type, too_long))
    key = name("hash")
    invalid(services, "no key at all", "KEY_EMPTY",
            key_pb2.KeyExistsRequest(), key_pb2.KeyDeleteRequest(), key_pb2.KeyTouchRequest(),
            string_pb2.StringBatchGetRequest(), string_pb2.StringBatchSetRequest(),
            list_pb2.ListPopAnyRequest(side=SIDE_LEFT),
            set_pb2.SetCombineRequest(operation=set_pb2.SET_OPERATION_UNION),
            pubsub_pb2.PubSubSubscribeRequest(), pubsub_pb2.PubSubCountSubscribersRequest(),
            pubsub_pb2.PubSubSubscribeRequest(patterns=[""]),
            hash_pb2.HashGetRequest(key=key), hash_pb2.HashDeleteRequest(key=key),
            hash_pb2.HashExistsRequest(key=key))
    for bad, reason in (("", "KEY_EMPTY"), (too_long, "KEY_TOO_LONG")):
        invalid(services, "a bad field of a hash", reason,
                hash_pb2.HashSetRequest(key=key, fields={"a": text("1"), bad: text("2")}),
                hash_pb2.HashGetRequest(key=key, fields=[bad]),
                hash_pb2.HashDeleteRequest(key=key, fields=["a", bad]),
                hash_pb2.HashExistsRequest(key=key, fields=[bad]),
                hash_pb2.HashIncrementRequest(key=key, field=bad),
                hash_pb2.HashIncrementNumberRequest(key=key, field=bad, delta=1))
    invalid(services, "a bad key in a batch", "KEY_EMPTY",
            string_pb2.StringBatchSetRequest(items=[
                string_pb2.StringBatchSetItem(key=key, value=text("x")),
                string_pb2.StringBatchSetItem(key="", value=text("x"))]))
    with check("a key of exactly 64 KiB is fine"):
        longest = "k" * KEY_BYTES_MAX
        services.string.Set(string_pb2.StringSetRequest(key=longest, value=text("x")))
        same(services.key.Delete(key_pb2.KeyDeleteRequest(keys=[longest])).deleted, 1)


def test_utf8(services):
    channel = services.channel
    bad = {
        "a key": ("StringService/Get", b"\x0a\x02\xff\xfe"),
        "a key that is cut within a letter": ("StringService/Get", b"\x0a\x01\xe2"),
        "a key with an overlong form": ("StringService/Get", b"\x0a\x02\xc0\x80"),
        "a text value": ("StringService/Set", b"\x0a\x01k\x12\x03\x0a\x01\xff"),
        "a field of a hash": ("HashService/Get", b"\x0a\x01k\x12\x01\xff"),
        "a channel": ("PubSubService/Publish", b"\x0a\x01\xff\x12\x03\x0a\x01x"),
    }
    for what, (method, request) in bad.items():
        with check(f"invalid UTF-8 in {what}: MALFORMED_REQUEST"):
            with unchanged(services), fails(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"):
                call_bytes(channel, f"/kvick.v1.{method}", request)
    with check("invalid UTF-8 in the request of a stream: MALFORMED_REQUEST"):
        with fails(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"):
            stream_bytes(channel, "/kvick.v1.PubSubService/Subscribe", b"\x0a\x01\xff")
    for what, request in {
            "noise": b"\xff" * 40, "a length beyond the end": b"\x0a\x7fk",
            "a varint that does not end": b"\x18" + b"\xff" * 11,
            "groups within groups": b"\x0b" * 5000}.items():
        with check(f"bytes that are no message, {what}: MALFORMED_REQUEST"):
            for method in ("StringService/Set", "ListService/PopAny", "AdminService/Flush"):
                with unchanged(services), fails(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"):
                    call_bytes(channel, f"/kvick.v1.{method}", request)
    with check("an unknown method is UNIMPLEMENTED"):
        with fails(Code.UNIMPLEMENTED):
            call_bytes(channel, "/kvick.v1.StringService/Explode", b"")


def mutations_with(key, value):
    """A request of each kind that stores or compares a value."""
    return [
        string_pb2.StringSetRequest(key=key, value=value),
        string_pb2.StringAppendRequest(key=key, value=value),
        string_pb2.StringSetRangeRequest(key=key, value=value),
        string_pb2.StringBatchSetRequest(items=[
            string_pb2.StringBatchSetItem(key=key + "1", value=text("fine")),
            string_pb2.StringBatchSetItem(key=key + "2", value=value)]),
        string_pb2.StringSetRequest(
            key=key, value=text("x"), precondition=Precondition(value_equals=value)),
        list_pb2.ListPushRequest(key=key, side=SIDE_LEFT, values=[text("fine"), value]),
        list_pb2.ListSetAtRequest(key=key, value=value),
        list_pb2.ListInsertRequest(key=key, position=list_pb2.INSERT_POSITION_AFTER,
                                   pivot=text("fine"), value=value),
        list_pb2.ListInsertRequest(key=key, position=list_pb2.INSERT_POSITION_AFTER,
                                   pivot=value, value=text("fine")),
        list_pb2.ListRemoveRequest(key=key, value=value),
        list_pb2.ListFindRequest(key=key, value=value),
        set_pb2.SetAddRequest(key=key, members=[text("fine"), value]),
        set_pb2.SetRemoveRequest(key=key, members=[value]),
        set_pb2.SetContainsRequest(key=key, members=[value]),
        set_pb2.SetMoveRequest(source=key, destination=key + "1", member=value),
        hash_pb2.HashSetRequest(key=key, fields={"a": text("fine"), "b": value}),
        pubsub_pb2.PubSubPublishRequest(channel=key, payload=value),
    ]


def test_values(services):
    key = name("bad")
    invalid(services, "NaN wherever a value stands", "NOT_A_NUMBER",
            *mutations_with(key, Value(number=math.nan)))
    invalid(services, "an empty Value wherever a value stands", "VALUE_MISSING",
            *mutations_with(key, Value()))
    invalid(services, "no value at all", "VALUE_MISSING",
            string_pb2.StringSetRequest(key=key),
            list_pb2.ListPushRequest(key=key, side=SIDE_LEFT), set_pb2.SetAddRequest(key=key),
            set_pb2.SetRemoveRequest(key=key), set_pb2.SetContainsRequest(key=key),
            hash_pb2.HashSetRequest(key=key), pubsub_pb2.PubSubPublishRequest(channel=key))
    refused(services, "a value over the limit wherever a value stands", Code.RESOURCE_EXHAUSTED,
            "VALUE_TOO_LARGE", *mutations_with(key, Value(data=b"x" * (VALUE_BYTES_MAX + 1))))
    for delta in (math.nan, math.inf, -math.inf):
        invalid(services, f"adding {delta}", "NOT_A_NUMBER",
                string_pb2.StringIncrementNumberRequest(key=key, delta=delta),
                hash_pb2.HashIncrementNumberRequest(key=key, field="f", delta=delta))


def test_limits(services):
    string = services.string
    full = name("full")
    string.Set(string_pb2.StringSetRequest(key=full, value=Value(data=b"x" * VALUE_BYTES_MAX)))
    refused(services, "growing a value over the limit", Code.RESOURCE_EXHAUSTED,
            "VALUE_TOO_LARGE",
            string_pb2.StringAppendRequest(key=full, value=text("x")),
            string_pb2.StringSetRangeRequest(key=full, offset=VALUE_BYTES_MAX, value=text("x")),
            string_pb2.StringSetRangeRequest(key=full, offset=INT64_MAX, value=text("x")),
            string_pb2.StringSetRangeRequest(key=name("none"), offset=2**40, value=text("x")))
    part = Value(data=b"x" * 700_000)
    with check("a message over the limit is RESOURCE_EXHAUSTED and sets none of its keys"):
        with unchanged(services), fails(Code.RESOURCE_EXHAUSTED):
            string.BatchSet(string_pb2.StringBatchSetRequest(items=[
                string_pb2.StringBatchSetItem(key=name("batch"), value=part)
                for _ in range(4)]))
    wide_list, wide_hash, wide_set = name("wide"), name("wide"), name("wide")
    for number in range(4):
        value = Value(data=bytes([number]) * 700_000)
        services.list.Push(
            list_pb2.ListPushRequest(key=wide_list, side=SIDE_RIGHT, values=[value]))
        services.hash.Set(hash_pb2.HashSetRequest(key=wide_hash, fields={str(number): value}))
        services.set.Add(set_pb2.SetAddRequest(key=wide_set, members=[value]))
    refused(services, "an answer over the limit", Code.RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE",
            list_pb2.ListRangeRequest(key=wide_list, start=0, stop=-1),
            list_pb2.ListPopRequest(key=wide_list, side=SIDE_LEFT, count=INT64_MAX),
            list_pb2.ListPopAnyRequest(keys=[wide_list], side=SIDE_LEFT, count=INT64_MAX),
            hash_pb2.HashGetAllRequest(key=wide_hash),
            hash_pb2.HashGetAllRequest(key=wide_hash, max_bytes=10),
            hash_pb2.HashGetRequest(key=wide_hash, fields=list("0123")),
            hash_pb2.HashSampleRequest(key=wide_hash, count=1_000_000, with_values=True),
            set_pb2.SetSampleRequest(key=wide_set, count=1_000_000),
            set_pb2.SetPopRequest(key=wide_set, count=INT64_MAX),
            set_pb2.SetCombineRequest(operation=set_pb2.SET_OPERATION_UNION, keys=[wide_set]),
            string_pb2.StringBatchGetRequest(keys=[full] * 3))
    many = [str(number) for number in range(10_001)]
    invalid(services, "more names or attributes than a call may carry", "TOO_MANY_ITEMS",
            pubsub_pb2.PubSubSubscribeRequest(channels=many),
            pubsub_pb2.PubSubSubscribeRequest(patterns=many[:5000], channels=many[5000:]),
            pubsub_pb2.PubSubPublishRequest(
                channel="c", payload=text("x"), attributes={k: "v" for k in many[:65]}),
            list_pb2.ListPopAnyRequest(keys=many[:1001], side=SIDE_LEFT),
            list_pb2.ListPopAnyRequest(keys=many[:1001], side=SIDE_LEFT, max_wait=seconds(60)))


def test_extremes(services):
    key, number, missing = name("list"), name("number"), name("none")
    services.list.Push(
        list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts("a", "b", "c")))
    services.string.Set(string_pb2.StringSetRequest(key=number, value=Value(integer=INT64_MAX)))
    with check("indexes at the ends of int64 read what there is between them"), \
            unchanged(services):
        lists = services.list
        for start, stop, count in ((INT64_MIN, INT64_MAX, 3), (INT64_MAX, INT64_MIN, 0),
                                   (INT64_MIN, INT64_MIN, 0), (INT64_MAX, INT64_MAX, 0)):
            answer = lists.Range(list_pb2.ListRangeRequest(key=key, start=start, stop=stop))
            same(len(answer.values), count)
        whole = services.string.GetRange(
            string_pb2.StringGetRangeRequest(key=number, start=INT64_MIN, end=INT64_MAX))
        same(whole.entry.value.text or whole.entry.value.data.decode(), str(INT64_MAX))
        for index in (INT64_MIN, INT64_MAX):
            same(lists.GetAt(list_pb2.ListGetAtRequest(key=key, index=index)).HasField("entry"),
                 False)
            removed = lists.Remove(
                list_pb2.ListRemoveRequest(key=key, value=text("z"), count=index))
            same(removed.removed, 0)
        for rank in (INT64_MIN + 1, INT64_MAX):
            found = lists.Find(list_pb2.ListFindRequest(key=key, value=text("a"), rank=rank))
            same(list(found.indexes), [])
        same(lists.Trim(
            list_pb2.ListTrimRequest(key=key, start=INT64_MIN, stop=INT64_MAX)).length, 3)
        counted = services.set.Sample(
            set_pb2.SetSampleRequest(key=missing, count=INT64_MAX, distinct=True))
        same(len(counted.members), 0)
    refused(services, "an index that is not there", Code.OUT_OF_RANGE, "INDEX_OUT_OF_RANGE",
            *(list_pb2.ListSetAtRequest(key=key, index=index, value=text("x"))
              for index in (INT64_MIN, -4, 3, INT64_MAX)),
            list_pb2.ListSetAtRequest(key=missing, value=text("x")))
    refused(services, "a sum that leaves int64, or double", Code.OUT_OF_RANGE, "OVERFLOW",
            string_pb2.StringIncrementRequest(key=number, delta=1),
            string_pb2.StringIncrementRequest(key=number, delta=INT64_MAX),
            string_pb2.StringIncrementRequest(key=missing, delta=5, maximum=4),
            hash_pb2.HashIncrementRequest(key=missing, field="f", delta=INT64_MIN, minimum=-1))
    with check("a sum that leaves double: OVERFLOW"):
        large = name("large")
        increment = string_pb2.StringIncrementNumberRequest(key=large, delta=1.7e308)
        services.string.IncrementNumber(increment)
        with unchanged(services), fails(Code.OUT_OF_RANGE, "OVERFLOW"):
            services.string.IncrementNumber(increment)
    with check("the least integer can be reached and not passed"):
        least = name("least")
        request = string_pb2.StringIncrementRequest(key=least, delta=INT64_MIN)
        same(services.string.Increment(request).value, INT64_MIN)
        with unchanged(services), fails(Code.OUT_OF_RANGE, "OVERFLOW"):
            services.string.Increment(request)
    counts = []
    for count in (-1, INT64_MIN):
        counts += [
            list_pb2.ListPopRequest(key=key, side=SIDE_LEFT, count=count),
            list_pb2.ListPopAnyRequest(keys=[key], side=SIDE_LEFT, count=count),
            list_pb2.ListFindRequest(key=key, value=text("a"), count=count),
            list_pb2.ListFindRequest(key=key, value=text("a"), max_length=count),
            set_pb2.SetPopRequest(key=missing, count=count),
            set_pb2.SetSampleRequest(key=missing, count=count),
            set_pb2.SetSampleRequest(key=missing, count=count, distinct=True),
            set_pb2.SetCombineRequest(
                operation=set_pb2.SET_OPERATION_UNION, keys=[missing], limit=count),
            set_pb2.SetCombineCountRequest(
                operation=set_pb2.SET_OPERATION_UNION, keys=[missing], limit=count),
            hash_pb2.HashSampleRequest(key=missing, count=count),
            hash_pb2.HashGetAllRequest(key=missing, max_bytes=count),
            string_pb2.StringSetRangeRequest(key=missing, offset=count, value=text("x")),
            string_pb2.StringSetRequest(
                key=missing, value=text("x"), precondition=Precondition(version=count)),
            key_pb2.KeyScanRequest(selector=Selector(all=True), page=Page(limit=count)),
            set_pb2.SetScanRequest(key=missing, page=Page(limit=count)),
            hash_pb2.HashScanRequest(key=missing, page=Page(limit=count)),
            pubsub_pb2.PubSubListChannelsRequest(limit=count),
            pubsub_pb2.PubSubSubscribeRequest(channels=["c"], max_buffered_bytes=count),
            admin_pb2.AdminListConnectionsRequest(limit=count),
        ]
    invalid(services, "a negative count", "ARGUMENT_OUT_OF_RANGE", *counts)
    invalid(services, "a count that is too great, or 0 where it must not be",
            "ARGUMENT_OUT_OF_RANGE",
            list_pb2.ListPopAnyRequest(keys=[key], side=SIDE_LEFT, count=0),
            list_pb2.ListFindRequest(key=key, value=text("a"), rank=0),
            list_pb2.ListFindRequest(key=key, value=text("a"), rank=INT64_MIN),
            set_pb2.SetSampleRequest(key=missing, count=1_000_001),
            set_pb2.SetSampleRequest(key=missing, count=INT64_MAX),
            hash_pb2.HashSampleRequest(key=missing, count=INT64_MAX),
            pubsub_pb2.PubSubListChannelsRequest(limit=INT64_MAX),
            pubsub_pb2.PubSubSubscribeRequest(channels=["c"], max_buffered_bytes=1),
            pubsub_pb2.PubSubSubscribeRequest(channels=["c"], max_buffered_bytes=INT64_MAX),
            admin_pb2.AdminListConnectionsRequest(limit=INT64_MAX),
            string_pb2.StringIncrementRequest(key=missing, minimum=1, maximum=0))
    waits = [seconds(3601), Duration(seconds=-1), Duration(nanos=-1),
             Duration(seconds=INT64_MAX), Duration(seconds=INT64_MIN)]
    invalid(services, "a wait below 0 or above an hour", "ARGUMENT_OUT_OF_RANGE",
            *(list_pb2.ListPopAnyRequest(keys=[missing], side=SIDE_LEFT, max_wait=wait)
              for wait in waits),
            *(list_pb2.ListMoveRequest(source=missing, destination=missing, from_side=SIDE_LEFT,
                                       to_side=SIDE_LEFT, max_wait=wait) for wait in waits))


def test_oneofs_and_enums(services):
    key = name("bad")
    services.string.Set(string_pb2.StringSetRequest(key=key, value=text("x")))
    invalid(services, "a precondition without a check", "PRECONDITION_MISSING",
            *(string_pb2.StringSetRequest(key=key, value=text("y"), precondition=condition)
              for condition in (Precondition(), Precondition(absent=False),
                                Precondition(present=False))),
            key_pb2.KeyDeleteRequest(keys=[key], precondition=Precondition()),
            hash_pb2.HashDeleteRequest(key=key, fields=["f"], precondition=Precondition()))
    expiries = [
        Expiry(), Expiry(persist=False), Expiry(ttl=Duration()), Expiry(ttl=Duration(nanos=-1)),
        Expiry(ttl=Duration(seconds=-5)), Expiry(ttl=Duration(seconds=INT64_MAX)),
        Expiry(ttl=Duration(seconds=INT64_MIN)), Expiry(ttl=Duration(nanos=2_000_000_000)),
        Expiry(expire_time=Timestamp(seconds=INT64_MAX)),
        Expiry(expire_time=Timestamp(seconds=5, nanos=-1)),
    ]
    invalid(services, "an expiry that says nothing or cannot be kept", "EXPIRY_INVALID",
            *(string_pb2.StringSetRequest(key=key, value=text("y"), expiry=expiry)
              for expiry in expiries),
            *(key_pb2.KeyExpireRequest(key=key, expiry=expiry) for expiry in expiries),
            *(string_pb2.StringGetAndExpireRequest(key=key, expiry=expiry)
              for expiry in expiries),
            key_pb2.KeyExpireRequest(key=key), string_pb2.StringGetAndExpireRequest(key=key),
            string_pb2.StringIncrementRequest(
                key=name("none"), expiry=Expiry(persist=True), initial_expiry=Expiry(persist=True)))
    selectors = [Selector(), Selector(all=False)]
    invalid(services, "a selector that says nothing", "SELECTOR_MISSING",
            key_pb2.KeyScanRequest(), key_pb2.KeyDeleteMatchingRequest(),
            *(key_pb2.KeyScanRequest(selector=selector) for selector in selectors),
            *(key_pb2.KeyDeleteMatchingRequest(selector=selector) for selector in selectors))
    invalid(services, "a selector of an empty key", "KEY_EMPTY",
            key_pb2.KeyScanRequest(selector=Selector(key="")),
            key_pb2.KeyDeleteMatchingRequest(selector=Selector(key="")))
    invalid(services, "a selector of an over-long key or prefix", "KEY_TOO_LONG",
            *(key_pb2.KeyScanRequest(selector=Selector(**{how: "k" * (KEY_BYTES_MAX + 1)}))
              for how in ("key", "prefix")))
    invalid(services, "a page token that the server did not make", "PAGE_TOKEN_INVALID",
            *(key_pb2.KeyScanRequest(selector=Selector(all=True), page=Page(token=token))
              for token in ("x", "AAAA", "k" * 5000)),
            set_pb2.SetScanRequest(key=key, page=Page(token="x")),
            hash_pb2.HashScanRequest(key=key, page=Page(token="x")))
    enums = []
    for side in (0, 99, -1, 2**31 - 1):
        enums += [
            list_pb2.ListPushRequest(key=key, side=side, values=texts("x")),
            list_pb2.ListPopRequest(key=key, side=side),
            list_pb2.ListPopAnyRequest(keys=[key], side=side),
            list_pb2.ListMoveRequest(source=key, destination=key, from_side=side,
                                     to_side=SIDE_LEFT),
            list_pb2.ListMoveRequest(source=key, destination=key, from_side=SIDE_LEFT,
                                     to_side=side),
            list_pb2.ListInsertRequest(key=key, position=side, pivot=text("x"), value=text("y")),
            set_pb2.SetCombineRequest(operation=side, keys=[key]),
            set_pb2.SetCombineCountRequest(operation=side, keys=[key]),
            set_pb2.SetCombineStoreRequest(operation=side, keys=[key], destination=key),
        ]
    for value in (99, -1):
        enums += [
            key_pb2.KeyExpireRequest(key=key, expiry=Expiry(persist=True), condition=value),
            key_pb2.KeyScanRequest(selector=Selector(all=True), type=value),
            hash_pb2.HashSetRequest(key=name("h"), fields={"f": text("x")}, field_condition=value),
            pubsub_pb2.PubSubSubscribeRequest(channels=["c"], overflow=value),
        ]
    invalid(services, "an unknown enum value, or none", "UNKNOWN_ENUM_VALUE", *enums)


def test_types(services):
    string, alist = name("string"), name("list")
    services.string.Set(string_pb2.StringSetRequest(key=string, value=text("x")))
    services.list.Push(list_pb2.ListPushRequest(key=alist, side=SIDE_LEFT, values=texts("x")))
    skipped = {"StringBatchGetRequest", "StringBatchSetRequest", "StringSetRequest"}
    wrong = []
    for family, key in (("string", alist), ("list", string), ("set", string), ("hash", string)):
        for request_name, (of, method) in METHODS.items():
            short = request_name.rsplit(".", 1)[1]
            if of == family and short not in skipped:
                wrong.append(filled(getattr(PROTOS[of], short), key))
    refused(services, "every command on a key of another type", Code.FAILED_PRECONDITION,
            "WRONG_TYPE", *wrong)
    refused(services, "value_equals and return_previous on a list", Code.FAILED_PRECONDITION,
            "WRONG_TYPE",
            string_pb2.StringSetRequest(key=alist, value=text("x"), return_previous=True),
            string_pb2.StringSetRequest(
                key=alist, value=text("x"), precondition=Precondition(value_equals=text("x"))))
    refused(services, "counting in what is no whole number", Code.FAILED_PRECONDITION,
            "NOT_AN_INTEGER", string_pb2.StringIncrementRequest(key=string))
    refused(services, "adding to what is no number", Code.FAILED_PRECONDITION, "NOT_A_FLOAT",
            string_pb2.StringIncrementNumberRequest(key=string, delta=1))


def filled(message_type, key):
    """A request that is right in every other respect: its key has the wrong type."""
    request = message_type()
    for field in message_type.DESCRIPTOR.fields:
        if field.name in ("key", "other_key", "source", "destination"):
            setattr(request, field.name, key)
        elif field.name == "keys":
            request.keys.append(key)
        elif field.name in ("value", "pivot", "member"):
            getattr(request, field.name).text = "v"
        elif field.name in ("values", "members"):
            getattr(request, field.name).add(text="v")
        elif field.name == "field":
            request.field = "f"
        elif field.name == "fields" and field.message_type is None:
            request.fields.append("f")
        elif field.name == "fields":
            request.fields["f"].text = "v"
        elif field.name in ("side", "from_side", "to_side", "position", "operation"):
            setattr(request, field.name, 1)
        elif field.name == "expiry" and message_type is string_pb2.StringGetAndExpireRequest:
            request.expiry.persist = True
        elif field.name == "delta":
            request.delta = 1
    return request


def test_patterns(services):
    explosive = ["*a" * 500 + "b", "*" + "a" * 1000 + "b", "*" * 1024, "[a-" * 300, "*[^b]" * 200]
    keys = [name("deep") + ":" + "a" * 60_000 for _ in range(10)]
    for key in keys:
        services.string.Set(string_pb2.StringSetRequest(key=key, value=text("x")))
    members = name("deep")
    services.set.Add(set_pb2.SetAddRequest(key=members, members=texts("a" * 500_000, "aab")))
    with check("patterns that explode in a naive matcher are answered"), unchanged(services):
        for pattern in explosive:
            found = run(services, key_pb2.KeyScanRequest(selector=Selector(glob=pattern)))
            matched = {key.key for batch in found for key in batch.keys}
            same(set(keys) <= matched, pattern in (explosive[2], explosive[4]))
            run(services, set_pb2.SetScanRequest(key=members, glob=pattern))
            run(services, pubsub_pb2.PubSubListChannelsRequest(glob=pattern))
    with check("others are served while patterns that explode are matched"):
        shard = "{" + name("shard") + "}"
        for i in range(200):
            services.string.Set(
                string_pb2.StringSetRequest(key=f"{shard}{'a' * 60_000}{i}", value=text("x")))
        near = string_pb2.StringGetRequest(key=shard + "a")
        scans = [services.key.Scan(key_pb2.KeyScanRequest(selector=Selector(glob=pattern)))
                 for pattern in explosive[:2]]
        services.string.Get(near, timeout=5)
        same([len(batch.keys) for scan in scans for batch in scan if batch.keys], [])
        patterns = ["*" + "a" * 1000 + f"b{i}" for i in range(200)]
        call = services.pubsub.Subscribe(pubsub_pb2.PubSubSubscribeRequest(patterns=patterns))
        same(next(call).WhichOneof("event"), "created")
        publish = pubsub_pb2.PubSubPublishRequest(channel="a" * 60_000, payload=text("x"))
        published = services.pubsub.Publish.future(publish)
        other = services.pubsub.Subscribe(
            pubsub_pb2.PubSubSubscribeRequest(patterns=["other*"]), timeout=5)
        same(next(other).WhichOneof("event"), "created")
        same(published.result(timeout=5).receivers, 0)
        call.cancel()
        other.cancel()
        list(services.key.DeleteMatching(
            key_pb2.KeyDeleteMatchingRequest(selector=Selector(prefix=shard))))
    with check("a subscription to them holds up no publisher"):
        call = services.pubsub.Subscribe(pubsub_pb2.PubSubSubscribeRequest(patterns=explosive))
        same(next(call).WhichOneof("event"), "created")
        publish = pubsub_pb2.PubSubPublishRequest(channel="a" * 60_000, payload=text("x"))
        same(services.pubsub.Publish(publish).receivers, 1)
        call.cancel()
    too_long = "*" * 1025
    invalid(services, "a pattern over 1 KiB", "PATTERN_INVALID",
            key_pb2.KeyScanRequest(selector=Selector(glob=too_long)),
            key_pb2.KeyDeleteMatchingRequest(selector=Selector(glob=too_long)),
            set_pb2.SetScanRequest(key=members, glob=too_long),
            hash_pb2.HashScanRequest(key=members, glob=too_long),
            pubsub_pb2.PubSubListChannelsRequest(glob=too_long),
            pubsub_pb2.PubSubSubscribeRequest(patterns=[too_long]))


def pipeline(services, frame):
    return [result for response in services.command.Pipeline(iter([frame]))
            for result in response.results]


def test_pipeline(services):
    set_key = command_pb2.PipelineOperation(id=1)
    set_key.command.string_set.key = name("pipe")
    set_key.command.string_set.value.text = "x"
    whole = command_pb2.PipelineRequest(operations=[set_key]).SerializeToString()
    with check("half a frame ends the pipeline with MALFORMED_REQUEST, and nothing of it ran"):
        for cut in range(1, len(whole)):
            with unchanged(services), fails(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"):
                pipeline_bytes(services.channel, [whole[:cut]])
    with check("what stands before a broken frame was answered"):
        answers = []
        with fails(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"):
            for answer in services.channel.stream_stream(
                    "/kvick.v1.CommandService/Pipeline")(iter([whole, b"\xff"])):
                answers.append(command_pb2.PipelineResponse.FromString(answer))
        same(answers[0].results[0].reply.string_set.mutation.applied, True)
    bad = {
        "no command": (b"\x08\x05", "COMMAND_MISSING"),
        "an empty command": (b"\x08\x05\x12\x00", "COMMAND_MISSING"),
        "an unknown command": (b"\x08\x05\x12\x04\xfa\x3e\x01x", "COMMAND_MISSING"),
        "invalid UTF-8": (b"\x08\x05\x12\x06\x0a\x04\x0a\x02\xff\xfe", "MALFORMED_REQUEST"),
        "an empty key": (b"\x08\x05\x12\x02\x0a\x00", "KEY_EMPTY"),
    }
    for what, (operation, reason) in bad.items():
        with check(f"an operation of a pipeline with {what} fails alone: {reason}"):
            frame = b"\x0a" + bytes([len(operation)]) + operation
            with unchanged(services):
                answers = pipeline_bytes(services.channel, [frame + frame])
            results = [result for answer in answers
                       for result in command_pb2.PipelineResponse.FromString(answer).results]
            expected = errors_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")
            same([(r.id, r.status.code, r.status.reason) for r in results],
                 [(5, Code.INVALID_ARGUMENT.value[0], expected)] * 2)
    with check("the operation after the ten thousandth of a frame: TOO_MANY_ITEMS"):
        get = command_pb2.PipelineOperation()
        get.command.string_get.key = "k"
        results = pipeline(services, command_pb2.PipelineRequest(operations=[get] * 10_001))
        same((len(results), results[9_999].HasField("status")), (10_001, False))
        same(results[10_000].status.reason, errors_pb2.ERROR_REASON_TOO_MANY_ITEMS)
    with check("a frame over the limit ends the pipeline with RESOURCE_EXHAUSTED"):
        set_key.command.string_set.value.data = b"x" * 900_000
        with unchanged(services), fails(Code.RESOURCE_EXHAUSTED):
            pipeline(services, command_pb2.PipelineRequest(operations=[set_key] * 4))


LEAKS = ("kvick_waiters", "kvick_connections", "kvick_subscribers", "kvick_channels",
         "kvick_subscriber_buffer_bytes")


def open_things():
    samples = metrics()
    return {sample: samples[sample] for sample in LEAKS}


def test_vanishing(services):
    before = open_things()
    key, channel = name("vanish"), name("vanish")
    pop = list_pb2.ListPopAnyRequest(keys=[key], side=SIDE_LEFT, max_wait=seconds(3000))
    operation = command_pb2.PipelineOperation(
        command=command_pb2.Command(list_pop_any=pop))
    frame = command_pb2.PipelineRequest(operations=[operation]).SerializeToString()
    subscribe = pubsub_pb2.PubSubSubscribeRequest(
        channels=[channel], patterns=["*"]).SerializeToString()
    with check("clients that vanish while calls wait leave no waiter and no subscriber"):
        with unchanged(services):
            raw = [RawConnection() for _ in range(10)]
            for connection in raw:
                for method, message in (
                        ("/kvick.v1.ListService/PopAny", pop.SerializeToString()),
                        ("/kvick.v1.CommandService/Pipeline", frame),
                        ("/kvick.v1.PubSubService/Subscribe", subscribe)):
                    connection.send_message(connection.begin_call(method), message)
            # A server-streaming call begins when its client is done sending, which these never
            # are for Subscribe; PopAny is unary, and begins with its message or with the end.
            wait_until("pipelines wait",
                       lambda: metrics()["kvick_waiters"] >= before["kvick_waiters"] + 10)
            for connection in raw:
                connection.vanish()
            wait_until("everything is as before", lambda: open_things() == before)
    with check("nothing was taken for those who are gone"):
        services.list.Push(
            list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts("a", "b")))
        same(services.list.Length(list_pb2.ListLengthRequest(key=key)).length, 2)
    with check("clients that vanish within a message, its length or the preface leave nothing"):
        with unchanged(services):
            request = string_pb2.StringSetRequest(key=key, value=text("x")).SerializeToString()
            for cut in (1, 3, len(request), len(request) + 2):
                connection = RawConnection()
                stream = connection.begin_call("/kvick.v1.StringService/Set")
                connection.send_message(stream, request, cut=cut)
                connection.vanish()
            for noise in (b"\x00", b"\xff" * 4000, b"GET / HTTP/1.1\r\n\r\n"):
                connection = RawConnection()
                with contextlib.suppress(OSError):  # the server may be the first to close
                    connection.send_bytes(noise)
                connection.vanish()
            wait_until("everything is as before", lambda: open_things() == before)
    with check("a client that is gone while it is being answered leaves nothing"):
        for _ in range(5):
            other = connect()
            call = other.pubsub.Subscribe(
                pubsub_pb2.PubSubSubscribeRequest(channels=[channel]))
            same(next(call).WhichOneof("event"), "created")
            for _ in range(30):
                services.pubsub.Publish(pubsub_pb2.PubSubPublishRequest(
                    channel=channel, payload=Value(data=b"x" * 100_000)))
            scan = other.key.Scan(key_pb2.KeyScanRequest(selector=Selector(all=True)))
            next(scan)
            other.channel.close()
        wait_until("everything is as before", lambda: open_things() == before)


def main():
    services = connect()
    services.admin.Flush(admin_pb2.AdminFlushRequest())
    before = open_things()
    for test in (test_names, test_utf8, test_values, test_limits, test_extremes,
                 test_oneofs_and_enums, test_types, test_patterns, test_pipeline, test_vanishing):
        test(services)
    with check("after all of it nothing has leaked, and the server answers"):
        wait_until("everything is as before", lambda: open_things() == before)
        key = name("alive")
        services.string.Set(string_pb2.StringSetRequest(key=key, value=text("yes")))
        answer = services.string.Get(string_pb2.StringGetRequest(key=key))
        same(answer.entry.value.text, "yes")
    services.channel.close()
    suite.finish()


main()
