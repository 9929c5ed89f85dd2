#!/bin/bash
# Calls the server with grpcurl, which knows nothing of it but what server reflection says.
set -uo pipefail
SUITE=grpcurl
# shellcheck source=lib/check.sh
. "$INTEROP/lib/check.sh"

run() { timeout 60 "$TOOLS/go/grpcurl" -plaintext "$@" 2>&1; }
# call METHOD JSON: a call of kvick.v1.
call() { run -d "$2" "$KVICK_GRPC" "kvick.v1.$1"; }
# grpcurl shows the names of fields as the protos spell them or, from 1.9 on, in camel case.
# flat TEXT: on one line without blanks.
flat() { printf '%s' "$1" | tr -d ' \n'; }

services=$(run "$KVICK_GRPC" list)
for service in Key String List Set Hash PubSub Command Admin; do
  has "reflection lists ${service}Service" "$services" "^kvick\.v1\.${service}Service$"
done
has "reflection lists the health service" "$services" '^grpc\.health\.v1\.Health$'
has "list shows the methods of a service" "$(run "$KVICK_GRPC" list kvick.v1.ListService)" \
  '^kvick\.v1\.ListService\.PopAny$'
has "describe shows a method with its messages" \
  "$(run "$KVICK_GRPC" describe kvick.v1.StringService.Set)" \
  'rpc Set \( \.kvick\.v1\.StringSetRequest \) returns \( \.kvick\.v1\.StringSetResponse \)'
has "describe shows a message" "$(run "$KVICK_GRPC" describe kvick.v1.Value)" 'int64 integer = 3'

key=grpcurl:$$
answer=$(call StringService/Set \
  "{\"key\":\"$key\",\"value\":{\"text\":\"hällo\"},\"expiry\":{\"ttl\":\"300s\"}}")
has "String.Set" "$(flat "$answer")" '"applied":true,"version":"[0-9]+"'
answer=$(call StringService/Get "{\"key\":\"$key\"}")
has "String.Get answers the text as it is" "$answer" '"text": "hällo"'
has "and the expiry as RFC 3339" "$answer" '"expire_?[tT]ime": "20[0-9-]+T[0-9:.]+Z"'
has "a miss is an empty answer" "$(flat "$(call StringService/Get '{"key":"grpcurl:none"}')")" '^\{\}$'
answer=$(call ListService/Push \
  "{\"key\":\"$key:list\",\"side\":\"SIDE_RIGHT\",\"values\":[{\"text\":\"a\"},{\"integer\":7}]}")
has "List.Push" "$answer" '"length": "2"'
answer=$(call ListService/Range "{\"key\":\"$key:list\",\"stop\":-1}")
has "List.Range answers each kind" "$(flat "$answer")" '\[\{"text":"a"\},\{"integer":"7"\}\]'
answer=$(call SetService/Add "{\"key\":\"$key:set\",\"members\":[{\"text\":\"m\"}]}")
has "Set.Add" "$answer" '"added": "1"'
answer=$(call HashService/Set "{\"key\":\"$key:hash\",\"fields\":{\"f\":{\"number\":0.5}}}")
has "Hash.Set" "$answer" '"added": "1"'
answer=$(call HashService/GetAll "{\"key\":\"$key:hash\"}")
has "Hash.GetAll" "$(flat "$answer")" '"f":\{"number":0.5\}'
answer=$(call KeyService/Scan "{\"selector\":{\"prefix\":\"$key\"}}")
has "Key.Scan streams keys with their types" "$(flat "$answer")" \
  "\"key\":\"$key:hash\",\"type\":\"KEY_TYPE_HASH\""
answer=$(call CommandService/Pipeline "
  {\"operations\":[{\"id\":1,\"command\":{\"stringLength\":{\"key\":\"$key\"}}},
                   {\"id\":2,\"command\":{\"setSize\":{\"key\":\"$key\"}}}]}")
has "the pipeline answers" "$(flat "$answer")" '"string_?[lL]ength":\{"length":"6"\}'
has "and says why an operation failed" "$answer" '"reason": "ERROR_REASON_WRONG_TYPE"'
answer=$(call AdminService/GetServerInfo '{}')
has "Admin.GetServerInfo" "$answer" '"version": "[0-9]+\.[0-9]+\.[0-9]+"'

answer=$(call ListService/Push "{\"key\":\"$key\",\"side\":\"SIDE_LEFT\",\"values\":[{\"text\":\"x\"}]}")
has "an error has its code" "$answer" 'Code: FailedPrecondition'
has "and its ErrorInfo, decoded" "$(flat "$answer")" \
  '"@type":"type.googleapis.com/google.rpc.ErrorInfo".*"domain":"kvick"'
has "with the reason" "$answer" '"reason": ?"WRONG_TYPE"'
has "an unknown key type is refused with its reason" \
  "$(call KeyService/Scan '{"selector":{"all":true},"type":99}')" 'UNKNOWN_ENUM_VALUE'
answer=$(run "$KVICK_GRPC" grpc.health.v1.Health/Check)
has "the health check says SERVING" "$answer" '"status": "SERVING"'
answer=$(run -d '{"service":"kvick.v1.KeyService"}' "$KVICK_GRPC" grpc.health.v1.Health/Check)
has "of a service too" "$answer" '"status": "SERVING"'

timeout 60 "$TOOLS/go/grpcurl" -plaintext -d "{\"channels\":[\"$key\"]}" "$KVICK_GRPC" \
  kvick.v1.PubSubService/Subscribe >"$WORK/grpcurl.events" 2>&1 &
subscriber=$!
# within_a_minute PATTERN: until what the subscriber printed has it.
within_a_minute() {
  for _ in $(seq 600); do
    grep -Eq -- "$1" "$WORK/grpcurl.events" && return
    sleep 0.1
  done
}
within_a_minute 'create_?[tT]ime'
has "Subscribe streams Created first" "$(cat "$WORK/grpcurl.events")" '"create_?[tT]ime"'
answer=$(call PubSubService/Publish \
  "{\"channel\":\"$key\",\"payload\":{\"text\":\"news\"},\"attributes\":{\"by\":\"grpcurl\"}}")
has "Publish tells its receivers" "$answer" '"receivers": "1"'
within_a_minute '"news"'
has "and Subscribe streams the message" "$(cat "$WORK/grpcurl.events")" '"text": "news"'
kill "$subscriber" 2>/dev/null
wait "$subscriber" 2>/dev/null
finish
