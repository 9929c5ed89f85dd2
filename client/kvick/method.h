// The methods of the API, found from the types of their requests.
#ifndef KVICK_CLIENT_KVICK_METHOD_H_
#define KVICK_CLIENT_KVICK_METHOD_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "kvick/v1/admin.pb.h"
#include "kvick/v1/command.pb.h"

namespace kvick {

// One method, ready to be called. Constant after construction.
struct Method {
  // Describes `descriptor`, which must not be null. O(1).
  explicit Method(const google::protobuf::MethodDescriptor* descriptor);

  // Its name, types and kind.
  const google::protobuf::MethodDescriptor* descriptor;
  // Its path on the wire, `/kvick.v1.StringService/Get`.
  std::string path;
  // True when it changes nothing, so that calling it twice does no harm.
  bool repeatable;
  // True when its answers come whenever something happens, so that silence is no fault.
  bool endless;
};

// All services of the API, in the order of their files.
std::vector<const google::protobuf::ServiceDescriptor*> AllServices();

// The method that takes this request; null when there is none. O(methods of the file).
const google::protobuf::MethodDescriptor* FindMethod(const google::protobuf::Descriptor* request);

namespace internal {
// Which message answers which request: declared, never defined.
v1::KeyExistsResponse ResponseOf(const v1::KeyExistsRequest&);
v1::KeyDeleteResponse ResponseOf(const v1::KeyDeleteRequest&);
v1::KeyDescribeResponse ResponseOf(const v1::KeyDescribeRequest&);
v1::KeyExpireResponse ResponseOf(const v1::KeyExpireRequest&);
v1::KeyPersistResponse ResponseOf(const v1::KeyPersistRequest&);
v1::KeyRenameResponse ResponseOf(const v1::KeyRenameRequest&);
v1::KeyCopyResponse ResponseOf(const v1::KeyCopyRequest&);
v1::KeyTouchResponse ResponseOf(const v1::KeyTouchRequest&);
v1::KeySampleResponse ResponseOf(const v1::KeySampleRequest&);
v1::KeyScanResponse ResponseOf(const v1::KeyScanRequest&);
v1::KeyDeleteMatchingResponse ResponseOf(const v1::KeyDeleteMatchingRequest&);
v1::StringGetResponse ResponseOf(const v1::StringGetRequest&);
v1::StringSetResponse ResponseOf(const v1::StringSetRequest&);
v1::StringGetAndDeleteResponse ResponseOf(const v1::StringGetAndDeleteRequest&);
v1::StringGetAndExpireResponse ResponseOf(const v1::StringGetAndExpireRequest&);
v1::StringAppendResponse ResponseOf(const v1::StringAppendRequest&);
v1::StringLengthResponse ResponseOf(const v1::StringLengthRequest&);
v1::StringGetRangeResponse ResponseOf(const v1::StringGetRangeRequest&);
v1::StringSetRangeResponse ResponseOf(const v1::StringSetRangeRequest&);
v1::StringIncrementResponse ResponseOf(const v1::StringIncrementRequest&);
v1::StringIncrementNumberResponse ResponseOf(const v1::StringIncrementNumberRequest&);
v1::StringBatchGetResponse ResponseOf(const v1::StringBatchGetRequest&);
v1::StringBatchSetResponse ResponseOf(const v1::StringBatchSetRequest&);
v1::StringCommonSubsequenceResponse ResponseOf(const v1::StringCommonSubsequenceRequest&);
v1::ListPushResponse ResponseOf(const v1::ListPushRequest&);
v1::ListPopResponse ResponseOf(const v1::ListPopRequest&);
v1::ListPopAnyResponse ResponseOf(const v1::ListPopAnyRequest&);
v1::ListRangeResponse ResponseOf(const v1::ListRangeRequest&);
v1::ListGetAtResponse ResponseOf(const v1::ListGetAtRequest&);
v1::ListSetAtResponse ResponseOf(const v1::ListSetAtRequest&);
v1::ListInsertResponse ResponseOf(const v1::ListInsertRequest&);
v1::ListRemoveResponse ResponseOf(const v1::ListRemoveRequest&);
v1::ListTrimResponse ResponseOf(const v1::ListTrimRequest&);
v1::ListLengthResponse ResponseOf(const v1::ListLengthRequest&);
v1::ListFindResponse ResponseOf(const v1::ListFindRequest&);
v1::ListMoveResponse ResponseOf(const v1::ListMoveRequest&);
v1::SetAddResponse ResponseOf(const v1::SetAddRequest&);
v1::SetRemoveResponse ResponseOf(const v1::SetRemoveRequest&);
v1::SetContainsResponse ResponseOf(const v1::SetContainsRequest&);
v1::SetSizeResponse ResponseOf(const v1::SetSizeRequest&);
v1::SetSampleResponse ResponseOf(const v1::SetSampleRequest&);
v1::SetPopResponse ResponseOf(const v1::SetPopRequest&);
v1::SetMoveResponse ResponseOf(const v1::SetMoveRequest&);
v1::SetCombineResponse ResponseOf(const v1::SetCombineRequest&);
v1::SetCombineCountResponse ResponseOf(const v1::SetCombineCountRequest&);
v1::SetCombineStoreResponse ResponseOf(const v1::SetCombineStoreRequest&);
v1::SetScanResponse ResponseOf(const v1::SetScanRequest&);
v1::HashSetResponse ResponseOf(const v1::HashSetRequest&);
v1::HashGetResponse ResponseOf(const v1::HashGetRequest&);
v1::HashGetAllResponse ResponseOf(const v1::HashGetAllRequest&);
v1::HashDeleteResponse ResponseOf(const v1::HashDeleteRequest&);
v1::HashExistsResponse ResponseOf(const v1::HashExistsRequest&);
v1::HashLengthResponse ResponseOf(const v1::HashLengthRequest&);
v1::HashIncrementResponse ResponseOf(const v1::HashIncrementRequest&);
v1::HashIncrementNumberResponse ResponseOf(const v1::HashIncrementNumberRequest&);
v1::HashSampleResponse ResponseOf(const v1::HashSampleRequest&);
v1::HashScanResponse ResponseOf(const v1::HashScanRequest&);
v1::PubSubPublishResponse ResponseOf(const v1::PubSubPublishRequest&);
v1::PubSubSubscribeResponse ResponseOf(const v1::PubSubSubscribeRequest&);
v1::PubSubListChannelsResponse ResponseOf(const v1::PubSubListChannelsRequest&);
v1::PubSubCountSubscribersResponse ResponseOf(const v1::PubSubCountSubscribersRequest&);
v1::AdminGetServerInfoResponse ResponseOf(const v1::AdminGetServerInfoRequest&);
v1::AdminGetStatisticsResponse ResponseOf(const v1::AdminGetStatisticsRequest&);
v1::AdminFlushResponse ResponseOf(const v1::AdminFlushRequest&);
v1::AdminListConnectionsResponse ResponseOf(const v1::AdminListConnectionsRequest&);
}  // namespace internal

// The message that answers `Request`.
template <class Request>
using ResponseFor = decltype(internal::ResponseOf(std::declval<const Request&>()));

// The method that takes `Request`. Found once, then O(1).
template <class Request>
const Method& MethodFor() {
  static const Method* const method = new Method(FindMethod(Request::descriptor()));
  return *method;
}

}  // namespace kvick

#endif  // KVICK_CLIENT_KVICK_METHOD_H_
