// A publish/subscribe server on the Centrifuge library, the core of Centrifugo: the library's defaults, everybody may
// subscribe, publish and ask for history, and each topic keeps its last 100 messages as Ringcast's do.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/centrifugal/centrifuge"
)

const (
	historySize = 100
	historyTTL  = 5 * time.Minute
	// One workload subscribes a connection to 10,000 topics.
	channelLimit = 20_000
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: centrifuge-server PORT")
	}
	node, err := centrifuge.New(centrifuge.Config{ClientChannelLimit: channelLimit})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(allowEverything)
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

func allowEverything(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		reply(centrifuge.SubscribeReply{}, nil)
	})
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		options := centrifuge.PublishOptions{HistorySize: historySize, HistoryTTL: historyTTL}
		reply(centrifuge.PublishReply{Options: options}, nil)
	})
	client.OnHistory(func(_ centrifuge.HistoryEvent, reply centrifuge.HistoryCallback) {
		reply(centrifuge.HistoryReply{}, nil)
	})
}
