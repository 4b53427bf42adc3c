// How fast BuildKit itself reads Dockerfiles: what `parsers` compares with. It is built in a checkout of BuildKit:
//
//	mkdir -p BUILDKIT/cmd/speed && cp tests/bench/buildkit.go BUILDKIT/cmd/speed/main.go
//	(cd BUILDKIT && go build -o /tmp/speed ./cmd/speed)
//
// It takes a file with the paths of Dockerfiles, one a line, and prints for each of PASSES passes the computing time in
// nanoseconds that parser.Parse needed for all of them, and what it needed with instructions.Parse behind it. Files that it
// refuses count like the others. GOMAXPROCS=1 keeps the garbage collector on the thread that is measured.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func computing() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	list, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	passes, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	var texts [][]byte
	for _, path := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		text, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		texts = append(texts, text)
	}
	for range passes {
		start := computing()
		for _, text := range texts {
			_, _ = parser.Parse(bytes.NewReader(text))
		}
		parsed := computing() - start
		start = computing()
		for _, text := range texts {
			if result, err := parser.Parse(bytes.NewReader(text)); err == nil {
				_, _, _ = instructions.Parse(result.AST, linter.New(&linter.Config{}))
			}
		}
		fmt.Println(parsed, computing()-start)
	}
}
