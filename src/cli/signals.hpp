// The signals that end a search before its time: Ctrl-C, SIGTERM and SIGHUP.
#pragma once

namespace lanewise::cli {

/// From here on the first of these signals is noted, and for the program to act on; the second ends it. Those
/// that the parent process had ignored stay ignored. Output to a pipe that nobody reads, and a file that
/// grows too large, become errors like any other.
void watch_for_signals();

/// The signal that was noted, or 0.
int signal_seen() noexcept;

/// The exit code that tells which signal it was, as shells do: 130, 143 or 129.
int exit_code_of_signal() noexcept;

}  // namespace lanewise::cli
