"""Every RPC of the services through generated Python stubs, each with what it must answer."""

import queue
import threading

import grpc
from checks import Suite, check_error, fails, same
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kvick.v1 import (admin_pb2, command_pb2, hash_pb2, key_pb2, list_pb2, pubsub_pb2, set_pb2,
                      string_pb2)
from kvick.v1.value_pb2 import (KEY_TYPE_HASH, KEY_TYPE_LIST, KEY_TYPE_SET, KEY_TYPE_STRING,
                                SIDE_LEFT, SIDE_RIGHT, Expiry, Page, Precondition, Selector, Value)
from session import DEADLINE, connect, metric, name, seconds, text, texts, wait_until

Code = grpc.StatusCode
suite = Suite("python")
check = suite.check


def put(services, key, content="here", **more):
    return services.string.Set(
        string_pb2.StringSetRequest(key=key, value=text(content), **more)).mutation


def read(services, key):
    return services.string.Get(string_pb2.StringGetRequest(key=key))


def push(services, key, *contents):
    return services.list.Push(
        list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts(*contents)))


def elements(services, key):
    answer = services.list.Range(list_pb2.ListRangeRequest(key=key, start=0, stop=-1))
    return [value.text for value in answer.values]


def add(services, key, *members):
    return services.set.Add(set_pb2.SetAddRequest(key=key, members=texts(*members)))


def members(services, key):
    found = set()
    for batch in services.set.Scan(set_pb2.SetScanRequest(key=key)):
        found.update(value.text for value in batch.members)
    return found


def test_values(services):
    kinds = {
        "text": Value(text="a täxt ☂"),
        "data": Value(data=b"\x00\xff\xfe"),
        "integer": Value(integer=-(2**63)),
        "number": Value(number=-0.1),
        "infinity": Value(number=float("inf")),
        "empty text": Value(text=""),
    }
    for kind, value in kinds.items():
        with check(f"a value of kind {kind} comes back as it went in"):
            key = name("kind")
            services.string.Set(string_pb2.StringSetRequest(key=key, value=value))
            same(read(services, key).entry.value, value)
    with check("integer 5, text 5 and data 5 are one member"):
        answer = services.set.Add(set_pb2.SetAddRequest(
            key=name("set"), members=[Value(integer=5), text("5"), Value(data=b"5")]))
        same(answer.added, 1)
    with check("a miss is an unset field and no error"):
        same(read(services, name("none")).HasField("entry"), False)


def test_strings(services):
    string = services.string
    with check("String.Set answers the version, and with return_previous what was there"):
        key = name("string")
        first = put(services, key, "one")
        same(first.applied and first.version > 0, True)
        answer = string.Set(string_pb2.StringSetRequest(
            key=key, value=text("two"), return_previous=True))
        same((answer.previous.value.text, answer.previous.version), ("one", first.version))
        same(answer.mutation.version > first.version, True)
    with check("String.Append, Length, GetRange and SetRange work on the bytes"):
        key = name("string")
        same(string.Append(string_pb2.StringAppendRequest(key=key, value=text("abc"))).length, 3)
        same(string.Append(string_pb2.StringAppendRequest(key=key, value=text("def"))).length, 6)
        same(string.Length(string_pb2.StringLengthRequest(key=key)).length, 6)
        part = string.GetRange(string_pb2.StringGetRangeRequest(key=key, start=-3, end=-2))
        same(part.entry.value.text, "de")
        string.SetRange(string_pb2.StringSetRangeRequest(key=key, offset=1, value=text("XY")))
        same(read(services, key).entry.value.text, "aXYdef")
    with check("String.Increment counts, and stops at its bounds"):
        key = name("count")
        request = string_pb2.StringIncrementRequest
        same(string.Increment(request(key=key)).value, 1)
        same(string.Increment(request(key=key, delta=-11)).value, -10)
        same(string.Increment(request(key=key, delta=50, maximum=7, saturate=True)).value, 7)
        with fails(Code.OUT_OF_RANGE, "OVERFLOW"):
            string.Increment(request(key=key, delta=2**63 - 1))
        same(read(services, key).entry.value, Value(integer=7))
    with check("String.IncrementNumber adds without binary noise"):
        key = name("number")
        request = string_pb2.StringIncrementNumberRequest
        same(string.IncrementNumber(request(key=key, delta=0.1)).value, 0.1)
        same(string.IncrementNumber(request(key=key, delta=0.2)).value, 0.3)
    with check("String.CommonSubsequence tells what two values have in common, and where"):
        one, other = name("string"), name("string")
        put(services, one, "ohmytext")
        put(services, other, "mynewtext")
        answer = string.CommonSubsequence(string_pb2.StringCommonSubsequenceRequest(
            key=one, other_key=other, with_matches=True, min_match_length=3))
        same((answer.value.text, answer.length), ("mytext", 6))
        same([(part.start, part.end, part.other_start, part.other_end)
              for part in answer.matches], [(4, 7, 5, 8)])
    with check("String.BatchSet sets all of its keys or none, String.BatchGet answers in order"):
        keys = [name("batch") for _ in range(3)]
        items = [string_pb2.StringBatchSetItem(key=key, value=text(key)) for key in keys[:2]]
        request = string_pb2.StringBatchSetRequest(
            items=items, precondition=Precondition(absent=True))
        same(string.BatchSet(request).mutation.applied, True)
        request.items.add(key=keys[2], value=text("x"))
        same(string.BatchSet(request).mutation.applied, False)
        answer = string.BatchGet(string_pb2.StringBatchGetRequest(keys=keys))
        same([item.entry.value.text for item in answer.items], [keys[0], keys[1], ""])
        same(answer.items[2].HasField("entry"), False)
    with check("String.GetAndDelete answers and deletes, String.GetAndExpire answers and expires"):
        key = name("string")
        put(services, key, "once")
        expiry = Expiry(ttl=seconds(100))
        answer = string.GetAndExpire(string_pb2.StringGetAndExpireRequest(key=key, expiry=expiry))
        same((answer.entry.value.text, answer.entry.HasField("expire_time")), ("once", True))
        answer = string.GetAndDelete(string_pb2.StringGetAndDeleteRequest(key=key))
        same(answer.entry.value.text, "once")
        same(read(services, key).HasField("entry"), False)


def test_preconditions(services):
    with check("absent and present hold as the key is"):
        key = name("condition")
        same(put(services, key, precondition=Precondition(present=True)).applied, False)
        same(put(services, key, precondition=Precondition(absent=True)).applied, True)
        same(put(services, key, precondition=Precondition(absent=True)).applied, False)
        same(put(services, key, precondition=Precondition(present=True)).applied, True)
    with check("a version is compare-and-set: the loser learns the current version"):
        key = name("condition")
        old = put(services, key, "1").version
        new = put(services, key, "2", precondition=Precondition(version=old))
        lost = put(services, key, "3", precondition=Precondition(version=old))
        same((new.applied, lost.applied, lost.version), (True, False, new.version))
        same(read(services, key).entry.value.text, "2")
    with check("version 0 means that the key must not exist"):
        key = name("condition")
        same(put(services, key, precondition=Precondition(version=0)).applied, True)
        same(put(services, key, precondition=Precondition(version=0)).applied, False)
    with check("value_equals compares canonical bytes"):
        key = name("condition")
        put(services, key, "5")
        equal = Precondition(value_equals=Value(integer=5))
        same(put(services, key, "6", precondition=equal).applied, True)
        same(put(services, key, "7", precondition=equal).applied, False)
    with check("a collection takes a precondition as well"):
        key = name("condition")
        request = list_pb2.ListPushRequest(
            key=key, side=SIDE_LEFT, values=texts("a"), precondition=Precondition(present=True))
        same(services.list.Push(request).mutation.applied, False)
        same(elements(services, key), [])


def test_expiry(services):
    with check("a key is gone when its ttl is over"):
        key = name("short")
        put(services, key, expiry=Expiry(ttl=seconds(0.05)))
        wait_until("the key expired", lambda: not read(services, key).HasField("entry"))
    with check("a moment in the past expires at once"):
        key = name("past")
        put(services, key, expiry=Expiry(expire_time=Timestamp(seconds=1)))
        same(read(services, key).HasField("entry"), False)
    with check("a later write keeps the expiry unless it says persist"):
        key = name("kept")
        put(services, key, expiry=Expiry(expire_time=Timestamp(seconds=4_000_000_000)))
        put(services, key, "again")
        same(read(services, key).entry.expire_time.seconds, 4_000_000_000)
        put(services, key, "again", expiry=Expiry(persist=True))
        same(read(services, key).entry.HasField("expire_time"), False)


def test_keys(services):
    keys = services.key
    with check("Key.Exists, Touch and Delete count what is there"):
        here, gone = name("key"), name("key")
        put(services, here)
        both = [here, gone]
        same(list(keys.Exists(key_pb2.KeyExistsRequest(keys=both)).exists), [True, False])
        same(keys.Touch(key_pb2.KeyTouchRequest(keys=both)).touched, 1)
        same(keys.Delete(key_pb2.KeyDeleteRequest(keys=both)).deleted, 1)
        same(keys.Exists(key_pb2.KeyExistsRequest(keys=[here])).exists[0], False)
    with check("Key.Describe tells type, version, length, expiry and memory"):
        key = name("key")
        version = push(services, key, "a", "b").mutation.version
        found = keys.Describe(key_pb2.KeyDescribeRequest(key=key)).description
        same((found.type, found.version, found.length), (KEY_TYPE_LIST, version, 2))
        same((found.HasField("expire_time"), found.memory_bytes > 0), (False, True))
        missing = keys.Describe(key_pb2.KeyDescribeRequest(key=name("none")))
        same(missing.HasField("description"), False)
    with check("Key.Expire obeys its condition, Key.Persist removes the expiry"):
        key = name("key")
        put(services, key)

        def expire(count, condition):
            return keys.Expire(key_pb2.KeyExpireRequest(
                key=key, expiry=Expiry(ttl=seconds(count)), condition=condition)).changed

        same(expire(1000, key_pb2.EXPIRE_CONDITION_IF_ANY), False)
        same(expire(1000, key_pb2.EXPIRE_CONDITION_IF_NONE), True)
        same(expire(500, key_pb2.EXPIRE_CONDITION_IF_LATER), False)
        same(expire(500, key_pb2.EXPIRE_CONDITION_IF_SOONER), True)
        same(keys.Persist(key_pb2.KeyPersistRequest(key=key)).changed, True)
        same(keys.Persist(key_pb2.KeyPersistRequest(key=key)).changed, False)
    with check("Key.Rename and Key.Copy leave what is there unless they may overwrite"):
        old, new = name("key"), name("key")
        put(services, old, "old")
        put(services, new, "new")
        same(keys.Copy(key_pb2.KeyCopyRequest(key=old, new_key=new)).copied, False)
        same(keys.Copy(key_pb2.KeyCopyRequest(key=old, new_key=new, overwrite=True)).copied, True)
        same(read(services, new).entry.value.text, "old")
        same(keys.Rename(key_pb2.KeyRenameRequest(key=old, new_key=new)).renamed, False)
        rename = key_pb2.KeyRenameRequest(key=old, new_key=new, overwrite=True)
        same(keys.Rename(rename).renamed, True)
        same(read(services, old).HasField("entry"), False)
    with check("Key.Sample answers a key that exists"):
        put(services, name("key"))
        sampled = keys.Sample(key_pb2.KeySampleRequest())
        same(sampled.HasField("key"), True)
        same(keys.Exists(key_pb2.KeyExistsRequest(keys=[sampled.key])).exists[0], True)


def test_key_scans(services):
    prefix = name("scan") + ":"
    every = {f"{prefix}{number}" for number in range(2000)}
    items = [string_pb2.StringBatchSetItem(key=key, value=text("x")) for key in every]
    services.string.BatchSet(string_pb2.StringBatchSetRequest(items=items))
    add(services, prefix + "set", "member")
    with check("Key.Scan streams every key of a prefix and type"):
        found = []
        request = key_pb2.KeyScanRequest(selector=Selector(prefix=prefix), type=KEY_TYPE_STRING)
        for batch in services.key.Scan(request):
            found.extend(key.key for key in batch.keys)
        same(batch.next_page_token, "")
        same(set(found), every)
    with check("Key.Scan goes on from its page tokens, in calls of their own"):
        found, token, pages = set(), "", 0
        while pages == 0 or token:
            request = key_pb2.KeyScanRequest(
                selector=Selector(glob=prefix + "1?"), page=Page(limit=3, token=token))
            for batch in services.key.Scan(request):
                found.update(key.key for key in batch.keys)
                token = batch.next_page_token
            pages += 1
        same(found, {f"{prefix}1{digit}" for digit in range(10)})
        same(pages > 1, True)
    with check("Key.DeleteMatching deletes what matches and ends with done"):
        request = key_pb2.KeyDeleteMatchingRequest(selector=Selector(prefix=prefix))
        progress = list(services.key.DeleteMatching(request))
        same((progress[-1].done, progress[-1].deleted), (True, len(every) + 1))
        remaining = services.key.Scan(key_pb2.KeyScanRequest(selector=Selector(prefix=prefix)))
        same(sum(len(batch.keys) for batch in remaining), 0)


def test_lists(services):
    lists = services.list
    with check("List.Push, Length, Range and GetAt at both ends"):
        key = name("list")
        push(services, key, "b", "c")
        answer = lists.Push(list_pb2.ListPushRequest(key=key, side=SIDE_LEFT, values=texts("a")))
        same(answer.length, 3)
        same(lists.Length(list_pb2.ListLengthRequest(key=key)).length, 3)
        same(elements(services, key), ["a", "b", "c"])
        entry = lists.GetAt(list_pb2.ListGetAtRequest(key=key, index=-1)).entry
        same((entry.value.text, entry.version), ("c", answer.mutation.version))
        far = lists.GetAt(list_pb2.ListGetAtRequest(key=key, index=3))
        same(far.HasField("entry"), False)
    with check("List.SetAt, Insert, Remove, Find and Trim"):
        key = name("list")
        push(services, key, "a", "b", "a", "c")
        lists.SetAt(list_pb2.ListSetAtRequest(key=key, index=-1, value=text("a")))
        find = list_pb2.ListFindRequest(key=key, value=text("a"), rank=-1, count=2)
        same(list(lists.Find(find).indexes), [3, 2])
        inserted = lists.Insert(list_pb2.ListInsertRequest(
            key=key, position=list_pb2.INSERT_POSITION_AFTER, pivot=text("b"), value=text("x")))
        same((inserted.inserted, inserted.length), (True, 5))
        removed = lists.Remove(list_pb2.ListRemoveRequest(key=key, value=text("a"), count=-2))
        same((removed.removed, elements(services, key)), (2, ["a", "b", "x"]))
        same(lists.Trim(list_pb2.ListTrimRequest(key=key, start=1, stop=1)).length, 1)
        same(elements(services, key), ["b"])
    with check("List.Pop takes from its side; the empty list is no key"):
        key = name("list")
        push(services, key, "a", "b", "c")
        answer = lists.Pop(list_pb2.ListPopRequest(key=key, side=SIDE_RIGHT, count=2))
        same([value.text for value in answer.values], ["c", "b"])
        lists.Pop(list_pb2.ListPopRequest(key=key, side=SIDE_LEFT))
        same(services.key.Exists(key_pb2.KeyExistsRequest(keys=[key])).exists[0], False)
    with check("List.Move moves between the ends of two lists"):
        source, destination = name("list"), name("list")
        push(services, source, "a", "b")
        answer = lists.Move(list_pb2.ListMoveRequest(
            source=source, destination=destination, from_side=SIDE_LEFT, to_side=SIDE_RIGHT))
        same(answer.value.text, "a")
        same((elements(services, source), elements(services, destination)), (["b"], ["a"]))
    with check("List.PopAny takes from the first list that has any"):
        empty, full = name("list"), name("list")
        push(services, full, "a")
        answer = lists.PopAny(list_pb2.ListPopAnyRequest(keys=[empty, full], side=SIDE_LEFT))
        same((answer.key, answer.values[0].text), (full, "a"))


def pop_any(key, wait):
    return list_pb2.ListPopAnyRequest(keys=[key], side=SIDE_LEFT, max_wait=seconds(wait))


def waiters():
    return metric("kvick_waiters")


def test_waiting(services):
    lists = services.list
    with check("a waiting PopAny gets what another client pushes"):
        key = name("wait")
        before = waiters()
        call = lists.PopAny.future(pop_any(key, 600), timeout=DEADLINE)
        wait_until("the call waits", lambda: waiters() == before + 1)
        push(services, key, "a", "b")
        same(call.result().values[0].text, "a")
        same(elements(services, key), ["b"])
    with check("a waiting Move gets what another client pushes"):
        source, destination = name("wait"), name("wait")
        before = waiters()
        call = lists.Move.future(list_pb2.ListMoveRequest(
            source=source, destination=destination, from_side=SIDE_LEFT, to_side=SIDE_LEFT,
            max_wait=seconds(600)), timeout=DEADLINE)
        wait_until("the call waits", lambda: waiters() == before + 1)
        push(services, source, "a")
        same(call.result().value.text, "a")
        same(elements(services, destination), ["a"])
    with check("a wait that ends answers empty"):
        answer = lists.PopAny(pop_any(name("wait"), 0.02))
        same((answer.HasField("key"), len(answer.values)), (False, 0))
    with check("a cancelled PopAny takes nothing"):
        key = name("wait")
        before = waiters()
        call = lists.PopAny.future(pop_any(key, 600))
        wait_until("the call waits", lambda: waiters() == before + 1)
        call.cancel()
        wait_until("the waiter is gone", lambda: waiters() == before)
        push(services, key, "a")
        same(elements(services, key), ["a"])
    with check("a PopAny whose deadline ends takes nothing"):
        key = name("wait")
        before = waiters()
        with fails(Code.DEADLINE_EXCEEDED):
            lists.PopAny(pop_any(key, 600), timeout=0.05)
        wait_until("the waiter is gone", lambda: waiters() == before)
        push(services, key, "a")
        same(elements(services, key), ["a"])
    with check("a PopAny whose connection closes takes nothing"):
        key = name("wait")
        before = waiters()
        other = connect()
        call = other.list.PopAny.future(pop_any(key, 600))
        wait_until("the call waits", lambda: waiters() == before + 1)
        other.channel.close()
        same(call.code(), Code.CANCELLED)
        wait_until("the waiter is gone", lambda: waiters() == before)
        push(services, key, "a")
        same(elements(services, key), ["a"])


def test_sets(services):
    sets = services.set
    with check("Set.Add, Remove, Contains and Size"):
        key = name("set")
        same(add(services, key, "a", "b", "a").added, 2)
        answer = sets.Contains(set_pb2.SetContainsRequest(key=key, members=texts("b", "z")))
        same(list(answer.contains), [True, False])
        answer = sets.Remove(set_pb2.SetRemoveRequest(key=key, members=texts("b", "z")))
        same(answer.removed, 1)
        same(sets.Size(set_pb2.SetSizeRequest(key=key)).size, 1)
    with check("Set.Sample draws, Set.Pop takes"):
        key = name("set")
        add(services, key, "a", "b", "c")
        answer = sets.Sample(set_pb2.SetSampleRequest(key=key, count=9, distinct=True))
        same(sorted(value.text for value in answer.members), ["a", "b", "c"])
        same(len(sets.Sample(set_pb2.SetSampleRequest(key=key, count=9)).members), 9)
        taken = {value.text for value in sets.Pop(
            set_pb2.SetPopRequest(key=key, count=2)).members}
        same((len(taken), members(services, key) | taken), (2, {"a", "b", "c"}))
    with check("Set.Move moves a member that is there"):
        source, destination = name("set"), name("set")
        add(services, source, "a", "b")
        move = set_pb2.SetMoveRequest(source=source, destination=destination, member=text("a"))
        same([sets.Move(move).moved, sets.Move(move).moved], [True, False])
        same((members(services, source), members(services, destination)), ({"b"}, {"a"}))
    with check("Set.Combine, CombineCount and CombineStore"):
        first, second, result = name("set"), name("set"), name("set")
        add(services, first, "a", "b", "c")
        add(services, second, "b", "c", "d")
        both = [first, second]
        expected = {
            set_pb2.SET_OPERATION_INTERSECTION: {"b", "c"},
            set_pb2.SET_OPERATION_UNION: {"a", "b", "c", "d"},
            set_pb2.SET_OPERATION_DIFFERENCE: {"a"},
        }
        for operation, combined in expected.items():
            answer = sets.Combine(set_pb2.SetCombineRequest(operation=operation, keys=both))
            same({value.text for value in answer.members}, combined)
            count = sets.CombineCount(
                set_pb2.SetCombineCountRequest(operation=operation, keys=both))
            same(count.count, len(combined))
            store = set_pb2.SetCombineStoreRequest(
                destination=result, operation=operation, keys=both)
            same(sets.CombineStore(store).size, len(combined))
            same(members(services, result), combined)
    with check("Set.Scan streams a large set whole, and only what its pattern matches"):
        key = name("set")
        every = {f"member-{number}" for number in range(20_000)}
        add(services, key, *every)
        same(members(services, key), every)
        request = set_pb2.SetScanRequest(key=key, glob="member-1999?")
        found = {value.text for batch in sets.Scan(request) for value in batch.members}
        same(found, {f"member-1999{digit}" for digit in range(10)})


def test_hashes(services):
    hashes = services.hash

    def put_fields(key, fields, **more):
        return hashes.Set(hash_pb2.HashSetRequest(
            key=key, fields={field: text(content) for field, content in fields.items()}, **more))

    with check("Hash.Set, Get, GetAll, Exists, Length and Delete"):
        key = name("hash")
        same(put_fields(key, {"a": "1", "b": "2"}).added, 2)
        same(put_fields(key, {"b": "3"}).added, 0)
        got = hashes.Get(hash_pb2.HashGetRequest(key=key, fields=["b", "z"])).items
        same((got[0].value.text, got[1].HasField("value")), ("3", False))
        everything = hashes.GetAll(hash_pb2.HashGetAllRequest(key=key))
        same({f: v.text for f, v in everything.fields.items()}, {"a": "1", "b": "3"})
        exists = hashes.Exists(hash_pb2.HashExistsRequest(key=key, fields=["a", "z"])).exists
        same(list(exists), [True, False])
        delete = hash_pb2.HashDeleteRequest(key=key, fields=["a", "z"])
        same(hashes.Delete(delete).deleted, 1)
        same(hashes.Length(hash_pb2.HashLengthRequest(key=key)).length, 1)
    with check("Hash.Set with a field condition sets all fields or none"):
        key = name("hash")
        put_fields(key, {"a": "1"})
        none_exist = hash_pb2.FIELD_CONDITION_IF_NONE_EXIST
        answer = put_fields(key, {"a": "2", "b": "2"}, field_condition=none_exist)
        same((answer.fields_set, answer.added), (False, 0))
        same(hashes.Length(hash_pb2.HashLengthRequest(key=key)).length, 1)
    with check("Hash.Increment and IncrementNumber count in fields"):
        key = name("hash")
        increment = hash_pb2.HashIncrementRequest(key=key, field="n", delta=5)
        same([hashes.Increment(increment).value for _ in range(2)], [5, 10])
        number = hash_pb2.HashIncrementNumberRequest(key=key, field="n", delta=0.5)
        same(hashes.IncrementNumber(number).value, 10.5)
        with fails(Code.FAILED_PRECONDITION, "NOT_AN_INTEGER"):
            hashes.Increment(increment)
    with check("Hash.Sample draws fields with their values"):
        key = name("hash")
        put_fields(key, {"a": "1", "b": "2"})
        answer = hashes.Sample(hash_pb2.HashSampleRequest(
            key=key, count=5, distinct=True, with_values=True))
        same({f.field: f.value.text for f in answer.fields}, {"a": "1", "b": "2"})
    with check("Hash.Scan streams a large hash whole"):
        key = name("hash")
        every = {f"field-{number}": str(number) for number in range(10_000)}
        put_fields(key, every)
        found = {}
        for batch in hashes.Scan(hash_pb2.HashScanRequest(key=key)):
            found.update((field.field, field.value.text) for field in batch.fields)
        same(found, every)


class Subscriber:
    """Reads a subscription in a thread of its own; `next` answers event by event."""

    def __init__(self, services, **request):
        self.call = services.pubsub.Subscribe(pubsub_pb2.PubSubSubscribeRequest(**request))
        self.events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        same(self.next().WhichOneof("event"), "created")

    def _read(self):
        try:
            for event in self.call:
                self.events.put(event)
        except grpc.RpcError as error:
            self.events.put(error)

    def next(self):
        return self.events.get(timeout=DEADLINE)

    def messages(self, count):
        """The next `count` messages, in as many batches as they come."""
        found = []
        while len(found) < count:
            found.extend(self.next().batch.messages)
        return found


def publish(services, channel, content, **attributes):
    return services.pubsub.Publish(pubsub_pb2.PubSubPublishRequest(
        channel=channel, payload=text(content), attributes=attributes))


def test_pubsub(services):
    pubsub = services.pubsub
    with check("Subscribe answers Created first, then every message with its place"):
        channel = name("channel")
        subscriber = Subscriber(services, channels=[channel])
        same(publish(services, channel, "one", origin="test").receivers, 1)
        second = publish(services, channel, "two").position
        got = subscriber.messages(2)
        same([message.payload.text for message in got], ["one", "two"])
        same((dict(got[0].attributes), got[0].channel), ({"origin": "test"}, channel))
        same(got[1].position, second)
        same(got[1].position.sequence - got[0].position.sequence, 1)
        subscriber.call.cancel()
    with check("a pattern subscription gets what matches, once"):
        prefix = name("channel")
        subscriber = Subscriber(
            services, patterns=[prefix + ".*", prefix + ".n[e]ws"], channels=[prefix + ".news"])
        publish(services, prefix + "-other", "no")
        same(publish(services, prefix + ".news", "yes").receivers, 1)
        publish(services, prefix + ".last", "end")
        same([message.payload.text for message in subscriber.messages(2)], ["yes", "end"])
        subscriber.call.cancel()
    with check("ListChannels and CountSubscribers, until the last one leaves"):
        channel = name("channel")
        subscriber = Subscriber(services, channels=[channel])
        listed = pubsub.ListChannels(pubsub_pb2.PubSubListChannelsRequest(glob=channel))
        same(list(listed.channels), [channel])
        count = pubsub_pb2.PubSubCountSubscribersRequest(channels=[channel, name("none")])
        same(list(pubsub.CountSubscribers(count).subscribers), [1, 0])
        subscriber.call.cancel()
        wait_until("the subscriber is gone",
                   lambda: pubsub.CountSubscribers(count).subscribers[0] == 0)


def flood(services, channel, until):
    """Publishes until the condition holds, of messages too large for a subscriber's buffer."""
    payload = "x" * 50_000
    for _ in range(20_000):
        publish(services, channel, payload)
        if until():
            return
    raise AssertionError("20,000 messages made no difference")


def test_slow_subscribers(services):
    with check("DROP_OLDEST: a Gap stands for what a slow subscriber missed"):
        channel, slow = name("channel"), connect()
        call = slow.pubsub.Subscribe(pubsub_pb2.PubSubSubscribeRequest(
            channels=[channel], overflow=pubsub_pb2.OVERFLOW_DROP_OLDEST,
            max_buffered_bytes=64 << 10))
        same(next(call).WhichOneof("event"), "created")
        before = metric("kvick_messages_dropped_total")
        flood(services, channel, lambda: metric("kvick_messages_dropped_total") > before + 5)
        last = publish(services, channel, "last").position.sequence
        seen = dropped = 0
        for event in call:
            if event.WhichOneof("event") == "gap":
                dropped += event.gap.dropped
            seen += len(event.batch.messages)
            if event.batch.messages and event.batch.messages[-1].position.sequence == last:
                break
        same((dropped > 0, seen + dropped), (True, last))
        slow.channel.close()
    with check("DISCONNECT: a slow subscriber's stream ends with SUBSCRIBER_TOO_SLOW"):
        channel, slow = name("channel"), connect()
        dropped = metric("kvick_messages_dropped_total")
        call = slow.pubsub.Subscribe(pubsub_pb2.PubSubSubscribeRequest(
            channels=[channel], overflow=pubsub_pb2.OVERFLOW_DISCONNECT,
            max_buffered_bytes=64 << 10))
        same(next(call).WhichOneof("event"), "created")
        flood(services, channel, lambda: metric("kvick_messages_dropped_total") > dropped)
        try:
            for _ in call:
                pass
            raise AssertionError("the stream ended well")
        except grpc.RpcError as error:
            check_error(error, Code.RESOURCE_EXHAUSTED, "SUBSCRIBER_TOO_SLOW")
        count = pubsub_pb2.PubSubCountSubscribersRequest(channels=[channel])
        wait_until("the subscriber is gone",
                   lambda: services.pubsub.CountSubscribers(count).subscribers[0] == 0)
        slow.channel.close()


def test_pipeline(services):
    with check("Pipeline answers in order; one bad operation fails alone"):
        key, wrong = name("pipe"), name("pipe")
        push(services, wrong, "a list")
        operations = [
            command_pb2.Command(string_set=string_pb2.StringSetRequest(key=key, value=text("v"))),
            command_pb2.Command(string_get=string_pb2.StringGetRequest(key=wrong)),
            command_pb2.Command(string_get=string_pb2.StringGetRequest(key=key)),
        ]
        frame = command_pb2.PipelineRequest(operations=[
            command_pb2.PipelineOperation(id=number, command=command)
            for number, command in enumerate(operations, start=7)])
        results = [result for response in services.command.Pipeline(iter([frame, frame]))
                   for result in response.results]
        same([result.id for result in results], [7, 8, 9, 7, 8, 9])
        for first in (0, 3):
            done, failed, got = results[first:first + 3]
            same(done.reply.string_set.mutation.applied, True)
            same((failed.status.code, failed.HasField("reply")), (9, False))
            same(failed.status.reason, 20)
            same(got.reply.string_get.entry.value.text, "v")
    with check("a thousand operations in a frame, of each family"):
        key = name("pipe")
        frame = command_pb2.PipelineRequest()
        for number in range(250):
            frame.operations.add(id=number).command.list_push.CopyFrom(
                list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts(str(number))))
            frame.operations.add().command.set_add.CopyFrom(
                set_pb2.SetAddRequest(key=key + ":set", members=texts(str(number))))
            frame.operations.add().command.hash_increment.CopyFrom(
                hash_pb2.HashIncrementRequest(key=key + ":hash", field="n"))
            frame.operations.add().command.pub_sub_publish.CopyFrom(
                pubsub_pb2.PubSubPublishRequest(channel=key, payload=text("x")))
        results = [result for response in services.command.Pipeline(iter([frame]))
                   for result in response.results]
        same(len(results), 1000)
        same(results[998].reply.hash_increment.value, 250)
        same(elements(services, key), [str(number) for number in range(250)])


def test_admin(services):
    admin = services.admin
    with check("Admin.GetServerInfo tells version, limits and addresses"):
        info = admin.GetServerInfo(admin_pb2.AdminGetServerInfoRequest())
        same((info.version != "", info.process_id > 0, info.shards), (True, True, 1024))
        same(len(info.listen_addresses) > 0, True)
    with check("Admin.GetStatistics counts what this client does"):
        request = admin_pb2.AdminGetStatisticsRequest()
        before = admin.GetStatistics(request)
        key = name("counted")
        version = put(services, key).version
        read(services, key)
        read(services, name("none"))
        after = admin.GetStatistics(request)
        same((after.keys - before.keys, after.hits - before.hits), (1, 1))
        same((after.misses - before.misses, after.last_version), (1, version))
    with check("Admin.ListConnections shows this connection, page by page"):
        other = connect()
        read(other, name("none"))
        listed = admin.ListConnections(admin_pb2.AdminListConnectionsRequest(limit=1))
        same((len(listed.connections), listed.more), (1, True))
        page = admin_pb2.AdminListConnectionsRequest(after_id=listed.connections[0].id)
        rest = admin.ListConnections(page)
        same(len(rest.connections) >= 1 and rest.connections[0].id > page.after_id, True)
        other.channel.close()
    with check("Admin.Flush deletes every key"):
        put(services, name("flushed"))
        answer = admin.Flush(admin_pb2.AdminFlushRequest())
        same((answer.mutation.applied, answer.deleted > 0), (True, True))
        same(admin.GetStatistics(admin_pb2.AdminGetStatisticsRequest()).keys, 0)


def test_types(services):
    with check("each family refuses the keys of the others with WRONG_TYPE"):
        string, listed, aset, hashed = (name("type") for _ in range(4))
        put(services, string)
        push(services, listed, "x")
        add(services, aset, "x")
        services.hash.Set(hash_pb2.HashSetRequest(key=hashed, fields={"f": text("v")}))
        calls = {
            KEY_TYPE_STRING: lambda key: services.string.Append(
                string_pb2.StringAppendRequest(key=key, value=text("x"))),
            KEY_TYPE_LIST: lambda key: push(services, key, "x"),
            KEY_TYPE_SET: lambda key: add(services, key, "x"),
            KEY_TYPE_HASH: lambda key: services.hash.Length(hash_pb2.HashLengthRequest(key=key)),
        }
        keys = {KEY_TYPE_STRING: string, KEY_TYPE_LIST: listed, KEY_TYPE_SET: aset,
                KEY_TYPE_HASH: hashed}
        for wanted, call in calls.items():
            for held, key in keys.items():
                if held != wanted:
                    with fails(Code.FAILED_PRECONDITION, "WRONG_TYPE"):
                        call(key)


def test_health(services):
    health = health_pb2_grpc.HealthStub(services.channel)
    for service in ("", "kvick.v1.StringService", "kvick.v1.PubSubService"):
        with check(f"the standard health service says SERVING of {service or 'the whole'}"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service))
            same(answer.status, health_pb2.HealthCheckResponse.SERVING)


def main():
    services = connect()
    for test in (test_values, test_strings, test_preconditions, test_expiry, test_keys,
                 test_key_scans, test_lists, test_waiting, test_sets, test_hashes, test_pubsub,
                 test_slow_subscribers, test_pipeline, test_types, test_health, test_admin):
        test(services)
    services.channel.close()
    suite.finish()


main()
