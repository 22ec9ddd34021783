# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ovpn_plugin_global_optspecs
	string join \n h/help V/version
end

function __fish_ovpn_plugin_needs_command
	# Figure out if the current invocation already has a command.
	set -l cmd (commandline -opc)
	set -e cmd[1]
	argparse -s (__fish_ovpn_plugin_global_optspecs) -- $cmd 2>/dev/null
	or return
	if set -q argv[1]
		# Also print the command, so this can be used to figure out what it is.
		echo $argv[1]
		return 1
	end
	return 0
end

function __fish_ovpn_plugin_using_subcommand
	set -l cmd (__fish_ovpn_plugin_needs_command)
	test -z "$cmd"
	and return 1
	contains -- $cmd[1] $argv
end

complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -s V -l version -d 'Print version'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "login" -d 'Try one login, and explain why it is rejected'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "check" -d 'Say whether OpenVPN would start with a plugin line'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "events" -d 'Pass a plugin all events of a server with one client, in OpenVPN\'s order'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "doctor" -d 'Find mistakes in a server\'s configuration and in what it names'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "certify" -d 'Find out whether a plugin, in any language, does what OpenVPN needs'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "status" -d 'Show what a running server does, and which addresses it blocks'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "revoke" -d 'Make a running server refuse a user\'s connections and tokens'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "unblock" -d 'Unblock an address at a running server after too many failed logins'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s u -l user -d 'username; without this option `login` asks for it on the terminal' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`; one newline at the end is ignored; without this option the command asks on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s r -l response -d 'response to a static challenge (`static-challenge` in the client\'s configuration), for example a one-time code' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s c -l common-name -d 'common name of the client\'s certificate [default: none; `events`: client]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l answer -d 'answer to a question of the plugin; may be repeated, in the order of the questions' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l answers -d 'read answers from FILE, one a line, or from standard input if FILE is `-`; they come after those of --answer' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l unit -d 'see only the files that this systemd unit shows its server. If the server runs, the command enters its mounts, otherwise it starts through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l crtext -d 'log in like a client that shows questions while the login is pending (`crtext` in IV_SSO); without this option, questions come with a rejection (dynamic challenge)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l strict -d 'exit with status 1 instead of 0 if there is a warning; for `doctor` and `certify`, if there is a note'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l entered -d 'this process is in the unit\'s sandbox already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l unit -d 'see only the files that this systemd unit shows its server. If the server runs, the command enters its mounts, otherwise it starts through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l strict -d 'exit with status 1 instead of 0 if there is a warning; for `doctor` and `certify`, if there is a note'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l entered -d 'this process is in the unit\'s sandbox already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s u -l user -d 'username; without this option `login` asks for it on the terminal' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`; one newline at the end is ignored; without this option the command asks on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s r -l response -d 'response to a static challenge (`static-challenge` in the client\'s configuration), for example a one-time code' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s c -l common-name -d 'common name of the client\'s certificate [default: none; `events`: client]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l unit -d 'see only the files that this systemd unit shows its server. If the server runs, the command enters its mounts, otherwise it starts through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l client -d 'pass the events of a client instead of those of a server'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l strict -d 'exit with status 1 instead of 0 if there is a warning; for `doctor` and `certify`, if there is a note'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l entered -d 'this process is in the unit\'s sandbox already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l cd -d 'the directory in which OpenVPN starts [default: that of CONFIG, as in the units]' -r -f -a "(__fish_complete_directories)"
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l openvpn -d 'the OpenVPN that reads CONFIG [default: the one that is installed]' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l unit -d 'see only the files that this systemd unit shows its server. If the server runs, the command enters its mounts, otherwise it starts through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l strict -d 'exit with status 1 instead of 0 if there is a warning; for `doctor` and `certify`, if there is a note'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l entered -d 'this process is in the unit\'s sandbox already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s u -l user -d 'username of a login that the plugin accepts [default: test, with this as its password, too]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`; one newline at the end is ignored; without this option the command asks on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s r -l response -d 'answer to whatever the plugin asks: with the password (static challenge), while the login is pending (`crtext`), or by another login (dynamic challenge); the first way in which the client gets in is used' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s c -l common-name -d 'common name of the client\'s certificate' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11, as the plugin sees it' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s t -l timeout -d 'how long the plugin may take for one call, 1 to 86400; half of it for a verdict' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -l strict -d 'exit with status 1 instead of 0 if there is a note, other than that the plugin defers or that its code stays in memory'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -s w -l watch -d 'ask every two seconds until interrupted; on a terminal, each answer replaces the one before'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand revoke" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand revoke" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand unblock" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand unblock" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "login" -d 'Try one login, and explain why it is rejected'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "check" -d 'Say whether OpenVPN would start with a plugin line'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "events" -d 'Pass a plugin all events of a server with one client, in OpenVPN\'s order'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "doctor" -d 'Find mistakes in a server\'s configuration and in what it names'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "certify" -d 'Find out whether a plugin, in any language, does what OpenVPN needs'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "status" -d 'Show what a running server does, and which addresses it blocks'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "revoke" -d 'Make a running server refuse a user\'s connections and tokens'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "unblock" -d 'Unblock an address at a running server after too many failed logins'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
