// Calls a kvick-server through generated stubs: unary calls, a waiting call that is cancelled, the
// pipeline, a subscription, a scan, and errors with their details. Prints one line a check.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	kvickv1 "kvick.dev/kvick/v1"
)

const deadline = 30 * time.Second

type services struct {
	connection *grpc.ClientConn
	strings    kvickv1.StringServiceClient
	keys       kvickv1.KeyServiceClient
	lists      kvickv1.ListServiceClient
	sets       kvickv1.SetServiceClient
	hashes     kvickv1.HashServiceClient
	pubsub     kvickv1.PubSubServiceClient
	commands   kvickv1.CommandServiceClient
	admin      kvickv1.AdminServiceClient
}

func connect() (*services, error) {
	connection, err := grpc.NewClient("passthrough:///"+os.Getenv("KVICK_GRPC"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &services{
		connection: connection,
		strings:    kvickv1.NewStringServiceClient(connection),
		keys:       kvickv1.NewKeyServiceClient(connection),
		lists:      kvickv1.NewListServiceClient(connection),
		sets:       kvickv1.NewSetServiceClient(connection),
		hashes:     kvickv1.NewHashServiceClient(connection),
		pubsub:     kvickv1.NewPubSubServiceClient(connection),
		commands:   kvickv1.NewCommandServiceClient(connection),
		admin:      kvickv1.NewAdminServiceClient(connection),
	}, nil
}

var names int

// name makes a key or channel that nobody else uses.
func name(what string) string {
	names++
	return fmt.Sprintf("go:%s:%d:%d", what, os.Getpid(), names)
}

func text(content string) *kvickv1.Value {
	return &kvickv1.Value{Kind: &kvickv1.Value_Text{Text: content}}
}

// expect fails with what was got when it is not what was wanted.
func expect(got, wanted interface{}) error {
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("%v instead of %v", got, wanted)
	}
	return nil
}

// expectError fails unless err is a status with this code and ErrorInfo reason.
func expectError(err error, code codes.Code, reason string) error {
	failed, isStatus := status.FromError(err)
	if err == nil || !isStatus || failed.Code() != code {
		return fmt.Errorf("%v instead of %v %s", err, code, reason)
	}
	for _, detail := range failed.Details() {
		if info, is := detail.(*errdetails.ErrorInfo); is {
			return expect(info.Domain+" "+info.Reason, "kvick "+reason)
		}
	}
	return fmt.Errorf("no ErrorInfo with: %v", err)
}

func checkValues(ctx context.Context, s *services) error {
	values := []*kvickv1.Value{
		text("a täxt ☂"),
		{Kind: &kvickv1.Value_Data{Data: []byte{0, 0xff, 0xfe}}},
		{Kind: &kvickv1.Value_Integer{Integer: math.MinInt64}},
		{Kind: &kvickv1.Value_Number{Number: -0.1}},
	}
	for _, value := range values {
		key := name("value")
		set, err := s.strings.Set(ctx, &kvickv1.StringSetRequest{Key: key, Value: value})
		if err != nil {
			return err
		}
		got, err := s.strings.Get(ctx, &kvickv1.StringGetRequest{Key: key})
		if err != nil {
			return err
		}
		if !proto.Equal(got.Entry.Value, value) || got.Entry.Version != set.Mutation.Version {
			return fmt.Errorf("%v instead of %v", got, value)
		}
	}
	missing, err := s.strings.Get(ctx, &kvickv1.StringGetRequest{Key: name("none")})
	if err != nil {
		return err
	}
	return expect(missing.Entry == nil, true)
}

func checkCompareAndSet(ctx context.Context, s *services) error {
	key := name("version")
	put := func(content string, version int64) (*kvickv1.Mutation, error) {
		answer, err := s.strings.Set(ctx, &kvickv1.StringSetRequest{
			Key: key, Value: text(content),
			Precondition: &kvickv1.Precondition{
				Check: &kvickv1.Precondition_Version{Version: version}}})
		return answer.GetMutation(), err
	}
	first, err := put("one", 0)
	if err != nil {
		return err
	}
	second, err := put("two", first.GetVersion())
	if err != nil {
		return err
	}
	lost, err := put("three", first.GetVersion())
	if err != nil {
		return err
	}
	return expect([]interface{}{first.Applied, second.Applied, lost.Applied, lost.Version},
		[]interface{}{true, true, false, second.Version})
}

func checkCollections(ctx context.Context, s *services) error {
	key := name("collection")
	if _, err := s.sets.Add(ctx, &kvickv1.SetAddRequest{
		Key: key + ":set", Members: []*kvickv1.Value{text("a"), text("b")}}); err != nil {
		return err
	}
	size, err := s.sets.Size(ctx, &kvickv1.SetSizeRequest{Key: key + ":set"})
	if err != nil {
		return err
	}
	fields := map[string]*kvickv1.Value{"f": text("1"), "g": text("2")}
	if _, err := s.hashes.Set(ctx, &kvickv1.HashSetRequest{
		Key: key + ":hash", Fields: fields}); err != nil {
		return err
	}
	all, err := s.hashes.GetAll(ctx, &kvickv1.HashGetAllRequest{Key: key + ":hash"})
	if err != nil {
		return err
	}
	exist, err := s.keys.Exists(ctx, &kvickv1.KeyExistsRequest{
		Keys: []string{key + ":set", key + ":hash", key}})
	if err != nil {
		return err
	}
	info, err := s.admin.GetServerInfo(ctx, &kvickv1.AdminGetServerInfoRequest{})
	if err != nil {
		return err
	}
	return expect([]interface{}{size.Size, all.Fields["g"].GetText(), exist.Exists, info.Shards > 0},
		[]interface{}{2, "2", []bool{true, true, false}, true})
}

func checkErrors(ctx context.Context, s *services) error {
	key := name("list")
	if _, err := s.lists.Push(ctx, &kvickv1.ListPushRequest{
		Key: key, Side: kvickv1.Side_SIDE_LEFT, Values: []*kvickv1.Value{text("x")}}); err != nil {
		return err
	}
	_, err := s.strings.Get(ctx, &kvickv1.StringGetRequest{Key: key})
	if err := expectError(err, codes.FailedPrecondition, "WRONG_TYPE"); err != nil {
		return err
	}
	_, err = s.strings.Get(ctx, &kvickv1.StringGetRequest{})
	if err := expectError(err, codes.InvalidArgument, "KEY_EMPTY"); err != nil {
		return err
	}
	_, err = s.lists.SetAt(ctx, &kvickv1.ListSetAtRequest{Key: key, Index: 5, Value: text("x")})
	return expectError(err, codes.OutOfRange, "INDEX_OUT_OF_RANGE")
}

func popAny(key string) *kvickv1.ListPopAnyRequest {
	return &kvickv1.ListPopAnyRequest{Keys: []string{key}, Side: kvickv1.Side_SIDE_LEFT,
		MaxWait: durationpb.New(10 * time.Minute)}
}

// waitForWaiters returns when as many calls wait in the server.
func waitForWaiters(ctx context.Context, s *services, wanted int64) error {
	for {
		now, err := s.admin.GetStatistics(ctx, &kvickv1.AdminGetStatisticsRequest{})
		if err != nil {
			return err
		}
		if now.Waiters == wanted {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func checkCancellation(ctx context.Context, s *services) error {
	key := name("wait")
	before, err := s.admin.GetStatistics(ctx, &kvickv1.AdminGetStatisticsRequest{})
	if err != nil {
		return err
	}
	waiting, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := s.lists.PopAny(waiting, popAny(key))
		ended <- err
	}()
	if err := waitForWaiters(ctx, s, before.Waiters+1); err != nil {
		cancel()
		return err
	}
	cancel()
	if err := expect(status.Code(<-ended), codes.Canceled); err != nil {
		return err
	}
	if err := waitForWaiters(ctx, s, before.Waiters); err != nil {
		return err
	}
	pushed, err := s.lists.Push(ctx, &kvickv1.ListPushRequest{
		Key: key, Side: kvickv1.Side_SIDE_LEFT, Values: []*kvickv1.Value{text("kept")}})
	if err != nil {
		return err
	}
	return expect(pushed.Length, 1)
}

func checkPipeline(ctx context.Context, s *services) error {
	key := name("pipe")
	stream, err := s.commands.Pipeline(ctx)
	if err != nil {
		return err
	}
	frame := &kvickv1.PipelineRequest{Operations: []*kvickv1.PipelineOperation{
		{Id: 1, Command: &kvickv1.Command{Request: &kvickv1.Command_StringIncrement{
			StringIncrement: &kvickv1.StringIncrementRequest{Key: key}}}},
		{Id: 2, Command: &kvickv1.Command{Request: &kvickv1.Command_ListLength{
			ListLength: &kvickv1.ListLengthRequest{Key: key}}}},
		{Id: 3, Command: &kvickv1.Command{Request: &kvickv1.Command_StringGet{
			StringGet: &kvickv1.StringGetRequest{Key: key}}}},
	}}
	for i := 0; i < 2; i++ {
		if err := stream.Send(frame); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	var results []*kvickv1.PipelineResult
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		results = append(results, response.Results...)
	}
	if len(results) != 6 {
		return fmt.Errorf("%d results instead of 6", len(results))
	}
	return expect([]interface{}{
		results[3].Id, results[3].Reply.GetStringIncrement().Value,
		results[4].Id, results[4].Status.Reason, results[4].Reply == nil,
		results[5].Id, results[5].Reply.GetStringGet().Entry.Value.GetInteger(),
	}, []interface{}{1, 2, 2, kvickv1.ErrorReason_ERROR_REASON_WRONG_TYPE, true, 3, 2})
}

func checkSubscription(ctx context.Context, s *services) error {
	channel := name("channel")
	subscribing, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.pubsub.Subscribe(subscribing, &kvickv1.PubSubSubscribeRequest{
		Channels: []string{channel}, Patterns: []string{channel + ".*"}})
	if err != nil {
		return err
	}
	created, err := stream.Recv()
	if err != nil {
		return err
	}
	if err := expect(created.GetCreated() != nil, true); err != nil {
		return err
	}
	for _, to := range []string{channel, channel + ".news"} {
		answer, err := s.pubsub.Publish(ctx, &kvickv1.PubSubPublishRequest{
			Channel: to, Payload: text("to " + to), Attributes: map[string]string{"by": "go"}})
		if err != nil {
			return err
		}
		if err := expect(answer.Receivers, 1); err != nil {
			return err
		}
	}
	var got []string
	for len(got) < 2 {
		event, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, message := range event.GetBatch().GetMessages() {
			got = append(got, message.Payload.GetText()+" by "+message.Attributes["by"])
		}
	}
	return expect(strings.Join(got, ", "),
		"to "+channel+" by go, to "+channel+".news by go")
}

func checkScan(ctx context.Context, s *services) error {
	prefix := name("scan")
	items := []*kvickv1.StringBatchSetItem{}
	for i := 0; i < 500; i++ {
		items = append(items, &kvickv1.StringBatchSetItem{
			Key: fmt.Sprintf("%s:%d", prefix, i), Value: text("x")})
	}
	if _, err := s.strings.BatchSet(ctx,
		&kvickv1.StringBatchSetRequest{Items: items}); err != nil {
		return err
	}
	stream, err := s.keys.Scan(ctx, &kvickv1.KeyScanRequest{
		Selector: &kvickv1.Selector{Match: &kvickv1.Selector_Prefix{Prefix: prefix}}})
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for {
		batch, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return expect(len(found), len(items))
		}
		if err != nil {
			return err
		}
		for _, key := range batch.Keys {
			found[key.Key] = true
		}
	}
}

func checkHealth(ctx context.Context, s *services) error {
	answer, err := healthpb.NewHealthClient(s.connection).Check(ctx,
		&healthpb.HealthCheckRequest{Service: "kvick.v1.StringService"})
	if err != nil {
		return err
	}
	return expect(answer.Status, healthpb.HealthCheckResponse_SERVING)
}

func main() {
	s, err := connect()
	if err != nil {
		fmt.Println("FAIL go: it connects:", err)
		os.Exit(1)
	}
	checks := []struct {
		title string
		run   func(context.Context, *services) error
	}{
		{"values of each kind come back as they went in", checkValues},
		{"a version is compare-and-set", checkCompareAndSet},
		{"sets, hashes, keys and the server's facts", checkCollections},
		{"errors carry their google.rpc.ErrorInfo", checkErrors},
		{"a cancelled PopAny takes nothing", checkCancellation},
		{"the pipeline answers in order, and one bad operation fails alone", checkPipeline},
		{"a subscription gets Created and then the messages", checkSubscription},
		{"a scan streams every key", checkScan},
		{"the standard health service says SERVING", checkHealth},
	}
	failures := 0
	for _, check := range checks {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		if err := check.run(ctx, s); err != nil {
			fmt.Printf("FAIL go: %s: %v\n", check.title, err)
			failures++
		} else {
			fmt.Printf("ok   go: %s\n", check.title)
		}
		cancel()
	}
	if failures > 0 {
		os.Exit(1)
	}
}
