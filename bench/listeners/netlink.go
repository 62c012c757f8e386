// Counts route events as a Go program with vishvananda/netlink sees them; prints the count on SIGINT.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"

	"github.com/vishvananda/netlink"
)

func main() {
	updates := make(chan netlink.RouteUpdate, 4096)
	done := make(chan struct{})
	var errors, count int64
	err := netlink.RouteSubscribeWithOptions(updates, done, netlink.RouteSubscribeOptions{
		ErrorCallback: func(error) { atomic.AddInt64(&errors, 1) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "ready")
	go func() {
		for range updates {
			atomic.AddInt64(&count, 1)
		}
	}()
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	<-interrupt
	fmt.Println(atomic.LoadInt64(&count), atomic.LoadInt64(&errors))
}
