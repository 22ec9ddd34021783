# The two commands to know: make demo, make test. `make help` lists the rest.

PREFIX    ?= /usr
PLUGINDIR ?= $(PREFIX)/lib/openvpn/plugins
PAMDIR    ?= /etc/pam.d
DESTDIR   ?=
# How long `make fuzz` runs each target.
FUZZ_SECONDS ?= 120

CARGO     ?= cargo
NAMES     := auth-pam down-root
PLUGINS   := $(NAMES:%=-p openvpn-plugin-%)
TARGET    := $(or $(CARGO_TARGET_DIR),target)
BUILTDIR  := $(TARGET)/release
SERVICE   := $(DESTDIR)$(PAMDIR)/openvpn

need_root = @[ "$$(id -u)" = 0 ] || { echo "make $@ needs root: $(1); try: sudo env PATH=\"\$$PATH\" HOME=\"\$$HOME\" make $@" >&2; exit 1; }

.PHONY: help build demo test test-sanitize test-windows fuzz lint bench install uninstall

help:
	@echo "make demo       a real OpenVPN server and two clients, one with the right password and one with a wrong one (root)"
	@echo "make test       install what is missing and run all tests (root)"
	@echo "make build      build the plugins and the command ovpn-plugin"
	@echo "make test-sanitize  the example plugins under AddressSanitizer (nightly Rust)"
	@echo "make test-windows  an example plugin as a DLL, under wine in a chroot (root; downloads a Debian the first time)"
	@echo "make fuzz       random messages for what the privileged sides decode, FUZZ_SECONDS=$(FUZZ_SECONDS) each (nightly Rust, cargo-fuzz)"
	@echo "make lint       formatting, clippy, documentation, which files hold unsafe code, which symbols are exported"
	@echo "make bench      speed and memory, side by side with the C plugin (root)"
	@echo "make install    install what is built; PREFIX=$(PREFIX) PLUGINDIR=$(PLUGINDIR) PAMDIR=$(PAMDIR) DESTDIR=$(DESTDIR)"
	@echo "make uninstall  remove it again"

build:
	@CARGO="$(CARGO)" tests/install-deps build
	$(CARGO) build --release --locked $(PLUGINS) -p ovpn-plugin-host

demo:
	$(call need_root,it starts a real OpenVPN server in a network namespace)
	@CARGO="$(CARGO)" tests/install-deps demo
	$(CARGO) build --release --locked --quiet -p openvpn-plugin-auth-pam
	@tests/demo/demo "$(BUILTDIR)/libopenvpn_plugin_auth_pam.so"

# Unit tests first, then the shipped release build under a real OpenVPN, then beside the C plugin.
test:
	$(call need_root,it starts real OpenVPN servers in network namespaces and makes scratch accounts and PAM services)
	@CARGO="$(CARGO)" tests/install-deps test
	$(CARGO) build --release --locked $(PLUGINS)
	$(CARGO) test --locked --workspace --exclude e2e --exclude compatibility
	PLUGIN_DIR="$(abspath $(TARGET))/release" RUST_TEST_THREADS=6 $(CARGO) test --locked -p e2e
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(CARGO) test --locked -p compatibility

lint: build
	@CARGO="$(CARGO)" tests/install-deps lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p ovpn-plugin --features openssl --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked -p ovpn-plugin --features openssl --no-deps
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(CARGO) test --locked -p e2e --test unsafe_files --test symbols

# The examples under AddressSanitizer; needs a nightly toolchain.
test-sanitize:
	RUSTFLAGS="-Zsanitizer=address -Clink-arg=-Wl,--export-dynamic" $(CARGO) +nightly test --locked -p ovpn-plugin-host \
		--test examples --target $$(rustc -vV | sed -n 's/^host: //p') -- --skip valgrind

# A plugin for Windows, under wine. Apart from `make test`: it makes a chroot of Debian 12 (3 GB) in the target directory.
test-windows:
	$(call need_root,it makes a chroot)
	@CARGO="$(CARGO)" tests/install-deps test-windows
	@mkdir -p "$(TARGET)"
	@CARGO="$(CARGO)" tests/windows/test-windows "$(TARGET)"

# What the privileged sides decode, with random messages; needs a nightly toolchain and cargo-fuzz (cargo install
# cargo-fuzz). What was found interesting stays, for the next time.
fuzz:
	@set -e; for directory in plugins/*/fuzz; do for file in $$directory/fuzz_targets/*.rs; do \
		target=$$(basename $$file .rs); kept="$(abspath $(TARGET))/fuzz/$$(basename $$(dirname $$directory))-$$target"; \
		mkdir -p "$$kept"; echo "$$directory: $$target"; \
		CARGO_TARGET_DIR="$(abspath $(TARGET))/fuzz" $(CARGO) +nightly fuzz run --fuzz-dir $$directory $$target "$$kept" -- \
			-max_total_time=$(FUZZ_SECONDS) -artifact_prefix="$$kept-" -print_final_stats=1; done; done

bench:
	$(call need_root,it compares with the C plugin and real PAM stacks)
	@CARGO="$(CARGO)" tests/install-deps test
	$(CARGO) build --release --locked $(PLUGINS)
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(CARGO) run --locked --release -p bench
	$(CARGO) bench --locked -p ovpn-plugin-host --bench login

# Installs what is built and builds nothing, so that no compiler runs as root. Each file gets its name only when it is
# complete: a server that has the old plugin loaded keeps the old file.
install: $(NAMES:%=built-%)
	@set -e; for name in $(NAMES); do \
		to="$(DESTDIR)$(PLUGINDIR)/openvpn-plugin-$$name.so"; \
		install -D -m 0644 "$(BUILTDIR)/libopenvpn_plugin_$$(echo $$name | tr - _).so" "$$to.new"; \
		mv -f "$$to.new" "$$to"; echo "installed $$to"; done
	@if [ -e "$(SERVICE)" ]; then echo "$(SERVICE) is there already and stays as it is"; else \
		install -D -m 0644 pam.d/openvpn "$(SERVICE).new" && mv -f "$(SERVICE).new" "$(SERVICE)" && echo "installed $(SERVICE)"; fi

built-%:
	@built="$(BUILTDIR)/libopenvpn_plugin_$$(echo $* | tr - _).so"; \
		[ -f "$$built" ] || { echo "$$built is missing: run make build first" >&2; exit 1; }

uninstall:
	rm -f $(NAMES:%="$(DESTDIR)$(PLUGINDIR)/openvpn-plugin-%.so")
	@if cmp -s pam.d/openvpn "$(SERVICE)"; then rm -f "$(SERVICE)"; elif [ -e "$(SERVICE)" ]; then echo "$(SERVICE) was changed and stays"; fi
