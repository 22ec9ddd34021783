//! The text of `--help`.

pub(crate) const HELP: &str = "\
ovpn-plugin - tries OpenVPN plugins without OpenVPN, and tells what is wrong with a server's set-up

Usage:
  ovpn-plugin login  [OPTION]... PLUGIN [WORD]...
  ovpn-plugin check  [OPTION]... PLUGIN [WORD]...
  ovpn-plugin events [OPTION]... PLUGIN [WORD]...
  ovpn-plugin doctor [OPTION]... [CONFIG]

Commands:
  login   Tries one login: shows what the plugin logs, its answer and what the client would be told; if the login is
          rejected, explains what is likely wrong and what to do. If the plugin asks something, the question is put on the
          terminal, and the login goes on with the answer.
  check   Opens and closes the plugin: shows what it exports, which events it wants, and whether OpenVPN would start.
  events  Passes all events of a server with one client, in OpenVPN's order, and shows each answer. The plugin does
          what it always does: down-root runs its scripts, for one.
  doctor  Reads a server's configuration as OpenVPN does, and what it names: plugins, PAM services and modules, scripts,
          the unit. Tells what is wrong, where, why, and what to write instead. Without CONFIG and --unit: all of
          /etc/openvpn/server and /etc/openvpn.

PLUGIN and the WORDs are those of the `plugin` line in OpenVPN's configuration. A PLUGIN that begins with neither / nor . is
looked for in OpenVPN's plugin directories first; a single WORD with blanks in it is split as OpenVPN does it. Options
stand before PLUGIN.

Options of login and events:
  -u, --user NAME           username; login asks for it on the terminal if it is not given
  -p, --password-file FILE  read the password from FILE, or from standard input if FILE is `-`: all of it but one newline
                            at the end; without this option it is asked for on the terminal
  -r, --response TEXT       response to a static challenge (`static-challenge` in the client's configuration), for
                            example a one-time code
  -c, --common-name NAME    common name of the client's certificate (default: none)
  -a, --address IP          address of the client, IPv4 or IPv6 (default: 192.0.2.7)
  -d, --deferred            allow auth-pam to defer, as `setenv deferred_auth_pam 1` does

Options of login:
      --answer TEXT         answer to a question of the plugin; may be repeated, in the order of the questions
      --answers FILE        the same, one a line, from FILE, or from standard input if FILE is `-`; they come after those
                            of --answer
      --crtext              the client can ask its user while the login is pending (`crtext` in IV_SSO); without this option
                            questions come with a rejection (dynamic challenge)

Options of events:
      --client              the events of a client instead of those of a server

Options of doctor:
      --cd DIR              where OpenVPN is started (default: the directory of CONFIG, as the units have it)
      --openvpn FILE        the OpenVPN that reads CONFIG (default: the one that is installed)

Options of all commands:
      --unit NAME           in the world of this systemd unit: the files that it hides are not seen. If its server runs, with
                            the mounts of that, otherwise through systemd-run. For doctor, the unit also names CONFIG
  -h, --help                show this text
  -V, --version             show the version

Options of login, check and events:
  -e, --env NAME=VALUE      a variable for the plugin, as `setenv NAME VALUE` does; may be repeated
  -v, --verb N              OpenVPN's `verb`, 0 to 11 (default: 4; from 4 on auth-pam tells which prompt was answered,
                            from 7 on debug messages are shown)
  -t, --timeout SECONDS     how long the plugin may take, 1 to 86400 (default: 90); the time for answers
                            does not count

Passwords are never taken from the command line, where other users could see them, and never shown. Run it as root: OpenVPN
opens plugins as root, and much of PAM works for root only. What the plugin does, it does really: a rejected login counts
for pam_faillock, for example.

Exit status:
  0  login: accepted;  check: OpenVPN would start;  events: the client got in;  doctor: nothing but notes
  1  login: rejected;  check: OpenVPN would not start;  events: the client did not get in;  doctor: warnings
  2  the command line is wrong, or what it names cannot be read;  doctor: errors
  3  not decided: the plugin took too long, crashed, or could not be opened (login, events)
  4  not decided: the plugin asked a question, and there was neither an answer nor a terminal (login)
";
