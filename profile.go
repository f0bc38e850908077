//go:build bench

package main

import (
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// Only in the program that is measured: SIGUSR1 begins a processor profile in the file LENDDESK_TEST_PROFILE, and the next one ends it.
func init() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			file, err := os.Create(os.Getenv("LENDDESK_TEST_PROFILE"))
			if err == nil {
				err = pprof.StartCPUProfile(file)
			}
			if err != nil {
				slog.Error("profile", "error", err)
				continue
			}
			<-signals
			pprof.StopCPUProfile()
			if err := file.Close(); err != nil {
				slog.Error("profile", "error", err)
			}
		}
	}()
}
