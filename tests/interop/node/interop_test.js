// Calls a kvick-server through @grpc/grpc-js and stubs that @grpc/proto-loader makes from the
// protos: unary calls, a waiting call that is cancelled, the pipeline, a subscription, a scan, and
// errors with their details. Prints one line a check.
'use strict';

const assert = require('assert');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const PROTOS = path.join(process.env.ROOT, 'proto');
const DEADLINE_MS = 30000;
const FAMILIES = ['admin', 'command', 'hash', 'key', 'list', 'pubsub', 'set', 'string'];

const definition = protoLoader.loadSync(
    FAMILIES.map((family) => `kvick/v1/${family}.proto`),
    {includeDirs: [PROTOS], longs: String, enums: String, defaults: true, oneofs: true,
     keepCase: true});
const api = grpc.loadPackageDefinition(definition).kvick.v1;

// What every error carries, google.rpc.Status and ErrorInfo in the server's own words.
const errors = new protobuf.Root();
errors.resolvePath = (origin, target) => path.join(PROTOS, target);
errors.loadSync('kvick/v1/errors.proto');
const ErrorStatus = errors.lookupType('kvick.v1.ErrorStatus');
const ErrorInfo = errors.lookupType('kvick.v1.ErrorInfo');

const client = (service) => new api[service](
    process.env.KVICK_GRPC, grpc.credentials.createInsecure());
const strings = client('StringService');
const keys = client('KeyService');
const lists = client('ListService');
const sets = client('SetService');
const hashes = client('HashService');
const pubsub = client('PubSubService');
const commands = client('CommandService');
const admin = client('AdminService');

const deadline = () => ({deadline: Date.now() + DEADLINE_MS});

// A unary call as a promise.
function call(service, method, request) {
  return new Promise((resolve, reject) => {
    service[method](request, deadline(),
                    (error, answer) => error ? reject(error) : resolve(answer));
  });
}

let names = 0;
const name = (what) => `node:${what}:${process.pid}:${++names}`;
const text = (content) => ({text: content});

// The call must fail with this code and ErrorInfo reason.
async function fails(promise, code, reason) {
  const error = await promise.then(
      () => assert.fail(`it succeeded instead of ${reason}`), (failure) => failure);
  assert.strictEqual(error.code, code, error.message);
  const status = ErrorStatus.decode(error.metadata.get('grpc-status-details-bin')[0]);
  assert.strictEqual(status.code, code);
  const detail = status.details.find((any) => any.type_url.endsWith('/google.rpc.ErrorInfo'));
  const info = ErrorInfo.decode(detail.value);
  assert.deepStrictEqual([info.domain, info.reason], ['kvick', reason]);
}

// Every message of a stream.
async function all(stream) {
  const messages = [];
  for await (const message of stream) {
    messages.push(message);
  }
  return messages;
}

async function untilWaiters(wanted) {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end;) {
    const now = await call(admin, 'GetStatistics', {});
    if (Number(now.waiters) === wanted) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`there were never ${wanted} waiting calls`);
}

const checks = {
  'values of each kind come back as they went in': async () => {
    const values = [
      {text: 'a täxt ☂'}, {data: Buffer.from([0, 255, 254])},
      {integer: '-9223372036854775808'}, {number: -0.1},
    ];
    for (const value of values) {
      const key = name('value');
      await call(strings, 'Set', {key, value});
      const {entry} = await call(strings, 'Get', {key});
      const kind = entry.value.kind;
      assert.deepStrictEqual({[kind]: entry.value[kind]}, value);
    }
    assert.strictEqual((await call(strings, 'Get', {key: name('none')})).entry, null);
  },

  'a version is compare-and-set': async () => {
    const key = name('version');
    const put = (content, version) =>
      call(strings, 'Set', {key, value: text(content), precondition: {version}});
    const first = (await put('one', 0)).mutation;
    const second = (await put('two', first.version)).mutation;
    const lost = (await put('three', first.version)).mutation;
    assert.deepStrictEqual(
        [first.applied, second.applied, lost.applied, lost.version],
        [true, true, false, second.version]);
  },

  'sets, hashes and keys': async () => {
    const key = name('collection');
    await call(sets, 'Add', {key: `${key}:set`, members: [text('a'), text('b'), text('a')]});
    assert.strictEqual((await call(sets, 'Size', {key: `${key}:set`})).size, '2');
    await call(hashes, 'Set', {key: `${key}:hash`, fields: {f: text('1'), g: text('2')}});
    const {fields} = await call(hashes, 'GetAll', {key: `${key}:hash`});
    assert.strictEqual(fields.g.text, '2');
    const {exists} = await call(keys, 'Exists', {keys: [`${key}:set`, key]});
    assert.deepStrictEqual(exists, [true, false]);
  },

  'errors carry their google.rpc.ErrorInfo': async () => {
    const key = name('list');
    await call(lists, 'Push', {key, side: 'SIDE_LEFT', values: [text('x')]});
    await fails(call(strings, 'Get', {key}), grpc.status.FAILED_PRECONDITION, 'WRONG_TYPE');
    await fails(call(strings, 'Get', {}), grpc.status.INVALID_ARGUMENT, 'KEY_EMPTY');
    await fails(call(lists, 'SetAt', {key, index: 5, value: text('x')}),
                grpc.status.OUT_OF_RANGE, 'INDEX_OUT_OF_RANGE');
  },

  'a cancelled PopAny takes nothing': async () => {
    const key = name('wait');
    const before = Number((await call(admin, 'GetStatistics', {})).waiters);
    const ended = new Promise((resolve) => {
      const waiting = lists.PopAny(
          {keys: [key], side: 'SIDE_LEFT', max_wait: {seconds: 600}}, resolve);
      untilWaiters(before + 1).then(() => waiting.cancel());
    });
    assert.strictEqual((await ended).code, grpc.status.CANCELLED);
    await untilWaiters(before);
    const pushed = await call(lists, 'Push', {key, side: 'SIDE_LEFT', values: [text('kept')]});
    assert.strictEqual(pushed.length, '1');
  },

  'the pipeline answers in order, and one bad operation fails alone': async () => {
    const key = name('pipe');
    const stream = commands.Pipeline(deadline());
    const frame = {operations: [
      {id: 1, command: {string_increment: {key}}},
      {id: 2, command: {list_length: {key}}},
      {id: 3, command: {string_get: {key}}},
    ]};
    stream.write(frame);
    stream.write(frame);
    stream.end();
    const results = (await all(stream)).flatMap((response) => response.results);
    assert.deepStrictEqual(results.map((result) => result.id), ['1', '2', '3', '1', '2', '3']);
    assert.strictEqual(results[3].reply.string_increment.value, '2');
    assert.strictEqual(results[4].status.reason, 'ERROR_REASON_WRONG_TYPE');
    assert.strictEqual(results[4].reply, null);
    assert.strictEqual(results[5].reply.string_get.entry.value.integer, '2');
  },

  'a subscription gets Created and then the messages': async () => {
    const channel = name('channel');
    const stream = pubsub.Subscribe({channels: [channel], patterns: [`${channel}.*`]}, deadline());
    const events = stream[Symbol.asyncIterator]();
    assert.strictEqual((await events.next()).value.event, 'created');
    for (const to of [channel, `${channel}.news`]) {
      const answer = await call(
          pubsub, 'Publish', {channel: to, payload: text(to), attributes: {by: 'node'}});
      assert.strictEqual(answer.receivers, '1');
    }
    const got = [];
    while (got.length < 2) {
      const {batch} = (await events.next()).value;
      got.push(...batch.messages.map((m) => `${m.payload.text} by ${m.attributes.by}`));
    }
    assert.deepStrictEqual(got, [`${channel} by node`, `${channel}.news by node`]);
    stream.on('error', () => {});
    stream.cancel();
  },

  'a scan streams every key': async () => {
    const prefix = name('scan');
    const items = Array.from({length: 500}, (_, i) => ({key: `${prefix}:${i}`, value: text('x')}));
    await call(strings, 'BatchSet', {items});
    const batches = await all(keys.Scan({selector: {prefix}}, deadline()));
    const found = new Set(batches.flatMap((batch) => batch.keys.map((key) => key.key)));
    assert.strictEqual(found.size, items.length);
  },
};

async function main() {
  let failures = 0;
  for (const [title, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok   node: ${title}`);
    } catch (error) {
      failures += 1;
      const why = String(error.stack).split(/\s+/).join(' ').slice(0, 600);
      console.log(`FAIL node: ${title}: ${why}`);
    }
  }
  process.exit(failures > 0 ? 1 : 0);
}

main();
