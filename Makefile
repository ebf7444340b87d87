# `make demo` and `make test` are all that is needed; both install what is missing.
.PHONY: all demo test fuzz build release lint format schemas bench clean packages

# One folder for debug and one for release, so that neither rebuilds the other.
DEBUG := .build
RELEASE := .build-release
CHARTER := $(RELEASE)/release/charter

all: build

# A running Charter on examples/acme. LISTEN=127.0.0.1:9000 for another port.
demo: release
	@deploy/demo.sh $(CHARTER) $(if $(LISTEN),--listen $(LISTEN))

# Tests that compute for long, or wait for a database, would hold up those that wait for answers on a socket: each run by themselves.
COMPUTING := ^(CELTests|PolicyEngineTests|PolicyBundleTests|PolicyCompilerTests|JSONTests)\.
ANSWERING := ^(HTTPServiceTests|EnforcementServerTests|CharterClientTests|CallerAccessTests|BundleFollowingTests)\.
# Faults take the processors, and Postgres with them, from whoever runs beside them.
BREAKING := ^FaultTests\.

# Hundreds that have all begun keep each other from their turns.
FEW := --experimental-maximum-parallelization-width 8
TESTS := deploy/test.sh $(DEBUG)

# Lint, build, every test, a running server against the description of its API, documents against their schemas, and a minute of fuzzing.
test: packages lint build
	@rm -f $(DEBUG)/tests/late
	@$(TESTS) answering --filter '$(ANSWERING)' $(FEW)
	@$(TESTS) whole --skip '$(COMPUTING)' --skip '$(ANSWERING)' --skip '$(BREAKING)' $(FEW)
	@$(TESTS) faults --filter '$(BREAKING)'
	@$(TESTS) computing --filter '$(COMPUTING)'
	@deploy/check-openapi.sh $(DEBUG)/debug/charter
	@deploy/check-schemas.sh $(DEBUG)/debug/charter
	@deploy/fuzz.sh
	@if [ -s $(DEBUG)/tests/late ]; then echo "Passed only by themselves:"; cat $(DEBUG)/tests/late; fi

# SECONDS=3600 for longer.
fuzz: packages
	@deploy/fuzz.sh $(SECONDS)

packages:
	@deploy/install-packages.sh

build: packages
	swift build --scratch-path $(DEBUG) --build-tests

release: packages
	@echo "… building release (a few minutes the first time)"
	swift build --scratch-path $(RELEASE) --configuration release --product charter

lint:
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

format:
	swift format --in-place --recursive --parallel Sources Tests Package.swift

# The JSON Schemas of all kinds, from the program.
schemas: build
	$(DEBUG)/debug/charter schemas schemas

# REPOSITORY=path: how long each stage takes.
bench: release
	$(CHARTER) bench thread --repository $(or $(REPOSITORY),.charter/demo/acme) --json

clean:
	rm -rf $(DEBUG) $(RELEASE) .build-fuzz
