"""The services through generated stubs and grpc.aio: calls, streams, cancellation, errors."""

import asyncio

import grpc
from checks import Suite, fails, same
from kvick.v1 import command_pb2, hash_pb2, key_pb2, list_pb2, pubsub_pb2, set_pb2, string_pb2
from kvick.v1.value_pb2 import SIDE_LEFT, SIDE_RIGHT, Selector, Value
from session import DEADLINE, GRPC, Services, metric, name, seconds, texts, wait_until

suite = Suite("python_asyncio")
check = suite.check


async def until(what, condition):
    """As wait_until, without holding up the loop."""
    return await asyncio.to_thread(wait_until, what, condition)


async def test_calls(services):
    with check("a hundred calls at once on one channel"):
        key = name("count")
        increment = string_pb2.StringIncrementRequest(key=key)
        answers = await asyncio.gather(
            *(services.string.Increment(increment) for _ in range(100)))
        same(sorted(answer.value for answer in answers), list(range(1, 101)))
        entry = (await services.string.Get(string_pb2.StringGetRequest(key=key))).entry
        same(entry.value, Value(integer=100))
    with check("an error carries its ErrorInfo"):
        key = name("type")
        await services.set.Add(set_pb2.SetAddRequest(key=key, members=texts("x")))
        with fails(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_TYPE"):
            await services.string.Get(string_pb2.StringGetRequest(key=key))


async def test_waiting(services):
    def pop_any(key):
        return list_pb2.ListPopAnyRequest(keys=[key], side=SIDE_LEFT, max_wait=seconds(600))

    def push(key, *contents):
        return services.list.Push(
            list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts(*contents)))

    with check("waiting calls are served in the order of their arrival"):
        key = name("wait")
        before = metric("kvick_waiters")
        tasks = []
        for number in range(1, 4):
            tasks.append(asyncio.ensure_future(
                services.list.PopAny(pop_any(key), timeout=DEADLINE)))
            await until("the call waits", lambda: metric("kvick_waiters") == before + number)
        await push(key, "a", "b", "c")
        answers = await asyncio.gather(*tasks)
        same([answer.values[0].text for answer in answers], ["a", "b", "c"])
    with check("a cancelled task takes nothing, and the next in line gets it"):
        key = name("wait")
        before = metric("kvick_waiters")
        first = services.list.PopAny(pop_any(key))
        await until("the call waits", lambda: metric("kvick_waiters") == before + 1)
        second = services.list.PopAny(pop_any(key), timeout=DEADLINE)
        await until("both wait", lambda: metric("kvick_waiters") == before + 2)
        first.cancel()
        await until("one waits", lambda: metric("kvick_waiters") == before + 1)
        await push(key, "a")
        same((await second).values[0].text, "a")
        same(first.cancelled(), True)


async def test_streams(services):
    with check("a scan is an asynchronous iterator"):
        key = name("hash")
        fields = {f"field-{number}": Value(integer=number) for number in range(3000)}
        await services.hash.Set(hash_pb2.HashSetRequest(key=key, fields=fields))
        found = {}
        async for batch in services.hash.Scan(hash_pb2.HashScanRequest(key=key)):
            found.update((field.field, field.value) for field in batch.fields)
        same(found, fields)
    with check("a scan of keys can be left in the middle"):
        call = services.key.Scan(key_pb2.KeyScanRequest(selector=Selector(all=True)))
        same((await call.read()) is not grpc.aio.EOF, True)
        call.cancel()
        same(await call.code(), grpc.StatusCode.CANCELLED)
    with check("subscriptions and publishers share one loop"):
        channel = name("channel")
        calls = [services.pubsub.Subscribe(
            pubsub_pb2.PubSubSubscribeRequest(channels=[channel])) for _ in range(5)]
        for call in calls:
            same((await call.read()).WhichOneof("event"), "created")
        for number in range(20):
            answer = await services.pubsub.Publish(
                pubsub_pb2.PubSubPublishRequest(channel=channel, payload=Value(integer=number)))
            same(answer.receivers, 5)
        for call in calls:
            numbers = []
            while len(numbers) < 20:
                numbers += [m.payload.integer for m in (await call.read()).batch.messages]
            same(numbers, list(range(20)))
            call.cancel()


async def test_pipeline(services):
    with check("a pipeline is written and read frame by frame"):
        key = name("pipe")
        call = services.command.Pipeline()
        for number in range(1, 6):
            frame = command_pb2.PipelineRequest()
            frame.operations.add(id=number).command.string_increment.key = key
            frame.operations.add(id=number).command.string_get.key = ""
            await call.write(frame)
            good, bad = (await call.read()).results
            same((good.id, good.reply.string_increment.value), (number, number))
            same((bad.id, bad.status.code, bad.status.reason), (number, 3, 2))
        await call.done_writing()
        same(await call.read() is grpc.aio.EOF, True)
        same(await call.code(), grpc.StatusCode.OK)
    with check("a pipeline that is cancelled while an operation waits takes nothing"):
        key = name("pipe")
        before = metric("kvick_waiters")
        call = services.command.Pipeline()
        frame = command_pb2.PipelineRequest()
        pop = frame.operations.add().command.list_pop_any
        pop.keys.append(key)
        pop.side = SIDE_LEFT
        pop.max_wait.seconds = 600
        await call.write(frame)
        await until("the operation waits", lambda: metric("kvick_waiters") == before + 1)
        call.cancel()
        await until("it is gone", lambda: metric("kvick_waiters") == before)
        await services.list.Push(
            list_pb2.ListPushRequest(key=key, side=SIDE_RIGHT, values=texts("a")))
        length = await services.list.Length(list_pb2.ListLengthRequest(key=key))
        same(length.length, 1)


async def main():
    async with grpc.aio.insecure_channel(GRPC) as channel:
        services = Services(channel)
        for test in (test_calls, test_waiting, test_streams, test_pipeline):
            await test(services)
    suite.finish()


asyncio.run(main())
