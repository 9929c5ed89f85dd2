// How the client is used: an example of every public item, compiled here and run against the
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "kvick/client.h"
#include "kvick/grpc_connection.h"
#include "kvick/mock_connection.h"
#include "kvick/retry.h"
#include "tests/integration/server_process.h"

namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class ExamplesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = kvick::testing::ServerProcess::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = server->release();
  }

  static void TearDownTestSuite() {
    EXPECT_EQ(server_->Stop(), 0) << server_->log();
    delete server_;
  }

  void SetUp() override {
    auto client = kvick::Client::Create({.target = server_->grpc_address()});
    ASSERT_TRUE(client.ok());
    client_.emplace(*std::move(client));
    ASSERT_TRUE(client_->Admin().Flush().ok());
  }

  kvick::Client& client() { return *client_; }

  static kvick::testing::ServerProcess* server_;
  std::optional<kvick::Client> client_;
};

kvick::testing::ServerProcess* ExamplesTest::server_ = nullptr;

// The first example: Client::Create, Strings, ToString.
absl::StatusOr<std::string> Greet(const std::string& address) {
  absl::StatusOr<kvick::Client> client = kvick::Client::Create({.target = address});
  if (!client.ok()) return client.status();
  auto set = client->Strings().Set("greeting", "hello", {.ttl = absl::Minutes(5)});
  if (!set.ok()) return set.status();
  auto get = client->Strings().Get("greeting");
  if (!get.ok()) return get.status();
  if (!get->has_entry()) return "nothing there";
  return kvick::ToString(get->entry().value());
}

TEST_F(ExamplesTest, First) { EXPECT_EQ(*Greet(server_->grpc_address()), "hello"); }

TEST_F(ExamplesTest, Values) {
  const auto strings = client().Strings();
  ASSERT_TRUE(strings.Set("text", "words").ok());
  ASSERT_TRUE(strings.Set("integer", 42).ok());
  ASSERT_TRUE(strings.Set("number", 0.5).ok());
  ASSERT_TRUE(strings.Set("bytes", kvick::Data{.bytes = "\xFF\x01"}).ok());
  EXPECT_EQ(strings.Get("integer")->entry().value().integer(), 42);
  EXPECT_EQ(strings.Get("number")->entry().value().number(), 0.5);
  EXPECT_EQ(strings.Get("bytes")->entry().value().data(), "\xFF\x01");
  EXPECT_EQ(kvick::ToString(kvick::Value(42).proto()), "42");
}

// A function of one's own that takes what a Value takes for a whole number.
template <kvick::ValueInteger Number>
kvick::Value Doubled(Number number) {
  return kvick::Value(2 * number);
}

TEST_F(ExamplesTest, ValuesOfRequests) {
  EXPECT_EQ(kvick::ToString(Doubled(21).proto()), "42");
  // What a request takes that is filled by hand.
  kvick::v1::StringSetRequest request;
  request.set_key("k");
  *request.mutable_value() = kvick::Value("v").proto();
  const kvick::WriteOptions options{.ttl = absl::Hours(1)};
  if (options.has_expiry()) *request.mutable_expiry() = options.expiry();
  ASSERT_TRUE(client().Call(request).ok());
  kvick::v1::ListPopAnyRequest pop;
  pop.add_keys("nothing");
  pop.set_side(kvick::v1::SIDE_LEFT);
  *pop.mutable_max_wait() = kvick::ToProto(absl::Milliseconds(1));
  EXPECT_FALSE(client().Call(pop)->has_key());
  const auto get = client().Strings().Get("k");
  EXPECT_GT(kvick::FromProto(get->entry().expire_time()), absl::Now());
}

TEST_F(ExamplesTest, CompareAndSet) {
  const auto strings = client().Strings();
  ASSERT_TRUE(strings.Set("counter", 1, {.precondition = kvick::IfAbsent()})->mutation().applied());
  const int64_t version = strings.Get("counter")->entry().version();
  // Somebody else is faster...
  ASSERT_TRUE(strings.Set("counter", 5).ok());
  // ...so this changes nothing, which is no error.
  const auto late = strings.Set("counter", 2, {.precondition = kvick::IfVersion(version)});
  ASSERT_TRUE(late.ok());
  EXPECT_FALSE(late->mutation().applied());
  EXPECT_TRUE(
      strings.Set("counter", 6, {.precondition = kvick::IfEquals(5)})->mutation().applied());
  EXPECT_TRUE(
      strings.Set("counter", 7, {.precondition = kvick::IfPresent()})->mutation().applied());
  // Where a call takes no other option, the condition alone.
  const kvick::Condition unchanged = kvick::IfVersion(version);
  EXPECT_FALSE(client().Keys().Delete({"counter"}, unchanged)->mutation().applied());
}

TEST_F(ExamplesTest, Strings) {
  const auto strings = client().Strings();
  EXPECT_FALSE(strings.Exchange("k", "a")->has_previous());
  EXPECT_EQ(strings.Exchange("k", "b")->previous().value().text(), "a");
  EXPECT_EQ(strings.Append("k", "cd")->length(), 3);
  EXPECT_EQ(strings.Length("k")->length(), 3);
  EXPECT_EQ(strings.GetRange("k", 1, -1)->entry().value().text(), "cd");
  EXPECT_EQ(strings.SetRange("k", 0, "x")->length(), 3);
  EXPECT_TRUE(strings.GetAndExpire("k", {.ttl = absl::Hours(1)})->entry().has_expire_time());
  EXPECT_EQ(strings.GetAndDelete("k")->entry().value().text(), "xcd");
  EXPECT_EQ(strings.Increment("n")->value(), 1);
  EXPECT_EQ(strings.Increment("n", 10, {.maximum = 5, .saturate = true})->value(), 5);
  const kvick::IncrementOptions quota{
      .minimum = 0, .initial_ttl = absl::Minutes(1), .write = {.precondition = kvick::IfAbsent()}};
  EXPECT_EQ(strings.Increment("requests", 1, quota)->value(), 1);
  EXPECT_EQ(strings.IncrementNumber("f", 0.5)->value(), 0.5);
  ASSERT_TRUE(strings.BatchSet({{"a", 1}, {"b", "two"}}, {.ttl = absl::Hours(1)}).ok());
  const auto batch = strings.BatchGet({"a", "missing", "b"});
  EXPECT_EQ(batch->items(0).entry().value().integer(), 1);
  EXPECT_FALSE(batch->items(1).has_entry());
}

TEST_F(ExamplesTest, Keys) {
  const auto keys = client().Keys();
  ASSERT_TRUE(client().Strings().BatchSet({{"user:1", "a"}, {"user:2", "b"}, {"x", "c"}}).ok());
  EXPECT_THAT(keys.Exists({"user:1", "nobody"})->exists(), ElementsAre(true, false));
  EXPECT_EQ(keys.Describe("x")->description().type(), kvick::v1::KEY_TYPE_STRING);
  EXPECT_TRUE(
      keys.Expire("x", {.ttl = absl::Hours(1)}, kvick::v1::EXPIRE_CONDITION_IF_NONE)->changed());
  EXPECT_TRUE(keys.Persist("x")->changed());
  EXPECT_TRUE(keys.Copy("x", "y")->copied());
  EXPECT_TRUE(keys.Rename("y", "z")->renamed());
  EXPECT_EQ(keys.Touch({"x", "z"})->touched(), 2);
  EXPECT_TRUE(keys.Sample()->has_key());
  EXPECT_EQ(keys.Delete({"x", "z", "nobody"})->deleted(), 2);
  std::vector<std::string> found;
  for (const auto& key : keys.Scan({.prefix = "user:"})) {
    ASSERT_TRUE(key.ok()) << key.status();
    found.push_back(key->key());
  }
  EXPECT_THAT(found, UnorderedElementsAre("user:1", "user:2"));
  const auto progress =
      keys.DeleteMatching({.glob = "user:*"}, [](const kvick::v1::KeyDeleteMatchingResponse&) {});
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->deleted(), 2);
}

TEST_F(ExamplesTest, PagesOfAScan) {
  ASSERT_TRUE(client().Strings().BatchSet({{"user:1", "a"}, {"user:2", "b"}, {"x", "c"}}).ok());
  kvick::ScanOptions options{
      .prefix = "user:", .type = kvick::v1::KEY_TYPE_STRING, .limit = 1, .page_token = ""};
  std::vector<std::string> found;
  do {
    kvick::KeyClient::Range page = client().Keys().Scan(options);
    while (const auto key = page.Next()) {
      ASSERT_TRUE(key->ok()) << key->status();
      found.push_back((*key)->key());
    }
    options.page_token = page.next_page_token();
  } while (!options.page_token.empty());
  EXPECT_THAT(found, UnorderedElementsAre("user:1", "user:2"));
}

// What any scan gives, for code that does not care which it is.
template <class Request, class Item>
int64_t Count(kvick::ScanRange<Request, Item> range) {
  int64_t count = 0;
  for (const auto& item : range) count += item.ok() ? 1 : 0;
  return count;
}

TEST_F(ExamplesTest, AnyScan) {
  const kvick::HashClient::Fields fields{{"name", "Ann"}, {"age", 30}};
  ASSERT_TRUE(client().Hashes().Set("user", fields).ok());
  ASSERT_TRUE(client().Sets().Add("tags", {"a", "b", "c"}).ok());
  kvick::HashClient::Range of_fields = client().Hashes().Scan("user");
  kvick::SetClient::Range of_members = client().Sets().Scan("tags");
  EXPECT_EQ(Count(std::move(of_fields)), 2);
  EXPECT_EQ(Count(std::move(of_members)), 3);
}

TEST_F(ExamplesTest, Lists) {
  const auto lists = client().Lists();
  EXPECT_EQ(lists.Push("tasks", {"a", "b", 3})->length(), 3);
  EXPECT_EQ(lists.Push("tasks", kvick::v1::SIDE_LEFT, {"first"}, {.ttl = absl::Hours(1)})->length(),
            4);
  EXPECT_EQ(lists.Range("tasks")->values_size(), 4);
  EXPECT_EQ(lists.GetAt("tasks", -1)->entry().value().integer(), 3);
  EXPECT_TRUE(lists.SetAt("tasks", -1, "c")->mutation().applied());
  EXPECT_TRUE(lists.Insert("tasks", kvick::v1::INSERT_POSITION_BEFORE, "b", "aa")->inserted());
  EXPECT_THAT(lists.Find("tasks", "b")->indexes(), ElementsAre(3));
  const kvick::FindOptions last{.rank = -1, .count = 1, .max_length = 10};
  EXPECT_THAT(lists.Find("tasks", "b", last)->indexes(), ElementsAre(3));
  EXPECT_EQ(lists.Remove("tasks", "aa")->removed(), 1);
  EXPECT_EQ(lists.Trim("tasks", 0, 2)->length(), 3);
  EXPECT_EQ(lists.Length("tasks")->length(), 3);
  EXPECT_EQ(lists.Pop("tasks", kvick::v1::SIDE_LEFT)->values(0).text(), "first");
  EXPECT_EQ(lists.PopAny({"empty", "tasks"}, kvick::v1::SIDE_LEFT, absl::Seconds(1))->key(),
            "tasks");
  EXPECT_EQ(
      lists.Move("tasks", "done", kvick::v1::SIDE_LEFT, kvick::v1::SIDE_RIGHT)->value().text(),
      "b");
}

TEST_F(ExamplesTest, Sets) {
  const auto sets = client().Sets();
  EXPECT_EQ(sets.Add("a", {"x", "y", 5})->added(), 3);
  EXPECT_EQ(sets.Add("b", {"y", "5"})->added(), 2);
  EXPECT_THAT(sets.Contains("a", {"x", "5", "z"})->contains(), ElementsAre(true, true, false))
      << "the integer 5 and the text \"5\" are one and the same member";
  EXPECT_EQ(sets.Size("a")->size(), 3);
  EXPECT_EQ(sets.Combine(kvick::v1::SET_OPERATION_INTERSECTION, {"a", "b"})->members_size(), 2);
  EXPECT_EQ(sets.CombineCount(kvick::v1::SET_OPERATION_UNION, {"a", "b"})->count(), 3);
  EXPECT_EQ(sets.CombineStore("c", kvick::v1::SET_OPERATION_DIFFERENCE, {"a", "b"})->size(), 1);
  EXPECT_TRUE(sets.Move("a", "b", "x")->moved());
  EXPECT_EQ(sets.Sample("b", 2)->members_size(), 2);
  EXPECT_EQ(sets.Remove("b", {"x"})->removed(), 1);
  std::vector<std::string> members;
  for (const auto& member : sets.Scan("b")) members.push_back(kvick::ToString(*member));
  EXPECT_THAT(members, UnorderedElementsAre("y", "5"));
  EXPECT_EQ(sets.Pop("b", 2)->members_size(), 2);
}

TEST_F(ExamplesTest, Hashes) {
  const auto hashes = client().Hashes();
  EXPECT_EQ(hashes.Set("user", {{"name", "Ann"}, {"age", 30}})->added(), 2);
  EXPECT_FALSE(hashes.Set("user", {{"name", "Bob"}}, {}, kvick::v1::FIELD_CONDITION_IF_NONE_EXIST)
                   ->fields_set());
  EXPECT_EQ(hashes.Get("user", {"name", "nothing"})->items(0).value().text(), "Ann");
  EXPECT_EQ(hashes.GetAll("user")->fields().at("age").integer(), 30);
  EXPECT_THAT(hashes.Exists("user", {"age", "nothing"})->exists(), ElementsAre(true, false));
  EXPECT_EQ(hashes.Length("user")->length(), 2);
  EXPECT_EQ(hashes.Increment("user", "age")->value(), 31);
  EXPECT_EQ(hashes.IncrementNumber("user", "score", 0.5)->value(), 0.5);
  EXPECT_EQ(hashes.Sample("user", 2, true, true)->fields_size(), 2);
  int fields = 0;
  for (const auto& field : hashes.Scan("user", "*e")) fields += field.ok() ? 1 : 0;
  EXPECT_EQ(fields, 3);
  EXPECT_EQ(hashes.Delete("user", {"score"})->deleted(), 1);
}

TEST_F(ExamplesTest, SubscriptionAsARange) {
  const auto pubsub = client().PubSub();
  auto subscription = pubsub.Subscribe({.channels = {"news"}, .patterns = {"sport.*"}});
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  EXPECT_TRUE(subscription->created().has_create_time());
  EXPECT_EQ(pubsub.Publish("news", "hello", {{"from", "me"}})->receivers(), 1);
  ASSERT_TRUE(pubsub.Publish("sport.chess", "e4").ok());
  std::vector<std::string> heard;
  for (const auto& event : *subscription) {
    ASSERT_TRUE(event.ok()) << event.status();
    if (const auto* message = std::get_if<kvick::v1::PubSubMessage>(&*event)) {
      heard.push_back(message->payload().text());
    } else if (const auto* gap = std::get_if<kvick::v1::SubscriptionGap>(&*event)) {
      ADD_FAILURE() << "missed " << gap->dropped();
    }
    if (heard.size() == 2) subscription->Cancel();
  }
  EXPECT_THAT(heard, ElementsAre("hello", "e4"));
}

// One thing after the other, where a range is not what is wanted.
std::string Heard(const kvick::SubscriptionEvent& event) {
  const auto* message = std::get_if<kvick::v1::PubSubMessage>(&event);
  return message == nullptr ? "" : message->payload().text();
}

TEST_F(ExamplesTest, SubscriptionStepByStep) {
  const kvick::PubSubClient pubsub = client().PubSub();
  const kvick::SubscribeOptions options{
      .channels = {"news"}, .patterns = {}, .max_buffered_bytes = 1 << 16};
  absl::StatusOr<kvick::Subscription> subscription = pubsub.Subscribe(options);
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  ASSERT_TRUE(pubsub.Publish("news", "first").ok());
  ASSERT_TRUE(pubsub.Publish("news", "second").ok());
  const auto event = subscription->Next();
  ASSERT_TRUE(event.has_value() && event->ok());
  EXPECT_EQ(Heard(**event), "first");
  const auto message = subscription->NextMessage();
  ASSERT_TRUE(message.has_value() && message->ok());
  EXPECT_EQ((*message)->payload().text(), "second");
  subscription->Cancel();
  EXPECT_FALSE(subscription->Next().has_value());
}

TEST_F(ExamplesTest, SubscriptionWithCallbacks) {
  const auto pubsub = client().PubSub();
  std::promise<std::string> heard;
  const kvick::SubscriptionHandlers handlers{
      .on_message = [&](const kvick::v1::PubSubMessage& m) { heard.set_value(m.payload().text()); },
      .on_gap = [](const kvick::v1::SubscriptionGap&) {},
      .on_progress = [](const kvick::v1::SubscriptionProgress&) {},
      .on_created = [](const kvick::v1::SubscriptionCreated&) {},
      .on_end = [](const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; }};
  absl::StatusOr<std::unique_ptr<kvick::Listener>> listener =
      pubsub.Listen({.channels = {"news"}, .overflow = kvick::v1::OVERFLOW_DISCONNECT}, handlers);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_THAT(pubsub.ListChannels("n*")->channels(), ElementsAre("news"));
  EXPECT_THAT(pubsub.CountSubscribers({"news", "none"})->subscribers(), ElementsAre(1, 0));
  ASSERT_TRUE(pubsub.Publish("news", "hello").ok());
  EXPECT_EQ(heard.get_future().get(), "hello");
  (*listener)->Cancel();  // Destroying it would do.
}

TEST_F(ExamplesTest, Pipelines) {
  const kvick::PipelineOptions options{.max_frame_operations = 100,
                                       .max_frame_bytes = 1 << 16,
                                       .max_unanswered = 1000,
                                       .max_unanswered_bytes = 1 << 20,
                                       .close_timeout = absl::Seconds(1)};
  const std::unique_ptr<kvick::Pipeline> pipeline = client().OpenPipeline(options);
  // Nobody needs the answers: Send, then Wait for the first error.
  for (int i = 0; i < 1000; ++i) {
    kvick::v1::StringSetRequest set;
    set.set_key("key:" + std::to_string(i));
    set.mutable_value()->set_integer(i);
    pipeline->Send(std::move(set));
  }
  ASSERT_TRUE(pipeline->Wait(absl::Seconds(30)).ok());
  // Somebody does: a future...
  kvick::v1::StringGetRequest get;
  get.set_key("key:7");
  std::future<absl::StatusOr<kvick::v1::StringGetResponse>> seven = pipeline->Run(get);
  EXPECT_EQ(seven.get()->entry().value().integer(), 7);
  // ...or a callback.
  std::promise<int64_t> eight;
  get.set_key("key:8");
  const kvick::Pipeline::Callback<kvick::v1::StringGetRequest> callback =
      [&](absl::StatusOr<kvick::v1::StringGetResponse> response) {
        eight.set_value(response.ok() ? response->entry().value().integer() : -1);
      };
  pipeline->Run(get, callback);
  EXPECT_EQ(eight.get_future().get(), 8);
}

TEST_F(ExamplesTest, Errors) {
  ASSERT_TRUE(client().Lists().Push("list", {"a"}).ok());
  const absl::Status status = client().Strings().Get("list").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(kvick::ReasonOf(status), kvick::v1::ERROR_REASON_WRONG_TYPE);
  const kvick::ErrorDetails details = kvick::DetailsOf(status);
  EXPECT_EQ(details.reason, kvick::v1::ERROR_REASON_WRONG_TYPE);
  EXPECT_EQ(details.reason_name, "WRONG_TYPE");
  EXPECT_EQ(details.metadata.count("key"), 0u);
  EXPECT_EQ(details.domain, "kvick");
  EXPECT_FALSE(details.retry_delay.has_value());
  EXPECT_FALSE(kvick::NothingExecuted(status));
}

TEST_F(ExamplesTest, CallOptions) {
  const kvick::CallOptions options{.timeout = absl::Seconds(5),
                                   .deadline = absl::Now() + absl::Seconds(4),
                                   .metadata = {{"kvick-request-id", "42"}},
                                   .repeatable = true};
  const kvick::Client quick = client().With(options);
  EXPECT_TRUE(quick.Strings().Set("k", "v").ok());
  EXPECT_TRUE(quick.Strings().Set("k", "v", {.expire_time = absl::Now() + absl::Hours(1)}).ok());
  EXPECT_TRUE(quick.Strings().Set("k", "v", {.persist = true}).ok());
}

TEST_F(ExamplesTest, StopsAndBoundsOfStreams) {
  std::stop_source stop;
  const kvick::Client stoppable =
      client().With({.read_timeout = absl::Seconds(5), .stop = stop.get_token()});
  auto subscription = stoppable.PubSub().Subscribe({.channels = {"news"}});
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  std::jthread other([&] { stop.request_stop(); });
  const auto end = subscription->Next();
  EXPECT_TRUE(absl::IsCancelled(end->status())) << end->status();
}

TEST_F(ExamplesTest, AnyCallByItsRequest) {
  kvick::v1::KeyDescribeRequest request;
  request.set_key("k");
  const absl::StatusOr<kvick::v1::KeyDescribeResponse> response = client().Call(request);
  EXPECT_FALSE(response->has_description());
  // Or with a method that is found at run time.
  const kvick::Method method(kvick::FindMethod(request.GetDescriptor()));
  kvick::v1::KeyDescribeResponse answer;
  EXPECT_TRUE(client().connection()->Call(method, request, {}, &answer).ok());
  EXPECT_EQ(method.path, "/kvick.v1.KeyService/Describe");
  EXPECT_EQ(method.descriptor->output_type(), answer.GetDescriptor());
  EXPECT_TRUE(method.repeatable);
  EXPECT_FALSE(method.endless);
  int methods = 0;
  for (const auto* service : kvick::AllServices()) methods += service->method_count();
  EXPECT_GT(methods, 60);
}

// Any call of which only the type is known.
template <class Request>
absl::StatusOr<kvick::ResponseFor<Request>> CallPlainly(kvick::Connection& connection,
                                                        const Request& request) {
  kvick::ResponseFor<Request> response;
  const absl::Status status = connection.Call(kvick::MethodFor<Request>(), request, {}, &response);
  if (!status.ok()) return status;
  return response;
}

TEST_F(ExamplesTest, StreamsWithoutHelp) {
  kvick::Connection& connection = *client().connection();
  ASSERT_TRUE(CallPlainly(connection, kvick::v1::KeySampleRequest()).ok());
  kvick::v1::KeyScanRequest scan;
  scan.mutable_selector()->set_all(true);
  const auto answers =
      connection.OpenStream(kvick::MethodFor<kvick::v1::KeyScanRequest>(), scan, {});
  ASSERT_TRUE(answers.ok()) << answers.status();
  const std::unique_ptr<kvick::ReadStream>& stream = *answers;
  kvick::v1::KeyScanResponse batch;
  while (stream->Read(&batch)) EXPECT_EQ(batch.keys_size(), 0);
  EXPECT_TRUE(stream->Finish().ok());
  stream->Cancel();  // Too late here; otherwise Read would return.
  // Frames of a pipeline, made and read by hand.
  const auto opened = connection.OpenPipeline({});
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::unique_ptr<kvick::PipelineStream>& pipeline = *opened;
  kvick::v1::PipelineRequest frame;
  frame.add_operations()->mutable_command()->mutable_string_get();  // Without a key.
  ASSERT_TRUE(pipeline->Write(frame));
  pipeline->WritesDone();
  kvick::v1::PipelineResponse results;
  ASSERT_TRUE(pipeline->Read(&results));
  EXPECT_TRUE(absl::IsInvalidArgument(kvick::StatusFromOperation(results.results(0).status())));
  EXPECT_FALSE(pipeline->Read(&results));
  EXPECT_TRUE(pipeline->Finish().ok());
  pipeline->Cancel();
}

TEST_F(ExamplesTest, Admin) {
  EXPECT_FALSE(client().Admin().GetServerInfo()->run_id().empty());
  EXPECT_GE(client().Admin().GetStatistics()->connections(), 1);
  EXPECT_GE(client().Admin().ListConnections()->connections_size(), 1);
  EXPECT_TRUE(client().Admin().Flush()->mutation().applied());
}

TEST_F(ExamplesTest, AllOptions) {
  const kvick::RetryPolicy twice{.max_attempts = 2,
                                 .initial_backoff = absl::Milliseconds(10),
                                 .multiplier = 1.5,
                                 .max_backoff = absl::Seconds(1)};
  const kvick::ClientOptions options{.target = server_->grpc_address(),
                                     .default_timeout = absl::Seconds(3),
                                     .connect_timeout = absl::Seconds(1),
                                     .max_connections = 2,
                                     .max_receive_bytes = 1 << 20,
                                     .keepalive_time = absl::Minutes(1),
                                     .retry = twice};
  const auto client = kvick::Client::Create(options);
  ASSERT_TRUE(client.ok());
  EXPECT_TRUE(client->Strings().Get("k").ok());
  const kvick::TlsOptions mutual{.ca_file = "/missing/ca.pem",
                                 .cert_file = "/missing/client.pem",
                                 .key_file = "/missing/client.key",
                                 .server_name = "kvick.example"};
  const auto tls = kvick::Client::Create({.target = server_->grpc_address(), .tls = mutual});
  EXPECT_EQ(tls.status().code(), absl::StatusCode::kInvalidArgument);
}

// What a program that takes a Client looks like in its own tests.
absl::StatusOr<int64_t> CountVisit(const kvick::Client& client) {
  auto response = client.Strings().Increment("visits");
  if (!response.ok()) return response.status();
  return response->value();
}

TEST(MockExample, AnswersWhatTheTestSays) {
  const auto connection = std::make_shared<kvick::MockConnection>();
  kvick::v1::StringIncrementResponse response;
  response.set_value(7);
  EXPECT_CALL(*connection, Call).WillOnce(kvick::RespondWith(response));
  EXPECT_EQ(*CountVisit(kvick::Client(connection)), 7);
}

TEST(MockExample, IsAServerThatIsAway) {
  const auto connection = std::make_shared<kvick::MockConnection>();
  EXPECT_CALL(*connection, Call)
      .WillOnce(::testing::Return(kvick::NotConnectedError("host:5825", "refused")));
  const absl::Status status = CountVisit(kvick::Client(connection)).status();
  EXPECT_TRUE(kvick::NothingExecuted(status)) << "so it may be tried again";
}

// Tries of one's own, on a clock that a test holds still.
TEST(RetryExample, TriesUntilTheDeadline) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  std::vector<absl::Duration> pauses;
  const kvick::RetryEnvironment environment{
      .now = [&] { return now; },
      .sleep = [&](absl::Duration pause, const std::stop_token&) { pauses.push_back(pause); },
      .random = [] { return 1.0; }};
  const kvick::RetryPolicy policy{.max_attempts = 3, .initial_backoff = absl::Milliseconds(10)};
  kvick::RetryLoop loop(policy, environment, now + absl::Seconds(1));
  int tries = 0;
  do {
    ++tries;
  } while (loop.TryAgain(absl::UnavailableError("not yet"), /*repeatable=*/true));
  EXPECT_EQ(tries, 3);
  EXPECT_FALSE(loop.out_of_time()) << "it was the number of tries";
  EXPECT_THAT(pauses, ElementsAre(absl::Milliseconds(10), absl::Milliseconds(20)));
}

// A wrapper of one's own around every call.
TEST_F(ExamplesTest, OwnLayers) {
  class Counting : public kvick::Connection {
   public:
    explicit Counting(std::shared_ptr<kvick::Connection> inner) : inner_(std::move(inner)) {}
    absl::Status Call(const kvick::Method& method, const google::protobuf::Message& request,
                      const kvick::CallOptions& options,
                      google::protobuf::Message* response) override {
      ++calls;
      return inner_->Call(method, request, options, response);
    }
    absl::StatusOr<std::unique_ptr<kvick::ReadStream>> OpenStream(
        const kvick::Method& method, const google::protobuf::Message& request,
        const kvick::CallOptions& options) override {
      return inner_->OpenStream(method, request, options);
    }
    absl::StatusOr<std::unique_ptr<kvick::PipelineStream>> OpenPipeline(
        const kvick::CallOptions& options) override {
      return inner_->OpenPipeline(options);
    }
    int calls = 0;

   private:
    std::shared_ptr<kvick::Connection> inner_;
  };
  auto wire = kvick::MakeGrpcConnection({.target = server_->grpc_address()});
  ASSERT_TRUE(wire.ok());
  auto counting = std::make_shared<Counting>(*wire);
  const kvick::Client counted(kvick::MakeDeadlineConnection(
      kvick::MakeRetryConnection(counting, {}, kvick::RetryEnvironment::Real()), absl::Seconds(5)));
  EXPECT_TRUE(CountVisit(counted).ok());
  EXPECT_EQ(counting->calls, 1);
  // Or without a Client: typed clients over that connection, with options and a policy of one's
  // own.
  const kvick::Caller caller(counting, {.metadata = {{"kvick-request-id", "7"}}}, {});
  EXPECT_TRUE(kvick::StringClient(caller).Set("k", "v").ok());
  EXPECT_TRUE(kvick::KeyClient(caller).Touch({"k"}).ok());
  EXPECT_TRUE(kvick::ListClient(caller).Length("list").ok());
  EXPECT_TRUE(kvick::SetClient(caller).Size("set").ok());
  EXPECT_TRUE(kvick::HashClient(caller).Length("hash").ok());
  EXPECT_TRUE(kvick::PubSubClient(caller).Publish("news", "hello").ok());
  EXPECT_TRUE(kvick::AdminClient(caller).GetStatistics().ok());
  EXPECT_TRUE(caller.Call(kvick::v1::KeySampleRequest()).ok());
  EXPECT_EQ(caller.connection(), counting);
  EXPECT_EQ(caller.options().metadata.size(), 1u);
  EXPECT_EQ(caller.retry().max_attempts, 5);
}

}  // namespace
