# The two commands to know: make demo, make test. `make help` lists the rest.

# Not /usr/local: plugin lines, AppArmor and SELinux rules name OpenVPN's own directory, and OpenVPN searches no other.
PREFIX    ?= /usr
PLUGINDIR ?= $(PREFIX)/lib/openvpn/plugins
PAMDIR    ?= /etc/pam.d
BINDIR    ?= $(PREFIX)/bin
MANDIR    ?= $(PREFIX)/share/man
DOCDIR    ?= $(PREFIX)/share/doc/openvpn-plugins-rs
# Completions of shells. Debian's zsh looks in vendor-completions, others in site-functions.
COMPDIR   ?= $(PREFIX)/share
ZSHDIR    ?= $(if $(COMPDIR),$(COMPDIR)/zsh/site-functions)
DEVDIR    ?= $(PREFIX)/share/openvpn-plugin-dev-rs
# The examples' documents and configurations.
EXAMPLEDIR ?= $(if $(DOCDIR),$(PREFIX)/share/doc/openvpn-plugin-examples-rs)
SHAREDIR  ?= $(PREFIX)/share/openvpn-plugins-rs
DESTDIR   ?=
# How long `make fuzz` runs each target.
FUZZ_SECONDS ?= 120
# How many test programs `make test` runs at a time that start servers and then mostly wait, each with four tests at a time.
SUITES_AT_ONCE ?= 4
# Of shared objects: 0644 on Debian, 0755 where rpm and others want it.
PLUGINMODE ?= 0644
# How long `make soak` runs: 5m, 1h.
SOAK ?= 5m
INSTALL_EXAMPLES ?= 0
INSTALL_DEV ?= 0
# 1: over plugins of the same name that were not built from here, OpenVPN's own perhaps.
REPLACE ?= 0

CARGO     ?= cargo
NAMES     := auth-pam down-root
PLUGINS   := $(NAMES:%=-p openvpn-plugin-%)
TARGET    := $(or $(CARGO_TARGET_DIR),target)
BUILTDIR  := $(TARGET)/release
MANBUILT  := $(TARGET)/man
DEVBUILT  := $(TARGET)/dev
# The examples of the workspace, and the one with a workspace of its own, which is neither built nor installed with them.
ALONE     := http-auth
EXAMPLES  := $(filter-out $(ALONE),$(notdir $(patsubst %/Cargo.toml,%,$(wildcard plugins/examples/*/Cargo.toml))))
COMMANDS  := ovpn-plugin
MANPAGES  := $(NAMES:%=openvpn-plugin-%.8) $(COMMANDS:%=%.1)
# For authors of plugins.
DEVPAGES  := cargo-ovpn-plugin.1

# The crates that are built to be installed.
SHIPPED   := $(NAMES:%=openvpn-plugin-%) $(COMMANDS:%=%-cli) $(if $(filter 1,$(INSTALL_EXAMPLES)),$(EXAMPLES:%=example-%))

# What the scripts in packaging need to know.
export BUILTDIR MANBUILT DEVBUILT DESTDIR PLUGINDIR PAMDIR BINDIR MANDIR DOCDIR COMPDIR ZSHDIR DEVDIR EXAMPLEDIR SHAREDIR PLUGINMODE NAMES COMMANDS MANPAGES DEVPAGES EXAMPLES
export PREFIX INSTALL_EXAMPLES INSTALL_DEV REPLACE
# With it the tests of what is generated write instead of compare.
unexport UPDATE_GENERATED
# 1: the release build is there, with all that is asked for. For what runs several targets side by side: no target replaces then
# what another one just tries.
COMPILED ?= 0
unexport COMPILED

# Accounts and PAM services of what it runs stay there. Test programs get this from .cargo/config.toml.
ISOLATED  := tests/isolated

need_root = @[ "$$(id -u)" = 0 ] || { echo "make $@ needs root: $(1); try: sudo env PATH=\"\$$PATH\" HOME=\"\$$HOME\" make $@" >&2; exit 1; }

.PHONY: help build compile generate demo test test-sanitize test-packages test-versions test-windows test-architectures check-platforms test-units test-msrv publish-check fuzz faults soak lint lint-workflows deny docs bench bench-long bench-clocks install uninstall list-files packages deb rpm release

help:
	@echo "make demo       a real OpenVPN server and two clients, one with the right password and one with a wrong one (root)"
	@echo "make test       list and install what is missing, and run all tests (root)"
	@echo "make build      build the plugins and the command ovpn-plugin"
	@echo "make test-sanitize  crates, plugins and examples under AddressSanitizer and LeakSanitizer (root; nightly Rust)"
	@echo "make test-units  unit tests of what is installed, without OpenVPN"
	@echo "make test-msrv  build and unit tests with the oldest Rust that works, in a Debian root (root; downloads)"
	@echo "make test-windows  an example plugin as a DLL, under wine in a chroot (root; downloads a Debian the first time)"
	@echo "make test-versions  the tests of servers with OpenVPN 2.5 to 2.7, each in a Debian of its own (root; downloads them the first time)"
	@echo "make test-architectures  unit tests and a login on other processors, in a chroot; ARCHITECTURES=\"arm64 armhf i386\" (root; downloads)"
	@echo "make check-platforms  compiles the SDK for FreeBSD, OpenBSD, macOS and musl, in the same chroot (root; downloads)"
	@echo "make fuzz       random input for all that decides on text from outside, FUZZ_SECONDS=$(FUZZ_SECONDS) each (nightly Rust, cargo-fuzz)"
	@echo "make faults     system calls of auth-pam's front, keeper and supervisor fail; writes docs/reference/faults.md (root; a quarter of an hour)"
	@echo "make soak       a busy server for SOAK=$(SOAK), and whether anything has grown (root)"
	@echo "make lint       formatting, clippy, documentation, which files hold unsafe code, what is exported and public"
	@echo "make lint-workflows  .github, with actionlint and zizmor where they are there"
	@echo "make deny       licences, sources and known holes of all dependencies (network, cargo-deny)"
	@echo "make docs       the documents as a book with search, the SDK's reference beside it, into $(TARGET)/book"
	@echo "make generate   write what is made from declarations: references, sections of manual pages, completions, listings"
	@echo "make bench      speed and memory, side by side with the C plugin (root)"
	@echo "make bench-long the same for 100,000 logins in a row (root)"
	@echo "make bench-clocks  whether the time of a refusal tells who has an account (root; three minutes)"
	@echo "make install    install what is built; PREFIX=$(PREFIX) PLUGINDIR=$(PLUGINDIR) PAMDIR=$(PAMDIR) DESTDIR=$(DESTDIR)"
	@echo "                INSTALL_EXAMPLES=1: the example plugins too; INSTALL_DEV=1: what plugin authors need too (for build as well)"
	@echo "                REPLACE=1: over OpenVPN's own plugins, where they have the same names there"
	@echo "                PAMDIR=: for packages, which own no PAM service; then it goes to SHAREDIR=$(SHAREDIR)"
	@echo "make uninstall  remove it again, but no PAM service that was changed"
	@echo "make deb        Debian packages, into $(TARGET)/deb; VENDOR=1: from vendored sources, without network"
	@echo "make deb ARCH=arm64  the same for another processor, into $(TARGET)/deb-arm64; docs/platforms.md says for which it was tried (root; downloads)"
	@echo "make rpm        RPM packages, into $(TARGET)/rpm"
	@echo "make release    sources, packages, checksums and a list of what is inside (CycloneDX), into $(TARGET)/release-files"
	@echo "make test-packages  build the packages and try them in clean Debian roots (root)"
	@echo "make publish-check  the crates as cargo would publish them, and the template with them (network, openvpn)"

build:
	@CARGO="$(CARGO)" tests/install-deps build
	@$(MAKE) --no-print-directory compile

# The same where what it needs is there, as packages do.
ifeq ($(COMPILED),1)
compile:
	@[ -e "$(BUILTDIR)/ovpn-plugin" ] || { echo "COMPILED=1, but $(BUILTDIR)/ovpn-plugin is missing: make compile" >&2; exit 1; }
else
compile:
	$(CARGO) build --release --locked $(SHIPPED:%=-p %)
	$(if $(MANDIR),@packaging/man/build "$(MANBUILT)" $(MANPAGES) $(DEVPAGES))
	$(if $(filter 1,$(INSTALL_DEV)),@packaging/dev/build "$(DEVBUILT)")
endif

demo:
	$(call need_root,it starts a real OpenVPN server in a network namespace)
	@echo "make demo: missing packages are installed, see below; what is built goes into $(TARGET), and cargo keeps what it fetches."
	@echo "  A network namespace and a directory in /tmp are removed at the end. No account is made."
	@CARGO="$(CARGO)" tests/install-deps demo
	$(CARGO) build --release --locked --quiet -p openvpn-plugin-auth-pam
	@tests/demo/demo "$(BUILTDIR)/libopenvpn_plugin_auth_pam.so"

# What declarations make: each package with a test of that name has its list. make lint and make test compare.
GENERATING := -p openvpn-plugin-auth-pam -p openvpn-plugin-down-root -p ovpn-plugin-cli -p cargo-ovpn-plugin -p privsep -p versions -p faults -p corpus
# What the crates for plugin authors offer, beside each of them: a change of it is seen in review.
PUBLIC_API := $(CARGO) run --quiet --locked --manifest-path tests/public-api/Cargo.toml --target-dir "$(TARGET)" --
generate:
	@CARGO="$(CARGO)" tests/install-deps lint
	UPDATE_GENERATED=1 $(CARGO) test --locked $(GENERATING) --lib --bins --quiet generated
	$(PUBLIC_API) write

# Unit tests, the shipped release build under a real OpenVPN, and beside the C plugin: several programs at a time. Tests that
# this machine's OpenVPN or PAM is too old or too new for are left out and listed. ALL=1: that is a failure.
LEFT_OUT = $(abspath $(TARGET))/left-out-tests
test:
	$(call need_root,it starts real OpenVPN servers in namespaces)
	@echo "make test: tests have an /etc, /run, /var/log and networks of their own; accounts and PAM services are made only there."
	@echo "  On this machine: missing packages are installed, see below; what is built goes into $(TARGET), and cargo keeps what it fetches."
	@echo "  Scratch directories in /tmp, /var/lib and /root, and control groups, are removed again."
	@CARGO="$(CARGO)" tests/install-deps test
	@$(MAKE) --no-print-directory compile
	@rm -f "$(LEFT_OUT)"
	$(CARGO) test --locked -p ovpn-plugin --features openssl --lib certificate
	$(CARGO) test --locked -p ovpn-plugin --features tokio --lib --test async_tasks --test answers --test future_lines --test unwritable_verdict
	$(CARGO) test --locked --manifest-path plugins/examples/$(ALONE)/Cargo.toml --target-dir "$(TARGET)"
	@CARGO="$(CARGO)" PLUGIN_DIR="$(abspath $(TARGET))/release" SKIPPED_TESTS="$(LEFT_OUT)" RUST_TEST_THREADS=4 \
		tests/suites $(SUITES_AT_ONCE) \
		"--workspace --exclude e2e --exclude compatibility --exclude packages" e2e compatibility
	@[ ! -e "$(LEFT_OUT)" ] || { echo "left out on this machine:"; cat "$(LEFT_OUT)"; [ -z "$(ALL)" ]; }

# With workspaces of their own.
FUZZ_CRATES := $(wildcard plugins/*/fuzz/Cargo.toml crates/*/fuzz/Cargo.toml)
# What fuzz targets are linked with is C++ that takes a minute to compile: to check them, an empty library will do.
lint: build
	@CARGO="$(CARGO)" tests/install-deps lint
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path crates/ovpn-plugin/template/Cargo.toml --check
	@printf '!<arch>\n' > "$(TARGET)/libno_fuzzer.a"
	for fuzz in $(FUZZ_CRATES); do CUSTOM_LIBFUZZER_PATH="$(abspath $(TARGET))/libno_fuzzer.a" $(CARGO) check --locked --manifest-path "$$fuzz" --target-dir "$(TARGET)" || exit 1; done
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p ovpn-plugin --features openssl,tokio --all-targets -- -D warnings
	$(CARGO) fmt --manifest-path plugins/examples/$(ALONE)/Cargo.toml --check
	$(CARGO) clippy --locked --manifest-path plugins/examples/$(ALONE)/Cargo.toml --target-dir "$(TARGET)" --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked -p ovpn-plugin --features openssl,tokio --no-deps
	$(CARGO) fmt --manifest-path tests/public-api/Cargo.toml --check
	$(CARGO) clippy --locked --manifest-path tests/public-api/Cargo.toml --target-dir "$(TARGET)" --all-targets -- -D warnings
	$(CARGO) test --quiet --locked --manifest-path tests/public-api/Cargo.toml --target-dir "$(TARGET)"
	$(PUBLIC_API) check
	$(CARGO) test --locked $(GENERATING) --lib --bins --quiet generated
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(CARGO) test --locked -p e2e --test unsafe_files --test symbols --test dependencies --test generated \
		--test documents

lint-workflows:
	@tests/lint-workflows

# Each lock file: the workspace's, and of what is no part of it.
deny:
	$(CARGO) deny check
	$(CARGO) deny --manifest-path plugins/examples/$(ALONE)/Cargo.toml --config deny.toml check
	$(CARGO) deny --manifest-path tests/public-api/Cargo.toml --config deny.toml check
	for fuzz in $(FUZZ_CRATES); do $(CARGO) deny --manifest-path "$$fuzz" --config deny.toml check || exit 1; done

# The documents as a site. mdBook comes from the registry the first time, and stays in the target directory.
docs:
	@CARGO="$(CARGO)" packaging/book/build "$(TARGET)"

# Builds the packages, looks into them, and uses them in a clean Debian root. QUICK=1: only what takes less than ten minutes, and
# compiled without what makes programs fast.
test-packages:
	$(call need_root,it makes Debian roots and installs packages in them)
	@CARGO="$(CARGO)" tests/install-deps packages
	@$(MAKE) --no-print-directory compile INSTALL_EXAMPLES=1 INSTALL_DEV=1
	PLUGIN_DIR="$(abspath $(TARGET))/release" QUICK="$(QUICK)" $(CARGO) test --locked -p packages -- $(if $(QUICK),,--include-ignored)

# The crates for plugin authors, without uploading them. Needs a cargo that publishes several at once, 1.90 or later, and
# cargo-generate, which can make crates from the template too: cargo install cargo-generate
publish-check:
	@CARGO="$(CARGO)" tests/install-deps demo
	$(CARGO) test --locked -p packages --test packages published -- --include-ignored
	$(CARGO) test --locked -p cargo-ovpn-plugin --test command -- --ignored cargo_generate

# The tests that start servers with the OpenVPN of other Debian releases; what came of it is kept in tests/versions/results.
# RELEASES="bullseye sid": only these. ONLY="e2e:openvpn,status": only these suites. The roots stay in the target directory;
# remove one to have a new one of today's packages.
test-versions:
	$(call need_root,it makes Debian roots and runs tests in them)
	@CARGO="$(CARGO)" tests/install-deps versions
	ONLY="$(ONLY)" $(CARGO) run --quiet --locked -p versions -- $(RELEASES)

# Crates, plugins and examples under AddressSanitizer and LeakSanitizer; needs a nightly toolchain.
test-sanitize:
	$(call need_root,the plugins start helpers with the rights of root)
	@CARGO="$(CARGO)" tests/sanitize

# What any Linux with a compiler and libpam can try.
test-units:
	$(CARGO) test --locked --lib --bins $(shell CARGO="$(CARGO)" packaging/shipped-crates own)

test-msrv:
	$(call need_root,it makes a Debian root)
	@CARGO="$(CARGO)" tests/install-deps packages
	$(CARGO) test --locked -p packages --test packages -- --ignored oldest_rust

# A plugin for Windows, under wine. Apart from `make test`: it makes a chroot of Debian 12 (3 GB) in the target directory.
test-windows:
	$(call need_root,it makes a chroot)
	@CARGO="$(CARGO)" tests/install-deps test-windows
	@mkdir -p "$(TARGET)"
	@CARGO="$(CARGO)" tests/windows/test-windows "$(TARGET)"

# For other processors, with Debian 13's cross compilers, under qemu where this machine's cannot run them. A chroot of 8 GB.
test-architectures:
	$(call need_root,it makes a chroot)
	@CARGO="$(CARGO)" tests/install-deps test-architectures
	@mkdir -p "$(TARGET)"
	@CARGO="$(CARGO)" tests/architectures/test-architectures "$(TARGET)" $(ARCHITECTURES)

# Only compiled: no system of these runs here. PLATFORMS="TARGET...": others, by Rust's names.
check-platforms:
	$(call need_root,it makes a chroot)
	@CARGO="$(CARGO)" tests/install-deps test-architectures
	@mkdir -p "$(TARGET)"
	@CARGO="$(CARGO)" tests/architectures/check-platforms "$(TARGET)" $(PLATFORMS)

# All fuzz targets; needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz). What was found interesting stays, for
# the next time. ONLY="plugins/auth-pam/supervisor": only these. RECORD=1: the table in SECURITY.md gets the figures.
fuzz:
	@CARGO="$(CARGO)" tests/fuzz "$(abspath $(TARGET))/fuzz" $(FUZZ_SECONDS) $(ONLY)

# What came of it is kept, and the page is made from that. `make test` has each call fail at one place.
faults:
	$(call need_root,it traces processes that have it)
	@CARGO="$(CARGO)" tests/install-deps build
	$(CARGO) build --release --locked -p openvpn-plugin-auth-pam
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(ISOLATED) $(CARGO) run --quiet --locked -p faults
	UPDATE_GENERATED=1 $(CARGO) test --quiet --locked -p faults --bins generated

# A server with fifty clients. It fails if anything has grown, with a table.
soak:
	$(call need_root,it starts a real OpenVPN server in a network namespace)
	@CARGO="$(CARGO)" tests/install-deps demo
	$(CARGO) build --release --locked -p openvpn-plugin-auth-pam
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(ISOLATED) $(CARGO) run --quiet --locked -p soak -- $(SOAK)

bench:
	$(call need_root,it compares with the C plugin and real PAM stacks)
	@CARGO="$(CARGO)" tests/install-deps test
	$(CARGO) build --release --locked $(PLUGINS)
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(ISOLATED) $(CARGO) run --locked --release -p bench
	$(CARGO) bench --locked -p ovpn-plugin-host --bench login

# Whether a login costs more the more there were before: 200,000 of them with each plugin.
bench-long:
	$(call need_root,it compares with the C plugin and real PAM stacks)
	@CARGO="$(CARGO)" tests/install-deps test
	$(CARGO) build --release --locked $(PLUGINS)
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(ISOLATED) $(CARGO) run --locked --release -p bench long

# Whether refusals of a wrong password, an unknown user and others take different times: a rank test; fails if they do.
bench-clocks:
	$(call need_root,it compares real PAM stacks)
	@CARGO="$(CARGO)" tests/install-deps test
	$(CARGO) build --release --locked $(PLUGINS)
	PLUGIN_DIR="$(abspath $(TARGET))/release" $(ISOLATED) $(CARGO) run --locked --release -p bench clocks

# Installs what is built and builds nothing, so that no compiler runs as root.
install uninstall:
	@packaging/install $@

packages:
	@printf '%s\n' $(SHIPPED)

# What install would install, one file a line: mode, path, whether a file that is there is kept.
list-files:
	@packaging/install list

# Debian packages into $(TARGET)/deb, RPMs into $(TARGET)/rpm; VENDOR=1: with the sources of the dependencies, built without network.
# ARCH=arm64: Debian packages for that processor into $(TARGET)/deb-arm64, built and looked into in the chroot of test-architectures.
ifeq ($(origin ARCH),command line)
deb:
	$(call need_root,it makes a chroot)
	@CARGO="$(CARGO)" tests/install-deps test-architectures
	@mkdir -p "$(TARGET)"
	@CARGO="$(CARGO)" RECORD="$(RECORD)" tests/architectures/make-deb "$(TARGET)" "$(ARCH)"
rpm:
	@echo "ARCH: only Debian packages can be built for another processor" >&2; exit 2
else
deb rpm:
	@CARGO="$(CARGO)" tests/install-deps $@
	@CARGO="$(CARGO)" VENDOR="$(VENDOR)" packaging/make-$@ "$(abspath $(TARGET))/$@"
endif

# The files of a release.
release:
	@CARGO="$(CARGO)" tests/install-deps release
	@CARGO="$(CARGO)" DIRTY="$(DIRTY)" packaging/make-release "$(abspath $(TARGET))/release-files"
