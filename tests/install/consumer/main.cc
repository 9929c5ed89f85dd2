// Uses the installed client: calls, a pipeline, a subscription.
#include <iostream>

#include "kvick/client.h"

int Fail(const absl::Status& status) {
  std::cerr << status << "\n";
  return 1;
}

int main(int argc, char** argv) {
  const auto client = kvick::Client::Create({.target = argc > 1 ? argv[1] : "127.0.0.1:5825"});
  if (!client.ok()) return Fail(client.status());
  auto subscription = client->PubSub().Subscribe({.channels = {"news"}});
  if (!subscription.ok()) return Fail(subscription.status());
  const auto pipeline = client->OpenPipeline();
  for (int i = 0; i < 100; ++i) {
    kvick::v1::StringIncrementRequest increment;
    increment.set_key("installed");
    pipeline->Send(increment);
  }
  if (const auto status = pipeline->Wait(); !status.ok()) return Fail(status);
  const auto get = client->Strings().Get("installed");
  if (!get.ok()) return Fail(get.status());
  const auto publish = client->PubSub().Publish("news", get->entry().value().integer());
  if (!publish.ok()) return Fail(publish.status());
  const auto message = subscription->NextMessage();
  if (!message.has_value() || !message->ok()) return Fail(absl::DataLossError("no message"));
  std::cout << "heard " << kvick::ToString((*message)->payload()) << "\n";
  return 0;
}
