# Sample Agent. Two commands matter: `make run` and `make test`; `make help` lists the rest.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

# sqlite_fts5 gives mattn/go-sqlite3 its full-text search; migrated_fynedo tells Fyne that every
# touch of a widget off the UI goroutine already goes through fyne.Do. The same two stand in
# .golangci.yml and .vscode/settings.json.
TAGS    := sqlite_fts5,migrated_fynedo
VERSION := $(shell sed -n 's/^Version *= *"\(.*\)"/\1/p' FyneApp.toml)
COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
LDFLAGS := -X sampleagent/app.Version=$(VERSION) -X sampleagent/app.Commit=$(COMMIT)
export CGO_ENABLED ?= 1
export GOFLAGS     := -tags=$(TAGS) -trimpath $(if $(CI),-buildvcs=false)
export LANG        := C.UTF-8

# Tools, and the real components that tests start, are kept outside the tree.
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sample-agent
TOOLBIN := $(CACHE)/bin
export PATH := $(TOOLBIN):$(PATH)

GOLANGCI   := $(TOOLBIN)/golangci-lint-2.15.0
VERSITYGW  := $(TOOLBIN)/versitygw
MAILPIT    := $(TOOLBIN)/mailpit
STRIPEMOCK := $(TOOLBIN)/stripe-mock

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# ---- running

.PHONY: run
run: build ## install what is missing, build, and start (headless without a display)
	@.ci/run-desktop

.PHONY: build
build: packages ## build bin/sample-agent and bin/sample-agent-server
	go build -ldflags "$(LDFLAGS)" -o bin/sample-agent .
	go build -ldflags "$(LDFLAGS)" -o bin/sample-agent-server ./server

.PHONY: run-server
run-server: build ## start the companion server with no settings on 127.0.0.1:8404
	bin/sample-agent-server serve

# ---- checking

# The race detector makes arithmetic five times slower and finds nothing where one goroutine
# computes. These packages start no goroutine and share nothing but tables; the tests AtOnce ask for
# those from many goroutines.
COMPUTING := ./audio/dsp/... ./audio/analysis/... ./audio/synth/...

# The tag ci gives Fyne its test driver, so that the race detector's build needs no second
# compilation of GLFW; the real window is what `build`, `run` and `screenshots` use. The longest
# package goes first: it mostly waits for servers and browsers, and the others, three at a time on
# two cores, fill its time.
.PHONY: test
test: packages test-packages tools build lint headless ## install what is missing and run every test
	.ci/with-session go test -race -p $$(($$(nproc) * 3 / 2)) -tags=$(TAGS),ci -timeout 20m ./server/internal/ops $$(go list ./... | grep -vxFf <(go list $(COMPUTING)))
	go test $(COMPUTING)
	go test -race ./audio/dsp ./audio/analysis -run AtOnce
	.ci/with-session .ci/demo-cloud

.PHONY: demo-cloud
demo-cloud: build test-packages ## a server and two machines of one person: sign in, queue, sync
	.ci/with-session .ci/demo-cloud

.PHONY: demo-cloud-windows
demo-cloud-windows: build test-packages ## the same in two real windows and a real browser, photographed
	.ci/demo-cloud-windows

.PHONY: lint
lint: tools ## formatting, vet, and the import rules of the architecture
	@unformatted=$$(find . -name '*.go' -not -path './build/*' | xargs gofmt -l); if [ -n "$$unformatted" ]; then echo "gofmt these: $$unformatted"; exit 1; fi
	$(GOLANGCI) run ./...

# All but the window and the sound device must build where neither GL nor ALSA is installed.
.PHONY: headless
headless: ## prove that the core builds without Fyne, GL and ALSA
	@.ci/check-headless

.PHONY: fuzz
fuzz: packages ## run every fuzz target for a minute each
	.ci/fuzz 60s

.PHONY: bench
bench: packages ## run every benchmark
	go test -run '^$$' -bench . -benchmem ./...

# ---- making what is committed

.PHONY: demo-sounds
demo-sounds: ## render assets/demo again from the generator
	go run ./audio/synth/render assets/demo

.PHONY: eval
eval: ear-packages ## score the ear on the labelled files, sources and families left out, and write docs/accuracy.md
	go run ./audio/analysis/eval -cache build/ear.cache -out docs/accuracy.md

.PHONY: train
train: ear-packages ## fit the ear's scorers to the labelled files and write their weights
	go run ./audio/analysis/train -cache build/ear.cache

.PHONY: screenshots
screenshots: build test-packages ## photograph the real window into docs/screenshots
	.ci/screenshots

.PHONY: web-screenshots
web-screenshots: test-packages ## photograph the server's pages, driven in a real browser, into docs/screenshots
	go test -tags=$(TAGS),ci ./server/internal/ops -run 'InARealBrowser|InABrowser|TwoHosts' -count=1 -screenshots $(CURDIR)/docs/screenshots

# ---- what the machine needs

# Each list is installed once; a changed list installs again.
.PHONY: packages test-packages ear-packages tools
packages: ; @.ci/install-packages build
test-packages: ; @.ci/install-packages test
ear-packages: ; @.ci/install-packages ear
tools: $(GOLANGCI) $(VERSITYGW) $(MAILPIT) $(STRIPEMOCK)

# go install for a tool of its own: no tags of ours, no cgo.
TOOLENV := GOFLAGS= CGO_ENABLED=0 GOBIN=$(TOOLBIN)

$(GOLANGCI):
	$(TOOLENV) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(TOOLBIN)/golangci-lint $@
$(VERSITYGW):
	$(TOOLENV) go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
$(MAILPIT): .ci/tools/mailpit/go.mod
	cd .ci/tools/mailpit && $(TOOLENV) go build -o $@ github.com/axllent/mailpit
$(STRIPEMOCK):
	$(TOOLENV) go install github.com/stripe/stripe-mock@v0.203.0

.PHONY: clean
clean: ## remove what was built
	rm -rf bin build
