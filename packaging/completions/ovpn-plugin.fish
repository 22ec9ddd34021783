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
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "login" -d 'Try one login: show what the plugin logs, its answer and what the client would be told; if the login is rejected, explain what is likely wrong and what to do. If the plugin asks something, the question is put on the terminal, and the login goes on with the answer'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "check" -d 'Open and close the plugin: show what it exports, which events it wants, and whether OpenVPN would start; look at the PAM service that auth-pam would use'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "events" -d 'Pass all events of a server with one client, in OpenVPN\'s order, and show each answer. The plugin does what it always does: down-root runs its scripts, for example'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "doctor" -d 'Read a server\'s configuration as OpenVPN does, and what it names: plugins, PAM services and modules, scripts, the unit. Tell what is wrong, where, why, and what to write instead. Without CONFIG and --unit: all of /etc/openvpn/server and /etc/openvpn'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "certify" -d 'Try what OpenVPN asks of a plugin, in any language: SIGHUP, chroot, daemon, odd logins, older versions; what calls change, keep and leave behind. Tell what it passes and fails, why that matters and what to do. For those who write plugins: logins are tried hundreds of times'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "status" -d 'Ask a running server with `status=PATH` in its auth-pam line how it stands: attempts, times, what waits, the workers and whom they serve, questions, sessions, penalties'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "revoke" -d 'Have a running server refuse what a user has so far: connections and tokens when they need PAM the next time, questions at once. The user can log in anew; lock the account first if that is not wanted'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "unblock" -d 'Have a running server forgive the failed logins of an address, for which it refuses more (`penalties`)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s u -l user -d 'username; `login` asks for it on the terminal if it is not given' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`: all of it but one newline at the end; without this option it is asked for on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s r -l response -d 'response to a static challenge (`static-challenge` in the client\'s configuration), for example a one-time code' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s c -l common-name -d 'common name of the client\'s certificate [default: none; `events`: client]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l answer -d 'answer to a question of the plugin; may be repeated, in the order of the questions' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l answers -d 'the same, one a line, from FILE, or from standard input if FILE is `-`; they come after those of --answer' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l unit -d 'in the world of this systemd unit: the files that it hides are not seen. If its server runs, with the mounts of that, otherwise through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l crtext -d 'the client can ask its user while the login is pending (`crtext` in IV_SSO); without this option questions come with a rejection (dynamic challenge)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l strict -d 'warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -l entered -d 'this process is in the unit\'s world already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand login" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l unit -d 'in the world of this systemd unit: the files that it hides are not seen. If its server runs, with the mounts of that, otherwise through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l strict -d 'warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -l entered -d 'this process is in the unit\'s world already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand check" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s u -l user -d 'username; `login` asks for it on the terminal if it is not given' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`: all of it but one newline at the end; without this option it is asked for on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s r -l response -d 'response to a static challenge (`static-challenge` in the client\'s configuration), for example a one-time code' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s c -l common-name -d 'common name of the client\'s certificate [default: none; `events`: client]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l unit -d 'in the world of this systemd unit: the files that it hides are not seen. If its server runs, with the mounts of that, otherwise through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l client -d 'the events of a client instead of those of a server'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l strict -d 'warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -l entered -d 'this process is in the unit\'s world already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand events" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l cd -d 'where OpenVPN is started [default: the directory of CONFIG, as the units have it]' -r -f -a "(__fish_complete_directories)"
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l openvpn -d 'the OpenVPN that reads CONFIG [default: the one that is installed]' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l unit -d 'in the world of this systemd unit: the files that it hides are not seen. If its server runs, with the mounts of that, otherwise through systemd-run. For `doctor`, the unit also names CONFIG' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l strict -d 'warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -l entered -d 'this process is in the unit\'s world already'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s u -l user -d 'username; `login` asks for it on the terminal if it is not given' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s p -l password-file -d 'read the password from FILE, or from standard input if FILE is `-`: all of it but one newline at the end; without this option it is asked for on the terminal' -r -F
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s r -l response -d 'response to a static challenge (`static-challenge` in the client\'s configuration), for example a one-time code' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s c -l common-name -d 'common name of the client\'s certificate [default: none; `events`: client]' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s a -l address -d 'address of the client, IPv4 or IPv6' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s e -l env -d 'a variable for the plugin, as `setenv NAME VALUE` does; may be repeated' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s v -l verb -d 'OpenVPN\'s `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s t -l timeout -d 'how long the plugin may take, 1 to 86400; the time for answers does not count' -r
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s d -l deferred -d 'allow auth-pam to defer, as `setenv deferred_auth_pam 1` does'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -l strict -d 'warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand certify" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -s w -l watch -d 'ask every two seconds, until interrupted; on a terminal the lines are drawn anew'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand status" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand revoke" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand revoke" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand unblock" -l json -d 'print one JSON object a line instead of text; docs/json.md has the schema'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand unblock" -s h -l help -d 'Print help'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "login" -d 'Try one login: show what the plugin logs, its answer and what the client would be told; if the login is rejected, explain what is likely wrong and what to do. If the plugin asks something, the question is put on the terminal, and the login goes on with the answer'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "check" -d 'Open and close the plugin: show what it exports, which events it wants, and whether OpenVPN would start; look at the PAM service that auth-pam would use'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "events" -d 'Pass all events of a server with one client, in OpenVPN\'s order, and show each answer. The plugin does what it always does: down-root runs its scripts, for example'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "doctor" -d 'Read a server\'s configuration as OpenVPN does, and what it names: plugins, PAM services and modules, scripts, the unit. Tell what is wrong, where, why, and what to write instead. Without CONFIG and --unit: all of /etc/openvpn/server and /etc/openvpn'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "certify" -d 'Try what OpenVPN asks of a plugin, in any language: SIGHUP, chroot, daemon, odd logins, older versions; what calls change, keep and leave behind. Tell what it passes and fails, why that matters and what to do. For those who write plugins: logins are tried hundreds of times'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "status" -d 'Ask a running server with `status=PATH` in its auth-pam line how it stands: attempts, times, what waits, the workers and whom they serve, questions, sessions, penalties'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "revoke" -d 'Have a running server refuse what a user has so far: connections and tokens when they need PAM the next time, questions at once. The user can log in anew; lock the account first if that is not wanted'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "unblock" -d 'Have a running server forgive the failed logins of an address, for which it refuses more (`penalties`)'
complete -c ovpn-plugin -n "__fish_ovpn_plugin_using_subcommand help; and not __fish_seen_subcommand_from login check events doctor certify status revoke unblock help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
